"""Second opinions on elasticities, by models that scikit-learn learns: double machine learning and a boosted demand model."""
