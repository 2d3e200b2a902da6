"""A shop in which scones go with tea, jam takes the place of honey, and the rest has nothing to do with either."""

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from itertools import combinations

from elastix.jobs.recompute import request_recompute
from pricing.bundles.services import pairs_request_if_outdated
from pricing.sales.models import Product
from tests.shops import Commits, bring_in, csv_bytes, line

FIRST_DAY = dt.date(2025, 1, 6)
DAYS = 280
PRICES = {"TEA": "5.00", "SCONE": "3.00", "JAM": "4.00", "HONEY": "6.00", "SOAP": "2.00", "LAMP": "20.00"}
COSTS = {"TEA": "2.00", "SCONE": "1.00", "JAM": "1.50", "HONEY": "2.50", "SOAP": "1.90"}
CATEGORIES = {"JAM": "Spreads", "HONEY": "Spreads", "TEA": "Drinks", "SCONE": "Bakery"}


def lines_of_basket_shop() -> list[tuple[str, ...]]:
    """Three weeks of a price, three of another, each product in its own rhythm; six invoices a day or so."""
    chance = random.Random(11)
    rhythm = {code: chance.randrange(42) for code in PRICES}
    rows = []
    for number in range(DAYS):
        day = FIRST_DAY + dt.timedelta(days=number)
        dear = {code: (number + rhythm[code]) % 42 < 21 for code in PRICES}
        price = {code: f"{float(base) * (1.25 if dear[code] else 1):.2f}" for code, base in PRICES.items()}
        # Scones answer to the price of tea, jam to that of honey.
        sold = {code: chance.randint(2, 4) for code in PRICES}
        sold["SCONE"] = chance.randint(1, 3) if dear["TEA"] else chance.randint(5, 7)
        sold["JAM"] = chance.randint(5, 7) if dear["HONEY"] else chance.randint(1, 3)
        for invoice in range(7):
            customer = f"{18000 + chance.randrange(40)}"
            basket = [
                code for code, lines in sold.items() if invoice < lines and code not in ("SCONE", "SOAP")
            ]
            basket += ["SCONE"] if "TEA" in basket and invoice < sold["SCONE"] else []
            # Each of the others is bought by itself, so that only tea and scones share baskets.
            for code in basket:
                own = "T" if code in ("TEA", "SCONE") else code
                units = chance.randint(1, 3)
                number_of_invoice = f"{number}-{invoice}-{own}"
                rows.append(
                    line(number_of_invoice, code, code.title(), units, day, price[code], customer=customer)
                )
        for extra in range(max(sold["SCONE"] - sold["TEA"], 0)):
            rows.append(
                line(
                    f"{number}-S{extra}",
                    "SCONE",
                    "Scone",
                    chance.randint(1, 3),
                    day,
                    price["SCONE"],
                    customer="18100",
                )
            )
        for extra in range(sold["SOAP"]):
            rows.append(
                line(
                    f"{number}-P{extra}",
                    "SOAP",
                    "Soap",
                    chance.randint(1, 3),
                    day,
                    price["SOAP"],
                    customer="18101",
                )
            )
    rows.append(line("M1", "POST", "Postage", 1, FIRST_DAY, "15.00"))
    rows += [
        line("U1", "TEA", "Tea", 1, FIRST_DAY, "5.00"),
        line("U1", "HONEY", "Honey", 1, FIRST_DAY, "6.00"),
    ]
    return rows


def import_basket_shop(commits: Commits) -> None:
    """Bring the shop in, with categories and costs; lamps have no cost. Pairs are not computed yet."""
    bring_in(commits, csv_bytes(lines_of_basket_shop()), "basket-shop.csv")
    for code in PRICES:
        Product.objects.filter(code=code).update(
            category=CATEGORIES.get(code, ""), cost=Decimal(COSTS[code]) if code in COSTS else None
        )
    with commits():
        request_recompute(full=True)


def compute_pairs(commits: Commits) -> None:
    with commits():
        pairs_request_if_outdated()


def baskets_by_hand() -> tuple[Counter[str], Counter[tuple[str, str]], int]:
    """Baskets of each product, of each pair in the order of the codes, and of all."""
    contents: dict[str, set[str]] = {}
    for invoice, code, *_ in lines_of_basket_shop():
        if code != "POST":
            contents.setdefault(invoice, set()).add(code)
    each = Counter(code for basket in contents.values() for code in basket)
    both = Counter(pair for basket in contents.values() for pair in combinations(sorted(basket), 2))
    return each, both, len(contents)
