"""The rules that need no database: prices, day counts, opening hours, checks of input."""
