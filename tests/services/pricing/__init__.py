"""Prices, days and packages."""
