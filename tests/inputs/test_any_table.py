"""Generated tables over the dimensions of the corpus: a build comes to an outcome, never raises, never hangs.

Each example draws a table (keys, periods, numbers, promotion, what is missing or doubled, the file's encoding and
delimiter) and the settings it is read with, and goes the way of a build with ``--formats results`` inside this process:
settings, reading, contract, the analysis of every market, results.json out and back in. Allowed ends are an
``InputError`` in words or one result per market. 2,000 examples behind ``slow``, a few otherwise; the environment's
``EXAMPLES`` asks for another number.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from panel_tables import AS_OF
from reportgen.batch.inputs.source import Source
from reportgen.batch.market import MarketJob, analyse
from reportgen.batch.state import files
from reportgen.batch.state.fingerprint import Fingerprint
from reportgen.batch.state.record import headline
from reportgen.errors import InputError
from reportgen.results import from_json, to_json
from reportgen.settings.sections import Settings

EXAMPLES = int(os.environ.get("EXAMPLES", "2000"))
LONGEST = 10.0
SEEN: Counter[str] = Counter()
Drawn = tuple[pd.DataFrame, dict[str, Any]]

WORDS = ["A", "a", "A ", "NA", "nan", "null", "TRUE", "00123", "123", "1E5", "Köln", "Ko\u0308ln", "🙂", "\u202ex",
         "", " ", "=1+1", "x" * 200, '"', "a,b", "a;b", "\u200b", "../../x", "a\u2028b"]  # fmt: skip
NUMBERS = ["", "0", "-1", "inf", "-inf", "nan", "1e308", "1e-308", "1.234,50", "₹ 1,200", "true", "(5)", "12%", "x",
           "-", "1 000", "9" * 30, "1,5", "٣", "--", "1e999"]  # fmt: skip
MONTHS = ["", "2021-13", "2026-02-30", "01/02/2026", "Apr 2021", "2021-05-01T00:00:00+05:30", "2091-04", "44197", "x",
          "2021-5", "2021/05", "0001-01", "99999-01", "May-21"]  # fmt: skip

pytestmark = [pytest.mark.filterwarnings("error")]


@st.composite
def tables(draw: Any) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A table and what the file is like: mostly orderly, with up to four things wrong."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    markets = draw(st.lists(st.sampled_from(["M1", "M2", *WORDS]), min_size=1, max_size=3, unique=True))
    pharmacies = draw(st.sampled_from([1, 2, 3, 4, 6, 9]))
    periods = draw(st.sampled_from([1, 2, 3, 4, 6, 9, 14]))
    parts = []
    for market in markets:
        row, column = np.divmod(np.arange(pharmacies * periods), periods)
        part = pd.DataFrame({"market": market, "pharmacy": [f"P{g}" for g in row]})
        part["month"] = [f"{2021 + t // 12}-{t % 12 + 1:02d}" for t in column]
        part["sales"] = _sales(draw, rng, pharmacies, periods)
        part["promotion"] = _promotion(draw, rng, pharmacies, periods)
        parts.append(part.astype("str"))
    table = pd.concat(parts, ignore_index=True)
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=4)):
        table = change(draw, rng, table)
    how = {
        "sep": draw(st.sampled_from([",", ",", ",", ";", "\t", "|"])),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"])),
    }
    return table, how


def _sales(draw: Any, rng: np.random.Generator, pharmacies: int, periods: int) -> np.ndarray:
    kind = draw(st.sampled_from(["plain", "plain", "plain", "constant", "zeros", "huge", "tiny", "outlier", "trend"]))
    base = 1000.0 + 200 * rng.standard_normal((pharmacies, 1)) + 50 * rng.standard_normal((pharmacies, periods))
    made = {
        "plain": base,
        "constant": np.full_like(base, 5.0),
        "zeros": np.where(rng.random(base.shape) < 0.5, 0.0, base),
        "huge": base * 1e9,
        "tiny": base * 1e-9,
        "outlier": np.where(np.arange(base.size).reshape(base.shape) == 0, 1e9, base),
        "trend": base + 100.0 * np.arange(periods),
    }[kind]
    return np.abs(made).ravel()


def _promotion(draw: Any, rng: np.random.Generator, pharmacies: int, periods: int) -> np.ndarray:
    kind = draw(
        st.sampled_from(["counts", "counts", "counts", "constant", "zero", "month", "pharmacy", "huge", "share"])
    )
    counts = rng.poisson(3.0, (pharmacies, periods)).astype(float)
    made = {
        "counts": counts,
        "constant": np.full_like(counts, 3.0),
        "zero": np.zeros_like(counts),
        "month": np.tile(np.arange(periods, dtype=float), (pharmacies, 1)),
        "pharmacy": np.repeat(np.arange(pharmacies, dtype=float)[:, None], periods, axis=1),
        "huge": counts * 1e9,
        "share": counts / 10,
    }[kind]
    return made.ravel()


def _cells(column: str, values: list[str]) -> Callable[..., pd.DataFrame]:
    def change(draw: Any, rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
        value = draw(st.sampled_from(values))
        count = draw(st.sampled_from([1, 2, 5]))
        if len(table):
            table.loc[rng.choice(table.index.to_numpy(), min(count, len(table)), replace=False), column] = value
        return table

    return change


def _drop_rows(draw: Any, rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    return table[rng.random(len(table)) < draw(st.sampled_from([0.0, 0.3, 0.9]))].reset_index(drop=True)


def _double_rows(draw: Any, rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table, table.head(draw(st.sampled_from([1, 3])))], ignore_index=True)


def _shuffle(draw: Any, rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def _columns(draw: Any, rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    name = draw(st.sampled_from(list(table.columns)))
    kind = draw(st.sampled_from(["drop", "rename", "extra", "upper"]))
    if kind == "drop":
        return table.drop(columns=name)
    if kind == "extra":
        return table.assign(**{draw(st.sampled_from(["note", "Sales", "market "])): "x"})
    return table.rename(columns={name: name.upper() if kind == "upper" else f"{name} (₹)"})


CHANGES = [
    _cells("market", WORDS), _cells("pharmacy", WORDS), _cells("month", MONTHS), _cells("sales", NUMBERS),
    _cells("promotion", NUMBERS), _cells("sales", [""]), _cells("promotion", [""]), _drop_rows, _double_rows, _shuffle,
    _columns,
]  # fmt: skip


def chosen() -> st.SearchStrategy[dict[str, Any]]:
    """Settings of the model and of the contract."""
    return st.fixed_dictionaries(
        {
            "bad_markets": st.sampled_from(["refuse", "contain", "contain"]),
            "response": st.sampled_from(["level", "level", "log"]),
            "random_slope": st.booleans(),
            "correction": st.sampled_from(["initial-conditions", "none"]),
            "ladder": st.booleans(),
            "decay": st.sampled_from(["estimate", 0.0, 0.5]),
        }
    )


def outcome(table: pd.DataFrame, how: dict[str, Any], options: dict[str, Any]) -> str:
    """Build results of a table; return what it came to."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        table.to_csv(root / "panel.csv", index=False, errors="replace", **how)
        made = Settings.model_validate(
            {
                "panel": {"source": "panel.csv", "bad_markets": options["bad_markets"]},
                "model": {key: options[key] for key in ("response", "random_slope", "correction", "ladder")},
                "adstock": {"decay": options["decay"]},
                "run": {"as_of": AS_OF},
            }
        )
        source = Source(made, root)
        refused: InputError | None = None
        try:
            index = source.index
        except InputError as error:
            refused = error
        if refused is not None:
            assert refused.message.splitlines()[0].endswith((".", "?"))
            assert str(root) not in refused.message
            return refused.code
        for market in index.markets:
            job = MarketJob(
                market=market, folder=root / files.slug(market), root=root, settings=made, as_of=AS_OF,
                stamp=Fingerprint(data="", numbers="", documents="", templates="", code=""), formats=("results",),
                panel=source.panel(market),
            )  # fmt: skip
            results = analyse(job)
            assert headline(results).status == results.status
            written = to_json(results)
            assert to_json(from_json(written)) == written
            assert results.data.rows_used + sum(lost.rows for lost in results.data.rows_lost) == results.data.rows_read
            assert results.status in {"ok", "singular"} or results.reasons
            SEEN[results.status] += 1
        return "built"


def examine(case: Drawn, options: dict[str, Any]) -> None:
    start = time.process_time()
    SEEN[outcome(*case, options)] += 1
    assert time.process_time() - start < LONGEST


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@settings(max_examples=25, suppress_health_check=QUIET)
@given(case=tables(), options=chosen())
def test_a_generated_table_comes_to_an_outcome(case: Drawn, options: dict[str, Any]) -> None:
    examine(case, options)


@pytest.mark.slow
@settings(max_examples=EXAMPLES, suppress_health_check=QUIET)
@given(case=tables(), options=chosen())
def test_any_generated_table_comes_to_an_outcome(case: Drawn, options: dict[str, Any]) -> None:
    examine(case, options)


@pytest.mark.slow
def test_the_generated_tables_reach_every_kind_of_end(tried: Callable[..., None]) -> None:
    """Runs after the examples: a generator that only ever makes refused tables would prove nothing."""
    tried()
    if sum(SEEN.values()) >= 500:
        assert {"built", "ok", "singular", "not-estimable", "duplicate-rows"} <= set(SEEN)
        assert SEEN["built"] > sum(SEEN.values()) // 20
