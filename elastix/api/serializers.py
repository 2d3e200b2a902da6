"""Serializers of answers: each answer is described once, and rendered from rows as fast as a page of them needs."""

from collections.abc import Callable, Mapping
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any

from rest_framework import serializers

from elastix.api.fields import rounded

Render = Callable[[Any], Any]


class RowSerializer(serializers.Serializer[Any]):
    """Render model instances, dataclasses, named tuples or mappings, one attribute or key for each field.

    A thousand rows go through here for a page, so what a field reads and how it renders is worked out once.
    """

    def to_representation(self, instance: Any) -> dict[str, Any]:
        columns = self._keys if isinstance(instance, Mapping) else self._attributes
        return {
            name: None if (value := read(instance)) is None else render(value)
            for name, read, render in columns
        }

    @cached_property
    def _attributes(self) -> list[tuple[str, Render, Render]]:
        return [
            (str(each.field_name), attrgetter(str(each.source)), _render(each))
            for each in self._readable_fields
        ]

    @cached_property
    def _keys(self) -> list[tuple[str, Render, Render]]:
        return [
            (str(each.field_name), itemgetter(str(each.source)), _render(each))
            for each in self._readable_fields
        ]


class RoundedField(serializers.FloatField):
    """A number rounded half away from zero to a fixed number of decimals."""

    def __init__(self, places: int, **kwargs: Any) -> None:
        self.places = places
        super().__init__(**kwargs)

    def to_representation(self, value: Any) -> float | None:  # type: ignore[override]
        return rounded(value, self.places)


class MoneyField(RoundedField):
    """An amount of the shop's currency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(2, **kwargs)


class ElasticityField(RoundedField):
    """An elasticity, or its error: four decimals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(4, **kwargs)


class PercentField(RoundedField):
    """A percentage, 0 to 100: one decimal."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(1, **kwargs)


def _render(field: Any) -> Render:
    plain = (serializers.CharField, serializers.IntegerField, serializers.BooleanField, serializers.ListField)
    if type(field) in plain:
        return _unchanged
    return field.to_representation  # type: ignore[no-any-return]


def _unchanged(value: Any) -> Any:
    return value
