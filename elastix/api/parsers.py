"""Reading request bodies."""

import io
import re
from collections.abc import Iterator
from typing import Any

from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import JSONParser

SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
SURROGATE = re.compile("[\ud800-\udfff]")


class StrictJSONParser(JSONParser):
    """JSON whose texts can be stored and sent back, nested no deeper than Python can follow."""

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
        raw = stream.read()
        try:
            data = super().parse(io.BytesIO(raw), *args, **kwargs)
            # Half of a surrogate pair is no text: databases reject it, and it cannot be sent back in a message.
            # Whole pairs are escaped the same way, so the escape alone says nothing.
            halves = set(_halves(data)) if SURROGATE_ESCAPE.search(raw) else set()
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply.") from error
        if halves:
            refusal = ErrorDetail("A text holds half of a surrogate pair.", "invalid")
            raise ValidationError({field or "non_field_errors": [refusal] for field in sorted(halves)})
        return data


def _halves(data: Any, field: str = "") -> Iterator[str]:
    """The fields, from the top of the body, that hold half of a surrogate pair in a text or in a name."""
    if isinstance(data, str) and SURROGATE.search(data):
        yield field
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _halves(value, f"{field}[{number}]")
    elif isinstance(data, dict):
        for name, value in data.items():
            if SURROGATE.search(name):
                yield field
            else:
                yield from _halves(value, f"{field}.{name}" if field else name)
