"""The yard's tablet app: checks cars out and in, with or without a network."""
