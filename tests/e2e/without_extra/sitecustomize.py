"""Python reads this as it starts: what runs with this directory on its path finds no scikit-learn."""

import sys

sys.modules["sklearn"] = None  # type: ignore[assignment]
