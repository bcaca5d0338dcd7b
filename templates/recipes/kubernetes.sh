#!/bin/bash
# Builds all shards, then merges them: bash recipes/kubernetes.sh. Started again after a failure it goes on.
set -euo pipefail
cd "$(dirname "$0")"

run() { # name, file: start the job anew and wait until it has ended, well or badly
  kubectl delete job "$1" --ignore-not-found --wait=true
  kubectl apply -f "$2"
  until kubectl wait --for=condition=complete "job/$1" --timeout=30s 2>/dev/null; do
    if kubectl wait --for=condition=failed "job/$1" --timeout=1s 2>/dev/null; then
      kubectl logs "job/$1" --tail=50 || true
      echo "$1 failed" >&2
      return 1
    fi
  done
}

run reportgen-build kubernetes-build.yaml
run reportgen-merge kubernetes-merge.yaml
kubectl logs job/reportgen-merge
