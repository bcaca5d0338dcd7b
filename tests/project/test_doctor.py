from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen.project import doctor
from reportgen.publish.quarto import program as quarto_program


def answer(monkeypatch: pytest.MonkeyPatch, code: int, output: str = "", errors: str = "") -> None:
    def run(command: Any, **kwargs: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, code, output, errors)

    monkeypatch.setattr("subprocess.run", run)


def by_name(probes: Any) -> dict[str, doctor.Probe]:
    return {probe.name: probe for probe in probes}


def test_missing_pango_is_told_with_the_packages_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 1, errors="Traceback\nOSError: cannot load library 'libpango-1.0-0'")
    probe = by_name(doctor._pdf())["Pango"]
    assert probe.state == "missing"
    assert "libpango" in probe.found
    assert "apt-get install libpango-1.0-0" in probe.advice


def test_a_segmentation_fault_means_no_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, -11)
    probe = by_name(doctor._pdf())["PDF"]
    assert (probe.state, "signal 11" in probe.found) == ("missing", True)


def test_unreadable_answer_still_counts_as_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 0, output="noise")
    assert by_name(doctor._pdf())["PDF"].state == "ok"


def test_a_program_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "quarto"
    program.write_text("#!/bin/sh\nsleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(quarto_program, "START_SECONDS", 0.3)
    probe = doctor._quarto()
    assert probe.state == "warning"
    assert "--version failed" in probe.found


def test_a_program_tells_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "quarto"
    program.write_text("#!/bin/sh\necho 1.9.1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    probe = doctor._quarto()
    assert (probe.state, probe.found) == ("ok", f"1.9.1, {program}")


def test_the_search_program_is_told_with_its_version_or_with_what_it_is_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    probe = by_name(doctor.examine(tmp_path / "out"))["pagefind"]
    assert (probe.state, "not on PATH" in probe.found) == ("warning", True)
    assert 'search = "pagefind"' in probe.advice
    program = tmp_path / "pagefind"
    program.write_text("#!/bin/sh\necho pagefind 1.4.0\n")
    program.chmod(0o755)
    assert doctor._pagefind() == doctor.Probe(name="pagefind", state="ok", found=f"1.4.0, {program}")
    program.write_text("#!/bin/sh\necho cannot open shared object >&2\nexit 127\n")
    probe = doctor._pagefind()
    assert (probe.state, "--version failed: cannot open" in probe.found) == ("warning", True)


def test_a_program_in_the_current_folder_is_never_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "quarto"
    program.write_text("#!/bin/sh\necho bad\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in (".", "", str(tmp_path)):
        monkeypatch.setenv("PATH", path)
        assert doctor.find_program("quarto") is None


def test_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "versions", lambda: {"python": "3.11", "weasyprint": "missing", "numpy": "2"})
    probes = by_name(doctor._packages())
    assert (probes["weasyprint"].state, probes["weasyprint"].advice) == ("missing", "pip install weasyprint")
    assert probes["numpy"].state == "ok"


def test_a_folder_that_cannot_be_written_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(**kwargs: Any) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    assert doctor._writable(tmp_path / "out").state == "missing"


def test_little_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "_LEAST_DISK", 10**18)
    assert doctor._disk(tmp_path / "not" / "there").state == "warning"


def test_fonts_without_the_glyphs_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_GLYPHS", "\U0001f600")
    assert doctor._fonts().state == "warning"


def test_the_second_engine_of_pdf_is_told_with_its_version_or_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    probe = doctor._typst()
    assert (probe.state, "a page was rendered" in probe.found) == ("ok", True)
    monkeypatch.setattr(doctor, "_run", lambda command: (1, "", "ImportError: no such symbol"))
    assert (doctor._typst().state, doctor._typst().found) == ("warning", "ImportError: no such symbol")
    monkeypatch.setattr("reportgen.render.pdf.find_spec", lambda _: None)
    probe = doctor._typst()
    assert (probe.state, "pip install 'reportgen-lmm[typst]'" in probe.advice) == ("warning", True)


def test_python_pptx_is_wanted_for_slides_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor._slides().state == "ok"

    def missing(name: str) -> str:
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", missing)
    probe = doctor._slides()
    assert (probe.state, probe.found) == ("warning", "not installed")
    assert "pip install 'reportgen-lmm[slides]'" in probe.advice


@pytest.mark.parametrize("kept", [True, False])
def test_libraries_without_bytecode_are_named_with_what_compiles_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    (tmp_path / "slowlib").mkdir()
    (tmp_path / "slowlib" / "__init__.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(doctor, "_COMPILED", ("slowlib",))
    monkeypatch.setattr("sys.dont_write_bytecode", kept)
    probe = doctor._bytecode()
    assert (probe.state, probe.found) == ("warning", "not compiled: slowlib")
    assert ("PYTHONDONTWRITEBYTECODE" in probe.advice) == kept
    subprocess.run(shlex.split(probe.advice.partition(": ")[2].replace("python", sys.executable, 1)), check=True)
    assert doctor._bytecode().state == "ok"
    (tmp_path / "slowlib" / "__init__.py").write_text("x = 1234\n")
    assert doctor._bytecode().state == "warning", "stale bytecode counts as none"
