"""Cars and stations."""
