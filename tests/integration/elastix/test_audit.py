"""The audit log: every way to change a price, a rule, a user or a token leaves an entry, and none can be changed."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from rest_framework.test import APIClient

from elastix.audit.actor import Actor, acting
from elastix.audit.models import AuditEntry
from elastix.audit.triggers import audited_tables, make_triggers
from elastix.errors import Conflict
from elastix.tokens.models import ApiToken
from market.models import RepricingRule
from pricing.recommendation.models import PricePolicy
from pricing.sales.models import Product
from tests.api_cases import ListCases
from tests.conftest import client_of, user_with_role
from tests.factories import PriceChangeFactory, PricedProductFactory, PricePolicyFactory, RepricingRuleFactory
from tests.integration.admin_pages import page, signed_in

pytestmark = pytest.mark.django_db

PATH = "/api/audit"


@pytest.fixture
def cup() -> Product:
    """A product whose price somebody set, of before the log's first entry."""
    product: Product = PricedProductFactory(code="CUP", cost=Decimal("3"))
    Product.objects.filter(pk="CUP").update(price_source="manual", current_price=Decimal("10"))
    product.refresh_from_db()
    return product


def entries(table: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(table=table).order_by("pk"))


def last(table: str) -> AuditEntry:
    return entries(table)[-1]


