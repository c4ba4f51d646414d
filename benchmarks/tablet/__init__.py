"""How fast the tablet app is with a full day on it: `python -m benchmarks.tablet`. The bars stand beside the figures."""
