r"""Installed packages carry fresh bytecode.

Why: Where a module has no bytecode, or bytecode of another time than its source's, Python compiles it at each start: the
running user may not write beside it, and what it writes is gone with the container. That is a second or more of one CPU
for a hundred modules, whenever a container starts.

Proven by: Each installed module has a `.pyc` whose head fits its source, by the times and sizes in the layers: the
same time and size, or a hash. An image that wants none (PYTHONDONTWRITEBYTECODE, and none installed) says so.

Broken by: Times that changed after the compiling: a build with rewrite-timestamp=true, cp -r without -p; sources that
were edited once they were installed; installers that compile nothing (uv, pip --no-compile) where nobody does it after
them.

Fix: Compile by hash, which no change of times makes stale, where the packages are installed.

    RUN pip install --no-cache-dir -r requirements.txt && \
        python -m compileall -q -f --invalidation-mode unchecked-hash /usr/local/lib/python3.13

uv compiles with UV_COMPILE_BYTECODE=1, and pip by hash where it sees SOURCE_DATE_EPOCH (RUN SOURCE_DATE_EPOCH=0
pip install). An image that wants no bytecode says so: ENV PYTHONDONTWRITEBYTECODE=1, and an installer that writes none.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hullproof.dockerfile import Release
from hullproof.facts import BaseFacts, FileEntry, FileFacts, ImageFacts, Layer
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_image,
    not_applicable,
    proven,
    unproven,
)
from hullproof.practices.library.lines import add, instead, text_of
from hullproof.practices.library.places import layer_place
from hullproof.practices.library.stages import made_at

PROFILES = ("production", "kubernetes", "openshift", "release")

_INSTALLED = re.compile(r"(?P<folder>.*?/(?:python(?P<version>3\.\d+)/)?(?:site|dist)-packages)/.+\.py")
_TAG = re.compile(r"\.(?P<tag>[\w-]+)\.pyc")
_FEW = 0.05
"""So many of a hundred modules may have none: templates and code for other versions do not compile."""
_SHOWN = 3


@dataclass(frozen=True)
class _Module:
    """An installed source, where it stands, and its bytecode for the Python whose folder it lies in."""

    source: FileEntry
    layer: Layer
    folder: str
    compiled: FileEntry | None

    @property
    def is_stale(self) -> bool:
        """Whether Python finds bytecode and does not take it."""
        return self.compiled is not None and not (
            self.compiled.bytecode is not None and self.compiled.bytecode.is_of(self.source)
        )


@check
def installed_modules_have_it(
    release: Release, base: BaseFacts | None, image: ImageFacts, files: FileFacts
) -> Observations:
    """The heads of the `.pyc` files fit the sources beside them, by the tar of the layers."""
    modules = list(_modules(files))
    wants_none = bool(image.env.get("PYTHONDONTWRITEBYTECODE"))
    stale = [each for each in modules if each.is_stale]
    missing = [each for each in modules if each.compiled is None]
    seen = in_image(
        "layers",
        f"{len(modules)} installed modules: {len(modules) - len(stale) - len(missing)} with bytecode that fits, "
        f"{len(stale)} with stale, {len(missing)} without",
    )
    if not modules:
        yield not_applicable("the Dockerfile installs no Python packages")
    elif prefix := image.env.get("PYTHONPYCACHEPREFIX"):
        yield unproven(f"bytecode is looked for below {prefix} (PYTHONPYCACHEPREFIX), which is not followed")
    elif wants_none and len(missing) == len(modules):
        yield proven(
            "the image wants no bytecode: PYTHONDONTWRITEBYTECODE is set and none is installed", seen
        )
    elif base is None and (stale or len(missing) > _FEW * len(modules)):
        yield unproven(
            f"{len(stale) + len(missing)} of {len(modules)} installed modules have no bytecode that fits, and whether they are "
            "its base's is not known",
            seen,
        )
    elif stale:
        where = layer_place(release, files, stale[0].layer)
        yield broken(
            f"the bytecode of {len(stale)} of {len(modules)} installed modules is stale{_because(stale)}, so that each "
            f"start compiles them anew",
            *(in_image(where, _stamps(each)) for each in stale[:_SHOWN]),
            seen,
            fix=_compile(release, stale),
        )
    elif len(missing) > _FEW * len(modules):
        where = layer_place(release, files, missing[0].layer)
        yield broken(
            f"{len(missing)} of {len(modules)} installed modules have no bytecode, so that each start compiles them",
            *(in_image(where, f"{each.source.path} has no .pyc beside it") for each in missing[:_SHOWN]),
            seen,
            fix=_compile(release, missing),
        )
    else:
        yield proven(
            f"{len(modules) - len(missing)} installed modules have bytecode that fits their sources", seen
        )


def _modules(files: FileFacts) -> Iterator[_Module]:
    """Go through the sources of packages that own layers install, as they are in the end."""
    compiled = _compiled(files.final)
    for layer in files.added_layers:
        for entry in layer.entries:
            found = _INSTALLED.fullmatch(entry.path) if entry.kind == "file" and entry.size else None
            if found is not None and files.final.get(entry.path) is entry:
                there = compiled.get(entry.path, {})
                version = found["version"]
                tag = f"cpython-{version.replace('.', '')}" if version else None
                pyc = there.get(tag) if tag else next(iter(there.values()), None)
                yield _Module(entry, layer, found["folder"], pyc)


def _compiled(final: Mapping[str, FileEntry]) -> dict[str, dict[str, FileEntry]]:
    """List bytecode by the source that it stands for and by the tag in its name."""
    found: dict[str, dict[str, FileEntry]] = {}
    for path, entry in final.items():
        folder, _, name = path.rpartition("/")
        tag = _TAG.search(name) if folder.endswith("/__pycache__") else None
        if tag is not None and tag.end() == len(name):
            source = posixpath.join(posixpath.dirname(folder), f"{name[: tag.start()]}.py")
            found.setdefault(source, {})[tag["tag"]] = entry
    return found


def _because(stale: list[_Module]) -> str:
    """Say what made it so, where the times tell."""
    if any(
        each.compiled.bytecode.size != each.source.size
        for each in stale
        if each.compiled and each.compiled.bytecode
    ):
        return ""
    if len(stale) > 1 and len({each.source.mtime for each in stale}) == 1:
        return ": all sources bear one time, as rewrite-timestamp makes it, and the bytecode another"
    return ": the sources' times were changed after it was compiled"


def _stamps(module: _Module) -> str:
    head = module.compiled.bytecode if module.compiled else None
    if head is None:
        return f"{module.source.path} has a .pyc that is none"
    return (
        f"{module.source.path}: its .pyc was made of a source of {head.size} bytes with the time {head.mtime}, "
        f"the layer has one of {module.source.size} bytes with {module.source.mtime}"
    )


def _compile(release: Release, modules: list[_Module]) -> str:
    """Say where to compile: where the packages are installed, which is another stage where they are copied as they lie."""
    first, folder = modules[0], modules[0].folder
    # Without -f, compileall passes over bytecode whose time stamp fits during the build.
    command = f"python -m compileall -q -f --invalidation-mode unchecked-hash {folder}"
    line = first.layer.line or release.line
    copy = release.instruction_at(line)
    if copy is not None and copy.flag("from") and copy.args[-1].rstrip("/") in copy.sources:
        line = made_at(release, line, first.source.path)
    step = release.instruction_at(line)
    text = text_of(step) if step is not None and step.keyword == "RUN" and not step.json else None
    shown = instead(release, line, f"{text} && {command}") if text else None
    return (
        shown
        or add(release, "after", line, f"RUN {command}")
        or f"Run {command} after {release.where(line)}."
    )
