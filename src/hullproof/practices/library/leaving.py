"""Saying how a step leaves behind what it brings into the release without need, line by line where that is plain."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from hullproof.dockerfile.shell import commands
from hullproof.practices.library.lines import (
    add,
    in_a_row,
    instead,
    joined,
    remove,
    rewrite,
    text_of,
    without_pairs,
)
from hullproof.practices.library.mounting import to_mount
from hullproof.practices.library.own import Row, with_os
from hullproof.practices.library.places import is_installed, normal
from hullproof.secrets import secret_in, token_shape

if TYPE_CHECKING:
    from hullproof.dockerfile import Instruction, Release
    from hullproof.facts import ImageFacts, Layer

_MOST = 6
_SET = re.compile(
    r"(?P<set>\s*(?P<name>\w+)(?:\s*:\s*str)?\s*=\s*)(?P<quote>[\"'])(?P<value>[^\"']+)(?P=quote)\s*$"
)
_PACKAGING = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
_GLOB = re.compile(r"[*?\[]")
_CACHE_DIR = re.compile(r" --cache-dir(?:=| )\S+")
_UNCACHED = (
    (re.compile(r"(?<!uv )\b(pip3? install)\b(?! --no-cache-dir)"), r"\1 --no-cache-dir"),
    (re.compile(r"\b(uv (?:pip install|sync|pip sync))\b(?! --no-cache)"), r"\1 --no-cache"),
    (re.compile(r"\b(poetry install)\b(?! --no-cache)"), r"\1 --no-cache"),
)

DISCLOSED = (
    "Take the secret out, and replace it: everyone who can pull the image knows it. Hand it to the build with RUN "
    "--mount=type=secret, and to the container when it starts."
)
KEPT = "file that holds the build's secret"
"""The kind of a file that a step wrote what it was handed in confidence to; the secret's name comes behind it."""
_KEPT = (
    "Use the secret where it is mounted, in the RUN that needs it, and write it to no file; replace it: everyone who can pull "
    "the image knows it. What the container needs it gets when it starts."
)
_FIXES = {
    "private key": DISCLOSED,
    "key store": DISCLOSED,
    "credentials file": DISCLOSED,
    "environment file": "Keep environment files out with .dockerignore (**/.env*), and pass the values when the container starts.",
    "cache": "Keep the cache outside the image with RUN --mount=type=cache, or delete it in the RUN that filled it.",
    "pip cache": "Install with --no-cache-dir, or keep the cache outside: RUN --mount=type=cache,target=/root/.cache/pip.",
    "uv cache": "Install with uv's --no-cache, or keep the cache outside: RUN --mount=type=cache,target=/root/.cache/uv.",
    "poetry cache": "Install with poetry's --no-cache, or keep the cache outside: RUN --mount=type=cache,target=/root/.cache/pypoetry.",
    **dict.fromkeys(
        ("database", "database dump"),
        "Leave it out with .dockerignore, and mount what the container is to keep: everyone who can pull the image has the data.",
    ),
    "wheel": "Install wheels from a bind mount (RUN --mount=type=bind,from=build ...), so that they stay behind.",
}


def to_leave(
    release: Release,
    image: ImageFacts,
    layer: Layer,
    kind: str,
    paths: Mapping[str, Collection[str]],
    *,
    needless: Collection[str],
    project_texts: Mapping[str, str],
) -> str | None:
    """Say how the step that made a layer brings only the rest of it: the lines to write first, where they are plain.

    `paths` are those of the kind, by what they are named by; `needless` all that no release needs, of whatever kind. A
    secret has to be replaced besides.
    """
    step, held = release.instruction_at(layer.line), [path for every in paths.values() for path in every]
    is_code = step is not None and bool(step.sources) and all(path.endswith(".py") for path in held)
    if kind == "tests" and all(map(is_installed, held)):
        lines = _uninstalled(paths, project_texts)
    else:
        lines = _in_the_code(layer, held, project_texts)
    if lines is None and not (is_code and kind.startswith("file that holds")):
        # The code is needed without what it holds.
        lines = _rewritten(release, image, layer, kind, needless)
    is_disclosed = "secret" in kind or "value" in kind or kind.startswith("file that holds")
    if kind.startswith(KEPT):
        fix: str | None = _KEPT
    else:
        fix = DISCLOSED if is_disclosed else _FIXES.get(kind)
    return f"{lines} {fix}" if lines and fix in (DISCLOSED, _KEPT) else lines or fix