class TestWaysToWrite:
    def test_the_api(self, cup: Product, analyst_client: APIClient) -> None:
        answer = analyst_client.patch("/api/products/CUP", {"cost": 4}, HTTP_X_REQUEST_ID="of-the-test")
        assert answer.status_code == 200
        entry = last("pricing_product")
        assert (entry.username, entry.source, entry.request_id, entry.action, entry.row) == (
            "analyst", "api", "of-the-test", "change", "CUP",
        )  # fmt: skip
        assert entry.changed == {"cost": [3, 4]}

    def test_a_price_of_the_ledger_applied_and_taken_back(
        self, cup: Product, manager_client: APIClient
    ) -> None:
        change = PriceChangeFactory(
            product=cup, old_price=cup.current_price, new_price=Decimal("10.49"), status="approved"
        )
        before = len(entries("pricing_product"))
        for step, prices in (("apply", [10, 10.49]), ("rollback", [10.49, 10])):
            answer = manager_client.post(f"/api/price/changes/{change.pk}/{step}", {})
            assert answer.status_code == 200, answer.content
            entry = last("pricing_product")
            assert (entry.username, entry.source) == ("manager", "api")
            assert entry.changed == {"current_price": prices}
        assert len(entries("pricing_product")) == before + 2

    def test_a_file_of_products(
        self, cup: Product, analyst_client: APIClient, django_capture_on_commit_callbacks: Any
    ) -> None:
        file = SimpleUploadedFile("products.csv", b"code,name,cost\nCUP,Cup,5\nNEW,New,7\n")
        with django_capture_on_commit_callbacks(execute=True):
            assert analyst_client.post("/api/products/import", {"file": file}, "multipart").status_code == 202
        found = {entry.row: entry for entry in entries("pricing_product")[-2:]}
        assert found["CUP"].changed == {"cost": [3, 5]}
        assert (found["NEW"].action, found["NEW"].changed["cost"]) == ("add", [None, 7])
        assert {entry.username for entry in found.values()} == {"analyst"}
        assert all(entry.source.startswith("job ") for entry in found.values())

    def test_the_admin(self, manager: User) -> None:
        policy = PricePolicyFactory(max_change=Decimal("0.2"))
        browser = signed_in(manager)
        browser.post(page(PricePolicy, "delete", policy.pk), {"post": "yes"})
        entry = last("pricing_pricepolicy")
        assert (entry.username, entry.source, entry.action) == ("manager", "admin", "delete")
        assert entry.changed["max_change"] == [0.2, None]

    def test_the_cost_of_a_past_day(self, cup: Product, manager_client: APIClient) -> None:
        body = {"valid_from": "2020-01-31", "cost": 2.5}
        assert manager_client.post("/api/products/CUP/costs", body).status_code == 201
        (entry,) = entries("pricing_productcost")
        assert (entry.username, entry.action) == ("manager", "add")
        assert entry.changed == {
            "product_id": [None, "CUP"],
            "valid_from": [None, "2020-01-31"],
            "cost": [None, 2.5],
        }
        assert manager_client.post("/api/products/CUP/costs", body | {"cost": 2.75}).status_code in (200, 201)
        assert last("pricing_productcost").changed == {"cost": [2.5, 2.75]}

    def test_a_present_cost_is_one_entry_of_the_product(
        self, cup: Product, manager_client: APIClient
    ) -> None:
        assert manager_client.patch("/api/products/CUP", {"cost": 4}).status_code == 200
        assert last("pricing_product").changed == {"cost": [3, 4]}
        assert entries("pricing_productcost") == []

    def test_price_relations_and_their_products(self, cup: Product, manager_client: APIClient) -> None:
        PricedProductFactory(code="MUG")
        members = [{"product_id": "CUP"}, {"product_id": "MUG"}]
        made = manager_client.post(
            "/api/price/relations", {"name": "Line", "kind": "line", "members": members}
        ).json()
        added = entries("pricing_pricerelationmember")
        assert [each.changed["product_id"] for each in added] == [[None, "CUP"], [None, "MUG"]]
        path = f"/api/price/relations/{made['id']}"
        assert manager_client.patch(path, {"name": "Colours"}).status_code == 200
        assert last("pricing_pricerelation").changed == {"name": ["Line", "Colours"]}
        assert manager_client.delete(path).status_code == 204
        assert last("pricing_pricerelation").action == "delete"

    def test_rules_and_the_kill_switch(self, manager_client: APIClient) -> None:
        rule = RepricingRuleFactory()
        assert manager_client.patch(f"/api/price/rules/{rule.pk}", {"enabled": False}).status_code == 200
        assert last("market_repricingrule").changed["enabled"] == [True, False]
        manager_client.put("/api/price/kill-switch", {"on": True, "reason": "a test"})
        assert last("market_killswitch").changed["on"][1] is True
        assert last("market_killswitch").username == "manager"

    def test_products_of_a_rule(self, cup: Product) -> None:
        rule: RepricingRule = RepricingRuleFactory()
        rule.products.set([cup])
        table = RepricingRule.products.through._meta.db_table
        assert last(table).changed["product_id"] == [None, "CUP"]

    def test_users_their_groups_and_passwords(self, admin_user: User) -> None:
        with acting(Actor("admin", "admin")):
            user = User.objects.create_user("new", password="a-long-password-9")
            user.groups.add(Group.objects.get(name="viewer"))
            user.set_password("another-password-9")
            user.save()
        assert [entry.action for entry in entries("auth_user") if entry.row == str(user.pk)] == [
            "add",
            "change",
        ]
        assert last("auth_user").changed == {"password": ["kept secret", "changed"]}
        assert last("auth_user_groups").changed["user_id"] == [None, user.pk]
        assert user.password not in str([(each.before, each.after) for each in AuditEntry.objects.all()])

    def test_a_login_is_no_change(self) -> None:
        user = user_with_role("viewer")
        count = len(entries("auth_user"))
        client_of(user)
        assert len(entries("auth_user")) == count

    def test_tokens(self, viewer_client: APIClient) -> None:
        made = viewer_client.post("/api/tokens", {"name": "till"}).json()
        viewer_client.delete(f"/api/tokens/{made['id']}")
        added, deleted = [each for each in entries("elastix_apitoken") if each.row == str(made["id"])]
        assert (added.action, deleted.action, deleted.username) == ("add", "delete", "viewer")
        assert made["token"] not in str((added.after, deleted.before))
        assert ApiToken.objects.filter(pk=made["id"]).first() is None
        assert added.after["digest"] == "kept secret"

    def test_the_desk(self, manager: User) -> None:
        answer = signed_in(manager).post("/desk/rules/switch", {"on": "true", "reason": "a test"})
        assert answer.status_code == 302
        entry = last("market_killswitch")
        assert (entry.username, entry.source, entry.changed["on"][1]) == ("manager", "desk", True)

    def test_a_command(self, tmp_path: Any, capsys: Any) -> None:
        file = tmp_path / "products.csv"
        file.write_text("code,name,cost\nNEW,New,7\n")
        call_command("import_products", str(file))
        assert last("pricing_product").changed["cost"] == [None, 7]

    def test_many_at_once_and_sql_by_hand(self, cup: Product) -> None:
        Product.objects.filter(pk="CUP").update(cost=Decimal("6"))
        assert last("pricing_product").changed == {"cost": [3, 6]}
        cup.cost = Decimal("7")
        Product.objects.bulk_update([cup], ["cost"])
        assert last("pricing_product").changed == {"cost": [6, 7]}
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pricing_product SET cost = 8 WHERE code = 'CUP'")
        assert last("pricing_product").changed == {"cost": [7, 8]}

    def test_what_follows_from_the_sales_is_nobodys_change(self) -> None:
        PricedProductFactory(code="MUG", cost=None, price_source="data")
        count = len(entries("pricing_product"))
        Product.objects.filter(pk="MUG").update(current_price=Decimal("9.99"), stock_level=3)
        assert len(entries("pricing_product")) == count

    def test_what_is_rolled_back_was_not_changed(self, cup: Product) -> None:
        count = len(entries("pricing_product"))
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            Product.objects.filter(pk="CUP").update(cost=Decimal("6"))
            raise ZeroDivisionError
        assert len(entries("pricing_product")) == count

    def test_one_request_is_not_taken_for_another(self, cup: Product) -> None:
        for cost, name in enumerate(("analyst", "manager"), 4):
            client_of(user_with_role(name)).patch("/api/products/CUP", {"cost": cost})
        Product.objects.filter(pk="CUP").update(cost=Decimal("1"))
        assert [entry.username for entry in entries("pricing_product")[-3:]] == ["analyst", "manager", ""]


