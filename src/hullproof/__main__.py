"""`python -m hullproof`."""

import os
import sys

# Python looks for modules in the folder in which it is started: a project's own `secrets.py` would be run as ours.
if sys.path and sys.path[0] in {"", os.getcwd()}:  # noqa: PTH109 - before anything is imported that may be shadowed
    del sys.path[0]

from hullproof.cli import main

main()
