"""Write templates/fonts/*.woff2: the Fira Sans glyphs that HTML reports embed.

Run once when the font package changes: ``python scripts/subset_fonts.py``. Latin-1, currency signs,
dashes, arrows and the Greek of the model equation; tabular figures and kerning; no hinting.
Two weights are 29 KB, so a report works offline and looks alike everywhere. Mukta's Devanagari (58 KB) is embedded only
in pages that have such text.
"""

from pathlib import Path

import fontpkg_fira_sans
import fontpkg_mukta
from fontTools import subset

RANGES = (
    "U+0020-007E,U+00A0-00FF,U+2009,U+200A,U+202F,U+2013,U+2014,U+2018-201E,U+2022,U+2026,U+2030,U+20AC,U+20B9,"
    "U+2190-2193,U+2212,U+2248,U+2264,U+2265,U+03B2,U+03C3,U+03B5,U+03C6,U+03C4"
)


def main() -> None:
    source = Path(fontpkg_fira_sans.__file__).parent / "files"
    target = Path(__file__).resolve().parent.parent / "templates" / "fonts"
    mukta = Path(fontpkg_mukta.__file__).parent / "files" / "Mukta-Regular.ttf"
    subset.main([
        str(mukta), "--unicodes=U+0900-097F,U+200C,U+200D", "--layout-features=*", "--no-hinting", "--flavor=woff2",
        f"--output-file={target / 'Mukta-Devanagari.woff2'}",
    ])  # fmt: skip
    for weight in ("Regular", "SemiBold"):
        subset.main([
            str(source / f"FiraSans-{weight}.ttf"), f"--unicodes={RANGES}", "--layout-features=kern,tnum,lnum,ccmp",
            "--no-hinting", "--flavor=woff2", f"--output-file={target / f'FiraSans-{weight}.woff2'}",
        ])  # fmt: skip


if __name__ == "__main__":
    main()
