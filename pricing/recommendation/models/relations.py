"""Relations between prices of products."""

from collections.abc import Container
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from elastix.fields import SortedCharField, choice_check, length_check, range_check
from pricing.recommendation.core.relations import Pair, pairs_of
from pricing.sales.models.products import Product

LARGEST_GAP = Decimal(90)
SIZE = (Decimal("0.001"), Decimal(1_000_000))


class PriceRelationKind(models.TextChoices):
    LINE = "line", "line: the same price for all"
    SIZES = "sizes", "sizes: the price of a unit falls with the size"
    STEPS = "steps", "steps: good, better, best"
    OWN_LABEL = "own_label", "own label below the brands"


class PriceRelation(models.Model):
    """Products whose prices have to stand in a relation that buyers see: colours, packs, qualities, own label and brands.

    It is a hard limit: recommendations and rules keep to it, and a proposal that breaks it is refused.
    """

    name = SortedCharField(max_length=100, unique=True)
    kind = models.CharField(max_length=9, choices=PriceRelationKind)
    gap_percent = models.DecimalField(
        max_digits=4,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(LARGEST_GAP)],
        help_text="Steps: each price is at least so much above the one before. Own label: at least so much below the brands.",
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name",)
        constraints = [
            choice_check("kind", PriceRelationKind, "pricing_pricerelation"),
            length_check("name", 100, "pricing_pricerelation"),
            range_check("gap_percent", Decimal(0), LARGEST_GAP, "pricing_pricerelation"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def pairs_among(self, known: Container[str]) -> list[Pair]:
        """What it comes down to between the products that are known, pair by pair; the others count as not there."""
        members = list(self.members.all())
        if self.kind == PriceRelationKind.OWN_LABEL and members and members[0].product_id not in known:
            return []  # else the first brand would count as the own label
        kept = [(each.product_id, each.size) for each in members if each.product_id in known]
        return pairs_of(self.kind, kept, self.gap_percent / 100)


class PriceRelationMember(models.Model):
    """A product of a relation, in its order: from good to best; the own label first."""

    relation = models.ForeignKey(PriceRelation, on_delete=models.CASCADE, related_name="members")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="price_relations")
    position = models.PositiveSmallIntegerField()
    size = models.DecimalField(
        max_digits=10,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(SIZE[0]), MaxValueValidator(SIZE[1])],
        help_text="What a pack holds, in any unit that is the same for all of the relation.",
    )

    class Meta:
        ordering = ("position", "id")
        constraints = [
            models.UniqueConstraint(fields=("relation", "product"), name="pricing_pricerelationmember_once"),
            range_check("size", *SIZE, "pricing_pricerelationmember"),
        ]

    def __str__(self) -> str:
        return str(self.product_id)

    @property
    def is_own_label(self) -> bool:
        """The relation is about this product: it keeps below all others."""
        relation = self.relation
        return relation.kind == PriceRelationKind.OWN_LABEL and relation.members.first() == self
