"""Connections: orders from the shop's platform, prices to it, and feeds of prices for others to fetch."""
