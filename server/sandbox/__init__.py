"""What replaces the outside world in the sandbox: Telecash simulator, mail catcher, movable clock, demo data."""
