"""Sums that the overview and the changes show, made before somebody asks."""

from elastix.dataset.versions import data_version, zone_changed
from pricing.changes.selectors.outcomes import kept_calibration, newest_outcomes
from pricing.recommendation.selectors.overview import shop_overview


def figures_keep() -> None:
    """Sum up the shop's figures where they are not at hand, so that nobody waits for them after a publish.

    The selectors keep what they sum up in the cache until something changes that it rests on: asked every minute they
    mostly find it there.
    """
    version = data_version()
    if version.as_of is None or zone_changed(version):
        return
    shop_overview(version)
    newest_outcomes(version, 1)
    kept_calibration(version)
