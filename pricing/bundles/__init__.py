"""Products bought together: baskets, cross-price elasticities, bundles."""
