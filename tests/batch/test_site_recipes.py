"""Recipes that publish the site: the workflow publishes that folder; the script uploads pages last, removes after."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from reportgen import __version__
from reportgen.project.recipes import write_recipes


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "the project's folder"
    site = folder / "out" / "site" / "markets" / "a-0"
    site.mkdir(parents=True)
    for name in ("index.html", "_OK.json", "data.csv", "markets/a-0/report.html", "markets/a-0/brief.pdf"):
        (folder / "out" / "site" / name).write_text("x")
    write_recipes(folder, ["github-pages", "s3"])
    return folder


def workflow(project: Path) -> Any:
    return yaml.safe_load((project / ".github" / "workflows" / "github-pages.yml").read_text("utf-8"))


def test_the_workflow_publishes_the_site_and_nothing_else(project: Path) -> None:
    made = workflow(project)
    steps = made["jobs"]["build"]["steps"]
    uploads = [step["with"]["path"] for step in steps if "upload-pages-artifact" in step.get("uses", "")]
    assert uploads == ["out/site"]
    commands = " ".join(step.get("run", "") for step in steps)
    assert f"./wheels/reportgen_lmm-{__version__}-py3-none-any.whl" in commands
    assert "reportgen build --out out" in commands
    assert made[True]["push"]["paths"] == ["data/**", "templates/**", "reportgen.toml"]


def test_only_the_deploying_job_may_write_and_it_waits(project: Path) -> None:
    made = workflow(project)
    assert made["permissions"] == {"contents": "read"}
    assert "permissions" not in made["jobs"]["build"]
    deploy = made["jobs"]["deploy"]
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert deploy["needs"] == "build"
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]
    for job in made["jobs"].values():
        for step in job["steps"]:
            assert "uses" not in step or step["uses"].startswith("actions/")
            assert "uses" not in step or "@v" in step["uses"]


def test_a_failed_market_does_not_keep_the_site_from_being_published(project: Path) -> None:
    (build,) = [step["run"] for step in workflow(project)["jobs"]["build"]["steps"] if step.get("name") == "Build"]
    for code, expected in ((0, 0), (1, 0), (4, 1)):
        line = build.replace("reportgen build --out out --log-format json", f"(exit {code})")
        assert subprocess.run(["bash", "-e", "-c", line], check=False).returncode == expected


def sync(project: Path, *arguments: str, aws: str = "") -> tuple[int, str, list[str]]:
    """Run the script with a program ``aws`` that only notes what it is asked."""
    programs = project / "bin"
    programs.mkdir(exist_ok=True)
    fake = programs / "aws"
    fake.write_text(f'#!/bin/sh\nprintf "%s " "$@" >> "{programs}/calls"\necho >> "{programs}/calls"\n{aws}\n')
    fake.chmod(0o755)
    done = subprocess.run(
        ["sh", str(project / "recipes" / "s3-sync.sh"), *arguments],
        env={"PATH": f"{programs}:/usr/bin:/bin"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    calls = programs / "calls"
    return done.returncode, done.stderr, calls.read_text().splitlines() if calls.exists() else []


def test_pages_go_up_after_what_they_link_to_and_old_ones_go_last(project: Path) -> None:
    code, errors, calls = sync(project, "s3://bucket/reports/", "E123")
    assert (code, errors) == (0, "")
    assert len(calls) == 5
    assert all(f"{project}/out/site" in call and "s3://bucket/reports" in call for call in calls[:4])
    assert "--exclude *.html" in calls[0]
    assert "/markets s3://bucket/reports/markets" in calls[1]
    assert "--exclude markets/*" in calls[2]
    assert ["--delete" in call for call in calls[:4]] == [False, False, False, True]
    assert calls[4].startswith("cloudfront create-invalidation --distribution-id E123")


def test_an_upload_that_fails_removes_nothing(project: Path) -> None:
    code, _, calls = sync(project, "s3://bucket", aws="exit 3")
    assert (code, len(calls)) == (3, 1)


@pytest.mark.parametrize("target", ["bucket", "s3://", "https://bucket"])
def test_wrong_targets_are_refused(project: Path, target: str) -> None:
    found, errors, calls = sync(project, target)
    assert (found, calls) == (2, [])
    assert "no s3:// address" in errors


def test_without_a_site_nothing_is_uploaded_or_removed(project: Path) -> None:
    shutil.rmtree(project / "out")
    code, errors, calls = sync(project, "s3://bucket")
    assert (code, calls) == (4, [])
    assert "reportgen build first" in errors
