"""What the desk's search finds of products."""

from django.utils.translation import gettext as _

from elastix.desk.search import Found, Hit
from elastix.desk.tags import money
from pricing.recommendation.selectors.product_list import product_list


def find_products(text: str, most: int) -> Found:
    """The products whose code or name has the text: codes that begin with it first, then by units sold."""
    begins = text.upper()
    rows = list(product_list(text=text, ordering="code").filter(code__startswith=begins)[:most])
    if len(rows) < most:
        others = product_list(text=text, ordering="-units").exclude(code__startswith=begins)
        rows += others[: most - len(rows)]
    hits = [
        Hit(
            row["name"] or row["code"],
            f"{row['code']} · {money(row['current_price'])}",
            ("product",),
            row["code"],
        )
        for row in rows
    ]
    return Found(_("Products"), hits)
