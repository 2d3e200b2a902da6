from elastix.api.routers import Router
from segments.api.buyers import BuyersViewSet
from segments.api.customers import CustomerViewSet, SegmentMoveViewSet
from segments.api.dashboard import DashboardViewSet, SegmentElasticityViewSet, StockItemViewSet
from segments.api.lifetime import CustomerForecastViewSet, CustomerModelViewSet

router = Router()
router.register("dashboard", DashboardViewSet, "dashboard")
router.register("stock-items", StockItemViewSet, "stock-item")
router.register("segments/customers", CustomerViewSet, "segment-customer")
router.register("segments/buyers", BuyersViewSet, "segment-buyers")
router.register("segments/forecasts", CustomerForecastViewSet, "segment-forecast")
router.register("segments/forecast-model", CustomerModelViewSet, "segment-forecast-model")
router.register("segments/moves", SegmentMoveViewSet, "segment-move")
router.register("elasticity/segments", SegmentElasticityViewSet, "segment-elasticity")

urlpatterns = router.urls
