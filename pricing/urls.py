from elastix.api.routers import Router
from pricing.bundles.api import BundleSuggestionViewSet, BundleViewSet, CrossElasticityViewSet
from pricing.changes.api.changes import PriceChangeViewSet
from pricing.changes.api.offers import RecommendationViewSet
from pricing.changes.api.outcomes import CalibrationViewSet
from pricing.changes.api.prior_prices import PriorPriceViewSet, ProposedPriorPriceViewSet
from pricing.changes.api.recommended import BulkProposalViewSet, OverrideViewSet, RecommendedPriceViewSet
from pricing.connections.api import FeedViewSet
from pricing.elasticity.api import ElasticityViewSet, ProductElasticityViewSet
from pricing.forecasting.api import DemandForecastViewSet
from pricing.recommendation.api.bulk import BulkOptimizeViewSet, BulkResultViewSet, CategoryViewSet
from pricing.recommendation.api.overview import OverviewViewSet
from pricing.recommendation.api.policies import PricePolicyViewSet
from pricing.recommendation.api.prices import RecommendViewSet
from pricing.recommendation.api.products import ProductViewSet
from pricing.recommendation.api.relations import PriceRelationViewSet
from pricing.recommendation.api.standing import StandingViewSet
from pricing.sales.api.costs import ProductCostViewSet
from pricing.sales.api.imports import ImportViewSet
from pricing.sales.api.transactions import TransactionViewSet

router = Router()
# sales
router.register("transactions/imports", ImportViewSet, "import")
router.register("transactions", TransactionViewSet, "transaction")
# elasticity
router.register("elasticity", ElasticityViewSet, "elasticity")
router.register("api/analytics/elasticity", ProductElasticityViewSet, "analytics-elasticity")
# forecasting
router.register("api/forecast/demand", DemandForecastViewSet, "forecast-demand")
# recommendation
router.register("api/overview", OverviewViewSet, "shop-overview")
router.register("api/products", ProductCostViewSet, "product-cost")
router.register("api/products", ProductViewSet, "product")
router.register("api/price/policies", PricePolicyViewSet, "price-policy")
router.register("api/price/relations", PriceRelationViewSet, "price-relation")
router.register("api/price/recommend", RecommendViewSet, "price-recommend")
router.register("api/price/optimize-bulk", BulkOptimizeViewSet, "price-optimize-bulk")
router.register("api/jobs", BulkResultViewSet, "bulk-result")
router.register("api/analytics/categories", CategoryViewSet, "analytics-categories")
router.register("api/price/recommendations", StandingViewSet, "price-recommendation-totals")
# changes
router.register("api/price/recommendations", RecommendedPriceViewSet, "price-recommendation")
router.register("api/recommendations", RecommendationViewSet, "recommendation")
router.register("api/price/overrides", OverrideViewSet, "price-override")
router.register("api/price/changes", PriceChangeViewSet, "price-change")
router.register("api/price/prior-prices", PriorPriceViewSet, "price-prior-price")
router.register("api/price/prior-prices", ProposedPriorPriceViewSet, "price-prior-price-proposed")
router.register("api/price/calibration", CalibrationViewSet, "price-calibration")
router.register("api/jobs", BulkProposalViewSet, "bulk-proposal")
# bundles
router.register("api/price/bundle", BundleViewSet, "price-bundle")
router.register("api/analytics/bundles", BundleSuggestionViewSet, "analytics-bundles")
router.register("api/analytics/cross-elasticity", CrossElasticityViewSet, "analytics-cross-elasticity")
# connections
router.register("api/feeds", FeedViewSet, "feed")

urlpatterns = router.urls
