"""Scope: nobody sees, counts or changes what belongs to another station."""
