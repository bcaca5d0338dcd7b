#!/usr/bin/env bash
# Quarto's pre-render step of this checkout: the numbers of the demo data, then the sources of the pages.
# Both do nothing when nothing changed. Sets up .venv on a fresh clone, as `make demo` does.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh run
bin=${VENV:-.venv}/bin
"$bin/reportgen" demo out/quarto --formats results --quiet
"$bin/reportgen" quarto . --project out/quarto --quiet
