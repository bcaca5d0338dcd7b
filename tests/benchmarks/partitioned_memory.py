"""Memory of the run itself over a folder partitioned by market, and over the same data as one file.

``python tests/benchmarks/partitioned_memory.py [MARKETS ...]`` prints one line per number of markets; nothing is
kept. Numbers only, a fixed decay, two workers: what is measured is the parent process, not the work.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PHARMACIES, MONTHS = 200, 60
_BUILD = """
import json, sys, reportgen
from pathlib import Path
result = reportgen.build(".", formats=["results"], jobs=2,
                         overrides={"panel.source": sys.argv[1], "run.out": sys.argv[2], "adstock.decay": 0.5})
assert result.count("built") == len(result.markets), result.markets
status = Path("/proc/self/status").read_text()  # ru_maxrss would count the process that started this one
print(json.dumps(int(status.split("VmHWM:")[1].split()[0])))
"""


def write(folder: Path, markets: int) -> None:
    """Write the panel twice: ``hive`` with a folder per market, ``panel.parquet`` as one file."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    frames = []
    for number in range(markets):
        rows = PHARMACIES * MONTHS
        frames.append(
            pd.DataFrame(
                {
                    "market": f"M{number:04d}",
                    "pharmacy": np.repeat([f"P{p:04d}" for p in range(PHARMACIES)], MONTHS),
                    "month": np.tile(pd.period_range("2019-01", periods=MONTHS, freq="M").astype(str), PHARMACIES),
                    "sales": rng.gamma(8.0, 1000.0, rows).round(2),
                    "promotion": rng.poisson(3.0, rows).astype(float),
                }
            )
        )
    table = pd.concat(frames, ignore_index=True)
    table.to_parquet(folder / "panel.parquet", index=False)
    table.to_parquet(folder / "hive", partition_cols=["market"], index=False, max_partitions=markets + 1)


def peak(folder: Path, source: str) -> tuple[float, float]:
    """Peak resident memory of the parent in MiB, and seconds, of a build in a process of its own."""
    start = time.monotonic()
    command = [sys.executable, "-c", _BUILD, source, f"out-{source}"]
    done = subprocess.run(command, cwd=folder, env=os.environ, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout) / 1024, time.monotonic() - start


def main() -> None:
    """Print the table."""
    print(f"{PHARMACIES} pharmacies x {MONTHS} months per market, results only, 2 workers")
    print("markets  rows       hive MiB  seconds  one file MiB  seconds")
    for markets in [int(text) for text in sys.argv[1:]] or [20, 200]:
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), markets)
            hive, table = peak(Path(name), "hive"), peak(Path(name), "panel.parquet")
        rows = markets * PHARMACIES * MONTHS
        print(f"{markets:<7}  {rows:<9,}  {hive[0]:8.0f}  {hive[1]:7.0f}  {table[0]:12.0f}  {table[1]:7.0f}")


if __name__ == "__main__":
    main()
