"""A driver that kills itself with SIGKILL at a chosen moment.

python tests/kill/victim.py FUNCTION call|return NTH run STUDY.py ...

FUNCTION is the qualified name of any function that this process runs, as "StudyTable.finish": the
process dies when it is entered, or left, for the NTH time. Nothing of sweep is changed for it.
"""

import os
import signal
import sys
from types import FrameType

from sweep.cli import main

function, event_name, nth = sys.argv[1], sys.argv[2], int(sys.argv[3])
seen = 0


def watch(frame: FrameType, event: str, _argument: object) -> None:
    global seen
    if event == event_name and frame.f_code.co_qualname == function:
        seen += 1
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)


sys.setprofile(watch)
raise SystemExit(main(sys.argv[4:]))
