"""Says which commit a folder is checked out from, and whether it has changed since, without running git.

git does what a repository's own configuration tells it to, and that is the project's to write: `core.fsmonitor` and
filter drivers are commands, which even `git describe --dirty` runs, and it writes the index on its way. So the
repository's files are read here, as https://git-scm.com/docs/gitrepository-layout and
https://git-scm.com/docs/gitformat-index describe them: nothing is run, nothing written. What cannot be told for sure
(a filter's work, a repository of another hash or with reftables) is unknown, never a guess.
"""

from __future__ import annotations

from hullproof.project.git.checkout import Checkout, look, state
from hullproof.project.git.repository import UnknownError
from hullproof.project.git.tracked import Tracked, tracked

__all__ = ["Checkout", "Tracked", "UnknownError", "look", "state", "tracked"]
