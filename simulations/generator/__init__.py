"""A shop whose elasticities are known, drawn from a seed: for demonstrations and for tests."""
