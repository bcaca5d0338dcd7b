"""The verdict table, line by line."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from reportgen.model import verdict as v
from reportgen.model.checks.rules import RULES
from reportgen.results import (
    Check,
    Comparison,
    FixedEffect,
    Incremental,
    LongRun,
    PharmacyRow,
    Reason,
    SlopeTest,
)


def row(lower, upper, term="Adstock_Promotion"):
    estimate = 1.0 if lower is None else (lower + upper) / 2
    return FixedEffect(
        term=term,
        estimate=estimate,
        se=1.0,
        se_gls=1.0,
        df=50.0,
        statistic=1.0,
        p=0.1,
        lower=lower,
        upper=upper,
        column_sd=1.0,
    )


def share(lower, upper):
    return Incremental(
        total=1.0,
        share=(lower + upper) / 2,
        lower=1.0,
        upper=2.0,
        share_lower=lower,
        share_upper=upper,
        draws=100,
        months=(),
    )


def pharmacy(total, se=0.1):
    return PharmacyRow(
        pharmacy="P",
        rows=30,
        sales_mean=1.0,
        promotion_mean=1.0,
        intercept=0.0,
        intercept_se=1.0,
        slope=0.0,
        slope_se=se,
        total_slope=total,
        lower=0.0,
        upper=1.0,
        reliability=0.5,
        expected_rank=50.0,
        long_run=1.0,
        own_intercept=0.0,
        own_slope=0.0,
        incremental=1.0,
        incremental_share=0.1,
        cooks_d=0.0,
        effect_without=1.0,
    )


def long_run(stationary=True, method="delta", lower=1.0):
    return LongRun(
        estimate=2.0 if stationary else None,
        se=0.3,
        lower=lower,
        upper=3.0,
        stationary=stationary,
        method=method,
        multiplier=1.5,
        half_life=1.0,
        total_pulse=2.0,
    )


def check(name, status):
    return Check(id=name, status=status, value=1.0, threshold=0.5)


def other(lower, upper, differs=False, term="Adstock_Promotion"):
    return Comparison(fixed=(row(lower, upper, term),), long_run=1.0, long_run_se=0.1, differs=differs)


EVEN = [pharmacy(t) for t in (0.9, 1.0, 1.1, 1.2)]
UNEVEN = [pharmacy(t) for t in (-0.2, 0.5, 1.0, 2.5)]
UP, DOWN, ACROSS = row(0.5, 1.5), row(-1.5, -0.5), row(-0.5, 0.7)
BIG, SMALL, MINUS = share(0.05, 0.15), share(-0.01, 0.015), share(-0.2, -0.05)
DIFFER = SlopeTest(statistic=30.0, p=0.001, reference="mixture-1-2")
SAME = SlopeTest(statistic=0.1, p=0.8, reference="mixture-1-2")

CASES = [
    ("works", ("effect-positive",), {"promotion": [UP], "incremental": BIG, "pharmacies": EVEN, "slope_test": DIFFER}),
    ("works", ("effect-positive",), {"promotion": [UP], "incremental": BIG, "pharmacies": UNEVEN, "slope_test": SAME}),
    ("works", ("effect-positive",), {"promotion": [UP], "incremental": BIG, "pharmacies": UNEVEN}),
    ("works", ("effect-positive",), {"promotion": [UP], "long_run": long_run()}),
    (
        "works-unevenly",
        ("effect-positive", "pharmacies-differ"),
        {"promotion": [UP], "incremental": BIG, "pharmacies": UNEVEN, "slope_test": DIFFER},
    ),
    ("negative", ("effect-negative",), {"promotion": [DOWN], "incremental": MINUS, "pharmacies": EVEN}),
    (
        "negative",
        ("effect-negative", "pharmacies-differ"),
        {"promotion": [DOWN], "incremental": MINUS, "pharmacies": UNEVEN, "slope_test": DIFFER},
    ),
    ("no-effect", ("effect-too-small-to-matter",), {"promotion": [ACROSS], "incremental": SMALL}),
    (
        "no-effect",
        ("effect-too-small-to-matter", "singular"),
        {"status": "singular", "promotion": [ACROSS], "incremental": SMALL},
    ),
    ("unclear", ("interval-includes-zero",), {"promotion": [ACROSS], "incremental": share(-0.03, 0.04)}),
    ("unclear", ("interval-includes-zero",), {"promotion": [ACROSS]}),
    ("unclear", ("not-stationary",), {"promotion": [UP], "incremental": BIG, "long_run": long_run(False, "none")}),
    ("unclear", ("singular",), {"status": "singular", "promotion": [UP], "incremental": BIG}),
    ("unclear", ("singular",), {"status": "singular", "promotion": [DOWN], "incremental": MINUS}),
    ("unclear", ("channels-disagree",), {"promotion": [UP, DOWN], "incremental": BIG}),
    ("unclear", ("share-includes-zero",), {"promotion": [UP], "incremental": share(-0.01, 0.2)}),
    ("unclear", ("share-includes-zero",), {"promotion": [UP, ACROSS]}),
    ("works", ("effect-positive",), {"promotion": [UP, ACROSS], "incremental": BIG}),
    ("unclear", ("within-disagrees",), {"promotion": [UP], "incremental": BIG, "within": other(-2.0, -0.1)}),
    (
        "works",
        ("effect-positive", "within-differs"),
        {"promotion": [UP], "incremental": BIG, "within": other(-0.2, 1.0, True)},
    ),
    (
        "works",
        ("effect-positive", "plain-differs"),
        {"promotion": [UP], "incremental": BIG, "plain": other(1.0, 2.0, True)},
    ),
    (
        "works",
        ("effect-positive", "long-run-unbounded"),
        {"promotion": [UP], "long_run": long_run(method="fieller", lower=None)},
    ),
    ("works", ("effect-positive",), {"promotion": [UP], "checks": [check("lead-placebo", "review")]}),
    ("works", ("effect-positive", "failed-outliers"), {"promotion": [UP], "checks": [check("outliers", "fail")]}),
    ("unclear", ("failed-lead-placebo",), {"promotion": [UP], "checks": [check("lead-placebo", "fail")]}),
    (
        "unclear",
        ("failed-influence", "failed-outliers"),
        {"promotion": [DOWN], "checks": [check("outliers", "fail"), check("influence", "fail")]},
    ),
    ("cannot-tell", ("no-interval",), {"promotion": []}),
    ("cannot-tell", ("no-interval",), {"promotion": [row(None, None)]}),
    ("cannot-tell", ("not-estimated",), {"status": "not-estimated", "promotion": [UP], "incremental": BIG}),
    (
        "cannot-tell",
        ("not-estimable", "promotion-constant"),
        {"status": "not-estimable", "reasons": [Reason(code="promotion-constant", column="promotion")]},
    ),
]


@pytest.mark.parametrize(("code", "reasons", "pieces"), CASES)
def test_verdict_table(code, reasons, pieces):
    found = v.decide_verdict(**{"status": "ok", **pieces})
    assert (found.code, found.reasons) == (code, reasons)


@pytest.mark.parametrize("status", ["singular", "not-estimated", "not-estimable"])
def test_nothing_makes_a_doubtful_fit_effective(status):
    for promotion, incremental, rows, test in product(
        ([UP], [DOWN], [ACROSS], [UP, UP], []), (None, BIG, SMALL, MINUS), (EVEN, UNEVEN), (DIFFER, SAME)
    ):
        found = v.decide_verdict(
            status=status, promotion=promotion, incremental=incremental, pharmacies=rows, slope_test=test
        )
        assert found.code not in {"works", "works-unevenly", "negative"}


def test_every_reason_is_documented_and_every_deciding_check_exists():
    for _, reasons, _ in CASES:
        assert all(r in v.REASONS or r.startswith("failed-") or r == "promotion-constant" for r in reasons)
    assert set(v.DECIDING_CHECKS) <= set(RULES)
    assert set(v.REASONS) == {r for _, reasons, _ in CASES for r in reasons if r in v.REASONS}
    assert all(f"``{name}``" in v.__doc__ for name in v.DECIDING_CHECKS)


def test_spread_counts_what_shrinkage_hides():
    """Conditional modes are shrunk: their own uncertainty is part of how much pharmacies differ."""
    tight = [pharmacy(t, se=0.05) for t in (0.8, 1.0, 1.2)]
    hidden = [replace(one, slope_se=0.6) for one in tight]
    arguments = {"status": "ok", "promotion": [UP], "slope_test": DIFFER}
    assert v.decide_verdict(pharmacies=tight, **arguments).code == "works"
    assert v.decide_verdict(pharmacies=hidden, **arguments).code == "works-unevenly"


def test_missing_totals_and_single_pharmacies_do_not_count_as_spread():
    alone = [pharmacy(-1.0), replace(pharmacy(1.0), total_slope=None)]
    assert v.decide_verdict(status="ok", promotion=[UP], slope_test=DIFFER, pharmacies=alone).code == "works"
