#!/usr/bin/env bash
# Sets up what `make demo` and `make test` need on a Debian-like machine: a virtual environment in .venv
# with the versions of constraints.txt, and the system libraries that pip cannot bring.
# Usage: scripts/setup.sh run | dev
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}
venv=${VENV:-.venv}

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

apt_install() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing $*"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  else
    echo "Please install, as root: apt-get install $*" >&2
    exit 7
  fi
}

if ! [ -x "$venv/bin/python" ]; then
  python=""
  for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if usable "$candidate"; then python=$candidate; break; fi
  done
  if [ -z "$python" ]; then
    apt_install python3 python3-venv
    python=python3
    usable "$python" || { echo "reportgen needs Python 3.11 or newer; name one with PYTHON=..." >&2; exit 7; }
  fi
  "$python" -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  "$python" -m venv "$venv"
fi

# System packages: name and what proves that it is there.
missing=()
has_library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }
has_library libpango-1.0.so.0 || missing+=(libpango-1.0-0)
has_library libpangoft2-1.0.so.0 || missing+=(libpangoft2-1.0-0)
has_library libharfbuzz-subset.so.0 || missing+=(libharfbuzz-subset0)
if [ "$what" = dev ]; then
  command -v pdftotext >/dev/null || missing+=(poppler-utils)
  command -v qpdf >/dev/null || missing+=(qpdf)
  command -v strace >/dev/null || missing+=(strace)
  command -v chromium >/dev/null || missing+=(chromium)
fi
if [ ${#missing[@]} -gt 0 ]; then apt_install "${missing[@]}"; fi

# Python packages; skipped while nothing that decides them has changed.
stamp="$venv/.reportgen-$what"
wanted=$(cat pyproject.toml constraints.txt | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  echo "Installing Python packages into $venv"
  extra=""
  [ "$what" = dev ] && extra="[dev]"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".$extra"
  echo "$wanted" >"$stamp"
fi
# Where bytecode is not written on import (PYTHONDONTWRITEBYTECODE), every start would compile the program again.
"$venv/bin/python" -m compileall -q reportgen >/dev/null || true
