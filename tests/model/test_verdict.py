"""The verdict table, line by line."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from reportgen.model import verdict as v
from reportgen.model.deciding import decisions
from reportgen.results import (
    Check,
    Comparison,
    FixedEffect,
    LongRun,
    PharmacyRow,
    Reason,
    SlopeTest,
    Verdict,
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


def withheld(*checks):
    return decisions([check(name, "fail") for name in checks])


EVEN = [pharmacy(t) for t in (0.9, 1.0, 1.1, 1.2)]
UNEVEN = [pharmacy(t) for t in (-0.2, 0.5, 1.0, 2.5)]
UP, DOWN, ACROSS = row(0.5, 1.5), row(-1.5, -0.5), row(-0.5, 0.7)
BIG, MINUS = (0.05, 0.15), (-0.2, -0.05)
DIFFER = SlopeTest(statistic=30.0, p=0.001, reference="mixture-1-2")
SAME = SlopeTest(statistic=0.1, p=0.8, reference="mixture-1-2")

CASES = [
    ("works", ("effect-positive",), {"promotion": UP, "brought": BIG, "pharmacies": EVEN}),
    (
        "works",
        ("effect-positive", "no-differences-found"),
        {"promotion": UP, "brought": BIG, "pharmacies": UNEVEN, "slope_test": SAME},
    ),
    ("works", ("effect-positive",), {"promotion": UP, "brought": BIG, "pharmacies": EVEN, "slope_test": DIFFER}),
    ("works", ("effect-positive",), {"promotion": UP, "brought": BIG, "pharmacies": UNEVEN}),
    ("works", ("effect-positive",), {"promotion": UP, "long_run": long_run()}),
    (
        "works",
        ("effect-positive", "no-differences-found"),
        {"status": "singular", "promotion": UP, "brought": BIG, "slope_test": SAME},
    ),
    (
        "works-unevenly",
        ("effect-positive", "pharmacies-differ"),
        {"promotion": UP, "brought": BIG, "pharmacies": UNEVEN, "slope_test": DIFFER},
    ),
    ("negative", ("effect-negative",), {"promotion": DOWN, "brought": MINUS, "pharmacies": EVEN}),
    ("negative", ("effect-negative",), {"status": "singular", "promotion": DOWN, "brought": MINUS}),
    (
        "negative",
        ("effect-negative", "pharmacies-differ"),
        {"promotion": DOWN, "brought": MINUS, "pharmacies": UNEVEN, "slope_test": DIFFER},
    ),
    ("no-effect", ("effect-too-small-to-matter",), {"promotion": ACROSS, "negligible": True}),
    ("unclear", ("interval-includes-zero",), {"promotion": ACROSS, "brought": (-0.001, 0.001)}),
    (
        "unclear",
        ("failed-lead-placebo", "interval-includes-zero"),
        {"promotion": ACROSS, "negligible": True, "decided": withheld("lead-placebo")},
    ),
    ("unclear", ("not-stationary",), {"promotion": UP, "brought": BIG, "long_run": long_run(False, "none")}),
    ("unclear", ("share-includes-zero",), {"promotion": UP, "brought": (-0.01, 0.2)}),
    ("unclear", ("refit-includes-zero",), {"status": "singular", "promotion": UP, "refit": (-0.1, 1.2)}),
    ("works", ("effect-positive",), {"status": "singular", "promotion": UP, "refit": (0.1, 1.2)}),
    ("unclear", ("within-disagrees",), {"promotion": UP, "brought": BIG, "within": other(-2.0, -0.1)}),
    (
        "works",
        ("effect-positive", "within-differs"),
        {"promotion": UP, "brought": BIG, "within": other(-0.2, 1.0, True)},
    ),
    ("works", ("effect-positive", "plain-differs"), {"promotion": UP, "plain": other(1.0, 2.0, True)}),
    (
        "works",
        ("effect-positive", "long-run-unbounded"),
        {"promotion": UP, "long_run": long_run(method="fieller", lower=None)},
    ),
    ("works", ("effect-positive",), {"promotion": UP, "checks": [check("lead-placebo", "review")]}),
    ("works", ("effect-positive", "failed-outliers"), {"promotion": UP, "checks": [check("outliers", "fail")]}),
    ("unclear", ("failed-lead-placebo",), {"promotion": UP, "decided": withheld("lead-placebo")}),
    (
        "unclear",
        ("failed-influence", "failed-outliers"),
        {
            "promotion": DOWN,
            "decided": withheld("influence"),
            "checks": [check("outliers", "fail"), check("influence", "fail")],
        },
    ),
    ("cannot-tell", ("no-interval",), {}),
    ("cannot-tell", ("no-interval",), {"promotion": row(None, None)}),
    ("cannot-tell", ("not-estimated",), {"status": "not-estimated", "promotion": UP, "brought": BIG}),
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


def verdict(code):
    return Verdict(code=code, reasons=(f"of-{code}",))


@pytest.mark.parametrize(
    ("code", "reason", "channels", "share"),
    [
        ("works", "of-works", ["works", "unclear"], BIG),
        ("works", "of-works", ["works", "no-effect", "works-unevenly"], BIG),
        ("works-unevenly", "of-works-unevenly", ["unclear", "works-unevenly"], BIG),
        ("works", "of-works", ["works", "unclear"], (None, None)),
        ("unclear", "share-includes-zero", ["works", "unclear"], (-0.01, 0.2)),
        ("unclear", "channels-disagree", ["works", "negative"], BIG),
        ("negative", "of-negative", ["negative", "unclear"], MINUS),
        ("no-effect", "of-no-effect", ["no-effect", "no-effect"], (0.0, 0.0)),
        ("unclear", "of-unclear", ["no-effect", "unclear"], (0.0, 0.0)),
        ("cannot-tell", "of-cannot-tell", ["cannot-tell", "cannot-tell"], (None, None)),
    ],
)
def test_the_market_is_judged_from_its_channels(code, reason, channels, share):
    found = v.combine([verdict(one) for one in channels], share)
    assert (found.code, found.reasons[0]) == (code, reason)


@pytest.mark.parametrize("status", ["not-estimated", "not-estimable"])
def test_nothing_makes_an_unproven_fit_effective(status):
    for promotion, brought, rows, test in product(
        (UP, DOWN, ACROSS, None), ((None, None), BIG, MINUS), (EVEN, UNEVEN), (DIFFER, SAME)
    ):
        found = v.decide_verdict(status=status, promotion=promotion, brought=brought, pharmacies=rows, slope_test=test)
        assert found.code == "cannot-tell"


def test_no_effect_is_judged_beside_the_sales_of_promoted_rows():
    """The same however promotion is counted, and never where the interval reaches beyond the bound on one side."""
    assert v.is_negligible(-40.0, 90.0, 2.0, 10_000.0)
    assert v.is_negligible(-0.04, 0.09, 2_000.0, 10_000.0)
    assert not v.is_negligible(-40.0, 110.0, 2.0, 10_000.0)
    assert not v.is_negligible(-110.0, 40.0, 2.0, 10_000.0)
    assert not v.is_negligible(None, None, 2.0, 10_000.0)
    assert not v.is_negligible(-40.0, 90.0, None, 10_000.0)


def test_every_reason_is_documented():
    for _, reasons, _ in CASES:
        assert all(r in v.REASONS or r.startswith("failed-") or r == "promotion-constant" for r in reasons)
    found = {r for _, reasons, _ in CASES for r in reasons}
    assert {*v.REASONS} - {"channels-disagree"} == {r for r in found if r in v.REASONS}


def test_spread_counts_what_shrinkage_hides():
    """Conditional modes are shrunk: their own uncertainty is part of how much pharmacies differ."""
    tight = [pharmacy(t, se=0.05) for t in (0.8, 1.0, 1.2)]
    hidden = [replace(one, slope_se=0.6) for one in tight]
    arguments = {"status": "ok", "promotion": UP, "slope_test": DIFFER}
    assert v.decide_verdict(pharmacies=tight, **arguments).code == "works"
    assert v.decide_verdict(pharmacies=hidden, **arguments).code == "works-unevenly"


def test_missing_totals_and_single_pharmacies_do_not_count_as_spread():
    alone = [pharmacy(-1.0), replace(pharmacy(1.0), total_slope=None)]
    assert v.decide_verdict(status="ok", promotion=UP, slope_test=DIFFER, pharmacies=alone).code == "works"
