"""Second opinions on elasticities, as they were learned last, or why there are none."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.learned.opinions import is_installed, refusal
from pricing.elasticity.models import CategoryOpinion, ElasticityEstimate, LearnedModel, Method
from pricing.sales.core.arrays import BoolArray
from pricing.sales.models import Product

LEARNED: Final = (Method.DML.value, Method.ML.value)
PRODUCT, CATEGORY = "product", "category"
NOT_INSTALLED: Final = (
    "Second opinions (methods dml and ml) need scikit-learn, which is not installed here. "
    "Install requirements-extra.txt and restart: they are then learned within minutes."
)
NOT_YET: Final = (
    "Second opinions have not been learned yet: that takes minutes after a full recompute. Try again later."
)


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """What a learned model says of a product, or of its category as a whole.

    `about` is "product" or "category"; `products` is how many it rests on; `contradicts` whether the method contradicts the
    product's pooled estimate, by itself or through its category.
    """

    method: str
    about: str
    elasticity: float
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    products: int
    contradicts: bool
    version: str
    sales_version: int
    learned_at: dt.datetime


def contradicted_products() -> set[str]:
    """The products whose pooled estimates double machine learning contradicts.

    The boosted model's marks are shown and lower no grade: on a shop that misleads in a few categories it also contradicted
    a third of the products of the others (decision 42).
    """
    found = LearnedModel.objects.filter(method=Method.DML).values_list("contradicted", flat=True)
    return {code for codes in found for code in codes}


def contradicted(codes: Sequence[str]) -> BoolArray:
    """(P,) which products' pooled estimates are contradicted. One query."""
    named = contradicted_products()
    return np.array([code in named for code in codes], np.bool_)


def second_opinions(code: str, category: str, estimates: Iterable[ElasticityEstimate]) -> list[SecondOpinion]:
    """Return the second opinions on a product and its category; an empty list where there are none.

    Parameters
    ----------
    estimates : the product's, by all methods.
    """
    models = {model.method: model for model in LearnedModel.objects.defer("features", "metrics")}
    if not models:
        return []
    rows: list[tuple[LearnedModel, str, ElasticityEstimate | CategoryOpinion, int]] = [
        (models[row.method], PRODUCT, row, 1) for row in estimates if row.method in models
    ]
    of_category = CategoryOpinion.objects.filter(category=category) if category else []
    by_id = {model.pk: model for model in models.values()}
    rows += [(by_id[row.model_id], CATEGORY, row, row.products) for row in of_category]
    return [
        SecondOpinion(
            method=model.method,
            about=about,
            elasticity=row.elasticity,
            std_error=row.std_error,
            ci_low=row.ci_low,
            ci_high=row.ci_high,
            products=products,
            contradicts=code in model.contradicted,
            version=model.version,
            sales_version=model.sales_version,
            learned_at=model.learned_at,
        )
        for model, about, row, products in sorted(rows, key=lambda row: (row[0].method, row[1] == CATEGORY))
    ]


def why_not(method: str, code: str | None = None) -> str | None:
    """Why a learned method has no answer at all, or none for a product; None where it has one."""
    model = LearnedModel.objects.filter(method=method).first()
    if model is None:
        return NOT_YET if is_installed() else NOT_INSTALLED
    if not model.offered:
        return model.reason
    if code is None or ElasticityEstimate.objects.filter(product_id=code, method=method).exists():
        return None
    pooled = ElasticityEstimate.objects.filter(product_id=code, method=Method.POOLED).first()
    return refusal(method, pooled.list_prices if pooled else 0)


@dataclass(frozen=True, slots=True)
class Beside:
    """A product's pooled estimate with the second opinions on it, or why there are none."""

    pooled: ElasticityEstimate | None
    opinions: list[SecondOpinion]
    reasons: list[str]

    @property
    def contradicted(self) -> bool:
        """Whether the one that lowers grades says otherwise."""
        return any(opinion.contradicts and opinion.method == Method.DML for opinion in self.opinions)


def beside_the_pooled(product: Product) -> Beside:
    """What is known of a product's elasticity by the pooled model and by learned ones."""
    found = {row.method: row for row in ElasticityEstimate.objects.filter(product=product)}
    opinions = second_opinions(product.code, product.category, found.values())
    reasons = [why_not(method, product.code) for method in LEARNED if method not in found]
    return Beside(found.get(Method.POOLED), opinions, list(dict.fromkeys(why for why in reasons if why)))
