"""The lines of docs/notebook.md, run as they stand, against the server of the test."""

import contextlib
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas
import pytest
from rest_framework.test import APIClient

from tests.factories import ElasticityEstimateFactory, ProductFactory

pytestmark = pytest.mark.django_db

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "notebook.md").read_text()


def test_the_notebook_reads_the_lists(viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for code, elasticity, grade in (("00123", -2.0, "A"), ("CUP", -0.5, "B"), ("MUG", -3.0, "D")):
        product = ProductFactory(code=code, category="Cups", current_price=Decimal(9), cost=Decimal(4))
        ElasticityEstimateFactory(product=product, elasticity=elasticity, quality=grade, flags=[])
    read_csv = pandas.read_csv

    def read(address: str, storage_options: Any, **options: Any) -> Any:
        parts = urlsplit(address)
        answer = viewer_client.get(f"{parts.path}?{parts.query}")
        return read_csv(io.BytesIO(b"".join(answer.streaming_content)), **options)

    monkeypatch.setattr(pandas, "read_csv", read)
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], names)  # noqa: S102
    found = names["sure"].set_index("stock_code").best_price
    assert found["00123"] == 8.0  # cost 4 times -2 / (1 - 2)
    assert pandas.isna(found["CUP"])
    assert "MUG" not in found
