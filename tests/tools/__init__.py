"""Checks that are run by name, not collected by pytest."""
