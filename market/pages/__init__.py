"""The desk's pages about the market and about rules."""
