"""Recipes: every file that `init --recipe` writes is run, or read as the program it is for reads it."""

from __future__ import annotations

import configparser
import json
import os
import py_compile
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Self

import pytest
import yaml

import reportgen
from real_runs import tree
from reportgen.batch.state import fingerprint as fingerprint_module
from reportgen.errors import UsageError
from reportgen.project import recipes
from reportgen.project.recipes import RECIPES, parse_recipes, recipe_text, write_recipes
from reportgen.project.start import start_project
from reportgen.resources import templates_dir

EVERYTHING = ",".join(RECIPES)


def panel(folder: Path) -> None:
    """Six tiny markets: nothing can be estimated, so a build takes no time."""
    lines = ["market,pharmacy,month,sales,promotion"]
    lines += [
        f"M{k},P{p},2023-{m:02d},{100 + 13 * k + 7 * p + m},{(m * p) % 3}"
        for k in range(6)
        for p in range(3)
        for m in range(1, 7)
    ]
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "panel.csv").write_text("\n".join(lines) + "\n")
    (folder / "reportgen.toml").write_text('[report]\nformats = ["results"]\n[run]\nas_of = "2024-01-15"\njobs = 1\n')


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "the project's folder"
    panel(folder)
    start_project(folder, recipe=EVERYTHING)
    return folder


