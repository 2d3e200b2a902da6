from django.urls import path

from simulations import views

urlpatterns = [
    path("simulate", views.SimulateView.as_view(), name="simulate"),
    path("simulations", views.SimulationsView.as_view(), name="simulations"),
    path("simulations/<uuid:simulation_id>", views.SimulationView.as_view(), name="simulation"),
    path(
        "simulations/<uuid:simulation_id>/metrics",
        views.SimulationMetricsView.as_view(),
        name="simulation-metrics",
    ),
    path(
        "simulations/<uuid:simulation_id>/curve", views.SimulationCurveView.as_view(), name="simulation-curve"
    ),
]
