#!/usr/bin/env bash
# Builds the documentation site without a network: warnings are errors, notebooks are executed, links are checked.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${VENV:-.venv}/bin/python
"$python" -c 'import furo, myst_nb, sphinx' 2>/dev/null || "$python" -m pip install -q -c constraints.txt '.[docs]'
export OPENBLAS_NUM_THREADS=1 PYDEVD_DISABLE_FILE_VALIDATION=1
"$python" -m sphinx -q -W --keep-going -b html docs docs/_build/html
"$python" scripts/check_links.py docs/_build/html
