#!/bin/bash
# Sends the array and, after all of its tasks, the merge: bash recipes/slurm.sh
set -euo pipefail
cd "$(dirname "$0")"
array=$(sbatch --parsable array.slurm)
merge=$(sbatch --parsable --dependency="afterok:${array%%;*}" merge.slurm)
echo "array ${array%%;*}, merge ${merge%%;*}"
