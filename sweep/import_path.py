"""Lets files in the current directory stand in for no module that sweep or its libraries import.

`python -m sweep` puts that directory first on the import path, where a study may keep a random.py,
and so do Ray's workers. Importing this module moves it to the end; while a study file runs, it is
in front again.
"""

import os
import sys

PROGRAMS = ("-m", "default_worker.py")
"""Endings of the names of programs that put it there: `python -m sweep`, and Ray's workers."""

here = os.getcwd()  # noqa: PTH109 - pathlib would import modules that it may keep
if sys.argv[0].endswith(PROGRAMS) and sys.path[:1] == [here]:
    sys.path.append(sys.path.pop(0))
