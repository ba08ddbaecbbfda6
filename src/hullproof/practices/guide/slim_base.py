"""The release starts from a slim base and stays slim.

Why: A full Python image carries compilers, headers and hundreds of packages that the application never uses.
Each of them has to be pulled, stored and patched, and a compiler is a gift to whoever gets in.

Proven by: The base of the release stage, followed through build arguments and stages, is a slim, alpine or
distroless variant or is as small as one; and no layer of the release holds a compiler, a -dev package or
package lists. The size over the base is reported, and the whole is within max_size_mb where that is configured.

Broken by: python:3.11, python:latest or python without a tag; a slim base in the test stage only; gcc or
libpq-dev left in the release, even if a later layer deletes them, since the layer below still ships them;
/var/lib/apt/lists left behind.

Fix: Start the release from python:X-slim, compile in a stage of its own, and copy only what it installed;
delete package lists in the same RUN that fetched them (rm -rf /var/lib/apt/lists/*).

    FROM python:3.11 AS build
    COPY requirements.txt ./
    RUN python -m venv /venv && /venv/bin/pip install -r requirements.txt

    FROM python:3.11-slim
    ENV PATH=/venv/bin:$PATH
    COPY --from=build /venv /venv
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, listed, missing
from hullproof.practices.library.packages import brings_package, is_compiler, is_package_list, packages
from hullproof.practices.library.places import layer_place

if TYPE_CHECKING:
    from hullproof.dockerfile import ImageReference, Release
    from hullproof.facts import BaseFacts, Config, FileFacts, ImageFacts

COMPARABLY_SMALL = 200_000_000
"""python:3.13-slim unpacks to about 130 MB, debian:bookworm to 117 MB, the full python:3.13 to over 1 GB."""

_SMALL_TAG = re.compile(r"(?:^|-)(?:slim|alpine|distroless|minimal|micro)")
_SMALL_REPOSITORY = re.compile(
    r"distroless|chainguard|wolfi|(?:^|[/-])(?:alpine|slim|minimal|micro)(?:$|[/-])"
)
_JUDGED_BY_TAG = frozenset({"python", "pypy"})
_SMALL_AS_IT_IS = frozenset({"debian", "docker.io/debian", "library/debian", "docker.io/library/debian"})


def judge(
    *,
    config: Config,
    release: Release,
    base: BaseFacts | None,
    image: ImageFacts | None,
    files: FileFacts | None,
) -> Finding:
    """Judge the base by its name or size, then what the release's own layers add to it."""
    case = Case()
    named = release.base
    _judge_base(case, release, named, base, files)
    if not case.is_broken and image is None:
        missing("image")
    if not case.is_broken and files is None:
        missing("files")
    if files is not None:
        _judge_layers(case, release, files)
    if image is not None:
        _judge_size(case, release.where(release.line), config, image, base)
    return case.finding(
        f"the release starts from {named.reference} and adds no compiler, headers or package lists"
    )


def _judge_base(
    case: Case, release: Release, named: ImageReference, base: BaseFacts | None, files: FileFacts | None
) -> None:
    where, reference = release.where(named.line), named.reference
    repository, tag = split_reference(reference)
    written = f" (written {named.raw})" if named.raw != reference else ""
    size = base.size_bytes if base is not None and not base.stand_in else None
    compilers = sorted({path for path in files.base if is_compiler(path)}) if files is not None else []
    seen = Evidence("dockerfile", where, f"the release's base is {reference}{written}")
    if _is_small_by_name(repository, tag):
        case.show(seen)
    elif repository.rpartition("/")[2] in _JUDGED_BY_TAG and (tag or "@" not in reference):
        inside = f", which brings {listed(compilers)}" if compilers else ""
        case.broken(f"the release's base {reference} is not a slim variant{inside}", seen)
        return
    elif size is None:
        case.doubt(
            f"the release's base {reference} does not say that it is slim, and its size is not known", seen
        )
    elif size > COMPARABLY_SMALL:
        case.broken(
            f"the release's base {reference} is {megabytes(size)}, where a slim one is about 130 MB",
            Evidence("image", where, f"{reference}: expected a slim variant, got {megabytes(size)}"),
        )
    else:
        case.show(Evidence("image", where, f"the base {reference} is small: {megabytes(size)}"))
    if compilers:
        clause = f"the release's base {reference} brings a compiler: {listed(compilers)}"
        case.broken(clause, seen, *(Evidence("image", where, f"the base has {path}") for path in compilers))
    if not re.search(r"\d", tag) and "@" not in reference and reference != "scratch":
        case.show(
            Evidence("dockerfile", where, f"{reference} is a floating tag: what it is changes over time")
        )


