"""Makes the pictures of README and documentation: `python -m tests.toolkit.docs.pictures`, from a proof of a project of ours.

The terminal is drawn by rich from what the screen gets, the page by the Chromium of this machine.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.text import Text

from hullproof.engine.connection import Engine
from hullproof.model import Report
from hullproof.project.project import Project
from hullproof.report import as_html, as_terminal
from hullproof.run.run import Run
from hullproof.runner.prove import prove

from ..cases.catalogue import GOOD

ASSETS = Path(__file__).parents[3] / "docs" / "assets"
WIDTH = 100
PAGE = "1000,1180"


def main() -> None:
    """Prove a project with one fault, and draw what is shown of it."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Path(folder, "shop")
        shutil.copytree(GOOD, shop)
        dockerfile = shop / "Dockerfile"
        dockerfile.write_text(dockerfile.read_text().replace("--chown=app:app ", ""))
        with closing(Engine.connect()) as engine, Run() as run:
            run.uses(engine)
            report = prove(Project.open(shop), engine, run)
        terminal(report)
        page(report, Path(folder, "report.html"))


def terminal(report: Report) -> None:
    """Draw the last screen."""
    screen = as_terminal.render(report, width=WIDTH, color=True, detail="summary")
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ hullproof prove", "bold"))
    console.print(Text.from_ansi(screen))
    console.save_svg(str(ASSETS / "terminal.svg"), title="hullproof prove")


def page(report: Report, path: Path) -> None:
    """Draw the page, light and dark."""
    path.write_text(as_html.render(report), encoding="utf-8")
    for name, scheme in (("report.png", "1"), ("report-dark.png", "0")):
        options = [
            f"--window-size={PAGE}",
            f"--screenshot={ASSETS / name}",
            "--hide-scrollbars",
            "--no-sandbox",
        ]
        subprocess.run(
            [
                "chromium",
                "--headless",
                f"--blink-settings=preferredColorScheme={scheme}",
                *options,
                path.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


if __name__ == "__main__":
    main()
