"""Other servers that read the same database: what most teams would write, and what is known to be fast."""
