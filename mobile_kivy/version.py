"""The app's version, which is the project's. In a module, because Android runs the folder without its package's."""

VERSION = "0.2.0.dev0"
"""What the server shows beside the device's name."""
