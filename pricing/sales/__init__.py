"""Products, sales lines and their daily roll-up: what everything else reads."""
