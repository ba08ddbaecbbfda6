"""What the doors open on: one function for each thing that the command, Nox and pytest can ask for."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hullproof.delivery import Output, delivery, screen_width, write
from hullproof.engine.build import build
from hullproof.engine.connection import Engine
from hullproof.engine.model.build import Step
from hullproof.errors import UsageError
from hullproof.owner import sweep_folders
from hullproof.practices import every, get
from hullproof.progress_lines import BuildLines, explain_failure, say
from hullproof.project.project import Project
from hullproof.run.leftovers import Removal, sweep
from hullproof.run.run import Run
from hullproof.runner.many import Proving
from hullproof.runner.opening import open_project
from hullproof.runner.prove import choose
from hullproof.runner.subject import Subject
from hullproof.text import block, duration, line, size

_PAUSE_S = 2.0


def prove_all(
    folders: Sequence[Path],
    *,
    only: Sequence[str] | None,
    experiments: bool,
    formats: Sequence[str],
    outputs: Sequence[str],
    jobs: int,
    build_args: Mapping[str, str],
    dockerfile: str | None = None,
    secrets: Mapping[str, str] | None = None,
    offline: bool = False,
) -> int:
    """Prove each project, write each report as soon as it is there, return the worst exit code.

    `outputs` (`FILE` or `FORMAT:FILE`) and `formats` say where the reports go, as `delivery` takes them. Raises
    UsageError before anything is built where any part of what was asked for is wrong. With several projects, one
    whose base image cannot be had ends by itself, with a line and its exit code.
    """
    choose(only, experiments=experiments)
    opened = [
        open_project(folder, build_args, dockerfile, secrets=secrets, offline=offline) for folder in folders
    ]
    projects = list({project.folder: project for project in opened}.values())
    deliver = delivery(projects, formats, [Output.parse(output) for output in outputs])
    with _connected() as engine:
        proving = Proving(engine, only, experiments, deliver, several=len(projects) > 1)
        return max(proving.all(projects, jobs))


@contextmanager
def _connected() -> Iterator[Engine]:
    engine = Engine.connect()
    try:
        yield engine
    finally:
        engine.close()


def build_one(
    folder: Path,
    *,
    target: str | None,
    tags: Sequence[str],
    check: bool,
    build_args: Mapping[str, str],
    tests: bool = False,
    dockerfile: str | None = None,
    secrets: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Build a project's image (or, with `check`, only run a stage's steps); say how it went; return the facts.

    `target` names the stage, the release by default; with `tests` it is the one that runs the tests. The image is
    the caller's: it carries no label of ours and stays. The facts: `ok`, `image`, `tags`, `size_bytes`, `base`,
    `base_size_bytes`, `base_is_stand_in`, `base_note`, `duration_s`.
    """
    project = open_project(folder, build_args, dockerfile, secrets=secrets)
    if tests:
        target = _test_stage(project)
    stage = project.dockerfile.stage(target) if target else project.release.stage
    if check and tags:
        raise UsageError(
            "--check keeps no image, so there is nothing to name with --tag; leave out one of them"
        )
    with _connected() as engine, Run() as run:
        run.uses(engine)
        subject = Subject(project, engine, run, say=say)
        recipe = subject["recipe"]
        request = recipe.unlabelled().request(
            target=target, output="none" if check else "image", tags=tuple(tags)
        )
        built = build(engine, request, on_change=BuildLines())
        base = subject["base"]
        facts: dict[str, Any] = {
            "ok": built.ok,
            "image": built.image_id,
            "tags": list(tags),
            "size_bytes": _size(engine, built.image_id) if built.image_id else None,
            "base": base.reference,
            "base_size_bytes": base.size_bytes,
            "base_is_stand_in": base.stand_in,
            "base_note": base.note,
            "duration_s": round(built.duration_s, 3),
        }
    if not built.ok:
        for told in explain_failure(built, project.config.dockerfile):
            say(told)
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
    return stage.name or str(stage.index)


def _size(engine: Engine, image: str) -> int:
    seen: dict[str, Any] = engine.client.api.inspect_image(image)  # type: ignore[no-untyped-call]
    return int(seen["Size"])


def _show_last_step(steps: Sequence[Step], stage: str) -> None:
    """Show what the last of a stage's steps printed: for a test stage, the tests' own words."""
    last = max(steps, key=lambda step: step.line or 0, default=None)  # BuildKit names them in any order
    if last is None:
        say(f"{stage}: done")
    elif last.cached:
        say(f"{stage}: nothing changed since it last passed ({last.instruction})")
    else:
        write("".join(line(each) + "\n" for each in last.log), sys.stdout)


def settings_of(
    folder: Path,
    build_args: Mapping[str, str],
    dockerfile: str | None = None,
    secrets: Mapping[str, str] | None = None,
    *,
    as_json: bool,
) -> str:
    """Return the settings that are in force for the project in `folder`, and where each came from."""
    from hullproof import settings  # noqa: PLC0415 - no other command needs it

    found = settings.in_force(open_project(folder, build_args, dockerfile, secrets=secrets))
    return settings.as_json(found) if as_json else settings.as_text(found, screen_width())


def explanation(identifier: str | None) -> str:
    """Return what there is to know of one practice, or a line for each."""
    if identifier is None:
        return "\n".join(f"{each.id:<20}{each.title}" for each in every())
    practice = get(identifier)
    parts = [
        ("Why", practice.why),
        ("Proven by", practice.proven_by),
        ("Broken by", practice.broken_by),
        ("Fix", practice.fix),
    ]
    told = f"{practice.title} ({practice.id})\n" + "".join(
        f"\n{name}\n{_indented(text)}\n" for name, text in parts
    )
    return block(told, len(told))


def _indented(text: str) -> str:
    paragraphs = text.split("\n\n")
    shown = [
        textwrap.indent(each, "  ")
        if each.startswith("    ")
        else textwrap.fill(each, 88, initial_indent="  ", subsequent_indent="  ")
        for each in paragraphs
    ]
    return "\n\n".join(shown)


def examine() -> int:
    """Say what of the machine is ready and what fixes the rest; 0 where all that is needed is there, else 3."""
    from hullproof.host.doctor import doctor  # noqa: PLC0415 - no other command needs it

    findings = doctor()
    for finding in findings:
        how = "ok" if finding.ok else "problem" if finding.needed else "note"
        say(f"{how:<8} {finding.subject}: {finding.text}")
        if finding.remedy and not finding.ok:
            say(f"{'':<8} {finding.remedy}")
    return 0 if all(finding.ok or not finding.needed for finding in findings) else 3


def make_ready(*, assume_yes: bool) -> int:
    """Make sure that an engine answers, installing one where that may be done."""
    from hullproof.host.install import ensure_engine  # noqa: PLC0415

    def ask(question: str) -> bool:
        say(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    engine = ensure_engine(may_install=True, assume_yes=assume_yes, say=say, ask=ask if terminal else None)
    info = engine.info()
    say(f"engine: {info.name} {info.version}, buildx {info.buildx_version}, {info.platform}")
    return 0


def clean_up() -> int:
    """Remove what killed runs left on the engine and in the temporary folder; say what it was. 1 where something stays.

    Raises EngineError where the engine does not answer.
    """
    removed = [f"scratch folder {name}" for name in sweep_folders()]
    for each in removed:
        say(f"removed {each}")
    with _connected() as engine:
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
