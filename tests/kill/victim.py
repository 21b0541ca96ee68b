"""A driver in whose run something is killed with SIGKILL at a chosen moment.

python -m tests.kill.victim WHO FUNCTION call|return NTH MARK run STUDY.py ...

FUNCTION is the qualified name of any function that the driver runs, as "TrialTable.finish": when it
is entered, or left, for the NTH time, the driver, a worker, the raylet or the whole process group
dies, as WHO says; if there is no worker or raylet just then, at the next time. The file MARK is
made before. Nothing of sweep is changed for it.
"""

import os
import sys
from pathlib import Path
from types import FrameType

from sweep.cli.main import main
from tests.kill import processes

who, function, event_name, nth, mark = sys.argv[1:6]
left = int(nth)


def watch(frame: FrameType, event: str, _argument: object) -> None:
    global left
    if event != event_name or frame.f_code.co_qualname != function:
        return
    left -= 1
    if left <= 0 and processes.find(who, os.getpid()):
        sys.setprofile(None)
        Path(mark).touch()
        processes.kill(who, os.getpid())


sys.setprofile(watch)
raise SystemExit(main(sys.argv[6:]))
