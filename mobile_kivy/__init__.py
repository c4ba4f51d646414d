"""The yard's tablet app: hands cars over and takes them back, with or without a network."""
