"""Repricing rules, what their runs did, and the switch that stops them all."""

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from elastix.fields import (
    HIGHEST_STORED_PRICE,
    LOWEST_STORED_PRICE,
    PriceField,
    SortedCharField,
    choice_check,
    length_check,
    range_check,
)
from elastix.jobs.models import Job
from market.core.repricing import COST_DECIMALS, Conditions, PriceAction, numbers_in
from pricing.sales.models import PriceChange, Product

LONGEST_LIST = 80
TABLE = "market_repricingrule"
MONEY = (LOWEST_STORED_PRICE, HIGHEST_STORED_PRICE)
# Lowest and highest value of each number, for the form, the API and the database alike.
BOUNDS: dict[str, tuple[Any, Any]] = {
    "priority": (1, 1000),
    "stock_days_below": (Decimal("0.1"), Decimal(100_000)),
    "stock_days_above": (Decimal(0), Decimal(100_000)),
    "surge_above": (Decimal("0.01"), Decimal(1000)),
    "competitor_move_percent": (Decimal(-99), Decimal(1000)),
    "unchanged_days": (1, 3650),
    "percent": (Decimal(-90), Decimal(400)),
    "amount": (LOWEST_STORED_PRICE, Decimal(1_000_000)),
    "min_price": MONEY,
    "max_price": MONEY,
    "max_change_percent": (Decimal("0.01"), Decimal(100)),
    "max_day_percent": (Decimal("0.01"), Decimal(100)),
    "max_run_changes": (1, 1_000_000),
    "dead_band_percent": (Decimal("0.01"), Decimal(50)),
    "hold_hours": (1, 720),
    "every_hours": (1, 168),
    "canary_percent": (1, 100),
}
MOST_PASSED_ON = 150
LISTS = {"hours": (0, 23), "weekdays": (1, 7), "run_hours": (0, 23)}
"""Lists of numbers, written as "8,11-13", with the lowest and highest number."""


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
    PASS_THROUGH = "pass_through", "pass on changes of the cost"


class CompetitorReference(models.TextChoices):
    LOWEST = "lowest", "their lowest price"
    MEAN = "mean", "their mean price"


def _bounds(name: str) -> list[Any]:
    low, high = BOUNDS[name]
    return [MinValueValidator(low), MaxValueValidator(high)]


def _number(
    name: str, help_text: str, places: int = 2
) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(
        max_digits=10,
        decimal_places=places,
        null=True,
        blank=True,
        validators=_bounds(name),
        help_text=help_text,
    )


def _money(help_text: str, **kwargs: Any) -> PriceField:
    return PriceField(null=True, blank=True, help_text=help_text, **kwargs)


