"""Price experiments: randomised tests of prices, from the plan to the decision."""
