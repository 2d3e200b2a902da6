from elastix.api.routers import Router
from segments.api import CustomerViewSet, DashboardViewSet, SegmentElasticityViewSet, StockItemViewSet

router = Router()
router.register("dashboard", DashboardViewSet, "dashboard")
router.register("stock-items", StockItemViewSet, "stock-item")
router.register("segments/customers", CustomerViewSet, "segment-customer")
router.register("elasticity/segments", SegmentElasticityViewSet, "segment-elasticity")

urlpatterns = router.urls
