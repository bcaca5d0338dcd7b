#!/usr/bin/env bash
# Sets up what `make demo` and `make test` need on a Debian-like machine: a virtual environment in .venv
# with the versions of constraints.txt, and the system libraries that pip cannot bring.
# Usage: scripts/setup.sh run | dev
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}
venv=${VENV:-.venv}
patience=900 # seconds for which another package manager is waited for

say() { printf 'Set-up: %s\n' "$*"; }
megabytes() { awk '{bytes += $1} END {printf "%.0f MB", bytes / 1e6}'; }
usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
administrator() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# One set-up of this folder at a time. What a killed one left running still holds the lock, and ends by itself.
exec 9<.
if command -v flock >/dev/null && ! flock -n 9; then
  say "waiting for another set-up of this folder"
  flock -w "$patience" 9 || { say "it is still running after $patience s; run this again later." >&2; exit 7; }
fi

# apt-get, waiting while another program holds a lock of the package manager, as any machine does in its first minutes,
# and finishing first what an interrupted one left half done.
apt_get() {
  local output waited=0
  until output=$(quiet_apt apt-get -qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@"); do
    case $output in
      *"Could not get lock"* | *"Unable to acquire"* | *"Unable to lock"* | *"locked by another process"*) ;;
      *"dpkg --configure -a"*) mend dpkg --configure -a; continue ;;
      *"--fix-broken install"*) mend apt-get -qq -y --fix-broken install; continue ;;
      *) printf '%s\n' "$output" >&2; say "apt-get $1 failed; the lines above say why." >&2; exit 7 ;;
    esac
    if [ "$waited" -ge "$patience" ]; then
      printf '%s\n' "$output" >&2; say "the package manager is still busy after $patience s; run this again later." >&2; exit 7
    fi
    [ $((waited % 30)) -ne 0 ] || say "waiting for another program that is installing packages ($waited s)" >&2
    sleep 3
    waited=$((waited + 3))
  done
  printf '%s' "$output"
}

quiet_apt() { LC_ALL=C DEBIAN_FRONTEND=noninteractive "$@" 2>&1 9<&-; } # what apt starts does not keep our lock

mend() {
  local output
  say "finishing an installation of packages that was interrupted" >&2
  output=$(quiet_apt "$@") || { printf '%s\n' "$output" >&2; say "$* failed; the lines above say why." >&2; exit 7; }
}

apt_install() {
  local began=$SECONDS size
  size=$(apt_get install -y --no-install-recommends --print-uris "$@" | awk '/^\x27/ {print $3}' | megabytes)
  say "installing $* ($size to fetch)"
  apt_get install -y --no-install-recommends "$@" >/dev/null
  say "system packages installed in $((SECONDS - began)) s"
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if usable "$candidate"; then echo "$candidate"; return; fi
  done
}

