"""Pages of the desk about what other prices would do: a product, saved simulations, the report to print."""
