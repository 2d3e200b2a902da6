"""The market of the seed document."""

from market.models import CompetitorPrice
from tests.factories import CompetitorPriceFactory

# With a price that is too old and one that cannot be.
MARKET = (
    ("A", "13.49", 1),
    ("A", "1.00", 3),
    ("B", "12.49", 2),
    ("C", "14.99", 6),
    ("D", "9.99", 8),
    ("E", "139.90", 1),
)


def observe(name: str, price: str, days_ago: float, product: str = "CUP") -> CompetitorPrice:
    return CompetitorPriceFactory(product=product, competitor_name=name, price=price, days_ago=days_ago)


def observe_market() -> list[CompetitorPrice]:
    return [observe(*each) for each in MARKET]
