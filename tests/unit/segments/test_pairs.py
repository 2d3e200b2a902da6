"""Elasticities of products in segments, out of the rows of their table."""

from dataclasses import replace

import numpy as np
import pytest

from pricing.elasticity.core.pooled import FLAGS
from segments.core.pairs import known, means_of_segments, pair_rows, stored_pairs
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


def test_rows_of_pairs_are_those_they_were_read_from_with_their_flags() -> None:
    figures = (-2.0, 0.4, -2.784, -1.216, 0.5, 0.1, 20, 30.0)
    rows = [("P1", SEGMENTS[0], *figures), ("P1", SEGMENTS[2], *figures), ("P7", SEGMENTS[2], *figures)]
    doubtful = FLAGS["MIXED_PRICES"] | FLAGS["FEW_DAYS"]
    pairs = replace(stored_pairs(rows), product_flags=np.array([doubtful, 0, 0]))
    found = pair_rows(["P1", "P7"], pairs)
    assert [row[:-2] for row in found] == rows
    # Of what the product is flagged with a pair has only what more sales would not mend.
    assert [row[-1] for row in found] == [["MIXED_PRICES"], [], []]
    assert [row[-1] for row in pair_rows(["P1", "P7"], stored_pairs(rows))] == [[], [], []]
