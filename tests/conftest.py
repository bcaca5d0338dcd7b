"""What every test shares: a quiet environment, one BLAS thread, and small projects to build."""

from __future__ import annotations

import os

# Before numpy is imported anywhere: timing and results must not depend on BLAS threads.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("TZ", "UTC")

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drop settings of the caller that would change what a build does."""
    for name in list(os.environ):
        if name.startswith("REPORTGEN_") and name != "REPORTGEN_UPDATE_GOLDEN":
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def update_golden() -> bool:
    """Return whether golden files are to be rewritten (``REPORTGEN_UPDATE_GOLDEN=1``)."""
    return os.environ.get("REPORTGEN_UPDATE_GOLDEN") == "1"