def _cost(help_text: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    return models.DecimalField(
        max_digits=12, decimal_places=COST_DECIMALS, null=True, blank=True, help_text=help_text
    )


def _numbers(help_text: str) -> "models.CharField[str, str]":
    return models.CharField(max_length=LONGEST_LIST, blank=True, help_text=help_text)


class RepricingRule(models.Model):
    """When and how prices change without anybody asking.

    Rules are tried in the order of their priority, and the first that fires for a product decides on it. What a rule
    asks for goes through the guardrails of the price policies, its own caps and the price changes. It proposes; it
    applies only where `may_apply` is set, approved by the manager who saved it last.
    """

    name: "models.CharField[str, str]" = SortedCharField(max_length=100, unique=True)
    scope = models.CharField(max_length=8, choices=RuleScope, default=RuleScope.SHOP)
    category = SortedCharField(max_length=100, blank=True)
    products: "models.ManyToManyField[Product, Any]" = models.ManyToManyField(
        Product, blank=True, related_name="repricing_rules"
    )
    priority = models.PositiveSmallIntegerField(
        default=100,
        validators=_bounds("priority"),
        help_text="1 is tried first; of rules with the same priority the older one.",
    )

    stock_days_below = _number("stock_days_below", "Fires where the stock lasts for fewer days.", 1)
    stock_days_above = _number("stock_days_above", "Fires where the stock lasts for more days.", 1)
    surge_above = _number(
        "surge_above", "1.50: fires where the last 7 days sold at least 1.5 times the usual."
    )
    hours = _numbers('Hours of the shop\'s day, as "8,11-13"; empty: all.')
    weekdays = _numbers("1 (Monday) to 7, as 6-7; empty: all.")
    competitor_move_percent = _number(
        "competitor_move_percent",
        "-5: fires where competitors lowered their prices by 5 % or more; 5: raised.",
    )
    unchanged_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=_bounds("unchanged_days"),
        help_text="Fires where the price has not changed for this many days.",
    )

    action = models.CharField(max_length=12, choices=RuleAction)
    percent = _number(
        "percent",
        "Of the price before rules (10: dearer), how far below the competitors (10: cheaper), or of the cost's "
        "change (empty: 100).",
    )
    amount = _money(
        "How far below the competitors, in currency.", validators=[MaxValueValidator(BOUNDS["amount"][1])]
    )
    reference = models.CharField(max_length=6, choices=CompetitorReference, blank=True)
    climbs = models.BooleanField(
        default=False,
        help_text="Competitors too cheap to be reached are left alone: the price goes up to the next one above the floor.",
    )
    min_price = _money("The rule asks for no price below this.")
    max_price = _money("The rule asks for no price above this.")
    revert_when_inactive = models.BooleanField(
        default=False,
        help_text="When no rule fires any more for a product whose price this rule set, the price goes back.",
    )

    max_change_percent = _number("max_change_percent", "Largest change at once, beside the price policy's.")
    max_day_percent = _number(
        "max_day_percent", "Largest distance from the price at the beginning of the day."
    )
    dead_band_percent = _number("dead_band_percent", "Smaller changes than this are not made.")
    hold_hours = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=_bounds("hold_hours"),
        help_text="A price that was changed, by whomever, stays for at least this many hours.",
    )
    keep_endings = models.BooleanField(
        default=False,
        help_text="Prices end as the price policy says (such as .99); where no such price lies on the way, the price stays.",
    )
    max_run_changes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=_bounds("max_run_changes"),
        help_text="Most products it may change in one run.",
    )

    every_hours = models.PositiveSmallIntegerField(default=1, validators=_bounds("every_hours"))
    run_hours = _numbers('Hours of the shop\'s day at which it runs, as "6,18"; empty: any.')
    enabled = models.BooleanField(default=True)
    dry_run = models.BooleanField(default=False, help_text="It only records what it would do.")
    may_apply = models.BooleanField(
        default=False,
        help_text="It changes prices itself, approved by the manager who saved it last, instead of proposing.",
    )
    auto_apply_approved_by = models.CharField(max_length=150, blank=True, editable=False)
    auto_apply_approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    canary_percent = models.PositiveSmallIntegerField(
        default=100,
        validators=_bounds("canary_percent"),
        help_text="Share of its products that it is tried on; raise it and the rest follow.",
    )
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("priority", "id")
        constraints = [
            choice_check("scope", RuleScope, TABLE),
            choice_check("action", RuleAction, TABLE),
            models.CheckConstraint(
                condition=Q(may_apply=False) | ~Q(auto_apply_approved_by=""), name=f"{TABLE}_approved"
            ),
            models.CheckConstraint(
                condition=Q(min_price__isnull=True)
                | Q(max_price__isnull=True)
                | Q(min_price__lte=models.F("max_price")),
                name=f"{TABLE}_min_max",
                violation_error_message="The lowest price must not be above the highest.",
            ),
            length_check("name", 100, TABLE),
            length_check("category", 100, TABLE),
            *(length_check(name, LONGEST_LIST, TABLE) for name in LISTS),
            *(range_check(name, *bounds, TABLE) for name, bounds in BOUNDS.items()),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check what belongs together; chosen products are checked by the service that saves them.

        Raises
        ------
        ValidationError
        """
        errors: dict[str, str] = {}
        if (self.scope == RuleScope.CATEGORY) != bool(self.category):
            errors["category"] = "A rule for one category names it; others leave this empty."
        for name, bounds in LISTS.items():
            try:
                setattr(self, name, ",".join(map(str, numbers_in(getattr(self, name), *bounds))))
            except ValueError as error:
                errors[name] = str(error)
        low_days, high_days = self.stock_days_above, self.stock_days_below
        if low_days is not None and high_days is not None and low_days >= high_days:
            errors["stock_days_below"] = (
                f"The stock cannot last for more than {low_days} and fewer than {high_days} days: make this the higher one."
            )
        if self.competitor_move_percent == 0:
            errors["competitor_move_percent"] = "Name a rise (5) or a fall (-5), not 0."
        # What the action needs and has not, or has and does not need.
        against_competitors = self.action in (RuleAction.MATCH, RuleAction.UNDERCUT)
        if against_competitors != bool(self.reference):
            errors["reference"] = (
                "Say which of the competitors' prices." if against_competitors else "Leave this empty."
            )
        if self.climbs and self.reference != CompetitorReference.LOWEST:
            errors["climbs"] = "Only a rule that follows the competitors' lowest price can climb."
        if self.action == RuleAction.UNDERCUT:
            if (self.percent is None) == (self.amount is None):
                errors["percent"] = "Undercut by a percentage or by an amount: give one of them."
            elif self.percent is not None and not 0 < self.percent <= 90:
                errors["percent"] = "Undercut by more than 0 and at most 90 percent."
        elif self.amount is not None:
            errors["amount"] = "Only undercutting takes an amount."
        if self.action == RuleAction.FACTOR and not self.percent:
            errors["percent"] = "Say by how many percent the price changes."
        if self.action == RuleAction.PASS_THROUGH:
            if self.percent is not None and not 0 < self.percent <= MOST_PASSED_ON:
                errors["percent"] = (
                    f"Pass on more than 0 and at most {MOST_PASSED_ON} percent of a cost's change."
                )
            if self.revert_when_inactive:
                errors["action"] = "A cost that was passed on is not taken back: it goes without a return."
        elif self.percent is not None and self.action not in (RuleAction.FACTOR, RuleAction.UNDERCUT):
            errors["percent"] = "This action takes no percentage."
        if self.action == RuleAction.BOUNDS and self.min_price is None and self.max_price is None:
            errors["min_price"] = "Give the lowest price, the highest, or both."
        if errors:
            raise ValidationError(errors)

    @property
    def signature(self) -> str:
        """The name under which it proposes and applies; no user can be called this: names have no spaces."""
        return f"rule {self.pk}"

    @property
    def follows_competitors(self) -> bool:
        """Whether competitors who react to us could drive its prices round in circles."""
        return bool(self.reference) or self.competitor_move_percent is not None

    @property
    def conditions(self) -> Conditions:
        """What must hold for it to fire."""
        move = self.competitor_move_percent
        return Conditions(
            **self._floats("stock_days_below", "stock_days_above", "surge_above", "unchanged_days"),
            hours=numbers_in(self.hours, *LISTS["hours"]),
            weekdays=numbers_in(self.weekdays, *LISTS["weekdays"]),
            competitor_move=None if move is None else float(move) / 100,
        )

    @property
    def price_action(self) -> PriceAction:
        """What it does to a price."""
        whole = 100 if self.action == RuleAction.PASS_THROUGH else 0
        return PriceAction(
            kind=self.action,  # type: ignore[arg-type]
            change=float(self.percent or whole) / 100,
            amount=float(self.amount or 0),
            reference=self.reference or "lowest",  # type: ignore[arg-type]
            climbs=self.climbs,
            **self._floats("min_price", "max_price"),
        )

    def _floats(self, *names: str) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in names}
        return {name: None if value is None else float(value) for name, value in values.items()}


class RepricingRun(models.Model):
    """One evaluation of rules: of those that were due in an hour, or of one that was requested.

    `slot` makes it unique: the same hour requested twice is the same run.
    """

    slot: "models.CharField[str, str]" = SortedCharField(max_length=60, unique=True)
    batch = models.UUIDField(unique=True, help_text="Of the price changes it made.")
    rules = models.ManyToManyField(RepricingRule, related_name="runs")
    dry_run = models.BooleanField(default=False)
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    requested_by = models.CharField(max_length=150, blank=True, help_text="Empty: the schedule.")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    stopped = models.CharField(max_length=255, blank=True, help_text="Why it did nothing, or did not finish.")
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
    """What a run did about one product for which a rule fired and asked for another price.

    Written in the transaction that changes the price: where the row is, the change was made, and is not made again.
    `cost_then` is the cost that the old price stands for; `cost_now` the present one, where the rule passes its change on.
    A dry run also has rows of the products that the rule skipped.
    """

    run = models.ForeignKey(RepricingRun, on_delete=models.CASCADE, related_name="results", db_index=False)
    rule = models.ForeignKey(RepricingRule, on_delete=models.SET_NULL, null=True, related_name="results")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    outcome = models.CharField(max_length=12, choices=RepricingOutcome)
    reason = models.CharField(max_length=20, blank=True, help_text="Why it was held back, in one word.")
    base_price = PriceField()
    old_price = PriceField()
    wanted_price = PriceField()
    new_price = PriceField()
    cost_then = _cost("Per unit, without tax, when the old price took effect; empty where nobody looked.")
    cost_now = _cost("Per unit, without tax, where its change is passed on.")
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
