"""The cars and where they stand: vehicles, stations with their opening hours, and what keeps a car busy."""
