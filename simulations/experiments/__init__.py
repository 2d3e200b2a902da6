"""Price experiments: tests of prices with assignment by lot, from the plan to the decision."""
