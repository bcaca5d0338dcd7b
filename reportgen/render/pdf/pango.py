"""The libraries that PDF needs and pip cannot bring: whether they are here, and how to get them.

Asked before a run, so it loads nothing but them.
"""

from __future__ import annotations

import ctypes
import sys

_LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
"""What the loader of Linux looks for → package of Debian and Ubuntu."""
PACKAGES = " ".join(_LIBRARIES.values())
INSTALL = f'On Debian or Ubuntu, as root: apt-get install {PACKAGES}. Or without them: pdf_engine = "typst".'


def pango_missing() -> bool:
    """Return whether it is certain that no PDF can be made here; other systems than Linux are left to try."""
    if sys.platform != "linux":
        return False
    try:
        for name in _LIBRARIES:
            ctypes.CDLL(name)
    except OSError:
        return True
    return False