def _rewritten(
    release: Release, image: ImageFacts, layer: Layer, kind: str, needless: Collection[str]
) -> str | None:
    step = release.instruction_at(layer.line)
    if step is None:
        return None
    text, source = text_of(step), release.dockerfile.find(step.flag("from") or "")
    if kind == "bytecode cache" and source is not None:
        return add(release, "after", source.line, "ENV PYTHONDONTWRITEBYTECODE=1")
    shown = (
        _uncached(release, step, text) if text and step.keyword == "RUN" and kind.endswith("cache") else None
    )
    held = {each.path for each in layer.entries if each.kind != "directory"}
    if shown is None and held <= set(needless):
        goal = normal(posixpath.join(image.workdir or "/", step.args[-1])) if step.sources else ""
        return _gone(release, step, held, goal) or _mounted(release, step, held, goal)
    return shown or (
        _copied(release, image, step, layer, needless) if text and step.sources and not step.json else None
    )


def _in_the_code(layer: Layer, held: Collection[str], project_texts: Mapping[str, str]) -> str | None:
    """Say how the one line of the project's own that sets a secret reads it from the environment."""
    texts = {layer.texts.get(path) for path in held}
    found = [
        (Row(path, number, text, whole), match)
        for path, whole in project_texts.items()
        if whole in texts and path.endswith(".py")
        for number, text in enumerate(whole.splitlines(), 1)
        if (match := _SET.match(text))
        and (secret_in(match["name"], match["value"]) or token_shape(match["value"]))
    ]
    if len(found) != 1 or len(held) != 1:
        return None
    row, match = found[0]
    return with_os(row, f'{match["set"]}os.environ.get("{match["name"].upper()}", "")')


def _uninstalled(paths: Mapping[str, Collection[str]], project_texts: Mapping[str, str]) -> str | None:
    """Say how the one line that lists the packages of the project leaves that of its tests out."""
    names = {posixpath.basename(path) for path in paths}
    found = [
        (path, number, text)
        for path, whole in project_texts.items()
        if posixpath.basename(path) in _PACKAGING
        for number, text in enumerate(whole.splitlines(), 1)
        if re.search(r"\bpackages\b", text)
    ]
    if len(found) != 1 or len(names) != 1:
        return None
    (path, number, text), name = found[0], names.pop()
    meant = re.sub(rf", [\"']{re.escape(name)}[\"']|[\"']{re.escape(name)}[\"'], ", "", text)
    return rewrite(path, number, meant) if meant != text else None


def without_value(release: Release, line: int, name: str, project_texts: Mapping[str, str]) -> str:
    """Say how an ENV, ARG or LABEL loses the variable that gives a secret away, and what else there is to do."""
    step = release.instruction_at(line)
    if step is None or not step.pairs or name not in dict(step.pairs):
        return DISCLOSED
    if step.keyword == "ARG" and (mounted := to_mount(release, name, project_texts)) is not None:
        return f"{mounted} {DISCLOSED}"
    out = without_pairs(release, step, {name})
    return f"{out} {DISCLOSED}" if out else DISCLOSED


def _uncached(release: Release, step: Instruction, text: str) -> str | None:
    """Write the step so that its installer keeps nothing."""
    meant = _CACHE_DIR.sub("", text)
    for pattern, replacement in _UNCACHED:
        meant = pattern.sub(replacement, meant)
    return instead(release, step.line, meant) if meant != text else None


