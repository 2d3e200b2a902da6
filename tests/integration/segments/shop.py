"""Small shops whose cached tables are written by hand, so that expected figures can be read off the tests."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from elastix.dataset.models import DataVersion
from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import Product, ProductSummary, SalesHistory, Transaction
from segments.core.rfm import SEGMENTS
from segments.models import (
    ProductSegment,
    SegmentDailyRevenue,
    SegmentElasticity,
    SegmentSales,
    SegmentSummary,
)
from tests.factories import (
    CustomerSegmentFactory,
    ElasticityEstimateFactory,
    ProductFactory,
    ProductSummaryFactory,
    SalesHistoryFactory,
)

FIRST_DAY, LAST_DAY = dt.date(2011, 1, 1), dt.date(2011, 1, 10)
AS_OF = dt.date(2011, 1, 11)
PUBLISHED_AT = dt.datetime(2011, 1, 11, 3, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    """A day of January 2011."""
    return dt.date(2011, 1, number)


def publish(*, sales_version: int = 1, published_version: int = 1, **facts: Any) -> DataVersion:
    """Say which state of the sales the cached tables show."""
    fields = {
        "published_at": PUBLISHED_AT,
        "as_of": AS_OF,
        "first_day": FIRST_DAY,
        "countries": ["France", "United Kingdom"],
        "time_zone": "UTC",
    } | facts
    version, _ = DataVersion.objects.update_or_create(
        pk=1,
        defaults={"sales_version": sales_version, "published_version": published_version, **fields},
    )
    return version


def product(
    code: str,
    name: str,
    *,
    price: str | None = "10.00",
    quantity: int = 0,
    revenue: str = "0",
    invoices: int = 0,
    elasticity: float | None = None,
    segment: str | None = None,
    r_squared: float = 0.25,
    **fields: Any,
) -> Product:
    """A product with what the last publish found out about it; without quantity it never sold."""
    item = ProductFactory(code=code, name=name, current_price=price and Decimal(price), **fields)
    if quantity:
        ProductSummaryFactory(
            product=item,
            total_quantity=quantity,
            total_revenue=Decimal(revenue),
            avg_price=(Decimal(revenue) / quantity).quantize(Decimal("0.0001")),
            purchase_frequency=invoices,
            r_squared=r_squared,
        )
    if elasticity is not None:
        ElasticityEstimateFactory(
            product=item,
            method="pooled",
            elasticity=elasticity,
            std_error=0.5,
            ci_low=elasticity - 0.98,
            ci_high=elasticity + 0.98,
            quality="B",
            flags=["FEW_DAYS"],
            sample_size=12,
        )
    if segment is not None:
        ProductSegment.objects.create(product=item, segment=segment, lines=3)
    return item


def sold(
    code: str, number: int, quantity: int, revenue: str, *, returned: int = 0, refund: str = "0"
) -> None:
    """A line of the daily roll-up."""
    SalesHistoryFactory(
        product=code,
        date=day(number),
        quantity=quantity,
        revenue=Decimal(revenue),
        returned_quantity=returned,
        returned_revenue=Decimal(refund),
        price=(Decimal(revenue) / quantity).quantize(Decimal("0.0001")) if quantity else None,
        list_price=Decimal(10),
        units=quantity,
        lines=1,
        unit_lines=1,
    )


def invoice(code: str, number: int, invoice_no: str, quantity: int = 1, **fields: Any) -> None:
    """A sales line."""
    moment = dt.datetime.combine(day(number), dt.time(12), dt.UTC)
    line = Transaction(
        product_id=code,
        invoice_no=invoice_no,
        invoice_date=moment,
        date=day(number),
        quantity=quantity,
        unit_price=Decimal(10),
        is_return=quantity < 0,
        units=max(quantity, 0),
        **fields,
    )
    Transaction.rows.bulk_create([line])


def bought(code: str, segment: str, number: int, lines: int, quantity: int, revenue: str) -> None:
    """What a segment bought of a product on a day."""
    SegmentSales.objects.create(
        product_id=code,
        segment=segment,
        date=day(number),
        lines=lines,
        quantity=quantity,
        revenue=Decimal(revenue),
        units=quantity,
    )


def segment_elasticity(code: str, segment: str, elasticity: float, *, units: float = 10.0) -> None:
    SegmentElasticity.objects.create(
        product_id=code,
        segment=segment,
        elasticity=elasticity,
        std_error=0.4,
        ci_low=elasticity - 0.784,
        ci_high=elasticity + 0.784,
        weight=0.3,
        sample_size=21,
        units=units,
        quality="C",
        flags=["PRIOR_DOMINATED"],
    )


def customer(
    customer_id: str,
    segment: str,
    last_purchase: int,
    monetary: str,
    scores: tuple[int, int, int] = (3, 3, 3),
) -> None:
    r_score, f_score, m_score = scores
    CustomerSegmentFactory(
        customer_id=customer_id,
        last_purchase=day(last_purchase),
        frequency=last_purchase,
        monetary=Decimal(monetary),
        r_score=r_score,
        f_score=f_score,
        m_score=m_score,
        segment=segment,
    )


def daily_revenue(segment: str, number: int, revenue: str) -> None:
    SegmentDailyRevenue.objects.create(segment=segment, date=day(number), revenue=Decimal(revenue))


def summary(segment: str, **figures: Any) -> None:
    SegmentSummary.objects.create(segment=segment, **figures)


def summaries(**figures: Any) -> None:
    """The same figures for all six segments."""
    for segment in SEGMENTS:
        summary(segment, **figures)


def many_products(count: int, numbers: Iterable[int] = (1, 2, 3)) -> None:
    """Products P0000, P0001, ... with sales, estimates and a segment each."""
    numbers = list(numbers)
    codes = [f"P{index:04}" for index in range(count)]
    Product.objects.bulk_create(
        Product(code=code, name=f"Product {code}", current_price=Decimal("2.50")) for code in codes
    )
    ProductSummary.objects.bulk_create(
        ProductSummary(
            product_id=code, total_quantity=index + 1, total_revenue=Decimal(index + 1), avg_price=Decimal(1)
        )
        for index, code in enumerate(codes)
    )
    ElasticityEstimate.objects.bulk_create(
        ElasticityEstimate(product_id=code, method="pooled", elasticity=-1.5, std_error=0.3) for code in codes
    )
    ProductSegment.objects.bulk_create(
        ProductSegment(product_id=code, segment=SEGMENTS[index % 6], lines=1)
        for index, code in enumerate(codes)
    )
    SegmentElasticity.objects.bulk_create(
        SegmentElasticity(
            product_id=code, segment=segment, elasticity=-1.5, std_error=0.3, ci_low=-2.1, ci_high=-0.9,
            weight=0.5, sample_size=3, units=3.0, quality="B",
        )
        for code in codes
        for segment in SEGMENTS
    )  # fmt: skip
    SalesHistory.objects.bulk_create(
        SalesHistory(
            product_id=code, date=day(number), quantity=2, revenue=Decimal(5), price=Decimal("2.5"),
            list_price=Decimal("2.5"), units=2.0, lines=1, unit_lines=1,
        )
        for code in codes
        for number in numbers
    )  # fmt: skip
    SegmentSales.objects.bulk_create(
        SegmentSales(
            product_id=code, segment=SEGMENTS[index % 6], date=day(number), quantity=2, revenue=Decimal(5),
            lines=1, units=2.0, unit_lines=1,
        )
        for index, code in enumerate(codes)
        for number in numbers
    )  # fmt: skip


def five_products() -> None:
    """Five stock items, with a service and a product off sale beside them."""
    publish()
    product(
        "85123A", "White Heart Holder", price="2.95", quantity=40, revenue="118.005", invoices=9,
        elasticity=-1.23456, segment="Champion",
    )  # fmt: skip
    product(
        "22423",
        "Regency CAKESTAND",
        quantity=10,
        revenue="127.5",
        invoices=4,
        elasticity=-2.0,
        segment="Lost",
    )
    product("D 4.5", "Drawer knob 50%_off", quantity=10, revenue="20", elasticity=-0.5, segment="Champion")
    product("CREME", "Café CRÈME Straße", quantity=7, revenue="20", elasticity=-1.0)
    product("NEW", "Never sold", price=None)
    product("POST", "Postage", quantity=99, revenue="990", kind="service")
    product("GONE", "Mug of old", quantity=99, revenue="990", is_active=False)


def window_of_sales() -> None:
    """Two products sold inside the window, one outside; the cached sums say something else."""
    publish()
    for code in ("A", "B", "C", "D"):
        product(code, f"Product {code}", quantity=1000, revenue="9999", elasticity=-1.0, segment="Lost")
    product("POST", "Postage", kind="service")
    sold("A", 1, 100, "1000")
    sold("A", 2, 5, "50", returned=1, refund="10")
    sold("A", 4, 3, "30.005")
    sold("B", 3, 8, "80")
    sold("C", 5, 100, "1000")
    sold("D", 3, 0, "0", returned=2, refund="20")
    sold("POST", 3, 1, "5")
