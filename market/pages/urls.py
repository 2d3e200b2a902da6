"""The addresses of the desk's pages about the market and about rules, below /desk/."""

from django.urls import path

from market.pages.duel import duel
from market.pages.market import market
from market.pages.rules import rule, rule_new, rule_run, rules, rules_switch

urlpatterns = [
    path("market", market, name="market"),
    path("rules", rules, name="rules"),
    path("rules/new", rule_new, name="rule-new"),
    path("rules/switch", rules_switch, name="rules-switch"),
    path("rules/<row_id:rule_id>", rule, name="rule"),
    path("rules/<row_id:rule_id>/duel", duel, name="rule-duel"),
    path("rules/<row_id:rule_id>/runs/<row_id:run_id>", rule_run, name="rule-run"),
]