def _copied(
    release: Release, image: ImageFacts, step: Instruction, layer: Layer, needless: Collection[str]
) -> str | None:
    """Write a COPY as one of what is needed, name by name; the line goes where nothing of it is."""
    goal = normal(posixpath.join(image.workdir or "/", step.args[-1]))
    held = [each.path for each in layer.entries if each.kind != "directory"]
    kept = [path for path in held if path not in needless]
    if len(step.sources) != 1 or not all(path.startswith(f"{goal}/".replace("//", "/")) for path in held):
        return None
    names = {path: posixpath.relpath(path, goal) for path in held}
    tops = dict.fromkeys(names[path].partition("/")[0] for path in kept)
    if any(names[path].partition("/")[0] in tops for path in held if path in needless):
        return None  # it lies among what is needed: no COPY by name leaves it out
    folders = {name.partition("/")[0] for name in names.values() if "/" in name}
    return _by_name(
        release, step, [top for top in tops if top not in folders], [top for top in tops if top in folders]
    )


def _gone(release: Release, step: Instruction, held: Collection[str], goal: str) -> str | None:
    """Say that a step goes, and with it what only deletes again what it brought; None where a later step uses that."""
    later = _using(release, step, held, goal)
    if any(command.program != "rm" for each in later for command in commands(each).commands):
        return None
    return joined(*(remove(release, each.line) for each in (step, *later)))


def _mounted(release: Release, step: Instruction, held: Collection[str], goal: str) -> str | None:
    """Say how the one later RUN that uses what a COPY brings has it mounted, and deletes nothing of it; None where that is not plain."""
    later = _using(release, step, held, goal)
    every = in_a_row(later[0]) if len(later) == 1 else None
    if every is None or step.json or len(step.sources) != 1 or _GLOB.search(step.sources[0]):
        return None
    target = next(iter(held)) if len(held) == 1 and goal not in held and step.args[-1].endswith("/") else goal
    if not all(f"{path}/".startswith(f"{target}/") for path in held):
        return None
    names = _names(release, step, held, goal)
    kept = [each for each in every if not _deletes(each, target, names)]
    source = f"from={step.flag('from')}," if step.flag("from") else ""
    mount = f"--mount=type=bind,{source}source={step.sources[0]},target={target}"
    whole = " ".join(["RUN", mount, *later[0].flags, " && ".join(kept)])
    return joined(remove(release, step.line), instead(release, later[0].line, whole))


def _using(release: Release, step: Instruction, held: Collection[str], goal: str) -> list[Instruction]:
    """List the later RUNs that name what a step brings."""
    names = _names(release, step, held, goal)
    return [
        each
        for each in release.chain
        if each.keyword == "RUN" and each.line > step.line and any(name in each.shell_text for name in names)
    ]


def _deletes(command: str, target: str, names: Collection[str]) -> bool:
    """Whether a command deletes what lies at a place, or has one of these names: what is mounted there cannot be."""
    program, *words = command.split()
    return program == "rm" and (
        target in command or any(posixpath.basename(each.rstrip("/")) in names for each in words)
    )


def _names(release: Release, step: Instruction, held: Collection[str], goal: str) -> set[str]:
    """Name what a step brings, by its own words and by the place that it brings it to."""
    workdir = release.contract.workdir
    # What lies in the working directory is called by its own name, and the directory's is in many a command.
    place = () if workdir is not None and normal(workdir.path) == goal else (goal,)
    words = (*step.sources, *place) if step.sources else held
    return {posixpath.basename(each.rstrip("/")) for each in words} - {"", ".", "*"}


def _by_name(release: Release, step: Instruction, files: list[str], folders: list[str]) -> str | None:
    source, goal = step.sources[0], step.args[-1]
    home = posixpath.dirname(source) if _GLOB.search(source) else source
    into = goal if goal.endswith("/") else f"{goal}/"
    named = [posixpath.normpath(posixpath.join(home, each)) for each in files]
    lines = [["COPY", *step.flags, *named, into]] if named else []
    for each in folders:
        path = posixpath.normpath(posixpath.join(home, each))
        lines.append(["COPY", *step.flags, f"{path}/", f"{posixpath.normpath(posixpath.join(goal, each))}/"])
    if len(lines) > _MOST or any(" " in word for words in lines for word in words):
        return None
    texts = [" ".join(words) for words in lines]
    return joined(
        instead(release, step.line, texts[0]), *(add(release, "after", step.line, text) for text in texts[1:])
    )
