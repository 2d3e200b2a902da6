from django.urls import path

from market.views import competitors, dynamic, rules

urlpatterns = [
    path("api/market/competitors/<str:code>", competitors.MarketView.as_view(), name="market"),
    path("api/market/prices", competitors.CompetitorPricesView.as_view(), name="competitor-prices"),
    path(
        "api/market/prices/import",
        competitors.CompetitorPriceImportView.as_view(),
        name="competitor-price-import",
    ),
    path(
        "api/market/prices/<int:price_id>", competitors.CompetitorPriceView.as_view(), name="competitor-price"
    ),
    path("api/market/qualities", competitors.QualitiesView.as_view(), name="competitor-qualities"),
    path(
        "api/market/qualities/<int:competitor_id>",
        competitors.QualityView.as_view(),
        name="competitor-quality",
    ),
    path("api/price/dynamic/<str:code>", dynamic.DynamicPriceView.as_view(), name="dynamic-price"),
    path("api/price/rules", rules.RulesView.as_view(), name="repricing-rules"),
    path("api/price/rules/<int:rule_id>", rules.RuleView.as_view(), name="repricing-rule"),
    path("api/price/rules/<int:rule_id>/run", rules.RuleRunView.as_view(), name="repricing-rule-run"),
    path("api/price/rules/<int:rule_id>/runs", rules.RuleRunsView.as_view(), name="repricing-rule-runs"),
    path(
        "api/price/rules/<int:rule_id>/runs/<int:run_id>",
        rules.RuleRunResultsView.as_view(),
        name="repricing-rule-run-results",
    ),
    path("api/price/kill-switch", rules.KillSwitchView.as_view(), name="kill-switch"),
]
