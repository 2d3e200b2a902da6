"""Price elasticities: estimators, the pooled model, demand models."""
