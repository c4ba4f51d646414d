"""Rows, requests and a bench for service tests: the real database and gateway simulator, and no server."""
