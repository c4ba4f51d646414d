"""Attacks on a running server: what each answers, and what it costs. `python -m benchmarks.faults.attacks`."""
