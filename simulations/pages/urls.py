"""The addresses of the pages about simulations and of the report, below /desk/."""

from django.urls import path

from simulations.pages.comparison import comparison
from simulations.pages.report import report
from simulations.pages.simulations import simulation, simulation_new, simulations

urlpatterns = [
    path("simulations", simulations, name="simulations"),
    path("simulations/new", simulation_new, name="simulation-new"),
    path("simulations/compare", comparison, name="simulation-compare"),
    path("simulations/<uuid:simulation_id>", simulation, name="simulation"),
    path("report", report, name="report"),
]
