"""The glossary in the API and on a page: the same words, the same sentences."""

import re

import pytest
from django.test import Client
from django.utils.translation import override
from rest_framework.test import APIClient

from elastix.glossary import KINDS, label_of, terms
from tests.factories import ElasticityEstimateFactory, ProductFactory

pytestmark = pytest.mark.django_db

PATH = "/api/glossary"


def test_it_lists_every_term(viewer_client: APIClient) -> None:
    body = viewer_client.get(PATH).json()
    assert body["total"] == len(list(terms())) == sum(map(len, KINDS.values()))
    assert {row["kind"] for row in body["items"]} == set(KINDS)


def test_it_speaks_english_whatever_the_browser_asks_for(viewer_client: APIClient) -> None:
    answer = viewer_client.get(PATH, {"word": "FEW_DAYS"}, headers={"accept-language": "de"})
    assert answer.json()["items"] == [
        {"kind": "flag", "word": "FEW_DAYS", "label": "few days",
         "sentence": "It was sold on fewer than 20 days, or in fewer than 8 weeks."}
    ]  # fmt: skip


def test_kind_and_word_narrow_it_down(viewer_client: APIClient) -> None:
    assert [row["word"] for row in viewer_client.get(PATH, {"kind": "grade"}).json()["items"]] == list("ABCD")
    assert viewer_client.get(PATH, {"kind": "grade", "word": "FEW_DAYS"}).json()["items"] == []
    assert viewer_client.get(PATH, {"kind": "colour"}).status_code == 400


def test_a_page_opens_the_same_sentence_at_the_word(
    client: Client, viewer_client: APIClient, viewer: object
) -> None:
    client.force_login(viewer)  # type: ignore[arg-type]
    for _ in range(2):
        ElasticityEstimateFactory(product=ProductFactory(), quality="D")
    page = client.get("/desk/products").content.decode()
    found = re.findall(
        r'popovertarget="(term-\w+)">D</button><span popover id="(term-\w+)" role="note">([^<]+)<', page
    )
    sentence = viewer_client.get(PATH, {"word": "D"}).json()["items"][0]["sentence"]
    assert [text.replace("&#x27;", "'") for _, _, text in found] == [sentence, sentence]
    assert all(opens == opened for opens, opened, _ in found)
    assert found[0][0] != found[1][0]


@pytest.mark.parametrize(
    ("word", "german"),
    [("classical", "klassisch"), ("code", "Artikelnummer"), ("Champion", "Beste Kunden")],
)
def test_words_of_pages_are_german_for_german_readers(word: str, german: str) -> None:
    with override("de"):
        assert label_of(word) == german
