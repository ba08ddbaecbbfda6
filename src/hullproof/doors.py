"""What the doors open on: one function for each thing that the command, Nox and pytest can ask for."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hullproof.engine.build import build, end_all
from hullproof.engine.connection import Engine
from hullproof.errors import UsageError
from hullproof.lifecycle import Run, sweep, sweep_folders
from hullproof.practices import every, get
from hullproof.progress_lines import BuildLines, explain_failure, say
from hullproof.project import Project
from hullproof.prove import choose, prove
from hullproof.report import FORMATS, SUFFIXES, as_terminal
from hullproof.report.model import Report
from hullproof.report.text import duration, size
from hullproof.subject import Subject


def prove_all(
    folders: Sequence[Path],
    *,
    only: Sequence[str] | None,
    experiments: bool,
    format_: str | None,
    output: Path | None,
    jobs: int,
    build_args: Mapping[str, str],
) -> int:
    """Prove each project, write each report as soon as it is there, return the worst exit code.

    Raises UsageError before anything is built where any part of what was asked for is wrong.
    """
    choose(only, experiments=experiments)
    projects = [Project.open(folder, build_args) for folder in folders]
    deliver = _delivery(projects, format_, output)
    engine = Engine.connect()
    several = len(projects) > 1

    def one(project: Project) -> int:
        prefix = f"{project.name}: " if several else ""
        say(f"{prefix}building {project.config.dockerfile}")
        with Run() as run:
            run.uses(engine)
            report = prove(
                project,
                engine,
                run,
                only=only,
                experiments=experiments,
                say=lambda line: say(prefix + line),
                on_step=BuildLines(prefix),
            )
        deliver(project, report)
        return 0 if report.verdict.is_good else 1

    return max(_side_by_side(one, projects, jobs))


def _side_by_side(work: Callable[[Project], int], projects: Sequence[Project], jobs: int) -> list[int]:
    """Do the work for each project, `jobs` at a time, in threads that an interruption ends in good order."""
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        futures = [pool.submit(work, project) for project in projects]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            return [future.result() for future in futures]
        except BaseException:
            for future in futures:
                future.cancel()
            end_all()
            raise


def _delivery(
    projects: Sequence[Project], format_: str | None, output: Path | None
) -> Callable[[Project, Report], None]:
    """Return what takes a finished report to where it was asked for; UsageError where that cannot be."""
    if output is None:
        return lambda _project, report: _print(report, format_ or "text")
    if len(projects) == 1 and not output.is_dir():
        if not output.absolute().parent.is_dir():
            raise UsageError(f"{output}: there is no folder {output.absolute().parent}; make it first")
        chosen = format_ or {suffix: name for name, suffix in SUFFIXES.items()}.get(output.suffix)
        if chosen is None:
            raise UsageError(
                f"{output}: no format has this ending; use {', '.join(SUFFIXES.values())} or --format"
            )
        return lambda _project, report: _save(output, FORMATS[chosen](report))
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{output}: with several projects this must be a folder ({error.strerror})"
        ) from error
    names = _distinct([project.name for project in projects])
    by_folder = dict(zip((project.folder for project in projects), names, strict=True))
    suffix, render = SUFFIXES[format_ or "json"], FORMATS[format_ or "json"]
    return lambda project, report: _save(output / (by_folder[project.folder] + suffix), render(report))


def _distinct(names: Sequence[str]) -> list[str]:
    """Number the later ones of names that are alike, so that no report overwrites another."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return distinct


def _print(report: Report, format_: str) -> None:
    if format_ == "text":
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        text = as_terminal.render(
            report, width=min(shutil.get_terminal_size((100, 24)).columns, 140), color=color
        )
    else:
        text = FORMATS[format_](report)
    sys.stdout.write(text)
    sys.stdout.flush()


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
    say(f"report: {path}")