make_venv() {
  if [ -d "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ] && [ -n "$(ls -A "$venv")" ]; then
    echo "$venv is a folder but no virtual environment; name another one with VENV=..." >&2
    exit 7
  fi
  "${python:-python3}" -m venv --clear "$venv"
}

# System packages: name and what proves that it is there. Without those of the second list `make demo` makes everything
# but PDFs, and says so; without those of the first nothing starts, and the tests need them all.
needed=()
wanted=()
python=$(find_python)
if ! usable "$venv/bin/python"; then
  if [ -z "$python" ]; then
    needed+=(python3 python3-venv)
  elif ! "$python" -c 'import ensurepip' 2>/dev/null; then
    needed+=("$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
  fi
fi
libraries=$({ ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null || true) # not piped: a reader that stops early fails the pipe
has_library() { [[ $libraries == *"$1"* ]]; }
has_library libpango-1.0.so.0 || wanted+=(libpango-1.0-0)
has_library libpangoft2-1.0.so.0 || wanted+=(libpangoft2-1.0-0)
has_library libharfbuzz-subset.so.0 || wanted+=(libharfbuzz-subset0)
if [ "$what" = dev ]; then
  has_library libatomic.so.1 || wanted+=(libatomic1) # Node.js, which Playwright brings along
  command -v pdftotext >/dev/null || wanted+=(poppler-utils)
  command -v qpdf >/dev/null || wanted+=(qpdf)
  command -v strace >/dev/null || wanted+=(strace)
  command -v chromium >/dev/null || wanted+=(chromium)
  needed+=("${wanted[@]}")
  wanted=()
fi
if ! administrator; then
  if [ ${#needed[@]} -gt 0 ]; then
    echo "Please install, as root: apt-get install ${needed[*]} ${wanted[*]}" >&2
    exit 7
  fi
  wanted=()
fi

# Python comes first; what else the machine lacks is installed while pip works.
apt=
lots=()
stop() {
  say "interrupted; the next run goes on from here" >&2
  kill "${lots[@]}" 2>/dev/null || true
  [ -z "$apt" ] || wait "$apt" || true
  exit 130
}
trap stop INT TERM
[ $((${#needed[@]} + ${#wanted[@]})) -eq 0 ] || apt_get update >/dev/null
[ ${#needed[@]} -eq 0 ] || apt_install "${needed[@]}"
if [ ${#wanted[@]} -gt 0 ]; then
  apt_install "${wanted[@]}" &
  apt=$!
fi
if ! usable "$venv/bin/python" && ! usable "${python:=python3}"; then
  echo "reportgen needs Python 3.11 or newer; name one with PYTHON=..." >&2
  exit 7
fi

# An environment that was moved, or whose making was interrupted, is made anew.
environment_works() {
  grep -qF "$(cd "$venv" 2>/dev/null && pwd)/bin/python" "$venv/bin/pip" 2>/dev/null &&
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 &&
    compgen -G "$venv/lib/python*/site-packages/pip-*.dist-info/RECORD" >/dev/null
}

# A package without the record that pip writes last was being installed when somebody stopped it: it is installed again.
forget_unfinished() {
  local package
  for package in "$venv"/lib/python*/site-packages/*.dist-info; do
    [ ! -d "$package" ] || [ -e "$package/RECORD" ] || rm -rf "$package"
  done
  rm -rf "$venv"/lib/python*/site-packages/~*
}

# The versions of constraints.txt that this needs, in lots of about the same weight: `lot 0 4` is the first of four.
lot() {
  awk -v which="$1" -v lots="$2" -v what="$what" '
    BEGIN {
      split("pyarrow scipy pandas statsmodels sqlalchemy babel matplotlib numpy playwright duckdb pypandoc-binary", heavy)
      for (i in heavy) place[heavy[i]] = i - 1
      next_place = length(heavy)
    }
    /^# To develop/ && what == "run" { exit }
    /==/ && !/^pip==/ {
      split($1, pin, "==")
      if ((pin[1] in place ? place[pin[1]] : next_place++) % lots == which) print $1
    }' constraints.txt
}

pip_install() {
  exec "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-input \
    "$compile" -c constraints.txt "$@"
}

# Python packages; skipped while nothing that decides them has changed.
stamp="$venv/.reportgen-$what"
decided=$(pwd; cat pyproject.toml constraints.txt | sha256sum)
if ! usable "$venv/bin/python" || [ "$(cat "$stamp" 2>/dev/null || true)" != "$decided" ]; then
  began=$SECONDS
  case $what in dev) about="330 MB" extra="[dev]" ;; *) about="170 MB" extra="" ;; esac
  say "installing Python packages into $venv (about $about to fetch)"
  # Modules are compiled when they are first imported, most never; but all of them now where that would not be kept.
  compile=--no-compile
  [ -z "${PYTHONDONTWRITEBYTECODE:-}" ] || compile=--compile
  environment_works || make_venv
  forget_unfinished
  # Three things keep one core busy for long: what an older pip does to choose among files, unpacking, and a build
  # environment of its own. So: today's pip, lots side by side, and what builds this package in the environment itself.
  # If any of it fails, the last command does it all and says what is wrong.
  (pip_install pip) >/dev/null 2>&1 || true
  for i in 0 1 2 3; do
    # shellcheck disable=SC2046
    pip_install --no-deps $(lot "$i" 4) >/dev/null 2>&1 &
    lots+=($!)
  done
  wait "${lots[@]}" || true
  lots=()
  isolation=()
  # A lot that failed may have had only some of the builder's parts.
  builder='import editables, hatch_fancy_pypi_readme, hatchling.builders.wheel, hatchling.plugin.manager, trove_classifiers'
  ! "$venv/bin/python" -c "$builder" 2>/dev/null || isolation=(--no-build-isolation)
  (pip_install "${isolation[@]}" -e ".$extra")
  echo "$decided" >"$stamp"
  say "Python packages installed in $((SECONDS - began)) s ($(du -sb "$venv" | megabytes) in $venv)"
fi
[ -z "$apt" ] || wait "$apt"
if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then "$venv/bin/python" -m compileall -q reportgen >/dev/null || true; fi
