"""The table of disturbances counts what its columns say."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import disturbance_table, elasticity_accuracy
from benchmarks.disturbance_table import Row, measure, table
from pricing.elasticity.core.pooled import FLAGS
from tests import dgp, simulated_shops
from tests.simulated_shops import ALONE

ROW = Row(
    products=4,
    rmse=0.5,
    bias=0.1,
    worst_bias=0.2,
    coverage=0.93,
    graded_ab=0.5,
    graded_a=0.2,
    coverage_a=0.9,
    wrong_sign=0.0,
    capped=0.5,
    flagged=0.5,
)


def posterior(elasticity, grade, flags=0, half=0.5):
    elasticity = np.array(elasticity, dtype=float)
    return SimpleNamespace(
        estimated=~np.isnan(elasticity),
        elasticity=elasticity,
        ci_low=elasticity - half,
        ci_high=elasticity + half,
        grade=np.array(grade),
        flags=np.broadcast_to(flags, elasticity.shape),
    )


def test_a_row_pools_the_estimated_products_of_all_shops():
    first = (posterior([-1.0, -2.0, np.nan], ["A", "B", ""]), np.array([-1.2, -2.6, -1.0]))
    second = (posterior([0.1], ["D"], FLAGS["PRIOR_DOMINATED"]), np.array([-0.3]))
    row = measure([first, second])
    assert row.products == 3
    assert row.bias == pytest.approx((0.2 + 0.6 + 0.4) / 3)
    assert row.worst_bias == pytest.approx(0.4)
    assert row.rmse == pytest.approx(np.sqrt((0.04 + 0.36 + 0.16) / 3))
    assert (row.coverage, row.graded_ab, row.graded_a) == pytest.approx((2 / 3, 2 / 3, 1 / 3))
    assert row.coverage_a == 1
    assert (row.wrong_sign, row.capped, row.flagged) == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_a_flag_about_the_sales_records_alone_is_no_warning():
    shop = (
        posterior([-1.0, -1.0], ["C", "C"], np.array([FLAGS["BULK_CAPPED"], FLAGS["OWN_POSITIVE"]])),
        np.ones(2),
    )
    row = measure([shop])
    assert (row.capped, row.flagged, row.coverage_a) == (1.0, 0.5, None)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "right"),
        ({"bias": -0.16}, "WRONG"),
        ({"coverage": 0.91}, "WRONG"),
        ({"bias": 0.8, "capped": 1.0, "flagged": 0.96}, "flagged"),
        ({"bias": 0.8, "capped": 1.0, "flagged": 0.9}, "WRONG"),
    ],
)
def test_a_disturbance_is_right_flagged_or_wrong(changes, verdict):
    assert replace(ROW, **changes).verdict == verdict


def test_the_table_shows_earlier_states_before_the_newest():
    text = table({"first": {"drift": replace(ROW, bias=0.5)}, "now": {"drift": ROW, "logit": ROW}})
    head, _, drift, logit = ([cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines())
    assert {len(head), len(drift), len(logit)} == {14}
    assert head[:5] == ["disturbance", "bias (first)", "coverage (first)", "verdict (first)", "RMSE (now)"]
    assert drift[:4] == ["drift", "+0.50", "0.930", "WRONG"]
    assert logit[:5] == ["logit", "", "", "", "0.50"]
    assert drift[-1] == "right"


def test_the_table_replaces_what_stands_between_its_marks(tmp_path, monkeypatch):
    document = tmp_path / "elasticity.md"
    document.write_text(f"before\n{disturbance_table.BEGIN}\nold\n{disturbance_table.END}\nafter\n")
    monkeypatch.setattr(disturbance_table, "DOCUMENT", document)
    disturbance_table.render({"now": {"seeds": [1, 2], "rows": {"drift": disturbance_table.rounded(ROW)}}})
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "| drift | 0.50 | +0.10 |" in text
    assert "(now: seeds 1 2)" in text
    assert "old" not in text


def test_a_part_of_the_rows_cannot_be_written(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["disturbance_table.py", "--rows", "drift", "--write"])
    with pytest.raises(SystemExit):
        disturbance_table.main()
    assert "--write needs all rows" in capsys.readouterr().err


def test_every_disturbance_has_its_row_and_its_line_in_the_document():
    names = [name for name, _ in disturbance_table.rows([])]
    assert set(ALONE) < set(names)
    text = disturbance_table.DOCUMENT.read_text()
    assert [name for name in names if f"| {name} |" not in text] == []


def test_shops_of_both_simulators_are_measured_with_the_same_command():
    old = replace(elasticity_accuracy.SHOPS["sparse"], products=20, days=120)
    new = replace(elasticity_accuracy.SHOPS["realistic_sparse"], products=20, days=140)
    for spec, kind in ((old, dgp.SimulatedShop), (new, simulated_shops.SimulatedShop)):
        shop = elasticity_accuracy.simulate(spec, seed=1)
        assert isinstance(shop, kind)
        posterior, _ = elasticity_accuracy.estimate(shop)
        assert posterior.elasticity.shape == (20,)
