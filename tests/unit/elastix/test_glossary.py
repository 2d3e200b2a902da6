"""Every fixed word that the code can answer has a label and a sentence in the glossary."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import TextChoices

from elastix.alerts.models import alert_kinds
from elastix.glossary import KINDS, label_of, sentence_of, terms
from elastix.imports.core import REASONS
from pricing.elasticity.core.pooled import FLAG_NAMES
from pricing.recommendation.core import rationale
from pricing.recommendation.core.limits import ALL_RULES, HARD
from pricing.sales.core.lines import EXCLUSION_REASONS

ROOT = Path(__file__).resolve().parents[3]
APPS = ("pricing", "segments", "market", "simulations")
CODE = re.compile(r"([A-Z]{4,}|[A-Z]+(?:_[A-Z]+)+)(?:$|:)")
# Words in capitals that are no answer: what other servers say, service codes, names of constants.
NO_ANSWERS = {
    "ABCD", "NULL",
    "ACCESS_DENIED", "AUTHORIZED", "FLAGS", "FLAG_NAMES", "MAX_COST_EXCEEDED", "PARTIALLY_PAID", "PARTIALLY_REFUNDED",
    "EXCLUSIVE", "NFKD", "PAID", "PENDING", "POST", "REFUNDED", "THROTTLED", "TRUE",
}  # fmt: skip
# What people choose from, where the label of the choice says it all.
SETTINGS = {
    "AlertChannel", "AuditAction", "CompetitorReference", "CostSource", "Kind", "PlatformName", "PolicyDemandModel",
    "PolicyStrategy", "PriceChangeSource", "PriceRelationKind", "PriceSource", "RuleAction", "RuleScope", "SalesSource",
    "TokenScope",
}  # fmt: skip
KIND_OF_CHOICES = {
    "Design": "experiment", "ExperimentStatus": "experiment", "KeptPrices": "experiment",
    "EvidenceClass": "evidence", "ForecastMethod": "forecast method", "ForecastState": "customer forecast",
    "Grade": "grade", "ImportStatus": "import status",
    "JobState": ("job state", "import status"), "Method": "method", "PriceChangeStatus": "change status",
    "PushState": ("push state", "import status"), "RecommendationState": "recommendation state", "Relationship": "relationship",
    "RepricingOutcome": ("repricing outcome", "change status"), "RiskLevel": "risk", "Segment": "segment",
}  # fmt: skip


def sources() -> list[Path]:
    """The modules of the apps that answer something: no migrations, no connections to other servers' words."""
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    return [path for path in found if not {"migrations", "management"} & set(path.parts)]


def codes() -> set[str]:
    """Every text in capitals with which a string of the code begins, as flags and warnings do."""
    found = set()
    for path in sources():
        # Codes of lines that are services, and types of DuckDB's columns.
        if path.name in ("service_codes.py", "parquet.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                match = CODE.match(node.value)
                found |= {match.group(1)} if match else set()
    return found - NO_ANSWERS


def refusals() -> set[str]:
    """The reasons for which readers of files refuse rows: what is yielded as (row, reason, message)."""
    found = set(REASONS)
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Yield)
                and isinstance(node.value, ast.Tuple)
                and len(node.value.elts) == 3
            ):
                reason = node.value.elts[1]
                if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
                    found.add(reason.value)
    return found


def choices() -> list[type[TextChoices]]:
    apps.check_models_ready()
    return [
        each for each in TextChoices.__subclasses__() if each.__module__.split(".")[0] in ("elastix", *APPS)
    ]


def words(*kinds: str) -> set[str]:
    return {word for kind in kinds for word in KINDS[kind]}


def test_the_search_for_codes_finds_those_of_every_app() -> None:
    assert codes() >= {
        "FEW_DAYS",
        "HOLD",
        "LARGE_CHANGE",
        "NO_STOCK",
        "ROOM_TO_RAISE",
        "NO_SAVING",
        "INACTIVE",
    }
    assert refusals() >= {"not_a_date", "in_the_future", "own_shop"}


def test_every_flag_warning_and_reason_has_a_sentence() -> None:
    assert codes() - words("flag", "warning", "reason", "obstacle", "customer forecast") == set()
    assert set(FLAG_NAMES) - words("flag") == set()
    assert {*rationale.OBSTACLES} - words("reason", "flag") == set()
    assert {*rationale.WARNINGS} - words("warning", "flag") == set()


def test_every_limit_has_a_sentence() -> None:
    assert {*ALL_RULES, *(rule.name for rule in HARD)} - words("limit") == set()


def test_every_reason_to_refuse_or_leave_out_a_row_has_a_sentence() -> None:
    assert refusals() - words("refused row") == set()
    assert set(EXCLUSION_REASONS.values()) == words("exclusion")


def test_every_kind_of_alert_has_a_sentence_and_the_label_of_its_app() -> None:
    assert set(alert_kinds()) == words("alert")
    assert [(kind, label_of(kind)) for kind in alert_kinds()] == list(alert_kinds().items())


@pytest.mark.parametrize("each", choices(), ids=lambda each: each.__name__)
def test_every_choice_that_is_answered_has_a_sentence(each: type[TextChoices]) -> None:
    if each.__name__ in SETTINGS:
        assert each.__name__ not in KIND_OF_CHOICES
        return
    kinds = KIND_OF_CHOICES[each.__name__]
    assert set(each.values) - words(*((kinds,) if isinstance(kinds, str) else kinds)) == set()


def test_there_are_choices_to_look_through() -> None:
    assert {each.__name__ for each in choices()} >= {*SETTINGS, *KIND_OF_CHOICES}


def test_every_term_is_said_in_a_few_words_and_one_sentence() -> None:
    for term in terms():
        assert 0 < len(term.label) <= 60, term
        assert re.fullmatch(r"[A-Z].{10,140}\.", term.sentence), term


def test_a_warning_that_says_more_is_known_by_its_first_word() -> None:
    assert label_of("LARGE_CHANGE: beyond 15 % the models differ") == "large change"
    assert sentence_of("FEW_DAYS") == "It was sold on fewer than 20 days, or in fewer than 8 weeks."
    assert (label_of("a word of its own"), sentence_of("a word of its own")) == ("a word of its own", "")
