"""Elasticities of pairs of a product and a segment, between the estimator's arrays and the rows of the table."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from pricing.elasticity.core.constants import FEWEST_WEEKS
from pricing.elasticity.core.pooled import SegmentElasticities, SegmentMeans, flag_names, segment_means
from pricing.elasticity.core.pooled.grades import DOUBTS, FLAGS, Evidence, flag_bits, grades
from segments.core.rfm import SEGMENTS

FIGURES: Final = (
    *("elasticity", "std_error", "ci_low", "ci_high", "weight", "shared_error"),
    *("sample_size", "units"),
)
COLUMNS: Final = ("product_id", "segment", *FIGURES, "quality", "flags")


def pair_rows(codes: Sequence[str], pairs: SegmentElasticities) -> list[tuple[Any, ...]]:
    """Return a row in the order of `COLUMNS` for each of the M pairs; `codes` are the products that they number."""
    evidence = _evidence(pairs)
    return [
        (codes[product], SEGMENTS[segment], *figures, grade, flag_names(bits))
        for product, segment, *figures, grade, bits in zip(
            pairs.product.tolist(),
            pairs.segment.tolist(),
            *(getattr(pairs, name.replace("sample_size", "sold_days")).tolist() for name in FIGURES),
            grades(evidence).tolist(),
            flag_bits(evidence).tolist(),
            strict=True,
        )
    ]


def stored_pairs(rows: Sequence[Sequence[Any]]) -> SegmentElasticities:
    """The pairs of rows of the table: product, segment's name and the `FIGURES`, sorted by product."""
    products, segments, *figures = list(zip(*rows, strict=True)) or [()] * (2 + len(FIGURES))
    values: dict[str, Any] = {
        name: np.array(column, np.float64) for name, column in zip(FIGURES, figures, strict=True)
    }
    place = {name: index for index, name in enumerate(SEGMENTS)}
    number = {code: index for index, code in enumerate(dict.fromkeys(products))}
    return SegmentElasticities(
        product=np.array([number[code] for code in products], np.int64),
        segment=np.array([place[name] for name in segments], np.int64),
        sold_days=values.pop("sample_size").astype(np.int64),
        **values,
    )


def means_of_segments(pairs: SegmentElasticities) -> SegmentMeans:
    """Unit-weighted mean of each of the `SEGMENTS` over some pairs."""
    return segment_means(pairs, len(SEGMENTS))


def known(value: float) -> float | None:
    """A mean as the tables store it: None where there is none."""
    return float(value) if np.isfinite(value) else None


def _evidence(pairs: SegmentElasticities) -> Evidence:
    """What grades and flags of the pairs rest on; the product's doubts are theirs, what else only a whole product can
    show is taken as fine."""
    size = pairs.elasticity.size
    flags = np.zeros(size, np.int64) if pairs.product_flags is None else pairs.product_flags
    doubts = {name: (flags & FLAGS[name]) > 0 for name in DOUBTS}
    return Evidence(
        elasticity=pairs.elasticity,
        std_error=pairs.total_error,
        ci_low=pairs.ci_low,
        ci_high=pairs.ci_high,
        own_elasticity=np.full(size, np.nan),
        weight=pairs.weight,
        sold_days=pairs.sold_days,
        list_prices=np.full(size, 2),
        active_weeks=np.full(size, FEWEST_WEEKS),
        gaps=np.zeros(size, np.bool_),
        no_category=np.zeros(size, np.bool_),
        converged=pairs.converged,
        doubts=doubts,
    )