def run(*command: str | Path, cwd: Path, path: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | environ
    if path is not None:
        env["PATH"] = f"{path}:{env['PATH']}"
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def program(folder: Path, name: str, script: str) -> Path:
    """A program of the given name on a path of its own; it writes its arguments to ``calls``."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/bash\necho "$(basename "$0") $*" >> "{folder}/calls"\n{script}\n')
    path.chmod(0o755)
    return path


# --- writing ----------------------------------------------------------------------------------


def test_every_file_of_the_folder_belongs_to_a_recipe() -> None:
    assert {path.name for path in (templates_dir() / "recipes").iterdir()} == {
        name for names in RECIPES.values() for name in names
    }


def test_recipes_are_filled_in_and_never_overwrite(project: Path) -> None:
    for path in project.rglob("*"):
        if path.is_file():
            assert not any(
                token in path.read_text("utf-8") for token in ("@PROJECT@", "@PROGRAM@", "@WHEEL@", "@VERSION@")
            ), path
    script = project / "recipes" / "monthly.sh"
    script.write_text("mine")
    written, kept = write_recipes(project, ["cron"])
    assert (written, len(kept), script.read_text()) == ((), 2, "mine")


def test_init_adds_recipes_to_a_project_that_exists(tmp_path: Path) -> None:
    panel(tmp_path)
    before = (tmp_path / "reportgen.toml").read_bytes()
    start = start_project(tmp_path, recipe="docker")
    assert [path.name for path in start.written] == ["Dockerfile", ".dockerignore"]
    assert (tmp_path / "reportgen.toml").read_bytes() == before
    assert not (tmp_path / "templates").exists()


def test_unknown_recipes_are_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Did you mean slurm"):
        start_project(tmp_path / "new", recipe="cron,slrum")
    assert not (tmp_path / "new").exists()
    assert parse_recipes(" cron, cron ,airflow,") == ("cron", "airflow")


def test_recipes_do_not_count_as_templates_of_reports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from reportgen.batch.state.fingerprint import fingerprint
    from reportgen.settings.sections import Settings

    before = fingerprint(Settings(), tmp_path).templates
    copy = tmp_path / "templates"
    shutil.copytree(templates_dir(), copy)
    monkeypatch.setattr(fingerprint_module, "templates_dir", lambda: copy)
    (copy / "recipes" / "monthly.sh").write_text("other")
    assert fingerprint(Settings(), tmp_path).templates == before
    (copy / "css" / "layout.css").write_text("other")
    assert fingerprint(Settings(), tmp_path).templates != before


# --- shell ------------------------------------------------------------------------------------


def test_shell_scripts_are_valid_shell(project: Path) -> None:
    scripts = [path for path in (project / "recipes").iterdir() if path.suffix in {".sh", ".slurm"}]
    assert len(scripts) == 6
    for script in scripts:
        assert run("bash", "-n", script, cwd=project).stderr == ""
        assert os.access(script, os.X_OK)
        if script.read_text().startswith("#!/bin/sh"):
            assert run("sh", "-n", script, cwd=project).stderr == ""


@pytest.mark.parametrize(
    ("code", "mail", "expected", "calls"),
    [
        (0, "", 0, ["build"]),
        (0, "yes", 0, ["build", "mail"]),
        (1, "yes", 1, ["build", "mail"]),
        (6, "yes", 0, ["build"]),
        (4, "yes", 4, ["build"]),
    ],
)
def test_monthly_script_mails_what_is_complete_and_takes_a_lock_for_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, mail: str, expected: int, calls: list[str]
) -> None:
    bin_ = tmp_path / "bin"
    stub = program(bin_, "reportgen", f'[ "$1" = build ] && exit {code}; exit 0')
    monkeypatch.setattr(recipes, "_program", lambda: str(stub))
    write_recipes(tmp_path, ["cron"])
    done = run("sh", "recipes/monthly.sh", cwd=tmp_path, MAIL=mail)
    assert done.returncode == expected
    assert [line.split()[1] for line in (bin_ / "calls").read_text().splitlines()] == calls


def test_cron_line_runs_the_real_build(project: Path) -> None:
    lines = (project / "recipes" / "reportgen.cron").read_text().splitlines()
    (line,) = [line for line in lines if line and not line.startswith("#")]
    *times, command = line.split(" ", 5)
    assert times == ["10", "5", "3", "*", "*"]
    done = run("sh", "-c", command.replace("\\%", "%"), cwd=Path("/"))
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""  # or cron would send mail after every good run
    first = json.loads((project / "out" / "run.json").read_text())
    assert [entry["action"] for entry in first["markets"].values()] == ["built"] * 6
    assert run("sh", "-c", command, cwd=Path("/")).stdout == ""
    assert json.loads((project / "out" / "run.json").read_text()) == first


@pytest.mark.parametrize("name", ["plain", "with space", "50%", "it's", 'a"b', "$HOME", "back\\slash"])
def test_paths_are_quoted_as_each_file_wants_it(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    bash = run("bash", "-c", _assignment(folder) + '\nprintf %s "$project"', cwd=tmp_path)
    assert bash.stdout == str(folder)
    cron = recipe_text("reportgen.cron", folder).splitlines()[-1].split(" ", 5)[5]
    assert "%" not in cron.replace("\\%", "")
    assert run("sh", "-c", f"printf %s {cron}".replace("\\%", "%"), cwd=tmp_path).stdout == (
        f"{folder}/recipes/monthly.sh"
    )


def _assignment(folder: Path) -> str:
    return next(line for line in recipe_text("array.slurm", folder).splitlines() if line.startswith("project="))


# --- Slurm, Kubernetes ------------------------------------------------------------------------

SBATCH = r"""
file="${@: -1}"
count=$(sed -n 's/^#SBATCH --array=1-//p' "$file")
if [ -n "$count" ]; then
  for i in $(seq 1 "$count"); do
    SLURM_ARRAY_TASK_ID=$i SLURM_ARRAY_TASK_COUNT=$count SLURM_CPUS_PER_TASK=1 bash "$file" >&2 || exit 1
  done
else
  bash "$file" >&2
fi
echo "4711;cluster"
"""


@pytest.mark.slow
def test_slurm_builds_every_shard_for_real_and_merges_them(project: Path, tmp_path: Path) -> None:
    array = project / "recipes" / "array.slurm"
    array.write_text(array.read_text().replace("--array=1-8", "--array=1-3"))
    bin_ = tmp_path / "bin"
    program(bin_, "sbatch", SBATCH)
    done = run("bash", project / "recipes" / "slurm.sh", cwd=tmp_path, path=bin_)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "array 4711, merge 4711\n"
    calls = (bin_ / "calls").read_text().splitlines()
    assert calls == ["sbatch --parsable array.slurm", "sbatch --parsable --dependency=afterok:4711 merge.slurm"]
    assert len(list((project / "out" / "shards").iterdir())) == 3
    alone = tmp_path / "alone"
    reportgen.build(project, out=alone)
    assert tree(project / "out" / "markets") == tree(alone / "markets")
    assert len(tree(alone / "markets")) > 6


def test_slurm_task_with_a_failed_market_is_no_failed_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for code, expected in ((1, 0), (0, 0), (4, 4)):
        stub = program(tmp_path / f"bin{code}", "reportgen", f"exit {code}")
        monkeypatch.setattr(recipes, "_program", lambda stub=stub: str(stub))
        folder = tmp_path / str(code)
        write_recipes(folder, ["slurm"])
        done = run("bash", "recipes/array.slurm", cwd=folder, SLURM_ARRAY_TASK_ID="2", SLURM_ARRAY_TASK_COUNT="8")
        assert done.returncode == expected
        assert "--shard 2/8 --jobs 0\n" in (tmp_path / f"bin{code}" / "calls").read_text()


def job(project: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((project / "recipes" / f"kubernetes-{name}.yaml").read_text())
    return content


@pytest.mark.parametrize("name", ["build", "merge"])
def test_kubernetes_jobs_have_what_the_api_wants_and_run_without_rights(project: Path, name: str) -> None:
    content = job(project, name)
    assert (content["apiVersion"], content["kind"], content["metadata"]["name"]) == (
        "batch/v1",
        "Job",
        f"reportgen-{name}",
    )
    pod = content["spec"]["template"]["spec"]
    assert (pod["restartPolicy"], pod["securityContext"]["runAsNonRoot"]) == ("Never", True)
    (container,) = pod["containers"]
    assert container["image"] == f"reportgen:{reportgen.__version__}"
    assert {"requests", "limits"} <= set(container["resources"])
    rights = container["securityContext"]
    assert (rights["allowPrivilegeEscalation"], rights["readOnlyRootFilesystem"]) == (False, True)
    assert rights["capabilities"] == {"drop": ["ALL"]}
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes


def test_kubernetes_indexes_are_shards(project: Path, tmp_path: Path) -> None:
    spec = job(project, "build")["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert spec["completionMode"] == "Indexed"
    assert str(spec["completions"]) == next(e["value"] for e in container["env"] if e["name"] == "SHARDS")
    for code, expected in ((0, 0), (1, 0), (4, 4), (7, 7)):
        bin_ = tmp_path / f"bin{code}"
        program(bin_, "reportgen", f"exit {code}")
        done = run(
            *container["command"], *container["args"], cwd=tmp_path, path=bin_, JOB_COMPLETION_INDEX="3", SHARDS="4"
        )
        assert done.returncode == expected
        assert (bin_ / "calls").read_text() == "reportgen build -C /project --shard 4/4 --log-format json\n"
    assert expected not in spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["values"]


@pytest.mark.parametrize("fails", ["", "reportgen-build", "reportgen-merge"])
def test_kubernetes_script_merges_after_a_build_that_succeeded(project: Path, tmp_path: Path, fails: str) -> None:
    bin_ = tmp_path / "bin"
    program(
        bin_,
        "kubectl",
        f"""case "$*" in
  *condition=complete*{fails or "none"}*) exit 1 ;;
  *condition=failed*{fails or "none"}*) exit 0 ;;
  *condition=failed*) exit 1 ;;
