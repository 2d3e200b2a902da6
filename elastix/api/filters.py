"""Filters of lists: values are checked as strictly as in bodies, and what is not given changes nothing."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F
from django_filters import rest_framework as filters

from elastix.api.fields import CONTROL


class TextFormField(forms.CharField):
    """One line of text, stripped, without control characters and halves of characters."""

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "")
        if CONTROL.search(text) or text.encode("utf-8", "ignore").decode() != text:
            raise ValidationError("Control characters are not allowed.", code="control_character")
        return text

    def clean(self, value: Any) -> Any:
        return super().clean(value) or None


class DayFormField(forms.DateField):
    """A day as ISO 8601 writes it."""

    def __init__(self, **kwargs: Any) -> None:
        message = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
        super().__init__(input_formats=["%Y-%m-%d"], error_messages={"invalid": message}, **kwargs)


class BooleanFormField(forms.Field):
    """true or false in any spelling that JSON bodies take; anything else is refused."""

    WORDS = dict.fromkeys(("true", "1", "t", "yes", "y", "on"), True)
    WORDS |= dict.fromkeys(("false", "0", "f", "no", "n", "off"), False)

    def to_python(self, value: Any) -> bool | None:
        word = str(value or "").strip().lower()
        if word and word not in self.WORDS:
            raise ValidationError("Must be a valid boolean.", code="invalid")
        return self.WORDS.get(word)


class TextFilter(filters.CharFilter):  # type: ignore[misc]
    field_class = TextFormField


class DayFilter(filters.DateFilter):  # type: ignore[misc]
    field_class = DayFormField


class BooleanFilter(filters.BooleanFilter):  # type: ignore[misc]
    field_class = BooleanFormField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The default widget reads what it does not know as not given.
        super().__init__(*args, widget=forms.TextInput, **kwargs)


class ChoiceFilter(filters.ChoiceFilter):  # type: ignore[misc]
    """One of the choices; the error names them."""

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        pairs = [pair if isinstance(pair, tuple) else (pair, pair) for pair in choices]
        names = ", ".join(str(value) for value, _ in pairs)
        message = f'"%(value)s" is not a valid choice. Choose one of {names}.'
        super().__init__(
            *args, choices=pairs, empty_label=None, error_messages={"invalid_choice": message}, **kwargs
        )


class Ordering(ChoiceFilter):
    """`ordering=column` or `-column`; empty columns come last and the primary key decides between equals.

    Parameters
    ----------
    columns
        Name of each column in the API and its expression in the database.
    default
        The order where none is asked for.
    key
        The primary key; it runs with the column's direction where `key_follows` is true.
    """

    def __init__(
        self, columns: dict[str, str], *, default: str, key: str = "pk", key_follows: bool = False
    ) -> None:
        self.columns, self.default, self.key, self.key_follows = columns, default, key, key_follows
        super().__init__(
            choices=[sign + name for name in columns for sign in ("", "-")],
            help_text=f"A column; -column: descending. Default {default}.",
        )

    def filter(self, qs: Any, value: Any) -> Any:
        asked = value or self.default
        falling, column = asked.startswith("-"), F(self.columns[asked.lstrip("-")])
        order = column.desc(nulls_last=True) if falling else column.asc(nulls_last=True)
        return qs.order_by(order, f"-{self.key}" if falling and self.key_follows else self.key)


class StrictFilterSet(filters.FilterSet):  # type: ignore[misc]
    """Base of the filters; the viewset refuses values that `self.form` finds invalid.

    Attributes
    ----------
    defaults
        Values of parameters that are not given.
    """

    defaults: dict[str, str] = {}
    form_base: type[forms.Form] = forms.Form
    _form_class: type[forms.Form]

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None and self.defaults:
            data = data.copy()
            for name, value in self.defaults.items():
                data.setdefault(name, value)
        super().__init__(data, *args, **kwargs)

    def get_form_class(self) -> Any:
        # The fields of a filter set never change: their form is made once, and copied for each request.
        cls = type(self)
        if "_form_class" not in cls.__dict__:
            fields = {name: each.field for name, each in self.filters.items()}
            cls._form_class = type(f"{cls.__name__}Form", (cls.form_base,), fields)
        return cls._form_class


class RangeForm(forms.Form):
    """A form whose range of days must not end before it begins."""

    def clean(self) -> Any:
        values = super().clean() or {}
        start: dt.date | None = values.get("start_date")
        end: dt.date | None = values.get("end_date")
        if start and end and start > end:
            self.add_error("end_date", f"The range ends ({end}) before it begins ({start}).")
        return values


class DateRangeFilterSet(StrictFilterSet):
    """start_date and end_date (also startDate, endDate): both inclusive, the whole of end_date counts."""

    start_date = DayFilter(field_name="date", lookup_expr="gte", help_text="First day, inclusive.")
    end_date = DayFilter(field_name="date", lookup_expr="lte", help_text="Last day, inclusive.")

    form_base = RangeForm
