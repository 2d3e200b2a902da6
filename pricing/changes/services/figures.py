"""Compute the sums that the overview and the changes show ahead of requests."""

from elastix.dataset.versions import data_version, zone_changed
from pricing.changes.selectors.outcomes import kept_calibration, newest_outcomes
from pricing.recommendation.selectors.overview import shop_overview


def figures_keep() -> None:
    """Compute the shop's figures where they are not cached, so that no request waits for them after a publish.

    The selectors cache them until their data change: called every minute, this mostly finds them there.
    """
    version = data_version()
    if version.as_of is None or zone_changed(version):
        return
    shop_overview(version)
    newest_outcomes(version, 1)
    kept_calibration(version)
