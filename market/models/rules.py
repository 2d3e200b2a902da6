"""Repricing rules, what their runs did, and the switch that stops them all."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from elastix.fields import SortedCharField, choice_check, length_check, range_check
from elastix.jobs.models import Job
from market.core.repricing import Conditions, PriceAction, numbers_in
from pricing.sales.models import PriceChange, Product

LONGEST_LIST = 80
MOST_HOURS = 168
# Lowest and highest value of each number that a rule may leave out.
LIMITS: dict[str, tuple[Decimal, Decimal]] = {
    "stock_days_below": (Decimal("0.1"), Decimal(100_000)),
    "stock_days_above": (Decimal(0), Decimal(100_000)),
    "surge_above": (Decimal("0.01"), Decimal(1000)),
    "competitor_move_percent": (Decimal(-99), Decimal(1000)),
    "percent": (Decimal(-90), Decimal(400)),
    "amount": (Decimal("0.01"), Decimal(1_000_000)),
    "min_price": (Decimal("0.01"), Decimal("99999999.99")),
    "max_price": (Decimal("0.01"), Decimal("99999999.99")),
    "max_change_percent": (Decimal("0.01"), Decimal(100)),
    "max_day_percent": (Decimal("0.01"), Decimal(100)),
}


class RuleScope(models.TextChoices):
    SHOP = "shop", "the whole shop"
    CATEGORY = "category", "one category"
    PRODUCTS = "products", "chosen products"


class RuleAction(models.TextChoices):
    FACTOR = "factor", "change the price by a percentage"
    MATCH = "match", "match the competitors"
    UNDERCUT = "undercut", "undercut the competitors"
    BOUNDS = "bounds", "bring within bounds"
    DYNAMIC = "dynamic", "dynamic factors: stock, surge, peak hours"


class CompetitorReference(models.TextChoices):
    LOWEST = "lowest", "their lowest price"
    MEAN = "mean", "their mean price"


def _number(
    name: str, help_text: str, places: int = 2
) -> "models.DecimalField[Decimal | None, Decimal | None]":
    low, high = LIMITS[name]
    return models.DecimalField(
        max_digits=10,
        decimal_places=places,
        null=True,
        blank=True,
        validators=[MinValueValidator(low), MaxValueValidator(high)],
        help_text=help_text,
    )


class RepricingRule(models.Model):
    """When and how prices change without anybody asking.

    Rules are tried in the order of their priority, and the first that fires for a product decides on it. What a rule
    wants goes through the guardrails of the price policies, its own caps and the ledger. It proposes; it applies only
    where `may_apply` is set, by the say of the manager noted beside it.
    """

    name: "models.CharField[str, str]" = SortedCharField(max_length=100, unique=True)
    scope = models.CharField(max_length=8, choices=RuleScope, default=RuleScope.SHOP)
    category = SortedCharField(max_length=100, blank=True)
    products: "models.ManyToManyField[Product, Any]" = models.ManyToManyField(
        Product, blank=True, related_name="repricing_rules"
    )
    priority = models.PositiveSmallIntegerField(
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text="1 is tried first; of rules with the same priority the older one.",
    )

    stock_days_below = _number("stock_days_below", "Fires where the stock lasts for fewer days.", 1)
    stock_days_above = _number("stock_days_above", "Fires where the stock lasts for more days.", 1)
    surge_above = _number(
        "surge_above", "1.50: fires where the last 7 days sold at least 1.5 times the usual."
    )
    hours = models.CharField(
        max_length=LONGEST_LIST, blank=True, help_text='Hours of the shop\'s day, as "8,11-13"; empty: all.'
    )
    weekdays = models.CharField(
        max_length=LONGEST_LIST, blank=True, help_text="1 (Monday) to 7, as 6-7; empty: all."
    )
    competitor_move_percent = _number(
        "competitor_move_percent",
        "-5: fires where competitors lowered their prices by 5 % or more; 5: raised.",
    )
    unchanged_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Fires where the price has stood for so many days.",
    )

    action = models.CharField(max_length=8, choices=RuleAction)
    percent = _number(
        "percent", "Of the price before rules (10: dearer), or how far below the competitors (10: cheaper)."
    )
    amount = _number("amount", "How far below the competitors, in currency.")
    reference = models.CharField(max_length=6, choices=CompetitorReference, blank=True)
    min_price = _number("min_price", "The rule asks for no price below this.")
    max_price = _number("max_price", "The rule asks for no price above this.")
    returns = models.BooleanField(
        default=False,
        help_text="When no rule fires any more for a product whose price this rule set, the price goes back.",
    )

    max_change_percent = _number("max_change_percent", "Largest change at once, beside the price policy's.")
    max_day_percent = _number(
        "max_day_percent", "Largest distance from the price at the beginning of the day."
    )
    max_run_changes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text="Most products it may change in one run.",
    )

    every_hours = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(MOST_HOURS)]
    )
    run_hours = models.CharField(
        max_length=LONGEST_LIST,
        blank=True,
        help_text='Hours of the shop\'s day at which it runs, as "6,18"; empty: any.',
    )
    enabled = models.BooleanField(default=True)
    dry_run = models.BooleanField(default=False, help_text="It only writes down what it would do.")
    may_apply = models.BooleanField(
        default=False, help_text="It changes prices itself, instead of proposing."
    )
    may_apply_by = models.CharField(
        max_length=150, blank=True, editable=False, help_text="The manager by whose say it does."
    )
    may_apply_at = models.DateTimeField(null=True, blank=True, editable=False)
    canary_percent = models.PositiveSmallIntegerField(
        default=100,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="Share of its products that it is tried on; raise it and the rest follow.",
    )
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("priority", "id")
        constraints = [
            choice_check("scope", RuleScope, "market_repricingrule"),
            choice_check("action", RuleAction, "market_repricingrule"),
            models.CheckConstraint(
                condition=Q(may_apply=False) | ~Q(may_apply_by=""), name="market_repricingrule_whose_say"
            ),
            models.CheckConstraint(
                condition=Q(min_price__isnull=True)
                | Q(max_price__isnull=True)
                | Q(min_price__lte=models.F("max_price")),
                name="market_repricingrule_min_max",
                violation_error_message="The lowest price must not be above the highest.",
            ),
            length_check("name", 100, "market_repricingrule"),
            length_check("category", 100, "market_repricingrule"),
            length_check("hours", LONGEST_LIST, "market_repricingrule"),
            length_check("weekdays", LONGEST_LIST, "market_repricingrule"),
            length_check("run_hours", LONGEST_LIST, "market_repricingrule"),
            *(range_check(name, *limits, "market_repricingrule") for name, limits in LIMITS.items()),
            range_check("unchanged_days", 1, 3650, "market_repricingrule"),
            range_check("max_run_changes", 1, 1_000_000, "market_repricingrule"),
            range_check("priority", 1, 1000, "market_repricingrule"),
            range_check("canary_percent", 1, 100, "market_repricingrule"),
            range_check("every_hours", 1, MOST_HOURS, "market_repricingrule"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check what belongs together; chosen products are checked by who saves them.

        Raises
        ------
        ValidationError
        """
        errors: dict[str, str] = {}
        if (self.scope == RuleScope.CATEGORY) != bool(self.category):
            errors["category"] = "A rule for one category names it; others leave this empty."
        for name, low, high in (("hours", 0, 23), ("weekdays", 1, 7), ("run_hours", 0, 23)):
            try:
                setattr(self, name, ",".join(map(str, numbers_in(getattr(self, name), low, high))))
            except ValueError as error:
                errors[name] = str(error)
        low_days, high_days = self.stock_days_above, self.stock_days_below
        if low_days is not None and high_days is not None and low_days >= high_days:
            errors["stock_days_below"] = (
                f"The stock cannot last for more than {low_days} and fewer than {high_days} days: make this the higher one."
            )
        if self.competitor_move_percent == 0:
            errors["competitor_move_percent"] = "Name a rise (5) or a fall (-5), not 0."
        errors |= self._action_errors()
        if errors:
            raise ValidationError(errors)

    def _action_errors(self) -> dict[str, str]:
        """What the action needs and has not, or has and does not need."""
        errors: dict[str, str] = {}
        against_competitors = self.action in (RuleAction.MATCH, RuleAction.UNDERCUT)
        if against_competitors != bool(self.reference):
            errors["reference"] = (
                "Say which of the competitors' prices." if against_competitors else "Leave this empty."
            )
        if self.action == RuleAction.FACTOR and not self.percent:
            errors["percent"] = "Say by how many percent the price changes."
        if self.action == RuleAction.UNDERCUT:
            if (self.percent is None) == (self.amount is None):
                errors["percent"] = "Undercut by a percentage or by an amount: give one of them."
            elif self.percent is not None and not 0 < self.percent <= 90:
                errors["percent"] = "Undercut by more than 0 and at most 90 percent."
        elif self.amount is not None:
            errors["amount"] = "Only undercutting takes an amount."
        if self.percent is not None and self.action not in (RuleAction.FACTOR, RuleAction.UNDERCUT):
            errors["percent"] = "This action takes no percentage."
        if self.action == RuleAction.BOUNDS and self.min_price is None and self.max_price is None:
            errors["min_price"] = "Give the lowest price, the highest, or both."
        return errors

    @property
    def signature(self) -> str:
        """The name under which it proposes and applies; no user can be called this: names have no spaces."""
        return f"rule {self.pk}"

    @property
    def conditions(self) -> Conditions:
        """What must hold for it to fire."""
        move = self.competitor_move_percent
        return Conditions(
            stock_days_below=_float(self.stock_days_below),
            stock_days_above=_float(self.stock_days_above),
            surge_above=_float(self.surge_above),
            hours=numbers_in(self.hours, 0, 23),
            weekdays=numbers_in(self.weekdays, 1, 7),
            competitor_move=None if move is None else float(move) / 100,
            unchanged_days=self.unchanged_days,
        )

    @property
    def price_action(self) -> PriceAction:
        """What it does to a price."""
        return PriceAction(
            kind=self.action,  # type: ignore[arg-type]
            change=float(self.percent or 0) / 100,
            amount=float(self.amount or 0),
            reference=self.reference or "lowest",  # type: ignore[arg-type]
            min_price=_float(self.min_price),
            max_price=_float(self.max_price),
        )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


