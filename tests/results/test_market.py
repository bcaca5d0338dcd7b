"""The waist: it round-trips exactly, refuses what it cannot read, and is what its published schema says."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from importlib import import_module

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories import market_results, overview_results
from reportgen import results, schema
from reportgen.errors import InputError
from reportgen.results import DecayPoint, MarketResults, Reason, from_json, market, overview_from_json, to_json

STATUSES = ("ok", "singular", "not-estimated", "not-estimable")
each_status = pytest.mark.parametrize("status", STATUSES)
each_file = pytest.mark.parametrize("name", [*schema.FILES, schema.TABLES])


def validator(name: str) -> jsonschema.Draft202012Validator:
    published = json.loads((schema.FOLDER / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    return jsonschema.Draft202012Validator(published)


@each_status
@pytest.mark.parametrize("response", ["level", "log"])
def test_every_status_round_trips_and_validates(status, response):
    made = market_results(status=status, response=response)
    text = to_json(made)
    assert from_json(text) == made
    assert from_json(text.decode()) == made
    assert to_json(from_json(text)) == text
    validator("results.schema.json").validate(json.loads(text))


@settings(max_examples=50)
@given(number=st.floats(allow_nan=False, allow_infinity=False), text=st.text(max_size=20), count=st.integers())
def test_any_number_and_any_text_come_back_exactly(number, text, count):
    reason = Reason(code="a", column=text, value=number, limit=float(count % 1000), detail=None)
    made = replace(market_results(status="not-estimable", market=text), reasons=(reason,), icc=number)
    back = from_json(to_json(made))
    assert back == made
    assert str(back.icc) == str(number)


def test_text_of_any_script_is_utf_8_on_one_line():
    text = to_json(market_results(names="devanagari", market="महाराष्ट्र"))
    assert "महाराष्ट्र" in text.decode("utf-8")
    assert b"\n" not in text
    assert b"\\u" not in text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_number_that_does_not_exist_is_null(value):
    text = json.loads(to_json(replace(market_results(), icc=value)))
    assert text["icc"] is None


def test_schema_refuses_a_number_that_must_exist_but_does_not():
    text = json.loads(to_json(market_results()))
    text["fit"]["loglik"] = None
    with pytest.raises(jsonschema.ValidationError, match="'loglik': None"):
        validator("results.schema.json").validate(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "results-unreadable"),
        ("{", "results-unreadable"),
        ("[]", "results-unreadable"),
        ("null", "results-unreadable"),
        ("{}", "results-version"),
        ('{"schema_version": 3}', "results-version"),
        ('{"schema_version": "1"}', "results-version"),
        ('{"schema_version": 2}', "results-invalid"),
    ],
)
@pytest.mark.parametrize("read", [from_json, overview_from_json])
def test_text_that_is_not_results_is_refused(read, text, code):
    with pytest.raises(InputError) as caught:
        read(text)
    assert caught.value.code == code


def test_wrong_value_is_named_by_its_place():
    text = json.loads(to_json(market_results()))
    text["fixed"][1]["estimate"] = "many"
    with pytest.raises(InputError, match=r"fixed\.1\.estimate"):
        from_json(json.dumps(text))


def test_newer_version_says_to_build_again():
    text = json.loads(to_json(market_results())) | {"schema_version": 99}
    with pytest.raises(InputError, match=r"schema_version 99; this program reads 1 and 2\. Build the market again"):
        from_json(json.dumps(text))


@pytest.mark.parametrize("pooled", [True, False])
def test_overview_round_trips_and_validates(pooled):
    made = overview_results(pooled=pooled)
    text = to_json(made)
    assert overview_from_json(text) == made
    validator("overview.schema.json").validate(json.loads(text))


@each_file
def test_published_files_are_what_the_types_say(name):
    committed = (schema.FOLDER / name).read_text(encoding="utf-8")
    assert committed == schema.schema_text(name), "run `python -m reportgen.schema`"


def test_one_command_writes_the_published_files(tmp_path):
    subprocess.run([sys.executable, "-m", "reportgen.schema", str(tmp_path)], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*schema.FILES, schema.TABLES])
    for path in tmp_path.iterdir():
        assert path.read_text(encoding="utf-8") == schema.schema_text(path.name)


def every_type() -> list[type]:
    """Every dataclass that a module of the package defines."""
    found = pkgutil.walk_packages(results.__path__, "reportgen.results.")
    modules = [import_module(m.name) for m in found if ".derived" not in m.name]
    return [k for m in modules for k in vars(m).values() if is_dataclass(k) and k.__module__ == m.__name__]


def test_every_type_is_on_the_door():
    assert {kind.__name__ for kind in every_type()} <= set(results.__all__)


def test_every_type_is_frozen_slotted_and_explained():
    for kind in every_type():
        assert kind.__dataclass_params__.frozen, kind
        assert hasattr(kind, "__slots__"), kind
        assert kind.__doc__, kind
        assert not kind.__doc__.startswith(f"{kind.__name__}("), f"{kind} has no docstring of its own"
        assert all(item.kw_only for item in fields(kind)), kind


def test_every_field_is_required_and_described_where_the_code_describes_it():
    published = schema.published_schema("results.schema.json")
    assert published["required"] == [item.name for item in fields(MarketResults)]
    kinds = published["$defs"]
    overview = schema.published_schema("overview.schema.json")["$defs"]
    outermost = {"MarketResults", "OverviewResults"}
    before = {kind.__name__ for kind in every_type() if kind.__module__.endswith((".prospects", ".table"))}
    assert set(kinds) | set(overview) == {kind.__name__ for kind in every_type()} - outermost - before
    assert kinds["FitSummary"]["properties"]["kkt"]["description"].startswith("Largest possible further gain")
    assert published["properties"]["schema_version"]["const"] == market.SCHEMA_VERSION
    assert kinds["Verdict"]["properties"]["code"]["enum"] == list(results.VerdictCode.__args__)


def test_schema_knows_no_other_file():
    with pytest.raises(KeyError):
        schema.published_schema("other.json")


def test_names_that_other_programs_rely_on_are_there():
    """The list of DESIGN.md; a name that leaves it needs a new schema version."""
    kinds = schema.published_schema("results.schema.json")
    promised = {
        None: "schema_version market status reasons data model fit fixed variances correlations icc r2 plain within "
        "slope_test decay long_run incremental pharmacies checks verdict charts provenance",
        "DataSummary": "rows_read rows_used rows_lost pharmacies months period group_size",
        "GroupSize": "min mean max",
        "ModelSummary": "formula random_formula method correction decay decay_source rung standard_error",
        "FitSummary": "loglik loglik_ml aic bic scale converged certified singular iterations attempts theta cov_re",
        "FixedEffect": "term estimate se se_gls df statistic p lower upper",
        "VarianceRow": "term variance sd lower upper",
        "CorrelationRow": "terms value lower upper",
        "RSquared": "marginal conditional promotion",
        "SlopeTest": "statistic p reference",
        "DecaySummary": "estimate lower upper at_edge profile",
        "LongRun": "estimate se lower upper stationary method",
        "Incremental": "total share lower upper months",
        "PharmacyRow": "pharmacy intercept intercept_se slope slope_se total_slope lower upper reliability "
        "expected_rank cooks_d",
        "Check": "id status value threshold",
        "Verdict": "code reasons",
    }
    for kind, names in promised.items():
        have = set((kinds if kind is None else kinds["$defs"][kind])["properties"])
        assert set(names.split()) <= have, kind


def test_frozen_results_cannot_be_changed():
    point = DecayPoint(decay=0.1, loglik_ml=1.0)
    with pytest.raises(AttributeError):
        point.decay = 0.2  # type: ignore[misc]
