"""Resources of simulations, prices to be tried and insights."""
