"""Pages of the desk that show more than one wing: each asks the selectors that the API asks."""
