"""The hierarchy of groups against the joint normal distribution that it states, and stock-outs' sums by hand."""

import numpy as np
import pytest

from pricing.elasticity.core.constants import Hyperprior
from pricing.elasticity.core.pooled.hierarchy import Unpooled, pool_groups, unpooled_data
from pricing.elasticity.core.pooled.sold_out import _sum_before


def test_means_are_those_of_the_joint_normal_distribution() -> None:
    # Nine products of three groups whose estimates differ in precision; the last group has none.
    precision = np.array([4.0, 1.0, 0.5, 9.0, 2.0, 3.0, 0.0, 25.0, 0.2])
    estimate = np.array([-1.0, -2.5, -3.0, -0.4, -1.5, -2.0, 0.0, -1.2, -4.0])
    group = np.array([0, 0, 0, 1, 1, 1, 1, 0, 1])
    prior = Hyperprior(-2.0, 0.5, 0.7, 0.5)
    found = pool_groups(Unpooled(precision, precision * estimate), group, 3, prior, (0.7, 0.5))

    known = precision > 0
    y, z = estimate[known] + 2.0, group[known][:, None] == np.arange(3)
    ones = np.ones(y.size)
    covariance = np.diag(1 / precision[known] + found.spread**2)
    covariance += found.between**2 * z @ z.T + 0.5**2 * np.outer(ones, ones)
    weighed, own = np.linalg.solve(covariance, y), np.linalg.solve(covariance, ones)
    assert found.overall == pytest.approx(-2.0 + 0.5**2 * weighed.sum(), rel=1e-5)
    assert found.overall_variance == pytest.approx(0.5**2 - 0.5**4 * own.sum(), rel=1e-5)
    with_groups = 0.5**2 * weighed.sum() + found.between**2 * weighed @ z
    assert found.mean == pytest.approx(-2.0 + with_groups, rel=1e-5)
    # The group without products is what all groups are.
    assert found.mean[2] == pytest.approx(found.overall)
    assert found.converged


def test_data_are_what_a_posterior_knows_beyond_its_prior() -> None:
    # A precision of 5, of which the prior at -1 has 1, with a mode of -1.8: 5 x -1.8 + 1 = -8, that is -2 at a precision of 4.
    found = unpooled_data(
        np.array([-1.8, -1.0, -1.0]), np.array([0.2, 1.0, 0.0]), np.full(3, -1.0), np.ones(3)
    )
    assert found.precision == pytest.approx([4.0, 0.0, 0.0])
    assert found.weighted == pytest.approx([-8.0, 0.0, 0.0])


def test_sums_before_a_day_are_those_of_its_own_product() -> None:
    values, product = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]), np.array([0, 0, 0, 0, 1, 1])
    assert _sum_before(values, product, 2).tolist() == [0, 1, 3, 6, 0, 16]
    assert _sum_before(values, product, 9).tolist() == [0, 1, 3, 7, 0, 16]
