"""What the desk's search finds of customers."""

from django.utils.translation import gettext as _

from elastix.desk.search import Found, Hit
from elastix.desk.tags import label, money
from segments.models import CustomerSegment


def find_customers(text: str, most: int) -> Found:
    """The customers whose number begins with the text, in its order."""
    found = CustomerSegment.objects.filter(customer_id__startswith=text).order_by("customer_id")[:most]
    hits = [
        Hit(
            customer.customer_id,
            " · ".join(filter(None, (label(customer.segment), money(customer.monetary, 0)))),
            ("customer", "customers"),
            customer.customer_id,
        )
        for customer in found
    ]
    return Found(_("Customers"), hits)
