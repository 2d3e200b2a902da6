"""What the shop sells: a café and gift shop in ten categories, with its true elasticities."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import FloatArray, IntArray

ICED_LATTE: Final = 0
ICED_LATTE_PRICE: Final = 12.99
ICED_LATTE_COST: Final = 8.50
ICED_LATTE_ELASTICITY: Final = -1.2

WITHIN_CATEGORY_SD: Final = 0.45
LEAST_ELASTIC, MOST_ELASTIC = -0.4, -4.0
LINES_PER_DAY: Final = 1.2
RATE_SPREAD: Final = 0.65
LEAST_LINES_PER_DAY: Final = 0.25
LOWEST_MARGIN, HIGHEST_MARGIN = 0.20, 0.65


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the assortment.

    ``kinds`` and ``things`` make the names, each thing with its typical price; ``margin`` is the typical
    fraction of the price kept; the season peaks on ``peak_day`` of the year with log amplitude ``season``.
    ``prepared`` goods are served one at a time: no quantity breaks, no mail order, no returns.
    """

    name: str
    kinds: tuple[str, ...]
    things: tuple[tuple[str, float], ...]
    margin: float
    elasticity: float
    popularity: float
    season: float
    peak_day: int
    prepared: bool = False


# fmt: off
CATEGORIES: Final[tuple[Category, ...]] = (
    Category(
        "Beverage",
        ("Iced Latte", "Iced Mocha", "Cold Brew", "Matcha Latte", "Chai Latte", "Hot Chocolate",
         "Cappuccino", "Americano", "Lemonade", "Berry Smoothie"),
        (("720", 11.5), ("480", 8.5), ("360", 6.5)),
        margin=0.45, elasticity=-1.4, popularity=1.7, season=0.10, peak_day=195, prepared=True,
    ),
    Category(
        "Bakery",
        ("Butter", "Almond", "Chocolate", "Raspberry", "Cinnamon", "Pistachio"),
        (("Croissant", 3.8), ("Muffin", 3.5), ("Scone", 3.2), ("Tart", 5.5), ("Brioche", 4.2)),
        margin=0.55, elasticity=-1.3, popularity=1.6, season=0.06, peak_day=20, prepared=True,
    ),
    Category(
        "Coffee Beans",
        ("Ethiopia", "Colombia", "Kenya", "Guatemala", "Brazil", "House Blend"),
        (("250 g", 9.5), ("500 g", 17.0), ("1 kg", 31.0), ("Decaf 250 g", 10.5),
         ("Espresso 500 g", 18.0)),
        margin=0.40, elasticity=-1.9, popularity=1.0, season=0.12, peak_day=350,
    ),
    Category(
        "Tea",
        ("Earl Grey", "Jasmine", "Peppermint", "Rooibos", "Darjeeling", "Chamomile"),
        (("Loose Leaf 100 g", 9.0), ("Tea Bags", 5.5), ("Gift Tin", 14.0), ("Sampler", 12.0),
         ("Iced Tea Kit", 16.0)),
        margin=0.48, elasticity=-1.8, popularity=0.9, season=0.20, peak_day=340,
    ),
    Category(
        "Confectionery",
        ("Dark Chocolate", "Milk Chocolate", "Salted Caramel", "Honeycomb", "Hazelnut", "Orange"),
        (("Bar", 4.5), ("Truffles", 11.0), ("Fudge", 6.5), ("Bites", 5.5), ("Gift Box", 21.0)),
        margin=0.46, elasticity=-2.2, popularity=1.1, season=0.35, peak_day=346,
    ),
    Category(
        "Mugs and Glass",
        ("Speckled", "Blue Stripe", "Botanical", "Polka Dot", "Plain White", "Terracotta"),
        (("Mug", 11.0), ("Espresso Cup", 8.0), ("Travel Cup", 18.0), ("Teapot", 29.0), ("Tumbler", 9.5)),
        margin=0.52, elasticity=-2.1, popularity=0.8, season=0.30, peak_day=344,
    ),
    Category(
        "Candles and Scents",
        ("Lavender", "Cedarwood", "Vanilla", "Fig Leaf", "Sea Salt", "Orange Blossom"),
        (("Candle", 14.0), ("Pillar Candle", 9.0), ("Tea Lights", 5.0), ("Reed Diffuser", 24.0),
         ("Room Spray", 12.0)),
        margin=0.58, elasticity=-2.4, popularity=0.8, season=0.40, peak_day=342,
    ),
    Category(
        "Stationery",
        ("Floral", "Marbled", "Kraft", "Vintage Map", "Birdsong", "Geometric"),
        (("Notebook", 7.5), ("Greeting Card", 3.2), ("Wrapping Paper", 4.2), ("Pencil Set", 6.5),
         ("Desk Calendar", 12.0)),
        margin=0.56, elasticity=-2.0, popularity=1.0, season=0.30, peak_day=348,
    ),
    Category(
        "Home and Kitchen",
        ("Harvest", "Coastal", "Orchard", "Nordic", "Provence", "Meadow"),
        (("Tea Towel", 8.5), ("Apron", 22.0), ("Chopping Board", 26.0), ("Serving Bowl", 19.0),
         ("Storage Jar", 11.0)),
        margin=0.42, elasticity=-2.6, popularity=0.7, season=0.22, peak_day=340,
    ),
    Category(
        "Toys and Games",
        ("Woodland", "Safari", "Dinosaur", "Space", "Circus", "Ocean"),
        (("Puzzle", 13.0), ("Plush Toy", 16.0), ("Memory Game", 11.0), ("Building Blocks", 24.0),
         ("Colouring Book", 6.0)),
        margin=0.38, elasticity=-2.3, popularity=0.7, season=0.45, peak_day=345,
    ),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Assortment of P products with the truths their sales are drawn from; arrays of shape (P,).

    ``category`` indexes `CATEGORIES`; prices in currency; ``line_rate`` is in sale lines per average open
    day at the base price; ``trend`` is log growth per year; ``display_lift`` log lift of a promotion
    beyond what its lower price explains.
    """

    code: tuple[str, ...]
    name: tuple[str, ...]
    category: IntArray
    base_price: FloatArray
    margin: FloatArray
    elasticity: FloatArray
    line_rate: FloatArray
    trend: FloatArray
    display_lift: FloatArray


def make_catalogue(rng: np.random.Generator, products: int) -> Catalogue:
    """Draw an assortment, equally divided among the categories; product 0 is always the Iced Latte 720."""
    index = np.arange(products)
    category = index * len(CATEGORIES) // products
    place = index - np.searchsorted(category, category)
    names, typical_price = _names(category, place)
    of_category = {
        field: np.array([getattr(category, field) for category in CATEGORIES])[category]
        for field in ("margin", "elasticity", "popularity")
    }
    rate = of_category["popularity"] * rng.lognormal(-(RATE_SPREAD**2) / 2, RATE_SPREAD, products)
    elasticity = of_category["elasticity"] + rng.normal(0, WITHIN_CATEGORY_SD, products)
    base_price = tidy_price(typical_price * rng.lognormal(0, 0.10, products))
    base_price[ICED_LATTE] = ICED_LATTE_PRICE
    elasticity[ICED_LATTE] = ICED_LATTE_ELASTICITY
    width = max(3, len(str(products)))
    return Catalogue(
        code=tuple(f"P{number:0{width}d}" for number in range(1, products + 1)),
        name=names,
        category=category,
        base_price=base_price,
        margin=np.clip(
            of_category["margin"] + rng.normal(0, 0.06, products), LOWEST_MARGIN, HIGHEST_MARGIN - 0.01
        ),
        elasticity=np.clip(elasticity, MOST_ELASTIC, LEAST_ELASTIC),
        line_rate=np.maximum(LEAST_LINES_PER_DAY, LINES_PER_DAY * rate),
        trend=rng.normal(0.04, 0.08, products),
        display_lift=np.clip(rng.normal(0.22, 0.07, products), 0.05, 0.40),
    )


def tidy_price(price: FloatArray) -> FloatArray:
    """Nearest price ending in 9 (below 8), in .49 or .99 (below 20), or in .99; at least 0.09."""
    step = np.select([price < 8, price < 20], [0.10, 0.50], 1.00)
    tidy: FloatArray = np.maximum(np.round(np.round(price / step) * step - 0.01, 2), 0.09)
    return tidy


def _names(category: IntArray, place: IntArray) -> tuple[tuple[str, ...], FloatArray]:
    names: list[str] = []
    prices = np.empty(category.size)
    for row, (index, slot) in enumerate(zip(category.tolist(), place.tolist(), strict=True)):
        kinds, things = CATEGORIES[index].kinds, CATEGORIES[index].things
        edition, slot = divmod(slot, len(kinds) * len(things))
        thing, price = things[slot % len(things)]
        name = f"{kinds[slot // len(things)]} {thing}"
        names.append(f"{name} No. {edition + 1}" if edition else name)
        prices[row] = price
    return tuple(names), prices
