"""Invoices, what is collected, deposits, and what billing waits for."""