class RepricingRun(models.Model):
    """One evaluation of rules: of those that were due in an hour, or of one that somebody asked for.

    `slot` is what makes it one: the same hour asked for twice is the same run, whoever asks.
    """

    slot: "models.CharField[str, str]" = SortedCharField(max_length=60, unique=True)
    batch = models.UUIDField(unique=True, help_text="Of the price changes it made.")
    rules = models.ManyToManyField(RepricingRule, related_name="runs")
    dry_run = models.BooleanField(default=False)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    requested_by = models.CharField(max_length=150, blank=True, help_text="Empty: the schedule.")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    stopped = models.CharField(
        max_length=255, blank=True, help_text="Why it did nothing, or did not come to its end."
    )
    counts = models.JSONField(
        default=dict, blank=True, help_text="By rule: how many products it fired for, changed, held back."
    )

    class Meta:
        ordering = ("-id",)
        constraints = [
            length_check("slot", 60, "market_repricingrun"),
            length_check("stopped", 255, "market_repricingrun"),
        ]

    def __str__(self) -> str:
        return self.slot


class RepricingOutcome(models.TextChoices):
    APPLIED = "applied"
    PROPOSED = "proposed"
    WOULD_CHANGE = "would_change", "would change (dry run)"
    HELD_BACK = "held_back", "held back"