esac""",
    )
    done = run("bash", project / "recipes" / "kubernetes.sh", cwd=tmp_path, path=bin_)
    applied = [line.split()[-1] for line in (bin_ / "calls").read_text().splitlines() if " apply " in line]
    assert done.returncode == (1 if fails else 0), done.stderr
    assert applied == ["kubernetes-build.yaml", "kubernetes-merge.yaml"][: 1 if fails == "reportgen-build" else 2]


# --- GitHub, Docker, systemd, Airflow ---------------------------------------------------------


def test_github_workflow_is_one(project: Path) -> None:
    content = yaml.safe_load((project / ".github" / "workflows" / "reportgen.yml").read_text())
    triggers = content.get("on", content.get(True))  # YAML 1.1 reads the key `on` as true
    assert {"schedule", "workflow_dispatch"} <= set(triggers)
    assert len(triggers["schedule"][0]["cron"].split()) == 5
    assert content["permissions"] == {"contents": "read"}
    assert content["concurrency"]["cancel-in-progress"] is False
    steps = content["jobs"]["build"]["steps"]
    assert content["jobs"]["build"]["runs-on"].startswith("ubuntu-")
    assert not content["jobs"]["build"]["runs-on"].endswith("latest")
    for step in steps:
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert step["uses"].startswith("actions/")
            assert step["uses"].partition("@")[2].startswith("v")
        else:
            assert run("bash", "-n", "-c", step["run"].replace("${{", "").replace("}}", ""), cwd=project).stderr == ""
    commands = " ".join(step.get("run", "") for step in steps)
    assert "reportgen build --out out" in commands
    assert f"./wheels/{recipes.WHEEL}" in commands


def test_dockerfile_keeps_the_rules(project: Path) -> None:
    text = (project / "Dockerfile").read_text()
    joined = text.replace("\\\n", " ").splitlines()
    lines = [line.split(None, 1) for line in joined if line.strip() and not line.startswith("#")]
    base = next(rest for word, rest in lines if word == "FROM")
    assert "latest" not in text
    assert base.partition(":")[2].count(".") >= 2, "the base image is pinned to a patch version"
    users = [rest.strip() for word, rest in lines if word == "USER"]
    assert users
    assert users[-1].isdigit()
    assert int(users[-1]) >= 1000
    for word, rest in lines:
        assert word in {"FROM", "RUN", "COPY", "USER", "ENV", "WORKDIR", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
        if word == "RUN" and "apt-get install" in rest:
            assert "--no-install-recommends" in rest
            assert "rm -rf /var/lib/apt/lists/*" in rest
            assert rest.startswith("apt-get update")
        if word == "RUN" and "pip install" in rest:
            assert "--no-cache-dir" in rest
        if word in {"ENTRYPOINT", "CMD"}:
            assert rest.strip().startswith("["), "exec form, so that signals arrive"
    assert (project / ".dockerignore").read_text().splitlines() == ["*", "!wheels"]


def test_systemd_units_are_valid(project: Path) -> None:
    units = [project / "recipes" / f"reportgen.{kind}" for kind in ("service", "timer")]
    parsed = {}
    for unit in units:
        parser = configparser.RawConfigParser(strict=True)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(unit.read_text())
        parsed[unit.suffix] = parser
    assert parsed[".service"]["Service"]["Type"] == "oneshot"
    assert "monthly.sh" in parsed[".service"]["Service"]["ExecStart"]
    assert parsed[".timer"]["Timer"]["Persistent"] == "true"
    if analyze := shutil.which("systemd-analyze"):
        done = run(analyze, "verify", *units, cwd=project)
        assert not [line for line in (done.stdout + done.stderr).splitlines() if "reportgen" in line], done.stderr


class Operator:
    """Stands in for Airflow's BashOperator."""

    made: ClassVar[dict[str, Operator]] = {}

    def __init__(self, *, task_id: str, bash_command: str, env: dict[str, str], **options: Any) -> None:
        self.command, self.env, self.options = bash_command, env, options
        self.after: list[Operator] = []
        Operator.made[task_id] = self

    def __rshift__(self, other: Operator) -> Operator:
        other.after.append(self)
        return other


