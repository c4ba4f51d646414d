"""Who may call what, signing in, and what the schema promises."""
