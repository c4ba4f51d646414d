"""Measurements: figures are ratios of one run, never absolute times. `python -m benchmarks.run`."""
