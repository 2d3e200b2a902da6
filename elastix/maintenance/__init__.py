"""Verify the database against itself; back it up and restore it."""
