"""The yard: check-out, check-in, their protocols with photos and damages, the day's list."""
