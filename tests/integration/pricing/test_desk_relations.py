"""The desk's price relations: the list, the form of one, and what a product's page says of its own."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pricing.recommendation.models import PriceRelation
from pricing.recommendation.services.relations import Member, relation_create, relation_update
from tests.factories import PricedProductFactory
from tests.integration.elastix.test_desk_exports import as_csv

pytestmark = pytest.mark.django_db
STEPS = {"name": "Mugs", "kind": "steps", "gap_percent": "10", "members": "cup\n MUG \n\n"}


@pytest.fixture(autouse=True)
def _products() -> None:
    """CUP at 12.99, MUG at 14.99; both cost 8.50."""
    PricedProductFactory(code="CUP", name="Small cup")
    PricedProductFactory(code="MUG", current_price=Decimal("14.99"))


@pytest.fixture
def browser(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def html(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def related(name: str = "Mugs", kind: str = "steps", gap: str = "10", **sizes: str) -> PriceRelation:
    members = [Member(code, Decimal(sizes[code]) if sizes else None) for code in ("CUP", "MUG")]
    return relation_create({"name": name, "kind": kind, "gap_percent": Decimal(gap)}, members=members)


def members_of(relation: PriceRelation) -> list[tuple[str, Any]]:
    return list(relation.members.values_list("product_id", "size"))


def seen_revision(client: Client, of: PriceRelation) -> str:
    """What the page says of the state that it shows."""
    page = html(client, f"/desk/relations/{of.pk}")
    return page.partition('name="revision" value="')[2].partition('"')[0]


def test_a_manager_lays_a_relation_down(browser: Client) -> None:
    answer = browser.post("/desk/relations/new", STEPS)
    made = PriceRelation.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/relations/{made.pk}")
    assert (made.name, made.kind, made.gap_percent) == ("Mugs", "steps", Decimal(10))
    assert members_of(made) == [("CUP", None), ("MUG", None)]
    assert "Saved. Recommendations and rules keep to it" in html(browser, f"/desk/relations/{made.pk}")


def test_sizes_are_read_from_the_lines_and_written_back(browser: Client) -> None:
    said = {"name": "Packs", "kind": "sizes", "gap_percent": "", "members": "CUP; 0,25\nMUG;500"}
    answer = browser.post("/desk/relations/new", said)
    made = PriceRelation.objects.get()
    assert members_of(made) == [("CUP", Decimal("0.25")), ("MUG", Decimal(500))]
    assert "CUP; 0.25 MUG; 500</textarea>" in html(browser, answer["Location"])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"name": ""}, "This field is required."),
        ({"members": "CUP"}, "A relation has 2 to 100 products."),
        ({"members": "CUP\nCUP"}, "A product occurs twice."),
        ({"members": "CUP\nNOBODY"}, "There is no product &#x27;NOBODY&#x27;."),
        ({"members": "CUP; x\nMUG"}, "Enter a number."),
        ({"members": "CUP; 0\nMUG; 1", "kind": "sizes", "gap_percent": "0"}, "greater than or equal to 0.001"),
        ({"members": "CUP; 1\nMUG; 2"}, "Only the kind sizes looks at sizes."),
        ({"members": "; 1\nMUG"}, "A product code must not be empty."),
        ({"kind": "cousins"}, "cousins is not one of the available choices."),
        ({"kind": "line"}, "Only steps and own labels have a gap."),
        ({"gap_percent": "91"}, "less than or equal to 90"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_it_and_nothing_is_saved(
    browser: Client, said: dict[str, str], expected: str
) -> None:
    answer = browser.post("/desk/relations/new", STEPS | said)
    assert answer.status_code == 400
    assert expected in answer.content.decode()
    assert not PriceRelation.objects.exists()


def test_a_name_that_is_taken_is_refused(browser: Client) -> None:
    related()
    answer = browser.post("/desk/relations/new", STEPS)
    assert answer.status_code == 400
    assert "already exists" in answer.content.decode()
    assert PriceRelation.objects.count() == 1


def test_the_list_says_whether_present_prices_keep_them(browser: Client) -> None:
    assert "There are no relations yet." in html(browser, "/desk/relations")
    # 14.99 is 15.4 % above 12.99.
    related("Near", gap="15")
    related("Far", gap="16")
    page = html(browser, "/desk/relations")
    near, far = page.index(">Near</a>"), page.index(">Far</a>")
    assert far < near
    assert "not kept" in page[far:near]
    assert "not kept" not in page[near:]
    assert "kept</span>" in page[near:]
    assert 'href="/desk/relations"' in html(browser, "/desk/rules")


def test_a_relation_says_what_it_allows_each_product(browser: Client) -> None:
    page = html(browser, f"/desk/relations/{related().pk}")
    # 12.99 x 1.1 = 14.289, 14.99 / 1.1 = 13.627.
    assert "at least £14.29" in page
    assert "at most £13.62" in page
    assert "not kept" not in page
    page = html(browser, f"/desk/relations/{related('Line', 'line', '0').pk}")
    assert page.count("not kept") == 3
    # CUP and what it may cost, then MUG: in a line each may cost what the other does.
    assert re.findall(r">(£[\d.]+) ?(?:<span[^/]*</span>)?</td>", page) == [
        "£12.99",
        "£14.99",
        "£14.99",
        "£12.99",
    ]


def test_a_product_says_which_relations_bind_it(browser: Client) -> None:
    assert "Price relations" not in html(browser, "/desk/products/CUP")
    relation = related()
    page = html(browser, "/desk/products/CUP")
    assert f'<a href="/desk/relations/{relation.pk}">Mugs</a>' in page
    assert "steps: from good to best:</span> at most £13.62 </li>" in page
    relation_update(relation.pk, {"gap_percent": Decimal(20)})
    # 14.99 / 1.2 = 12.49, below the present 12.99.
    assert 'at most £12.49 <span class="badge text-bg-warning">not kept</span></li>' in html(
        browser, "/desk/products/CUP"
    )


def test_a_relation_is_changed_and_deleted(browser: Client) -> None:
    made = related()
    path = f"/desk/relations/{made.pk}"
    assert browser.post(path, STEPS | {"gap_percent": "5", "members": "MUG\nCUP"}).status_code == 302
    made.refresh_from_db()
    assert made.gap_percent == 5
    assert [code for code, _size in members_of(made)] == ["MUG", "CUP"]
    assert browser.post(path, {"action": "delete"})["Location"] == "/desk/relations"
    assert not PriceRelation.objects.exists()


@pytest.mark.parametrize("said", [STEPS | {"name": "Ours"}, {"action": "delete"}], ids=["save", "delete"])
def test_what_another_has_changed_is_not_written_over(browser: Client, said: dict[str, str]) -> None:
    made = related()
    seen = seen_revision(browser, made)
    assert seen
    relation_update(made.pk, {}, members=[Member("MUG"), Member("CUP")])
    answer = browser.post(f"/desk/relations/{made.pk}", said | {"revision": seen}, follow=True)
    assert "It was changed by somebody else since you read it" in answer.content.decode()
    assert [code for code, _size in members_of(made)] == ["MUG", "CUP"]
    browser.post(f"/desk/relations/{made.pk}", said | {"revision": seen_revision(browser, made)})
    assert not PriceRelation.objects.filter(name="Mugs").exists()


def test_only_managers_write(viewer: User, analyst: User) -> None:
    made = related()
    for user in (viewer, analyst):
        client = Client()
        client.force_login(user)
        for path, said in (
            ("/desk/relations/new", STEPS),
            (f"/desk/relations/{made.pk}", STEPS),
            (f"/desk/relations/{made.pk}", {"action": "delete"}),
        ):
            assert client.post(path, said).status_code == 403
        assert "<form method" not in html(client, f"/desk/relations/{made.pk}").partition("<main")[2]
        assert "New relation" not in html(client, "/desk/relations")
    assert PriceRelation.objects.get().name == "Mugs"


def test_unknown_relations_are_not_found(browser: Client) -> None:
    assert browser.get("/desk/relations/999999").status_code == 404
    assert browser.post("/desk/relations/999999", STEPS).status_code == 404


def test_in_german(browser: Client) -> None:
    made = related()
    page = html(browser, "/desk/relations", **{"accept-language": "de"})
    assert "Preisbeziehungen" in page
    assert "Stufen: von gut bis sehr gut" in page
    page = html(browser, f"/desk/relations/{made.pk}", **{"accept-language": "de"})
    assert "mindestens 14,29" in page
    alone = STEPS | {"name": "Alone", "members": "CUP"}
    answer = browser.post("/desk/relations/new", alone, headers={"accept-language": "de"})
    assert "Eine Beziehung hat 2 bis 100 Produkte." in answer.content.decode()


def test_the_pages_ask_a_fixed_number_of_queries(browser: Client, django_assert_max_num_queries: Any) -> None:
    made = related()
    for number in range(5):
        related(f"Another {number}", "line", "0")
    with django_assert_max_num_queries(9):
        html(browser, "/desk/relations")
    with django_assert_max_num_queries(11):
        html(browser, f"/desk/relations/{made.pk}")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Cups", "Mugs", "Packs"]),
        ("?sort=-name", ["Packs", "Mugs", "Cups"]),
        ("?sort=kind", ["Cups", "Packs", "Mugs"]),
        ("?sort=-gap", ["Mugs", "Cups", "Packs"]),
        ("?q=MU", ["Cups", "Mugs", "Packs"]),  # all hold MUG
        ("?q=pack", ["Packs"]),
        ("?q=tea", []),
    ],
)
def test_the_list_sorts_is_searched_and_is_a_file(browser: Client, query: str, expected: list[str]) -> None:
    related("Mugs", gap="10")
    related("Packs", kind="sizes", gap="0", CUP="1", MUG="2")
    related("Cups", kind="line", gap="0")
    page = html(browser, f"/desk/relations{query}")
    assert re.findall(r'<th scope="row"><a href="/desk/relations/\d+">(\w+)</a>', page) == expected
    assert ("No relation is like this." in page) == (not expected)
    heading, *rows = as_csv(browser.get(f"/desk/relations{query}{'&' if query else '?'}file=csv"))
    assert heading == ["Relation", "Kind of relation", "Gap in %", "Products"]
    assert [row[0] for row in rows] == expected
    assert all(row[3] == "CUP, MUG" for row in rows)
