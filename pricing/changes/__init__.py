"""Price changes from proposal to outcome, and how well the expectations held."""
