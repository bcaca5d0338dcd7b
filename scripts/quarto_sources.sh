#!/usr/bin/env bash
# Quarto's pre-render step of this checkout: the numbers of the demo data, then the sources of the pages.
# Both do nothing when nothing changed. Sets up .venv on a fresh clone, as `make demo` does.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
python=${VENV:-.venv}/bin/python
"$python" -m reportgen demo out/quarto --formats results --quiet
"$python" -m reportgen quarto . --project out/quarto --quiet
