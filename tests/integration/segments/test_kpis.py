"""GET /dashboard/kpis: how sensitive to price, how valuable and how close to leaving each segment is."""

import numpy as np
import pytest
from rest_framework.test import APIClient

from segments.api import dashboard as api
from segments.core.rfm import SEGMENTS, rfm_segments, segment_kpis
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint

KPIS = "/dashboard/kpis"


class TestContract(ReadingEndpoint):
    path = KPIS
    view = api.DashboardViewSet
    action = "kpis"


def two_segments() -> None:
    shop.publish()
    shop.summary(
        "Champion",
        customer_count=2,
        revenue="300",
        mean_recency=4,
        max_recency=6,
        elasticity=-1.5,
        std_error=0.1,
    )
    shop.summary(
        "Lost",
        customer_count=3,
        revenue="100",
        mean_recency=50,
        max_recency=80,
        elasticity=-4.2,
        std_error=0.1,
    )
    shop.daily_revenue("Champion", 1, "200")
    shop.daily_revenue("Champion", 2, "100")
    shop.daily_revenue("Lost", 2, "100")


@pytest.mark.django_db
def test_sensitivity_is_a_third_of_the_elasticity_and_100_at_most(viewer_client: APIClient) -> None:
    two_segments()
    answer = viewer_client.get(KPIS).json()
    assert answer["Champion"]["priceSensitivity"] == 50.0
    assert answer["Lost"]["priceSensitivity"] == 100.0


@pytest.mark.django_db
def test_wallet_share_is_the_share_of_revenue(viewer_client: APIClient) -> None:
    two_segments()
    answer = viewer_client.get(KPIS).json()
    assert [answer[name]["walletShare"] for name in SEGMENTS] == [75.0, 0, 0, 0, 0, 25.0]


@pytest.mark.django_db
def test_churn_risk_compares_the_mean_recency_with_the_longest_of_all_customers(
    viewer_client: APIClient,
) -> None:
    two_segments()
    answer = viewer_client.get(KPIS).json()
    assert [answer[name]["churnRisk"] for name in SEGMENTS] == [5.0, 0, 0, 0, 0, 62.5]


@pytest.mark.django_db
def test_all_six_segments_are_there_in_their_order_even_in_an_empty_shop(viewer_client: APIClient) -> None:
    answer = viewer_client.get(KPIS).json()
    assert [name for name in answer if name != "last_updated"] == list(SEGMENTS)
    assert answer["AtRisk"] == {"priceSensitivity": 0.0, "walletShare": 0.0, "churnRisk": 0.0}


@pytest.mark.django_db
def test_a_segment_without_an_elasticity_is_not_sensitive(viewer_client: APIClient) -> None:
    shop.publish()
    shop.summary("Champion", customer_count=1, revenue="1", mean_recency=1, max_recency=1, elasticity=None)
    assert viewer_client.get(KPIS).json()["Champion"]["priceSensitivity"] == 0.0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("dates", "share"),
    [
        ({"start_date": "2011-01-02"}, 50.0),
        ({"end_date": "2011-01-01"}, 100.0),
        ({"start_date": "2011-01-02", "end_date": "2011-01-02"}, 50.0),
        ({"start_date": "2011-01-01", "end_date": "2011-01-02"}, 75.0),
        ({"start_date": "2011-01-03"}, 0.0),
    ],
)
def test_dates_limit_the_revenue_and_nothing_else(
    dates: dict[str, str], share: float, viewer_client: APIClient
) -> None:
    two_segments()
    champion = viewer_client.get(KPIS, dates).json()["Champion"]
    assert champion == {"priceSensitivity": 50.0, "walletShare": share, "churnRisk": 5.0}


@pytest.mark.django_db
def test_the_figures_from_summaries_are_those_from_the_customers(viewer_client: APIClient) -> None:
    random = np.random.default_rng(7)
    recency = random.integers(1, 300, 200)
    money = random.gamma(1.0, 100.0, 200).round(2)
    rfm = rfm_segments(recency, random.integers(1, 20, 200), money)
    elasticity = -random.random(6) * 4
    members = [rfm.segment == index for index in range(6)]
    expected = segment_kpis(
        [those.sum() for those in members],
        [recency[those].mean() for those in members],
        [recency[those].max() for those in members],
        [money[those].sum() for those in members],
        elasticity,
    )
    shop.publish()
    for index, name in enumerate(SEGMENTS):
        those = members[index]
        shop.summary(
            name,
            customer_count=int(those.sum()),
            revenue=f"{money[those].sum():.2f}",
            mean_recency=float(recency[those].mean()),
            max_recency=int(recency[those].max()),
            elasticity=float(elasticity[index]),
        )
    answer = viewer_client.get(KPIS).json()
    for index, name in enumerate(SEGMENTS):
        assert answer[name] == {
            "priceSensitivity": pytest.approx(expected.price_sensitivity[index], abs=0.051),
            "walletShare": pytest.approx(expected.wallet_share[index], abs=0.051),
            "churnRisk": pytest.approx(expected.churn_risk[index], abs=0.051),
        }


@pytest.mark.django_db
def test_shares_stay_finite_where_refunds_outweigh_sales(viewer_client: APIClient) -> None:
    shop.publish()
    shop.summary("Champion", customer_count=1, revenue="10", mean_recency=0, max_recency=0)
    shop.daily_revenue("Champion", 3, "-20")
    champion = viewer_client.get(KPIS, {"start_date": "2011-01-03"}).json()["Champion"]
    assert champion == {"priceSensitivity": 0.0, "walletShare": 0.0, "churnRisk": 0.0}


@pytest.mark.parametrize(("dates", "queries"), [({}, 3), ({"start_date": "2011-01-01"}, 4)])
def test_it_asks_the_database_a_fixed_number_of_times(
    dates: dict[str, str], queries: int, counted: APIClient, django_assert_num_queries
) -> None:
    two_segments()
    with django_assert_num_queries(queries):
        assert counted.get(KPIS, dates).status_code == 200
