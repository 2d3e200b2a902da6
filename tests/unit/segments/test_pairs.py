"""Elasticities of products in segments, out of the rows of their table."""

import numpy as np
import pytest

from segments.core.pairs import known, means_of_segments, stored_pairs
from segments.core.rfm import SEGMENTS


def test_the_mean_of_a_segment_weighs_its_products_by_their_units() -> None:
    # 30 units of -2 and 10 of -1. Errors of .4 that are not shared: .4 times the root of .75 ** 2 + .25 ** 2 = .625.
    rows = [
        ("P1", SEGMENTS[1], -2.0, 0.4, -2.784, -1.216, 0.5, 0.0, 20, 30.0),
        ("P2", SEGMENTS[1], -1.0, 0.4, -1.784, -0.216, 0.5, 0.0, 12, 10.0),
    ]
    means = means_of_segments(stored_pairs(rows))
    assert means.elasticity[1] == pytest.approx(-1.75)
    assert means.std_error[1] == pytest.approx(0.4 * 0.625**0.5, rel=1e-4)
    assert (means.products[1], means.units[1]) == (2, 40)
    assert np.isnan(np.delete(means.elasticity, 1)).all()


def test_without_rows_no_segment_has_a_mean() -> None:
    means = means_of_segments(stored_pairs([]))
    assert means.units.tolist() == [0] * len(SEGMENTS)
    assert [known(value) for value in means.elasticity.tolist()] == [None] * len(SEGMENTS)


def test_stored_pairs_number_their_products_in_the_order_of_the_rows() -> None:
    figures = (-2.0, 0.4, -2.784, -1.216, 0.5, 0.1, 20, 30.0)
    rows = [("P1", SEGMENTS[0], *figures), ("P1", SEGMENTS[2], *figures), ("P7", SEGMENTS[2], *figures)]
    pairs = stored_pairs(rows)
    assert (pairs.product.tolist(), pairs.segment.tolist()) == ([0, 0, 1], [0, 2, 2])
    assert (pairs.sold_days.tolist(), pairs.shared_error.tolist()) == ([20] * 3, [0.1] * 3)
