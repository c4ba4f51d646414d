"""The app's screens: sign-in, today, handover, outbox and device. Each has its rules in a `.kv` file beside it."""