def _judge_layers(case: Case, release: Release, files: FileFacts) -> None:
    """Look at every layer the Dockerfile adds: what a later one deletes is shipped all the same."""
    known = packages([layer for layer in files.layers if layer.from_base])
    for layer in files.added_layers:
        where = layer_place(release, files, layer)
        now = packages([layer])
        tools = sorted(package for package in now - known if brings_package(package))
        known |= now
        binaries = sorted(
            entry.path for entry in layer.entries if entry.kind != "directory" and is_compiler(entry.path)
        )
        lists = [
            entry.path for entry in layer.entries if entry.kind == "file" and is_package_list(entry.path)
        ]
        if tools or binaries:
            names = [*tools, *(path for path in binaries)]
            found = [Evidence("image", where, f"this layer installs {listed(tools, 8)}")] if tools else []
            found += [Evidence("image", where, f"this layer holds {path}") for path in binaries]
            case.broken(f"{where} leaves a compiler or -dev package in the release: {listed(names)}", *found)
        if lists:
            clause = f"{where} leaves package lists in the release: {lists[0]}"
            remedy = (
                "Delete the package lists in the same RUN that fetched them: rm -rf /var/lib/apt/lists/*."
            )
            found = [Evidence("image", where, f"this layer holds {path}") for path in lists]
            case.broken(clause, *found, remedy=remedy if not (tools or binaries) else None)


def _judge_size(case: Case, where: str, config: Config, image: ImageFacts, base: BaseFacts | None) -> None:
    over = ""
    if base is not None and base.size_bytes is not None:
        kind = "stand-in base" if base.stand_in else "base"
        over = f", {megabytes(image.size_bytes - base.size_bytes)} over its {kind}"
    case.show(Evidence("image", "config.Size", f"the release is {megabytes(image.size_bytes)}{over}"))
    if config.max_size_mb is not None and image.size_bytes > config.max_size_mb * 1_000_000:
        most = f"{config.max_size_mb:g} MB"
        case.broken(
            f"the release is {megabytes(image.size_bytes)}, and `max_size_mb` allows {most}",
            Evidence("image", where, f"expected at most {most}, got {megabytes(image.size_bytes)}{over}"),
            remedy="Make the release smaller, or raise `max_size_mb` in [tool.hullproof] if it grew for a reason.",
        )


def split_reference(reference: str) -> tuple[str, str]:
    """Split an image reference into repository and tag: `host:5000/python:3.11-slim@sha256:...`."""
    name = reference.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    repository, _, tag = tail.partition(":")
    return f"{head}{slash}{repository}".lower(), tag.lower()


def _is_small_by_name(repository: str, tag: str) -> bool:
    if repository == "scratch" or repository in _SMALL_AS_IT_IS or _SMALL_TAG.search(tag):
        return True
    return _SMALL_REPOSITORY.search(repository) is not None


def megabytes(size: int) -> str:
    """Say a size as people do."""
    return f"{size / 1_000_000:.0f} MB" if abs(size) >= 1_000_000 else f"{size / 1000:.0f} kB"  # noqa: PLR2004
