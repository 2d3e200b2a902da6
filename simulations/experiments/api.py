"""/api/experiments: randomised tests of prices, from the plan to the decision."""

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import FiniteField, TextField
from elastix.api.filters import ChoiceFilter, Ordering, StrictFilterSet
from elastix.api.operations import operation
from elastix.api.permissions import Role, audit_username
from elastix.api.serializers import ElasticityField, MoneyField, RoundedField, RowSerializer
from elastix.api.viewsets import ElastixViewSet
from elastix.errors import Conflict
from pricing.sales.api.fields import CodeField, CodeFilter
from simulations.experiments.core.sequences import VERDICTS
from simulations.experiments.models import (
    FEWEST_PAST_WEEKS,
    FEWEST_WEEKS,
    HIGHEST_PERCENT,
    LOWEST_PERCENT,
    MOST_PAST_WEEKS,
    MOST_WASHOUT_DAYS,
    MOST_WEEKS,
    Design,
    ExperimentStatus,
    KeptPrices,
    PriceExperiment,
)
from simulations.experiments.selectors.candidates import CATEGORY, PRODUCT, test_candidates
from simulations.experiments.selectors.experiments import experiments, find_experiment
from simulations.experiments.selectors.plans import (
    ELASTICITY_SOURCES,
    MOST_PRODUCTS,
    experiment_plan,
    wish_of,
)
from simulations.experiments.services.experiments import (
    experiment_create,
    experiment_delete,
    experiment_pause,
    experiment_roll_back,
    experiment_start,
    experiment_stop,
)


class ExperimentFilterSet(StrictFilterSet):
    status = ChoiceFilter(choices=ExperimentStatus.choices)
    design = ChoiceFilter(choices=Design.choices)
    product = CodeFilter(field_name="products__product_id", help_text="Experiments that test this product.")
    ordering = Ordering(
        {name: name for name in ("created_at", "starts_on", "name")}, default="-created_at", key_follows=True
    )


# --- requests ---------------------------------------------------------------------------------------------


def percent_field(**kwargs: Any) -> FiniteField:
    return FiniteField(min_value=LOWEST_PERCENT, max_value=HIGHEST_PERCENT, **kwargs)


