"""Serializers of answers: each answer is described once, and rendered from rows as fast as a page of them needs."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from operator import attrgetter, itemgetter
from typing import Any

from rest_framework import serializers

from elastix.api.fields import known, rounded, rounder
from elastix.shop import shop_currency

# Fields whose values are rendered as the row has them, unless a subclass renders them otherwise.
UNCHANGED = {
    each.to_representation
    for each in (
        serializers.CharField,
        serializers.IntegerField,
        serializers.BooleanField,
        serializers.ListField,
    )
}


class RowSerializer(serializers.Serializer[Any]):
    """Render model instances, dataclasses, named tuples or mappings, one attribute or key for each field.

    A thousand rows go through here for a page, so what a field reads and how it renders is worked out once.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        read = self._reads[isinstance(instance, Mapping)]
        answer = dict(zip(self._names, read(instance), strict=False))
        for name, render in self._renders:
            value = answer[name]
            if value is not None:
                answer[name] = render(value)
        return answer

    @cached_property
    def _names(self) -> list[str]:
        return [str(each.field_name) for each in self._readable_fields]

    @cached_property
    def _renders(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """How to render the fields whose values do not go out as the row has them."""
        found = [(str(each.field_name), _render(each)) for each in self._readable_fields]
        return [(name, render) for name, render in found if render is not None]

    @cached_property
    def _reads(self) -> list[Callable[[Any], tuple[Any, ...]]]:
        """Calls that read all values of a row at once: of an object, of a mapping."""
        # The first source twice: asked for one value alone, the getters would give it without a tuple.
        sources = [str(each.source) for each in self._readable_fields]
        return [attrgetter(*sources, sources[0]), itemgetter(*sources, sources[0])]


class PublishedSerializer(RowSerializer):
    """Base of answers that belong to one published version; `answer` adds when it was published."""

    last_updated = serializers.DateTimeField(allow_null=True)

    @property
    def _readable_fields(self) -> Any:
        return (field for field in super()._readable_fields if field.field_name != "last_updated")


class RoundedField(serializers.FloatField):
    """A number rounded half away from zero to a fixed number of decimals."""

    def __init__(self, places: int, **kwargs: Any) -> None:
        self.places = places
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> float | None:  # type: ignore[override]
        return rounded(value, self.places)


class MoneyField(RoundedField):
    """An amount in the shop's currency, with as many decimals as that has."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(shop_currency().decimals, **kwargs)


class KnownField(RoundedField):
    """A number rounded to a fixed number of decimals; null where it is not known (nan)."""

    def __init__(self, places: int = 2, **kwargs: Any) -> None:
        super().__init__(places, allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> float | None:  # type: ignore[override]
        return known(value, self.places)


class KnownMoneyField(KnownField):
    """An amount of money that is null where it is not known (nan)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(shop_currency().decimals, **kwargs)


ElasticityField = partial(RoundedField, 4)
"""An elasticity, or its error."""

PercentField = partial(RoundedField, 1)
"""A percentage, 0 to 100."""


def _render(field: Any) -> Callable[[Any], Any] | None:
    """How a field renders a value; None: as it is."""
    kind = type(field).to_representation
    if kind is RoundedField.to_representation:
        return rounder(field.places)
    return None if kind in UNCHANGED else field.to_representation