def build_one(
    folder: Path, *, target: str | None, tags: Sequence[str], check: bool, build_args: Mapping[str, str]
) -> dict[str, Any]:
    """Build a project's image (or, with `check`, only run a stage's steps); say how it went; return the facts.

    The image is the caller's: it carries no label of ours and stays. The facts: `ok`, `image`, `tags`,
    `size_bytes`, `base`, `base_size_bytes`, `base_is_stand_in`, `base_note`, `duration_s`.
    """
    project = Project.open(folder, build_args)
    stage = project.dockerfile.stage(target) if target else project.release
    if check and tags:
        raise UsageError(
            "--check keeps no image, so there is nothing to name with --tag; leave out one of them"
        )
    engine = Engine.connect()
    with _interruptible(), Run() as run:
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
            "size_bytes": engine.client.api.inspect_image(built.image_id)["Size"] if built.image_id else None,
            "base": base.reference,
            "base_size_bytes": base.size_bytes,
            "base_is_stand_in": base.stand_in,
            "base_note": base.note,
            "duration_s": round(built.duration_s, 3),
        }
    if not built.ok:
        for line in explain_failure(built, project.config.dockerfile):
            say(line)
    elif check:
        _show_last_step(built.steps, stage.label)
    else:
        say(
            f"built {built.image_id}, {size(facts['size_bytes'])}, on {base.reference}, in {duration(built.duration_s)}"
        )
    return facts


def _show_last_step(steps: Sequence[Any], stage: str) -> None:
    """Show what the last step of a stage printed: for a test stage, the tests' own words."""
    own = [step for step in steps if step.stage == stage.lower()]
    if not own:
        say(f"stage {stage}: done")
    elif own[-1].cached:
        say(f"stage {stage}: nothing changed since it last passed ({own[-1].instruction})")
    else:
        sys.stdout.write("\n".join(own[-1].log) + "\n")


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except BaseException:
        end_all()
        raise


def explanation(identifier: str | None) -> str:
    """Return what there is to know of one practice, or a line for each."""
    if identifier is None:
        return "\n".join(f"{each.id:<20}{each.title}" for each in every())
    practice = get(identifier)
    parts = [
        ("Why", practice.why),
        ("Proven by", practice.proven_by),
        ("Broken by", practice.broken_by),
        ("Mend", practice.mend),
    ]
    return f"{practice.title} ({practice.id})\n" + "".join(
        f"\n{name}\n{_indented(text)}\n" for name, text in parts
    )


def _indented(text: str) -> str:
    import textwrap  # noqa: PLC0415

    paragraphs = text.split("\n\n")
    shown = [
        textwrap.indent(each, "  ")
        if each.startswith("    ")
        else textwrap.fill(each, 88, initial_indent="  ", subsequent_indent="  ")
        for each in paragraphs
    ]
    return "\n\n".join(shown)


def examine() -> int:
    """Say what of the machine is ready and what mends the rest; 0 where all is well, else 3."""
    from hullproof.engine.install import doctor  # noqa: PLC0415

    findings = doctor()
    for finding in findings:
        say(f"{'ok     ' if finding.ok else 'problem'}  {finding.name}: {finding.statement}")
        if finding.remedy and not finding.ok:
            say(f"         {finding.remedy}")
    return 0 if all(finding.ok for finding in findings) else 3


def make_ready(*, assume_yes: bool) -> int:
    """Make sure that an engine answers, installing one where that may be done."""
    from hullproof.engine.install import ensure_engine  # noqa: PLC0415

    def ask(question: str) -> bool:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")

    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    engine = ensure_engine(may_install=True, assume_yes=assume_yes, say=say, ask=ask if terminal else None)
    info = engine.info()
    say(f"engine: {info.name} {info.version}, buildx {info.buildx_version}, {info.platform}")
    return 0


def clean_up() -> int:
    """Remove what killed runs left on the engine and in the temporary folder; say what it was."""
    removed = [f"scratch folder {name}" for name in sweep_folders()]
    removed += sweep(Engine.connect())
    for line in removed:
        say(f"removed {line}")
    say(f"removed {len(removed)} leftovers" if removed else "nothing was left behind")
    return 0
