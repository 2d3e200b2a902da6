"""Which price to set: policies, limits, optimum, uncertainty, bulk and joint optimization."""