class PlanBodySerializer(serializers.Serializer[Any]):
    """Which products, either by their codes or by their category, at which two prices."""

    design = serializers.ChoiceField(
        Design.choices,
        help_text="None by stores or channels: a product has one price for all of them.",
    )
    products = serializers.ListField(
        child=CodeField(), allow_empty=False, max_length=MOST_PRODUCTS, required=False
    )
    category = TextField(max_length=100, required=False)
    old_percent = percent_field(required=False, default=0.0, help_text="Change of the usual price.")
    new_percent = percent_field(help_text="Change of the usual price.")
    weeks = serializers.IntegerField(min_value=FEWEST_WEEKS, max_value=MOST_WEEKS, required=False, default=12)
    washout_days = serializers.IntegerField(
        min_value=0,
        max_value=MOST_WASHOUT_DAYS,
        required=False,
        default=2,
        help_text="First days at another price, not counted.",
    )
    past_weeks = serializers.IntegerField(
        min_value=FEWEST_PAST_WEEKS,
        max_value=MOST_PAST_WEEKS,
        required=False,
        default=26,
        help_text="Weeks before it that clusters are adjusted by.",
    )
    elasticity = FiniteField(
        min_value=-20,
        max_value=20,
        required=False,
        allow_null=True,
        default=None,
        help_text="Expected; default: what is known of the products, else -1.8, a guess.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("products" in attrs) == ("category" in attrs):
            raise serializers.ValidationError("Give either products or a category.", code="selector")
        if attrs["old_percent"] == attrs["new_percent"]:
            raise serializers.ValidationError({"new_percent": "The two prices are the same."})
        return attrs


class ExperimentBodySerializer(PlanBodySerializer):
    name = TextField(max_length=255)
    seed = TextField(
        max_length=64,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of the draw; default: by chance.",
    )


class StopSerializer(serializers.Serializer[Any]):
    keep = serializers.ChoiceField(
        KeptPrices.choices,
        required=False,
        default=KeptPrices.USUAL.value,
        help_text="Which prices stand afterwards.",
    )


class CandidatesQuery(serializers.Serializer[Any]):
    weeks = serializers.IntegerField(min_value=4, max_value=MOST_WEEKS, required=False, default=12)
    percent = FiniteField(min_value=1, max_value=HIGHEST_PERCENT, required=False, default=10.0)
    limit = serializers.IntegerField(min_value=1, max_value=200, required=False, default=20)


# --- answers ----------------------------------------------------------------------------------------------


class ExperimentProductSerializer(RowSerializer):
    product_id = serializers.CharField()
    group = serializers.IntegerField()
    usual_price = MoneyField()
    old_price = MoneyField()
    new_price = MoneyField()


class PowerSerializer(RowSerializer):
    weeks = serializers.IntegerField()
    power = RoundedField(3, help_text="Probability that the expected effect is found.")
    elasticity_error = ElasticityField()
    smallest_effect = RoundedField(4, help_text="Log units that are found with a probability of .8.")
    smallest_money = MoneyField(help_text="Currency a week that is found with a probability of .8.")


GAIN: Final = "Expected profit of better prices: a guess, of 26 weeks and prices up to 20 % away."
COST: Final = (
    "Expected loss while the test runs, against the best price known now: a guess as good as the elasticity."
)
NET: Final = "Gain less cost: a guess."
SOURCE: Final = "products: their estimates; given: as asked; default: -1.8 with an error of 1, a guess, where none has one."


class ValueSerializer(RowSerializer):
    gain = MoneyField(help_text=GAIN)
    cost = MoneyField(help_text=COST)
    net = MoneyField(help_text=NET)


class ExperimentLeftOutSerializer(RowSerializer):
    product_id = serializers.CharField()
    reason = serializers.CharField(help_text="no_difference, no_price, service, unknown_product or no_pair.")


class PlanSerializer(RowSerializer):
    products = ExperimentProductSerializer(many=True)
    left_out = ExperimentLeftOutSerializer(many=True)
    groups = serializers.IntegerField()
    cut = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    neighbours = serializers.DictField(child=serializers.IntegerField())
    elasticity = ElasticityField(help_text="Expected.")
    elasticity_error = ElasticityField(help_text="How uncertain it is before the test.")
    elasticity_source = serializers.ChoiceField(ELASTICITY_SOURCES, help_text=SOURCE)
    contrast = RoundedField(4)
    money = serializers.CharField()
    units_a_week = RoundedField(1)
    revenue_a_week = MoneyField()
    dispersion = RoundedField(2)
    formula_error = ElasticityField()
    power = PowerSerializer()
    durations = PowerSerializer(many=True)
    shortest = serializers.IntegerField(allow_null=True)
    value = ValueSerializer()


class ExperimentCandidateSerializer(RowSerializer):
    kind = serializers.ChoiceField((CATEGORY, PRODUCT))
    key = serializers.CharField(help_text="Category, or product code.")
    products = serializers.IntegerField()
    units_a_week = RoundedField(1)
    revenue_a_week = MoneyField()
    elasticity = ElasticityField(help_text="Expected.")
    elasticity_error = ElasticityField(help_text="How uncertain it is before the test.")
    elasticity_source = serializers.ChoiceField(ELASTICITY_SOURCES, help_text=SOURCE)
    test_error = ElasticityField(help_text="Of the test alone, by counts.")
    gain = MoneyField(help_text=GAIN)
    cost = MoneyField(help_text=COST)
    net = MoneyField(help_text=NET)


class CandidatesSerializer(serializers.Serializer[Any]):
    items = ExperimentCandidateSerializer(many=True)


class ExperimentProblemSerializer(RowSerializer):
    product_id = serializers.CharField()
    code = serializers.CharField()
    reason = serializers.CharField()


class ExperimentSerializer(serializers.ModelSerializer[PriceExperiment]):
    product_count = serializers.IntegerField()
    verdict = serializers.SerializerMethodField()

    class Meta:
        model = PriceExperiment
        fields = (
            "id", "name", "design", "status", "old_percent", "new_percent", "weeks", "washout_days", "past_weeks", "seed",
            "money", "product_count", "expected_elasticity", "planned_power", "created_at", "created_by", "starts_on",
            "started_by", "ended_at", "ended_by", "kept", "verdict", "elasticity", "elasticity_error",
        )  # fmt: skip
        extra_kwargs = {
            "expected_elasticity": {
                "help_text": "At the plan; -1.8, a guess, where no product had an estimate."
            }
        }

    def get_verdict(self, experiment: PriceExperiment) -> str | None:
        return (experiment.result or {}).get("verdict")


class ExperimentDetailSerializer(ExperimentSerializer):
    products = ExperimentProductSerializer(many=True, source="products.all")
    problems = ExperimentProblemSerializer(many=True)
    pauses = serializers.ListField(child=serializers.ListField(child=serializers.DateField(allow_null=True)))
    neighbours = serializers.DictField(child=serializers.IntegerField())

    class Meta(ExperimentSerializer.Meta):
        fields = (*ExperimentSerializer.Meta.fields, "products", "problems", "pauses", "neighbours")  # type: ignore[assignment]


class MeasuredSerializer(RowSerializer):
    estimate = RoundedField(4)
    low = RoundedField(4, help_text="95 % interval of this moment.")
    high = RoundedField(4)
    always_low = RoundedField(4, help_text="95 % interval that stays valid however often one looks.")
    always_high = RoundedField(4)
    p_value = RoundedField(4)


class LookSerializer(MeasuredSerializer):
    weeks = serializers.IntegerField()


class BlockSerializer(RowSerializer):
    units_percent = MeasuredSerializer()
    units = MeasuredSerializer()
    revenue = MeasuredSerializer()
    profit = MeasuredSerializer(allow_null=True)


class SampleRatioSerializer(RowSerializer):
    planned = serializers.ListField(
        child=serializers.IntegerField(), help_text="Weeks of groups at the old, new price."
    )
    ran = serializers.ListField(child=serializers.IntegerField())
    p_value = RoundedField(4)
    is_mismatch = serializers.BooleanField()


class DeviationSerializer(RowSerializer):
    product_id = serializers.CharField()
    days = serializers.IntegerField()


class GroupSerializer(RowSerializer):
    products = serializers.ListField(child=serializers.CharField())
    elasticity = ElasticityField()
    elasticity_error = ElasticityField()


class EvidenceSerializer(RowSerializer):
    source = serializers.CharField()  # type: ignore[assignment]
    product_id = serializers.CharField(allow_null=True)
    category = serializers.CharField(allow_blank=True)
    elasticity = ElasticityField()
    std_error = ElasticityField()
    first_day = serializers.DateField()
    last_day = serializers.DateField()


class ExperimentResultSerializer(RowSerializer):
    experiment = serializers.IntegerField()
    to = serializers.DateField(help_text="Last day of sales that it has.")
    weeks = serializers.IntegerField(help_text="Weeks that count.")
    is_complete = serializers.BooleanField()
    verdict = serializers.ChoiceField(VERDICTS)
    decision = serializers.CharField()
    tested = BlockSerializer()
    neighbours = BlockSerializer(allow_null=True)
    total = BlockSerializer()
    elasticity = ElasticityField()
    elasticity_error = ElasticityField()
    groups = GroupSerializer(many=True)
    looks = LookSerializer(many=True)
    sample_ratio = SampleRatioSerializer()
    deviations = DeviationSerializer(many=True)
    sold_out = serializers.ListField(child=serializers.CharField())
    evidence = EvidenceSerializer(many=True)


# --- viewset ----------------------------------------------------------------------------------------------


class ExperimentViewSet(ElastixViewSet):
    """Price experiments: two prices, drawn at random for groups of products; never different prices for different persons."""

    filterset_class = ExperimentFilterSet
    lookup_url_kwarg = "experiment_id"
    lookup_value_converter = "row_id"

    @operation(response=ExperimentSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Price experiments, newest first."""
        return self.page(self.filtered(experiments()))

    @operation(body=ExperimentBodySerializer, response=ExperimentDetailSerializer, status=201)
    def create(self, request: Request) -> Response:
        """Save a planned experiment as a draft; no price changes until a manager starts it."""
        asked = self.validated()
        made = experiment_create(
            wish_of(asked), name=asked["name"], seed=asked["seed"], by=audit_username(request)
        )
        return self._answer(made.pk, status=201)

    @operation(response=ExperimentDetailSerializer)
    def retrieve(self, request: Request, experiment_id: int) -> Response:
        """One experiment with its products and their prices."""
        return self._answer(experiment_id)

    @operation(status=204, errors=(409,))
    def destroy(self, request: Request, experiment_id: int) -> Response:
        """Delete a draft; what has been started stays on record."""
        experiment_delete(experiment_id)
        return Response(status=204)

    @action(detail=False, methods=["post"])
    @operation(body=PlanBodySerializer, response=PlanSerializer)
    def plan(self, request: Request) -> Response:
        """What an experiment would be and could find: groups, prices, power, duration and value, by simulation on past sales."""
        return Response(PlanSerializer(experiment_plan(wish_of(self.validated()))).data)

    @action(detail=False)
    @operation(query=CandidatesQuery, response=CandidatesSerializer)
    def candidates(self, request: Request) -> Response:
        """Tests of categories and products by what they would be worth: profit of better prices less the cost of the test."""
        limit = self.query.get("limit", 20)
        rows = test_candidates(weeks=self.query.get("weeks", 12), percent=self.query.get("percent", 10.0))
        return Response(CandidatesSerializer({"items": rows[:limit]}).data)

    @action(detail=True)
    @operation(response=ExperimentResultSerializer, errors=(409,))
    def results(self, request: Request, experiment_id: int) -> Response:
        """What an experiment has found so far, in figures and words; updated when new sales come."""
        experiment = find_experiment(experiment_id)
        if experiment.result is None:
            raise Conflict(f"Experiment {experiment_id} has no result yet: no day of it is known.")
        extra = {"experiment": experiment.pk, "evidence": experiment.evidence}
        return Response(ExperimentResultSerializer(experiment.result | extra).data)

    @action(detail=True, methods=["post"])
    @operation(response=ExperimentDetailSerializer, errors=(409,), role=Role.MANAGER)
    def start(self, request: Request, experiment_id: int) -> Response:
        """Start a draft or go on with a paused experiment: set the prices drawn for today and hold them."""
        return self._step(experiment_start, experiment_id)

    @action(detail=True, methods=["post"])
    @operation(response=ExperimentDetailSerializer, errors=(409,), role=Role.MANAGER)
    def pause(self, request: Request, experiment_id: int) -> Response:
        """Pause an experiment: usual prices, which stay held."""
        return self._step(experiment_pause, experiment_id)

    @action(detail=True, methods=["post"])
    @operation(body=StopSerializer, response=ExperimentDetailSerializer, errors=(409,), role=Role.MANAGER)
    def stop(self, request: Request, experiment_id: int) -> Response:
        """End an experiment and keep the usual, the old or the new prices."""
        return self._step(experiment_stop, experiment_id, **self.validated())

    @action(detail=True, methods=["post"])
    @operation(response=ExperimentDetailSerializer, errors=(409,), role=Role.MANAGER)
    def rollback(self, request: Request, experiment_id: int) -> Response:
        """Put all prices back to what they were before the experiment."""
        return self._step(experiment_roll_back, experiment_id)

    def _step(self, step: Any, experiment_id: int, **given: Any) -> Response:
        if not self.request.user.is_authenticated:
            raise PermissionDenied("Deciding on prices needs a login.")
        step(experiment_id, by=audit_username(self.request), **given)
        return self._answer(experiment_id)

    def _answer(self, experiment_id: int, status: int = 200) -> Response:
        return Response(ExperimentDetailSerializer(find_experiment(experiment_id)).data, status=status)
