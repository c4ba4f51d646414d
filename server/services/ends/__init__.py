"""How a booking ends before its car goes out: called off, or never picked up; and how an end is undone."""
