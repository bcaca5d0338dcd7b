"""A private fontconfig configuration, so that PDF pages look alike on every machine.

It names the folders of our font packages first and the system's folders after them (for scripts that ours do
not cover), and keeps fontconfig's cache beside itself. Written once per user, atomically; a read-only home
falls back to a temporary folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

from reportgen.report.typefaces.faces import font_folders

_SYSTEM = ("/usr/share/fonts", "/usr/local/share/fonts")


@cache
def use_own_fonts() -> Path:
    """Point ``FONTCONFIG_FILE`` at our configuration (before WeasyPrint is imported) and return its path.

    Raises
    ------
    EnvironmentMissing
        A font package is not installed.
    """
    folders = [str(folder) for folder in font_folders()] + [folder for folder in _SYSTEM if Path(folder).is_dir()]
    # Named by its folders: two environments of one user with fonts in different places do not overwrite each other.
    name = "fonts-" + hashlib.sha256("\n".join(folders).encode()).hexdigest()[:12]
    path = _write(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reportgen" / name, folders)
    os.environ["FONTCONFIG_FILE"] = str(path)
    return path


def _write(folder: Path, fonts: list[str]) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _store(folder, fonts)
    except OSError:
        return _store(Path(tempfile.mkdtemp(prefix="reportgen-fonts-")), fonts)


def _store(folder: Path, fonts: list[str]) -> Path:
    path, text = folder / "fonts.conf", configuration(fonts, folder / "cache")
    if path.is_file() and path.read_text("utf-8") == text:
        return path
    # Workers start together: each has a draft of its own, the last rename wins, and all wrote the same text.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, delete=False) as draft:
        draft.write(text)
    Path(draft.name).replace(path)
    return path


def configuration(fonts: list[str], cache_folder: Path) -> str:
    """Text of the configuration file."""
    folders = "".join(f"  <dir>{escape(folder)}</dir>\n" for folder in fonts)
    prefer = "".join(f"      <family>{family}</family>\n" for family in ("Fira Sans", "Mukta"))
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>\n'
        f"{folders}  <cachedir>{escape(str(cache_folder))}</cachedir>\n"
        f"  <alias>\n    <family>sans-serif</family>\n    <prefer>\n{prefer}    </prefer>\n  </alias>\n</fontconfig>\n"
    )