class TestNothingIsChanged:
    @pytest.fixture
    def entry(self, cup: Product) -> AuditEntry:
        return last("pricing_product")

    def test_the_model_refuses(self, entry: AuditEntry) -> None:
        for write in (entry.save, entry.delete):
            with pytest.raises(Conflict):
                write()

    @pytest.mark.parametrize(
        "sql", ["UPDATE elastix_auditentry SET username = 'x'", "DELETE FROM elastix_auditentry"]
    )
    def test_the_database_refuses(self, sql: str, entry: AuditEntry) -> None:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            AuditEntry.objects.filter(pk=entry.pk).delete()
        assert AuditEntry.objects.filter(pk=entry.pk).exists()

    def test_the_admin_offers_nothing(self, entry: AuditEntry, admin_user: User) -> None:
        browser = signed_in(admin_user)
        assert browser.get(page(AuditEntry)).status_code == 200
        assert b"CUP" in browser.get(page(AuditEntry, "change", entry.pk)).content
        for write in ("change", "delete"):
            assert browser.post(page(AuditEntry, write, entry.pk), {"post": "yes"}).status_code == 403


def test_each_audited_table_has_its_triggers() -> None:
    make_triggers()  # once more changes nothing
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
        found = {name for (name,) in cursor.fetchall()}
    wanted = {
        f"audit_{table}_{action}" for table in audited_tables() for action in ("add", "change", "delete")
    }
    assert found >= wanted | {"audit_refuse_update", "audit_refuse_delete"}
    assert {"pricing_product", "pricing_pricepolicy", "auth_user", "auth_user_groups"} <= set(
        audited_tables()
    )


class TestReading(ListCases):
    path = PATH
    reader = "manager"
    list_queries = 2

    def make(self) -> AuditEntry:
        PricePolicyFactory(category=f"Category {AuditEntry.objects.count()}")
        return last("pricing_pricepolicy")

    def test_analysts_do_not_read_it_in_the_admin_either(self, analyst: User) -> None:
        assert signed_in(analyst).get(page(AuditEntry)).status_code == 403

    def test_by_table_row_action_user_and_day(self, cup: Product, manager_client: APIClient) -> None:
        manager_client.patch("/api/products/CUP", {"cost": 4})
        found = manager_client.get(
            f"{PATH}?table=pricing_product&row=CUP&action=change&username=manager"
        ).json()
        assert [each["changed"] for each in found["items"]] == [{"cost": [3, 4]}]
        today = dt.datetime.now(dt.UTC).date()
        assert manager_client.get(f"{PATH}?start_date={today}&username=manager&row=CUP").json()["total"] == 1
        past = today - dt.timedelta(days=2)
        assert manager_client.get(f"{PATH}?end_date={past}").json()["total"] == 0
        assert manager_client.get(f"{PATH}?action=x").status_code == 400

    def test_as_a_file(self, cup: Product, manager_client: APIClient) -> None:
        manager_client.patch("/api/products/CUP", {"cost": 4})
        answer = manager_client.get(f"{PATH}?format=csv&username=manager")
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert lines[0].startswith("id,at,username,source,request_id,action,table,row,changed")
        assert "pricing_product,CUP" in lines[1]
