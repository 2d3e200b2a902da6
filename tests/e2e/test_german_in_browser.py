"""Who chose German reads German: every page of the demonstration shop is read, and an English sentence on it is a failure.

What people wrote or named themselves stays as it is: names, reasons, notes.
"""

import re
from typing import Any

import pytest

from tests.e2e.desk import WIDTHS
from tests.e2e.pages import pages_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Words of English sentences that no German one has.
ENGLISH = """
    the of and or are is were been has have had not no nor this that these those there than with without from into
    its their our your you we they he she which who what when where why how if then would could should must may might
    can cannot only more less fewer most least because while since until before after between above below about
    each every all any some other others another than too very already still yet again but to for on by
    price prices cost costs sales sold days units recommended expected change changed changes
"""
# Names that the product, the trade or statistics use in German, too, or that stand in for themselves.
ALLOWED = (
    "Back to the start", "Price Leader", "Elastix", "Top-down", "Stop-and-go", "Cross-Selling", "What-if", "All-in",
)  # fmt: skip
# What people of the shop called things and wrote, longest first.
OWN_WORDS = """
import json
from market.models import RepricingRule
from pricing.recommendation.models import Override, Recommendation
from pricing.sales.models import PriceChange, Product
from simulations.experiments.models import PriceExperiment
from simulations.models import Simulation

columns = (
    (Product, "name"), (Product, "category"), (PriceChange, "reason"), (PriceChange, "note"), (Override, "reason"),
    (Recommendation, "reason"), (RepricingRule, "name"), (Simulation, "name"), (Simulation, "description"),
    (PriceExperiment, "name"),
)
own = {text for model, name in columns for text in model.objects.values_list(name, flat=True).distinct() if text}
print(json.dumps(sorted(own, key=len, reverse=True)))
"""
# What is read, and what is read out or opened: popovers are in the page's text only once they are open.
TEXTS = """() => [
    ...document.body.innerText.split("\\n"),
    ...[...document.querySelectorAll("[popover]")].map(each => each.textContent.trim()),
    ...["title", "aria-label", "placeholder", "alt"].flatMap(
        name => [...document.querySelectorAll(`[${name}]`)].map(each => each.getAttribute(name))),
]"""


def english(line: str, own: re.Pattern[str]) -> bool:
    """Whether a line has a word of an English sentence besides the shop's own words."""
    words = re.findall(r"[a-z']+", own.sub(" ", line).lower())
    return not set(ENGLISH.split()).isdisjoint(words)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("12 Preise warten auf eine Entscheidung", False),
        ("No sales on 25 Dec", True),
        ("Mugs and Glass: 12 Preise", False),
        ("Sells slowly: lower the price.", False),
        ("Because costs went up", True),
        ("Der Preis war in einem Monat am niedrigsten, so hat er gut verkauft", False),
    ],
)
def test_english_is_distinguished_from_german(line: str, found: bool) -> None:
    own = re.compile("Mugs and Glass|Sells slowly: lower the price.")
    assert english(line, own) is found


def test_no_page_says_an_english_sentence_to_a_german_reader(
    at: Any, demo_shop: str, installations: dict[str, Any]
) -> None:
    installation = installations[demo_shop]
    own = re.compile("|".join(map(re.escape, [*ALLOWED, *installation.shell(OWN_WORDS)])))
    desk = at(WIDTHS["desk"], user="noor", locale="de")
    found: dict[str, str] = {}
    for name, path in pages_of(installation).items():
        desk.go(path)
        for line in desk.page.evaluate(TEXTS):
            if line and english(line, own):
                found.setdefault(line, name)
    assert found == {}
