#!/usr/bin/env bash
# Style, types and import contracts: the same script here and in CI.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${VENV:-.venv}/bin
"$bin/ruff" check .
"$bin/python" -m mypy
"$bin/lint-imports" --no-logo
