"""`hullproof clean`: remove what killed runs left behind."""

from __future__ import annotations

import time
from contextlib import closing

import click

from hullproof.engine.connection import Engine
from hullproof.engine.leftovers import Removal, sweep
from hullproof.owner import sweep_folders
from hullproof.terminal import say

_PAUSE_S = 2.0


@click.command()
def clean() -> int:
    """Remove what killed runs left behind: containers, networks, volumes, images, scratch folders.

    Nothing is touched that Hullproof did not make, or that belongs to a run that is still going.

    \b
    Examples:
      hullproof clean
    """  # noqa: D301 - click's mark is the character, not its name
    return clean_up()


def clean_up() -> int:
    """Remove what killed runs left on the engine and in the temporary folder; say what it was. 1 where something stays.

    Raises EngineError where the engine does not answer.
    """
    removed = [f"scratch folder {name}" for name in sweep_folders()]
    for each in removed:
        say(f"removed {each}")
    with closing(Engine.connect()) as engine:
        swept = sweep(engine)
        if swept.kept:  # as long as the engine is still removing it
            time.sleep(_PAUSE_S)
            again = sweep(engine)
            swept = Removal(swept.removed + again.removed, again.kept)
    for each in swept.removed:
        say(f"removed {each}")
    for each in swept.kept:
        say(f"could not remove {each}")
    if removed or swept.removed:
        say(f"removed {len(removed) + len(swept.removed)} in all")
    else:
        say("removed nothing" if swept.kept else "nothing was left behind")
    return 1 if swept.kept else 0
