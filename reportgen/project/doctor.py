"""What this machine has and lacks, and how to get it.

Everything that can kill the interpreter (WeasyPrint without fonts is a segmentation fault) is
tried in a process of its own. Nothing is changed, except for one temporary file that shows
whether the output folder can be written to.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec
from pathlib import Path
from typing import Literal

from reportgen.batch.state.fingerprint import versions
from reportgen.errors import EnvironmentMissing, ReportgenError
from reportgen.programs import find_program
from reportgen.render.pdf.pango import INSTALL
from reportgen.render.slides.package import INSTALL as SLIDES

State = Literal["ok", "warning", "missing"]
_LEAST_DISK = 500 * 1024 * 1024
_SECONDS = 60
_GLYPHS = "₹मराठी"
_COMPILED = ("reportgen", "numpy", "pandas", "scipy", "statsmodels", "pydantic", "weasyprint")
"""What takes longest to compile. A package of them that this interpreter has loaded may be compiled all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that was looked at. ``missing`` means that a build of the default formats fails."""

    name: str
    state: State
    found: str
    advice: str = ""


def examine(out: Path) -> tuple[Probe, ...]:
    """Look at everything a build needs; ``out`` is the folder it would write to."""
    return (
        _python(),
        *_strangers(),
        *_packages(),
        _bytecode(),
        *_pdf(),
        _typst(),
        _fonts(),
        _quarto(),
        _rsvg_convert(),
        _pagefind(),
        _slides(),
        _writable(out),
        _disk(out),
    )


def _python() -> Probe:
    return Probe(name="Python", state="ok", found=".".join(map(str, sys.version_info[:3])))


def _strangers() -> list[Probe]:
    """Look for the package that is called `reportgen` on the index: another project's, in the same place as ours."""
    try:
        version = metadata.version("reportgen")
    except metadata.PackageNotFoundError:
        return []
    advice = "It is another project and lies over this one. Remove both, then install reportgen-lmm again."
    return [Probe(name="reportgen on the index", state="warning", found=f"{version} is installed", advice=advice)]


def _packages() -> list[Probe]:
    found = {name: version for name, version in versions().items() if name != "python"}
    probes = []
    for name, version in found.items():
        if version == "missing":
            probes.append(Probe(name=name, state="missing", found="not installed", advice=f"pip install {name}"))
        else:
            probes.append(Probe(name=name, state="ok", found=version))
    return probes


def _bytecode() -> Probe:
    """Look whether Python finds what it compiled of the libraries: without it every start compiles them again."""
    lacking = [name for name in _COMPILED if not _is_compiled(name)]
    if not lacking:
        return Probe(name="Bytecode", state="ok", found="libraries are compiled")
    found = f"not compiled: {', '.join(lacking)}"
    folder = Path(find_spec(lacking[0]).origin).parent  # type: ignore[union-attr, arg-type]
    advice = "Every start compiles them again, for seconds. "
    if sys.dont_write_bytecode:
        advice += "Unset PYTHONDONTWRITEBYTECODE, or once: "
    else:
        advice += "Whoever may write there: "
    return Probe(name="Bytecode", state="warning", found=found, advice=f'{advice}python -m compileall -q "{folder}"')


def _is_compiled(name: str) -> bool:
    """Whether a file of a package has bytecode that Python takes; true where there is no such package or file."""
    spec = find_spec(name)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return True
    try:
        made = Path(cache_from_source(spec.origin)).read_bytes()[:16]
        source = Path(spec.origin).stat()
    except (OSError, NotImplementedError):
        return False
    if made[:4] != MAGIC_NUMBER:
        return False
    # PEP 552: no flag means that time and size of the source stand in the header.
    by_hash = any(made[4:8])
    return by_hash or (
        int.from_bytes(made[8:12], "little") == int(source.st_mtime) & 0xFFFFFFFF
        and int.from_bytes(made[12:16], "little") == source.st_size & 0xFFFFFFFF
    )


def _pdf() -> list[Probe]:
    """Render a page with ₹ and Devanagari in another process."""
    program = (
        "import json, weasyprint\n"
        "from weasyprint.text.ffi import pango\n"
        "number = pango.pango_version()\n"
        f"pdf = weasyprint.HTML(string='<html lang=en><title>x</title><p>{_GLYPHS}</p>').write_pdf()\n"
        "print(json.dumps({'pango': number, 'size': len(pdf)}))\n"
    )
    # -P: a file called weasyprint.py in the current folder is not what is tried.
    code, output, errors = _run([sys.executable, "-P", "-W", "ignore", "-c", program])
    if code == 0:
        try:
            number = json.loads(output.strip().splitlines()[-1])["pango"]
        except (ValueError, IndexError, KeyError):
            number = 0
        # 15012 is 1.50.12.
        pango = f"{number // 10000}.{number // 100 % 100}.{number % 100}"
        return [
            Probe(name="Pango", state="ok", found=pango),
            Probe(name="PDF", state="ok", found="a page was rendered"),
        ]
    if code < 0:
        advice = "Install at least one font, e.g. apt-get install fonts-dejavu-core"
        return [Probe(name="PDF", state="missing", found=f"WeasyPrint died (signal {-code})", advice=advice)]
    last = errors.strip().splitlines()[-1] if errors.strip() else f"exit status {code}"
    return [Probe(name="Pango", state="missing", found=last[:200], advice=INSTALL)]


