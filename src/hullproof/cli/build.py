"""`hullproof build`: build a project's image and keep it, or only run the steps of a stage."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import click

from hullproof.cli.display import display
from hullproof.cli.parameters import project_options
from hullproof.engine.build import build as build_with
from hullproof.engine.connection import Engine
from hullproof.engine.layers import read_files
from hullproof.engine.model.build import Step
from hullproof.errors import UsageError
from hullproof.events import Steps
from hullproof.facts import builds
from hullproof.project.project import Project
from hullproof.report.places import require_place, write_file
from hullproof.run.run import Run
from hullproof.runner.opening import Given, open_project
from hullproof.runner.progress import explain_failure
from hullproof.runner.prove import Prover
from hullproof.terminal import say, write
from hullproof.text import duration, json_text, line, size


@click.command()
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option("--target", metavar="STAGE", help="Build this stage, by name or number; default: the release.")
@click.option("--tag", "tags", multiple=True, metavar="NAME", help="Name the image.")
@click.option(
    "--check", is_flag=True, help="Run the steps but keep no image; show what the last step printed."
)
@click.option("--tests", is_flag=True, help="The same as --check, for the stage that runs the tests.")
@click.option(
    "--metadata", type=click.Path(path_type=Path), help="Write id, size and base to this file, as JSON."
)
@project_options
def build(
    project: Path,
    target: str | None,
    tags: tuple[str, ...],
    metadata: Path | None,
    *,
    given: Given,
    check: bool,
    tests: bool,
) -> int:
    """Build PROJECT's image and keep it; where its base cannot be had, on a stand-in made from Debian's packages.

    \b
    Examples:
      hullproof build --tag release-board:3.13 --build-arg PYTHON_VERSION=3.13
      hullproof build --tests
      hullproof build --target docs --check
    """  # noqa: D301 - click's mark is the character, not its name
    if metadata is not None:
        require_place(metadata)
    if tests and target is not None:
        raise UsageError("--tests finds the stage by itself; leave out --target, or use --check instead")
    facts = build_one(
        project,
        target=target,
        tags=tags,
        check=check or tests,
        tests=tests,
        given=given,
    )
    if metadata is not None:
        write_file(metadata, json_text(facts))
    return 0 if facts["ok"] else 1


def build_one(
    folder: Path,
    *,
    target: str | None,
    tags: Sequence[str],
    check: bool,
    tests: bool,
    given: Given,
) -> dict[str, Any]:
    """Build a project's image (or, with `check`, only run a stage's steps); say how it went; return the facts.

    `target` names the stage, the release by default; with `tests` it is the one that runs the tests. The image is
    the caller's: it stays. The facts: `ok`, `image`, `tags`, `digest`, `config_digest`, `size_bytes`, `base`,
    `base_size_bytes`, `base_is_stand_in`, `base_note`, `duration_s`.
    """
    project = open_project(folder, given)
    if tests:
        target = _test_stage(project)
    stage = project.dockerfile.stage(target) if target else project.release.stage
    if check and tags:
        raise UsageError(
            "--check keeps no image, so there is nothing to name with --tag; leave out one of them"
        )
    with closing(Engine.connect()) as engine, Run() as run, display([project]) as shown:
        run.uses(engine)
        hear = partial(shown, project)
        graph = Prover(project, engine, run, tell=hear).graph
        recipe = graph.fact(builds.recipe)
        request = recipe.to_stay().request(
            target=target, output="none" if check else "image", tags=tuple(tags)
        )
        built = build_with(engine, request, on_change=Steps(hear))
        built = builds.explained(built, recipe, graph.fact(builds.bases))
        base = graph.fact(builds.base)
        files = read_files(engine, built.image_id, base_diff_ids=base.diff_ids) if built.image_id else None
        facts: dict[str, Any] = {
            "ok": built.ok,
            "image": built.image_id,
            "tags": list(tags),
            "digest": files.manifest_digest if files else None,
            "config_digest": files.config_digest if files else None,
            "size_bytes": files.size_bytes if files else None,
            "base": base.reference,
            "base_size_bytes": files.base_size_bytes if files else None,
            "base_is_stand_in": base.stand_in,
            "base_note": base.note,
            "duration_s": round(built.duration_s, 3),
        }
    if not built.ok:
        for each in explain_failure(built):
            say(each)
    elif check:
        _show_last_step(
            [each for each in built.steps if each.stage == project.shown_name(stage)], stage.label
        )
    else:
        say(
            f"built {built.image_id}, {size(facts['size_bytes'])}, on {base.reference}, in {duration(built.duration_s)}"
        )
    return facts


def _test_stage(project: Project) -> str:
    stage = project.test_stage
    if stage is None:
        raise UsageError(
            f"{project.config.dockerfile}: no stage runs a test runner; write one, or name it: "
            "`test_target` in [tool.hullproof]"
        )
    return stage.reference


def _show_last_step(steps: Sequence[Step], stage: str) -> None:
    """Show what the last of a stage's steps printed: for a test stage, the tests' own words."""
    last = max(steps, key=lambda step: step.line or 0, default=None)  # BuildKit names them in any order
    if last is None:
        say(f"{stage}: done")
    elif last.cached:
        say(f"{stage}: nothing changed since it last passed ({last.instruction})")
    else:
        write("".join(line(each) + "\n" for each in last.log), sys.stdout)
