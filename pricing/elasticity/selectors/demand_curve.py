"""Which demand curve the shop's own sales speak for, as the last full fit published it."""

from typing import Final

from django.db.models import FloatField, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from pricing.elasticity.core.demand import EQUAL_SHARES
from pricing.elasticity.models import ElasticityModel

_STORED: Final = (
    ElasticityModel.objects.filter(pk=1)
    .annotate(share=Cast(KeyTextTransform("linear_share", "hyperparameters"), FloatField()))
    .values("share")
)
LINEAR_SHARE: Final = Subquery(_STORED)
"""To be read along with other columns; NULL before the first fit."""


def shop_linear_share() -> float:
    """Probability of linear demand against constant elasticity; a half before the first fit."""
    return known_share(_STORED.values_list("share", flat=True).first())


def known_share(stored: float | None) -> float:
    """What was read as `LINEAR_SHARE`, a half where nothing was."""
    return EQUAL_SHARES if stored is None else stored
