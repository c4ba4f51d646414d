"""The outside world, one file or folder each: a Protocol and its implementations."""
