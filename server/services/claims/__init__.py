"""What becomes of damages: people decide, claims are issued and paid, cars are repaired."""
