"""A market on which the computation breaks down has a status and a reason, never an exception."""

from __future__ import annotations

import numpy as np
import pytest

from model_problems import PROVENANCE, settings, small_panel
from reportgen.model import analysis


@pytest.mark.parametrize("error", [
    np.linalg.LinAlgError("Singular matrix"), FloatingPointError(), ValueError("array must not contain infs or NaNs")
])  # fmt: skip
@pytest.mark.parametrize("step", ["fit_market", "measure_impact", "diagnose", "variance_intervals"])
def test_a_computation_that_breaks_down_is_a_result(monkeypatch, step, error):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(analysis, step, broken)
    found = analysis.analyse_market(small_panel(1, pharmacies=12, periods=12), settings(), PROVENANCE)
    assert found.status == "not-estimated"
    assert [reason.code for reason in found.reasons] == ["breaks-down"]
    assert found.verdict.code == "cannot-tell"
    assert found.charts.monthly is not None