def _typst() -> Probe:
    """Look for the second engine of PDF."""
    from reportgen.render.pdf import TYPST_INSTALL, lacking

    if lacking("typst"):
        advice = f'Only for [report] pdf_engine = "typst": {TYPST_INSTALL}. WeasyPrint works without it.'
        return Probe(name="typst", state="warning", found="not installed", advice=advice)
    program = "import typst\nprint(typst.__version__, len(typst.compile(b'x', ignore_system_fonts=True)))\n"
    code, output, errors = _run([sys.executable, "-P", "-c", program])
    if code:
        last = (errors.strip() or f"exit status {code}").splitlines()[-1]
        return Probe(name="typst", state="warning", found=last[:200], advice=f"Install it again: {TYPST_INSTALL}.")
    return Probe(name="typst", state="ok", found=f"{output.split()[0]}, a page was rendered")


def _fonts() -> Probe:
    """Look for the bundled typefaces and for the glyphs of ₹ and Devanagari in them."""
    try:
        from fontTools.ttLib import TTFont

        from reportgen.report.typefaces.faces import font_files

        covered: set[int] = set()
        for path in font_files().values():
            with TTFont(path, lazy=True) as font:
                covered |= set(font.getBestCmap())
    except (ImportError, OSError, ReportgenError) as error:
        return Probe(
            name="Fonts", state="missing", found=str(error)[:200], advice="pip install fontpkg-fira-sans fontpkg-mukta"
        )
    lacking = [char for char in _GLYPHS if ord(char) not in covered]
    if lacking:
        return Probe(
            name="Fonts", state="warning", found=f"no glyph for {' '.join(lacking)}", advice="Reinstall the fonts."
        )
    return Probe(name="Fonts", state="ok", found="₹ and Devanagari have glyphs")


def _quarto() -> Probe:
    """Look for the program with its path and version."""
    from reportgen.publish.quarto.program import find_quarto

    try:
        found = find_quarto()
    except EnvironmentMissing as error:
        advice = "Only for reportgen quarto --render: see quarto.org. Everything else works without it."
        return Probe(name="quarto", state="warning", found=error.message.split(". ")[0], advice=advice)
    return Probe(name="quarto", state="ok", found=f"{found.version}, {found.path}")


def _rsvg_convert() -> Probe:
    """Look for the converter that Quarto hands charts to before it prints them with WeasyPrint, which drops them."""
    where = find_program("rsvg-convert")
    if where is None:
        return Probe(name="rsvg-convert", state="ok", found="not on PATH, and not needed")
    return Probe(
        name="rsvg-convert",
        state="warning",
        found=str(where),
        advice="Charts vanish from PDFs that Quarto makes with WeasyPrint (--to pdf): use typst, or take it off PATH.",
    )


def _pagefind() -> Probe:
    """Look for the program behind the site's search of all text, with its path and version."""
    from reportgen.batch.site.full_text import PROGRAM

    path = find_program(PROGRAM)
    advice = 'Only for [report] search = "pagefind": see pagefind.app. The plain search works without it.'
    if path is None:
        return Probe(name=PROGRAM, state="warning", found="The program pagefind is not on PATH", advice=advice)
    code, output, errors = _run([str(path), "--version"])
    last = (output if code == 0 else errors or output).strip().splitlines()[-1:] or ["no answer"]
    if code != 0:
        return Probe(name=PROGRAM, state="warning", found=f"{path} --version failed: {last[0][:200]}", advice=advice)
    return Probe(name=PROGRAM, state="ok", found=f"{last[0].removeprefix(PROGRAM).strip()[:40]}, {path}")


def _slides() -> Probe:
    """Look for the library that writes slides."""
    try:
        return Probe(name="python-pptx", state="ok", found=metadata.version("python-pptx"))
    except metadata.PackageNotFoundError:
        return Probe(
            name="python-pptx", state="warning", found="not installed", advice=f"Only for --formats pptx: {SLIDES}"
        )


def _writable(out: Path) -> Probe:
    folder = _nearest(out)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Probe(
            name="Output folder", state="missing", found=f"cannot write: {error.strerror}", advice="Use --out."
        )
    return Probe(name="Output folder", state="ok", found="can be written to")


def _disk(out: Path) -> Probe:
    free = shutil.disk_usage(_nearest(out)).free
    found = f"{free / 1024**3:.1f} GiB free"
    if free < _LEAST_DISK:
        return Probe(name="Disk", state="warning", found=found, advice="A report takes about 1 MB.")
    return Probe(name="Disk", state="ok", found=found)


def _nearest(path: Path) -> Path:
    """Return the closest folder that exists."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())


def _run(command: Sequence[str]) -> tuple[int, str, str]:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"no answer within {_SECONDS} seconds"
    except OSError as error:
        return 1, "", str(error)
    return done.returncode, done.stdout, done.stderr
