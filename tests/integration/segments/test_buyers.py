"""GET /segments/buyers/{code}: what each segment bought of a product and how it answers to the price."""

from rest_framework.test import APIClient

from segments.core.rfm import SEGMENTS
from tests.api_cases import ProductFigureCases
from tests.integration.segments import shop


class TestBuyers(ProductFigureCases):
    path = "/segments/buyers/{code}"
    queries = 5


def test_shares_prices_and_elasticities_by_segment(viewer_client: APIClient, db: None) -> None:
    """Champions pay 90 for 8 over two days, the lost bring back more than they keep; of 60 in all they paid -30."""
    shop.publish()
    shop.product("CUP", "A cup")
    shop.bought("CUP", "Champion", 2, 3, 5, "60")
    shop.bought("CUP", "Champion", 3, 1, 3, "30")
    shop.bought("CUP", "Lost", 4, 1, -2, "-30")
    shop.segment_elasticity("CUP", "Champion", -1.5)
    answer = viewer_client.get("/segments/buyers/CUP").json()
    champion, lost = answer["segments"]
    assert answer["product_id"] == "CUP"
    assert [each["segment"] for each in (champion, lost)] == [
        s for s in SEGMENTS if s in ("Champion", "Lost")
    ]
    shown = {"quantity": 8, "revenue": 90.0, "share_percent": 150.0, "avg_price": 11.25, "elasticity": -1.5}
    assert champion | shown == champion
    shown = {"quantity": -2, "revenue": -30.0, "share_percent": -50.0, "avg_price": None, "elasticity": None}
    assert lost | shown == lost
