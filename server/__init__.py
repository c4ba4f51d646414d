"""Ersatzwagen: rental and replacement cars for dealerships with many stations."""
