"""Experiment: every secret that the build takes carries a canary, and the image is searched for it."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.engine.build import build
from hullproof.engine.search import Found, search_archive, search_image
from hullproof.errors import DeadlineError, EngineError, Unobservable
from hullproof.lab.private import private
from hullproof.lab.rebuild import REBUILD_DEADLINE_S
from hullproof.lab.rebuilds import Leak, LeakFacts, Rebuilds
from hullproof.project import projectfiles
from hullproof.secrets import secret_name

if TYPE_CHECKING:
    from hullproof.lab.recipe import Recipe
    from hullproof.project.project import Project

_SHORTEST = 8
"""What has fewer characters is found in any image."""
_PASSWORD = re.compile(r"\bpassword\s+(\S+)|://[^/\s:@]*:([^/\s@]+)@")
"""A password in a line of a .netrc, or of an address: an installer writes it elsewhere without what stands around it."""
_NO_PROVENANCE = re.compile(r"not supported for the docker driver|not supported", re.IGNORECASE)


@dataclass(frozen=True)
class _Carrier:
    """An input of the build that is a secret: what it is called, and what is looked for in the image."""

    what: str
    line: int
    needles: tuple[str, ...]


def run(rebuilds: Rebuilds) -> LeakFacts:
    """Build the release with canaries, in steps of their own, and search all that comes of it."""
    project, folder = rebuilds.recipe.project, rebuilds.bench.folder("secrets")
    arguments: dict[str, str] = {}
    files: dict[str, Path] = {}
    carriers = [*_secrets(rebuilds.recipe, folder, files), *_arguments(project, arguments)]
    if not carriers:
        return LeakFacts()
    recipe = private(rebuilds.recipe, rebuilds.bench.folder("private"))
    recipe = replace(recipe, arguments={**recipe.arguments, **arguments}, secrets={**recipe.secrets, **files})
    built = rebuilds.by(recipe, "the build with canaries for secrets", output="image")
    names = tuple(each.what for each in carriers)
    if built.image_id is None:
        line = built.failed_line
        return LeakFacts(names, failed=built.error or "no reason was given", failed_line=line)
    needles = {each.what: tuple(form for text in each.needles for form in _forms(text)) for each in carriers}
    found = search_image(rebuilds.engine, built.image_id, needles)
    provenance = _in_provenance(rebuilds, recipe, needles)
    lines = {each.what: each.line for each in carriers}
    leaks = [
        Leak(each.name, lines[each.name], each.path or "the configuration and history") for each in found
    ]
    leaks += [
        Leak(each.name, lines[each.name], "the provenance")
        for each in sorted(provenance or (), key=str)
        if each.path is None and each not in found
    ]
    return LeakFacts(names, tuple(sorted(set(leaks), key=str)), has_provenance=provenance is not None)


def _in_provenance(
    rebuilds: Rebuilds, recipe: Recipe, needles: dict[str, tuple[bytes, ...]]
) -> frozenset[Found] | None:
    """Search what the builder attaches to the image; None where it attaches nothing."""
    output = rebuilds.bench.folder("provenance") / "image.tar"
    context = rebuilds.bench.copy("rebuild")
    request = replace(recipe.request(context, output=output), provenance=True)
    try:
        built = build(rebuilds.engine, request, deadline_s=REBUILD_DEADLINE_S)
    except DeadlineError as error:
        raise Unobservable(f"the build with provenance: {error}") from error
    except EngineError as error:  # it began with no step: the builder does not make one
        if _NO_PROVENANCE.search(str(error)):
            return None
        raise
    if not built.ok:
        said = " ".join((built.error or "", *built.output))
        if _NO_PROVENANCE.search(said):
            return None
        raise Unobservable(f"the build with provenance failed: {built.error}")
    with output.open("rb") as file:
        return search_archive(file, needles)


def _secrets(recipe: Recipe, folder: Path, files: dict[str, Path]) -> Iterator[_Carrier]:
    """Give a canary to each secret that a step takes; one of the project's own settings is looked for as it is."""
    project, seen = recipe.project, set[str]()
    for stage in project.needed_stages:
        for each in stage.instructions:
            for mount in each.mounts if each.keyword == "RUN" else ():
                target = (mount.target or "").rpartition("/")[2]
                name = mount.options.get("id", target)
                if mount.type != "secret" or not name or name in seen:
                    continue
                seen.add(name)
                canary, path = _canary(), folder / f"secret-{len(seen)}"
                if name in project.config.secrets:
                    needles = looked_for(
                        projectfiles.read_regular(recipe.secrets[name], projectfiles.LARGEST)
                    )
                elif (
                    name in recipe.secrets
                ):  # the host's own, which the step needs: with a comment at its end
                    path.write_bytes(recipe.secrets[name].read_bytes() + f"\n# {canary}\n".encode())
                    files[name], needles = path, (canary,)
                else:
                    path.write_text(canary)
                    files[name], needles = path, (canary,)
                if needles:
                    yield _Carrier(f"the secret {name}", each.line, needles)


def _arguments(project: Project, arguments: dict[str, str]) -> Iterator[_Carrier]:
    """Give a canary to each argument that is a secret by its name; one that is configured is looked for as it is."""
    seen = set[str]()
    every = [
        *project.dockerfile.global_args,
        *(i for stage in project.needed_stages for i in stage.instructions),
    ]
    for each in every:
        for name, _ in each.pairs if each.keyword == "ARG" else ():
            if name in seen or not secret_name(name):
                continue
            seen.add(name)
            given = project.build_args.get(name)
            if given is None:
                arguments[name] = _canary()
            value = given if given is not None else arguments[name]
            if len(value) >= _SHORTEST:
                yield _Carrier(f"the argument {name}", each.line, (value,))


def looked_for(content: bytes) -> tuple[str, ...]:
    """List what of a secret file is looked for: its lines, the values of its settings, and passwords within them."""
    text = content.decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if not line.lstrip().startswith(("#", ";", "["))]
    values = [line.partition("=")[2].strip(" \"'") if "=" in line else line for line in lines]
    values += [password for line in lines for pair in _PASSWORD.findall(line) for password in pair]
    return tuple(each for each in dict.fromkeys(values) if len(each) >= _SHORTEST)


def _canary() -> str:
    return f"hullproof-canary-{secrets.token_hex(12)}"


def _forms(text: str) -> Iterator[bytes]:
    """Yield the forms in which a value may stand: as it is, in hexadecimal, in base64 at each of its three offsets."""
    raw = text.encode()
    yield raw
    yield raw.hex().encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw)
        yield encoded[4 if offset else 0 : -4]  # without what belongs to its neighbours, too
