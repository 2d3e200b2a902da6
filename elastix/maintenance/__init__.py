"""Keeping what the shop has entrusted to us: checking the database against itself, copies of it."""
