"""/api/glossary: what the fixed words of all answers mean."""

from typing import Any

from django.utils import translation
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import ChoiceFilter, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.serializers import RowSerializer
from elastix.api.viewsets import ElastixViewSet
from elastix.glossary import KINDS, terms


class TermSerializer(RowSerializer):
    kind = serializers.ChoiceField(choices=list(KINDS))
    word = serializers.CharField(help_text="As answers have it.")
    label = serializers.CharField(help_text="What people call it.")  # type: ignore[assignment]
    sentence = serializers.CharField(help_text="What it means.")


class TermFilterSet(StrictFilterSet):
    kind = ChoiceFilter(choices=list(KINDS))
    word = TextFilter(max_length=60, help_text="A word as answers have it, such as FEW_DAYS.")


class GlossaryViewSet(ElastixViewSet):
    """The fixed words of answers: flags, grades, limits, warnings, reasons, states."""

    filterset_class = TermFilterSet
    file_name = "glossary"
    default_limit = 1000

    @operation(response=TermSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Every flag, grade, limit, warning, reason and state that an answer may hold, with a sentence on each."""
        asked: dict[str, Any] = self.filters()
        # The API speaks English.
        with translation.override("en"):
            return self.page(list(terms(asked["kind"] or "", asked["word"] or "")))
