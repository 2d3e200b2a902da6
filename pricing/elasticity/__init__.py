"""How demand answers to price: estimators, the pooled model, demand models."""
