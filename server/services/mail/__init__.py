"""Mails to customers: writing them down, sending them, and the parts that they share with documents."""
