"""The sandbox's own parts: demo data and what serves them."""
