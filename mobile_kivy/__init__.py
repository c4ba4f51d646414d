"""The yard's tablet app: checks cars out and in, with or without a network."""

VERSION = "0.2.0.dev0"
"""The app's version, which is the project's."""