class Dag:
    """Stands in for Airflow's DAG."""

    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, **options: Any) -> None:
        Dag.options = options

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


@pytest.mark.parametrize("home", ["airflow.providers.standard.operators.bash", "airflow.operators.bash"])
def test_airflow_task_builds_then_mails(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    path = project / "recipes" / "reportgen_dag.py"
    py_compile.compile(str(path), cfile=str(tmp_path / "dag.pyc"), doraise=True)
    parts = home.split(".")
    for i in range(1, len(parts) + 1):
        monkeypatch.setitem(sys.modules, ".".join(parts[:i]), ModuleType(parts[i - 1]))
    monkeypatch.setattr(sys.modules["airflow"], "DAG", Dag, raising=False)
    monkeypatch.setattr(sys.modules[home], "BashOperator", Operator, raising=False)
    runpy.run_path(str(path))
    build, mail = Operator.made["build"], Operator.made["mail"]
    assert mail.after == [build]
    assert (Dag.options["catchup"], Dag.options["max_active_runs"]) == (False, 1)
    assert (build.options["skip_on_exit_code"], mail.options["trigger_rule"]) == (6, "all_done")
    bin_ = tmp_path / "bin"
    stub = program(bin_, "reportgen", "exit 0")
    for task in (build, mail):
        assert task.env["PROJECT"] == str(project)
        assert run("bash", "-c", task.command, cwd=tmp_path, **(task.env | {"REPORTGEN": str(stub)})).returncode == 0
    assert (bin_ / "calls").read_text().splitlines() == [
        f"reportgen build -C {project} --log-format json",
        f"reportgen mail -C {project}",
    ]
