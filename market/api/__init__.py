"""Resources of the market: competitors, dynamic prices, repricing rules."""
