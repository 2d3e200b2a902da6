"""Measures of forecasts, computed by hand."""

import numpy as np
import pytest

from pricing.forecasting.core.backtest import Backtest, accuracy
from pricing.forecasting.core.batch import _at_like_levels


def days(*units: float) -> np.ndarray:
    """(1, K, 28) the same units on each day of an origin."""
    return np.repeat(np.array(units, float)[None, :, None], 28, axis=2)


def test_the_measures_of_three_origins_are_those_computed_by_hand() -> None:
    """Ten a day are forecast, 8, 10 and 14 come: errors of -20 %, 0 and +40 % of the forecast.

    Each origin's interval is that of the errors at the other two, whose tenth and ninetieth percentiles are the smaller and the
    larger one: 10 to 14, 8 to 14, 8 to 10. The pinball losses of its ends, at shares of 0.1 and 0.9:

        8:  0.9 x 2 and 0.1 x 6, on average 1.2;   10:  0.1 x 2 and 0.1 x 4: 0.3;   14:  0.1 x 6 and 0.9 x 4: 2.1
    """
    forecast = days(10, 10, 10)
    test = Backtest(days(8, 10, 14), forecast, forecast, np.ones((1, 3), bool), np.array([4.0]))
    for measures in accuracy(test):
        assert measures.pinball == pytest.approx([(1.2 + 0.3 + 2.1) / 3])
        assert measures.pinball_share == pytest.approx([1.2 / (32 / 3)])
        assert measures.wape == pytest.approx([(2 + 0 + 4) / 32])
        assert measures.bias == pytest.approx([(2 + 0 - 4) / 32])
        assert measures.mase == pytest.approx([(2 + 0 + 4) / 3 / 4])


def test_errors_count_from_origins_that_expected_a_fifth_of_what_is_expected_now() -> None:
    # Ten a day are expected now; 2 were of the first origin and 1.9 of the second, and three came each time.
    forecast = days(2, 1.9)
    test = Backtest(days(3, 3), forecast, forecast, np.ones((1, 2), bool), np.array([1.0]))
    errors = _at_like_levels(test, np.array([10.0]))
    assert errors[0, :28] == pytest.approx(np.full(28, 0.5))
    assert np.isnan(errors[0, 28:]).all()
