"""A repricing rule as a sentence: read from the form, and written out for an existing rule."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from elastix.desk.tags import money, number, percent
from market.models import RepricingRule
from market.models.rules import BOUNDS, MOST_PASSED_ON, RuleAction, RuleScope

CONDITIONS: Final = (
    ("stock_days_above", gettext_lazy("stock lasts over … days")),
    ("stock_days_below", gettext_lazy("stock lasts under … days")),
    ("unchanged_days", gettext_lazy("the price has not changed for … days")),
    ("surge_above", gettext_lazy("a week sells … times the usual")),
    ("competitor_move_percent", gettext_lazy("competitors have moved by … % (-5: lowered)")),
)
WHOLE_NUMBERS: Final = ("unchanged_days",)
COST_CHANGED = "cost_changed"
LOWER, RAISE, PASS_ON = "lower", "raise", "pass_on"
DIRECTIONS: Final = (
    (LOWER, gettext_lazy("lower")),
    (RAISE, gettext_lazy("raise")),
    (PASS_ON, gettext_lazy("pass the change of the cost on")),
)
MOST_PERCENT: Final = 90


class RuleForm(forms.Form):
    """When [stock lasts over] [60] in [category], [lower] by [10] %, at most [10] % at once.

    Or: when [the cost has changed] in [category], [pass the change on] by [100] %, at most [10] % at once.
    """

    name = forms.CharField(label=gettext_lazy("Name of the rule"), max_length=100)
    condition = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=(*CONDITIONS, (COST_CHANGED, gettext_lazy("the cost has changed"))),
    )
    value = forms.DecimalField(
        label=gettext_lazy("How much"), max_digits=10, decimal_places=2, required=False
    )
    category = forms.ChoiceField(label=gettext_lazy("In"), required=False)
    direction = forms.ChoiceField(label=gettext_lazy("Do"), choices=DIRECTIONS)
    percent = forms.DecimalField(
        label=gettext_lazy("By how many percent"),
        min_value=Decimal("0.01"), max_value=MOST_PASSED_ON, decimal_places=2,
    )  # fmt: skip
    at_most = forms.DecimalField(
        label=gettext_lazy("At most, in percent at once"),
        min_value=Decimal("0.01"), max_value=100, decimal_places=2,
    )  # fmt: skip

    def __init__(self, *args: Any, categories: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", gettext_lazy("the whole shop")), *((each, each) for each in categories)]
        self.fields["category"] = forms.ChoiceField(label=gettext_lazy("In"), required=False, choices=choices)
        for name, field in self.fields.items():
            select = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if select else "form-control"
            if name in self.errors:
                field.widget.attrs |= {"class": f"{field.widget.attrs['class']} is-invalid"}

    def clean(self) -> dict[str, Any]:
        """Check the number against the bounds of what it is about."""
        said = super().clean() or {}
        name, value = said.get("condition"), said.get("value")
        passes_on = said.get("direction") == PASS_ON
        if passes_on != (name == COST_CHANGED):
            self.add_error(
                "direction", _("Pass on what the cost has changed by: choose both, or neither of them.")
            )
        if not passes_on and "percent" in said:
            try:
                MaxValueValidator(MOST_PERCENT)(said["percent"])
            except ValidationError as error:
                self.add_error("percent", error)
        if name == COST_CHANGED:
            if value is not None:
                self.add_error("value", _("Leave this empty: every change of the cost counts."))
        elif value is None and "value" not in self.errors:
            self.add_error("value", self.fields["value"].error_messages["required"])
        elif name and value is not None:
            low, high = BOUNDS[name]
            if not low <= value <= high or (name in WHOLE_NUMBERS and value != int(value)) or value == 0:
                self.add_error(
                    "value",
                    _("Say a number from %(low)s to %(high)s, not 0.") % {"low": low, "high": high},
                )
        return said

    def rule_fields(self) -> dict[str, Any]:
        """What the sentence says, as fields of a rule; conditions that it does not name are emptied."""
        said = self.cleaned_data
        change = -said["percent"] if said["direction"] == LOWER else said["percent"]
        condition = {}
        if said["condition"] != COST_CHANGED:
            whole = said["condition"] in WHOLE_NUMBERS
            condition = {said["condition"]: int(said["value"]) if whole else said["value"]}
        return {
            "name": said["name"],
            "scope": RuleScope.CATEGORY if said["category"] else RuleScope.SHOP,
            "category": said["category"],
            **{name: None for name, _text in CONDITIONS},
            **condition,
            "action": RuleAction.PASS_THROUGH if said["direction"] == PASS_ON else RuleAction.FACTOR,
            "percent": change,
            "max_change_percent": said["at_most"],
            "keep_endings": True,
        }


def said_by(rule: RepricingRule) -> dict[str, Any] | None:
    """Return the form's data for a rule; None where the form cannot express the rule."""
    conditions = [name for name, _text in CONDITIONS if getattr(rule, name) is not None]
    more = (
        rule.hours,
        rule.weekdays,
        rule.min_price,
        rule.max_price,
        rule.max_day_percent,
        rule.max_run_changes,
        rule.dead_band_percent,
        rule.hold_hours,
    )
    simple = rule.scope != RuleScope.PRODUCTS and rule.max_change_percent and not any(more)
    passes_on = rule.action == RuleAction.PASS_THROUGH
    wanted = 0 if passes_on else 1
    if not simple or len(conditions) != wanted or not (passes_on or rule.action == RuleAction.FACTOR):
        return None
    change = rule.percent or Decimal(100 if passes_on else 0)
    condition = conditions[0] if conditions else COST_CHANGED
    return {
        "name": rule.name,
        "condition": condition,
        "value": getattr(rule, condition, None),
        "category": rule.category,
        "direction": PASS_ON if passes_on else LOWER if change < 0 else RAISE,
        "percent": abs(change),
        "at_most": rule.max_change_percent,
    }


