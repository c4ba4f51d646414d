"""People: customers, drivers, staff who sign in."""
