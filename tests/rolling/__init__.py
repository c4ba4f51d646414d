"""Several servers behind a proxy: what callers notice while one after the other is restarted, and while the database moves."""
