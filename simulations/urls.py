from elastix.api.routers import Router
from simulations.api.clearance import ClearanceViewSet
from simulations.api.insights import InsightsViewSet
from simulations.api.prices import PriceAnalysisViewSet, PriceTrialViewSet
from simulations.api.simulations import SimulateViewSet, SimulationViewSet
from simulations.experiments.api import ExperimentViewSet

router = Router()
router.register("simulate", SimulateViewSet, "simulate")
router.register("simulations", SimulationViewSet, "simulation")
router.register("api/price", PriceTrialViewSet, "price-trial")
router.register("api/price/clearance", ClearanceViewSet, "price-clearance")
router.register("api/analytics", PriceAnalysisViewSet, "price-analysis")
router.register("api/insights", InsightsViewSet, "insights")
router.register("api/experiments", ExperimentViewSet, "experiment")

urlpatterns = router.urls
