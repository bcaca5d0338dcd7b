"""``python -m reportgen.schema [FOLDER]``: write the published schemas from the types, by default in place."""

from __future__ import annotations

import sys
from pathlib import Path

from reportgen.schema import FOLDER, write_schemas

if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
