from django.urls import path

from simulations.views import insights, prices, simulations

urlpatterns = [
    path("simulate", simulations.SimulateView.as_view(), name="simulate"),
    path("simulations", simulations.SimulationsView.as_view(), name="simulations"),
    path("simulations/<uuid:simulation_id>", simulations.SimulationView.as_view(), name="simulation"),
    path(
        "simulations/<uuid:simulation_id>/metrics",
        simulations.SimulationMetricsView.as_view(),
        name="simulation-metrics",
    ),
    path(
        "simulations/<uuid:simulation_id>/curve",
        simulations.SimulationCurveView.as_view(),
        name="simulation-curve",
    ),
    path("api/price/simulate", prices.PriceSimulateView.as_view(), name="price-simulate"),
    path("api/price/scenarios", prices.PriceScenariosView.as_view(), name="price-scenarios"),
    path(
        "api/analytics/demand-curve/<str:code>",
        prices.DemandCurveView.as_view(),
        name="analytics-demand-curve",
    ),
    path(
        "api/analytics/profit-impact/<str:code>",
        prices.ProfitImpactView.as_view(),
        name="analytics-profit-impact",
    ),
    path("api/insights/<str:code>", insights.InsightsView.as_view(), name="insights"),
]
