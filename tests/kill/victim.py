"""A driver that kills a process of its own run with SIGKILL at a chosen moment.

python -m tests.kill.victim WHO FUNCTION call|return NTH MARK run STUDY.py ...

FUNCTION is the qualified name of any function that the driver calls, such as "TrialTable.finish".
When it is entered (call) or left (return) for the NTH time, WHO is killed: the driver, a worker,
the raylet or the whole process group. If there is no worker or raylet then, the next call counts.
The file MARK is created just before the kill. Nothing in sweep is changed for this.
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
