#!/usr/bin/env bash
# Runs a command as on a machine where nobody has settled in: an empty home, no terminal, no language and no Python
# settings; only what says where programs, packages and temporary files are is kept.
# Usage: scripts/bare.sh COMMAND [ARGUMENT...]
set -euo pipefail
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
kept=()
while IFS= read -r name; do
  case $name in
    # OPENBLAS_* works around processors on which some builds of it compute wrong results.
    PATH | TMPDIR | CI | REPORTGEN_UPDATE_GOLDEN | LD_LIBRARY_PATH | OPENBLAS_* | PIP_* | *_proxy | *_PROXY | \
      SSL_CERT_FILE | SSL_CERT_DIR | REQUESTS_CA_BUNDLE) kept+=("$name=${!name}") ;;
  esac
done < <(compgen -e)
env -i "${kept[@]}" HOME="$home" "$@" </dev/null
