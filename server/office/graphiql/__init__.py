"""GraphiQL as the office serves it: built from a lock file, committed as built."""
