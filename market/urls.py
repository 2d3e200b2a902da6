from elastix.api.routers import Router
from market.api.calm import RuleCalmViewSet
from market.api.competitors import CompetitorPriceViewSet, CompetitorViewSet, MarketViewSet
from market.api.dynamic import DynamicPriceViewSet
from market.api.rules import KillSwitchViewSet, RuleViewSet

router = Router()
router.register("api/market/competitors", MarketViewSet, "market")
router.register("api/market/prices", CompetitorPriceViewSet, "competitor-price")
router.register("api/market/qualities", CompetitorViewSet, "competitor")
router.register("api/price", DynamicPriceViewSet, "dynamic-price")
router.register("api/price/rules", RuleViewSet, "repricing-rule")
router.register("api/price/rules", RuleCalmViewSet, "repricing-pause")
router.register("api/price", KillSwitchViewSet, "kill-switch")

urlpatterns = router.urls