def sentence(rule: RepricingRule) -> str:
    """What any rule does, for people."""
    where = {RuleScope.SHOP: _("in the whole shop"), RuleScope.PRODUCTS: _("for chosen products")}
    place = where.get(RuleScope(rule.scope)) or _("in %(category)s") % {"category": rule.category}
    when = _(" and ").join(_conditions(rule)) or _("always")
    parts = [_("%(when)s %(place)s: %(action)s") % {"when": when, "place": place, "action": _action(rule)}]
    if rule.max_change_percent is not None:
        parts.append(_("at most %(size)s at once") % {"size": percent(rule.max_change_percent, 0)})
    if rule.climbs:
        parts.append(_("those below the floor left alone"))
    if rule.dead_band_percent is not None:
        parts.append(_("no change under %(size)s") % {"size": percent(rule.dead_band_percent, 2)})
    if rule.hold_hours is not None:
        parts.append(
            ngettext(
                "every price stays for %(hours)s hour at least",
                "every price stays for %(hours)s hours at least",
                rule.hold_hours,
            )
            % {"hours": rule.hold_hours}
        )
    if rule.keep_endings:
        parts.append(_("price endings kept"))
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def _conditions(rule: RepricingRule) -> list[str]:
    found = [_("when the cost has changed")] if rule.action == RuleAction.PASS_THROUGH else []
    for name, _text in CONDITIONS:
        value = getattr(rule, name)
        if value is not None:
            shown = number(value, 0 if value == int(value) else 2)
            found.append(_condition(name, 1 if value == 1 else 2) % {"value": shown})
    if rule.hours:
        found.append(_("at hours %(list)s") % {"list": rule.hours})
    if rule.weekdays:
        found.append(_("on weekdays %(list)s") % {"list": rule.weekdays})
    return found


def _condition(name: str, count: int) -> str:
    """What a condition says of a value; `count` decides between singular and plural."""
    if name == "stock_days_above":
        return ngettext("when stock lasts over %(value)s day", "when stock lasts over %(value)s days", count)
    if name == "stock_days_below":
        return ngettext(
            "when stock lasts under %(value)s day", "when stock lasts under %(value)s days", count
        )
    if name == "unchanged_days":
        return ngettext(
            "when the price has not changed for %(value)s day",
            "when the price has not changed for %(value)s days",
            count,
        )
    if name == "surge_above":
        return _("when a week sells %(value)s times the usual")
    return _("when competitors have moved by %(value)s %%")


def _action(rule: RepricingRule) -> str:
    size = percent(abs(rule.percent), 0 if rule.percent == int(rule.percent) else 2) if rule.percent else ""
    if rule.action == RuleAction.FACTOR:
        text = _("lower by %(size)s") if (rule.percent or 0) < 0 else _("raise by %(size)s")
        return text % {"size": size}
    if rule.action == RuleAction.UNDERCUT:
        return _("undercut competitors by %(size)s") % {"size": size or money(rule.amount)}
    if rule.action == RuleAction.PASS_THROUGH:
        return _("pass %(size)s of the change on") % {"size": size or percent(100, 0)}
    return {
        RuleAction.MATCH: _("match the competitors"),
        RuleAction.BOUNDS: _("bring within bounds"),
        RuleAction.DYNAMIC: _("follow stock, surge and peak hours"),
    }[RuleAction(rule.action)]
