"""Makes the expected files of the golden runs again, from their databases: read the diff.

python tests/sweep/golden/remake.py
"""

import shutil
import tempfile
from pathlib import Path

import sweep
from sweep.reports import write as report

FILES = ["report.md", "trials.csv", "epochs.csv", "best/config.json"]


def remake(golden: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(golden, Path(folder) / "run")
        report.write(sweep.Run(copy))
        for name in FILES:
            (golden / name).parent.mkdir(exist_ok=True)
            shutil.copy(copy / name, golden / name)


for version in sorted(Path(__file__).parent.glob("v*")):
    remake(version)
