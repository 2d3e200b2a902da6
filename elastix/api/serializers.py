"""Serializers of answers: each answer is described once, and rendered from rows as fast as a page of them needs."""

from collections.abc import Callable, Mapping
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any

from rest_framework import serializers

from elastix.api.fields import rounded, rounder

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
        read = self._read_keys if isinstance(instance, Mapping) else self._read_attributes
        answer = dict(zip(self._names, read(instance), strict=True))
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
    def _read_attributes(self) -> Callable[[Any], tuple[Any, ...]]:
        return _reader(attrgetter, [str(each.source) for each in self._readable_fields])

    @cached_property
    def _read_keys(self) -> Callable[[Any], tuple[Any, ...]]:
        return _reader(itemgetter, [str(each.source) for each in self._readable_fields])


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


def _reader(getter: Callable[..., Any], sources: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """One call that reads all values of a row."""
    read = getter(*sources)
    return read if len(sources) > 1 else lambda row: (read(row),)


def _render(field: Any) -> Callable[[Any], Any] | None:
    """How a field renders a value; None: as it is."""
    kind = type(field).to_representation
    if kind is RoundedField.to_representation:
        return rounder(field.places)
    return None if kind in UNCHANGED else field.to_representation