class RepricingResult(models.Model):
    """What a run did about one product for which a rule fired and wanted another price.

    Written in the transaction that changes the price: where the row is, the change was made, and is not made again.
    """

    run = models.ForeignKey(RepricingRun, on_delete=models.CASCADE, related_name="results", db_index=False)
    rule = models.ForeignKey(RepricingRule, on_delete=models.SET_NULL, null=True, related_name="results")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=12, choices=RepricingOutcome)
    reason = models.CharField(max_length=20, blank=True, help_text="Why it was held back, in one word.")
    base_price = models.DecimalField(max_digits=10, decimal_places=2)
    old_price = models.DecimalField(max_digits=10, decimal_places=2)
    wanted_price = models.DecimalField(max_digits=10, decimal_places=2)
    new_price = models.DecimalField(max_digits=10, decimal_places=2)
    binding = models.JSONField(default=list, blank=True, help_text="What kept it from the wanted price.")
    change = models.OneToOneField(
        PriceChange, on_delete=models.SET_NULL, null=True, blank=True, related_name="repricing_result"
    )

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=("run", "product"), name="market_repricingresult_once"),
            choice_check("outcome", RepricingOutcome, "market_repricingresult"),
            length_check("reason", 20, "market_repricingresult"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.old_price} -> {self.new_price} ({self.outcome})"


class KillSwitch(models.Model):
    """While it is on no rule changes or proposes a price. People still do. One row; without it: off."""

    on = models.BooleanField(default=False)
    reason = models.CharField(max_length=255, blank=True)
    set_by = models.CharField(max_length=150, blank=True, editable=False)
    set_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "kill switch"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="market_killswitch_single"),
            length_check("reason", 255, "market_killswitch"),
        ]

    def __str__(self) -> str:
        return "on" if self.on else "off"
