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

from hullproof.dockerfile import Release
from hullproof.facts import BaseFacts, Config, FileFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_dockerfile,
    in_image,
    listed,
    proven,
    unproven,
)
from hullproof.practices.library.compiling import to_go_without
from hullproof.practices.library.lines import followed_by, instead
from hullproof.practices.library.packages import brings_package, is_compiler, is_package_list, packages
from hullproof.practices.library.places import layer_place
from hullproof.text import size

COMPARABLY_SMALL = 200_000_000
"""python:3.13-slim unpacks to about 130 MB, debian:bookworm to 117 MB, the full python:3.13 to over 1 GB."""

_SMALL = re.compile(
    r"(?:^|.*/)(?:scratch|debian)(?::|@|$)|.*:(?:.*-)?(?:slim|alpine|distroless|minimal|micro)"
    r"|[^@]*(?:distroless|chainguard|wolfi)|(?:.*[/-])?(?:alpine|slim|minimal|micro)(?=[/:@-]|$)"
)
"""References that say that they are small, whatever registry they come from."""
_OFFICIAL = re.compile(r"(?:.*/)?(?:python|pypy)(?::[^@]*|$)")
"""The official image is judged by its tag: what stands in for it where no registry can be reached has another size."""


@check
def the_base_is_slim(release: Release, base: BaseFacts | None, files: FileFacts | None) -> Observations:
    """It says so in its name or is as small as one that does, and brings no compiler."""
    reference, raw, where = release.base.reference, release.base.raw, release.where(release.base.line)
    written = f" (written {raw})" if raw != reference else ""
    seen = in_dockerfile(where, f"the release's base is {reference}{written}")
    is_itself = files is not None and base is not None and not base.stand_in
    bytes_known = files.base_size_bytes if files is not None and is_itself else None
    compilers = sorted({path for path in files.base if is_compiler(path)}) if files is not None else []
    is_small = _SMALL.match(reference.lower()) is not None
    if not is_small and _OFFICIAL.match(reference.lower()):
        brings = f", which brings {listed(compilers)}" if compilers else ""
        fix = f"{_to_start_slim(release)} What has to be compiled is compiled in another stage."
        yield broken(f"the release's base {reference} is not a slim variant{brings}", seen, fix=fix)
        return
    if is_small:
        yield seen
    elif bytes_known is None:
        yield unproven(
            f"the release's base {reference} does not say that it is slim, and its size is not known", seen
        )
    elif bytes_known > COMPARABLY_SMALL:
        yield broken(
            f"the release's base {reference} is {size(bytes_known)}, where a slim one is about 130 MB",
            in_image(where, f"{reference}: expected a slim variant, got {size(bytes_known)}"),
            fix=f"Start the release at {where} from a smaller image, such as python:X-slim, and copy what it needs into it.",
        )
    else:
        yield in_image(where, f"the base {reference} is small: {size(bytes_known)}")
    if compilers:
        yield broken(
            f"the release's base {reference} brings a compiler: {listed(compilers)}",
            seen,
            *(in_image(where, f"the base has {path}") for path in compilers),
            fix=f"Start the release at {where} from an image without a compiler, and compile in a stage of its own.",
        )
    if _is_floating(reference):
        yield in_dockerfile(where, f"{reference} is a floating tag: what it is changes over time")


@check
def no_layer_holds_what_only_builds_need(release: Release, files: FileFacts) -> Observations:
    """What a later layer deletes is shipped all the same, so each layer that the Dockerfile adds is looked at."""
    installed = packages([layer for layer in files.layers if layer.from_base])
    for layer in files.added_layers:
        where, now = layer_place(release, files, layer), packages([layer])
        tools = sorted(package for package in now - installed if brings_package(package))
        installed |= now
        held = [entry.path for entry in layer.entries if entry.kind != "directory"]
        compilers = sorted(path for path in held if is_compiler(path))
        lists = [path for path in held if is_package_list(path)]
        if tools or compilers:
            yield broken(
                f"{where} leaves a compiler or -dev package in the release: {listed([*tools, *compilers])}",
                *([in_image(where, f"this layer installs {listed(tools, 8)}")] if tools else ()),
                *(in_image(where, f"this layer holds {path}") for path in compilers),
                fix=to_go_without(release, layer.line)
                or f"Compile in a stage of its own and copy only what it installed, or remove {listed(tools or compilers)} "
                f"in the same RUN that uses it ({where}): a later one leaves it in the layer below.",
            )
        if lists:
            yield broken(
                f"{where} leaves package lists in the release: {lists[0]}",
                *(in_image(where, f"this layer holds {path}") for path in lists),
                fix=_to_delete(release, layer.line, lists[0]),
            )
    yield proven(
        f"the release starts from {release.base.reference} and adds no compiler, headers or package lists"
    )


@check
def it_is_as_small_as_configured(
    config: Config, release: Release, files: FileFacts, base: BaseFacts | None
) -> Observations:
    """It is within `max_size_mb`, where that is set."""
    over = ""
    if base is not None and files.base_size_bytes is not None:
        kind = "stand-in base" if base.stand_in else "base"
        over = f", {size(files.size_bytes - files.base_size_bytes)} over its {kind}"
    yield in_image("layers", f"the release is {size(files.size_bytes)}{over}")
    if config.max_size_mb is not None and files.size_bytes > config.max_size_mb * 1_000_000:
        most = f"{config.max_size_mb:g} MB"
        yield broken(
            f"the release is {size(files.size_bytes)}, and `max_size_mb` allows {most}",
            in_image(
                release.where(release.line), f"expected at most {most}, got {size(files.size_bytes)}{over}"
            ),
            fix="Make the release smaller, or raise `max_size_mb` in [tool.hullproof] if it grew for a reason.",
        )


def _to_start_slim(release: Release) -> str:
    """Say how the FROM of the base names the slim variant: by the same variable, if it has one."""
    base, slim = release.base, _slim_variant(release.base.reference)
    stage = release.dockerfile.stages[base.stage_index]
    by_variable = "$" in base.raw and slim == f"{base.reference}-slim"
    image = f"{base.raw}-slim" if by_variable else slim
    platform = f"--platform={stage.platform} " if stage.platform else ""
    named = f" AS {stage.name}" if stage.name else ""
    shown = instead(release, base.line, f"FROM {platform}{image}{named}") if base.keyword == "FROM" else None
    return shown or f"Start the release from {slim} at {release.where(base.line)}."


def _slim_variant(reference: str) -> str:
    """Name the slim variant of an official image: `python:3.11-slim-bookworm` for `python:3.11-bookworm`."""
    folder, slash, image = reference.partition("@")[0].rpartition("/")
    name, _, tag = image.partition(":")
    name, (version, dash, release) = f"{folder}{slash}{name}", tag.partition("-")
    if version in ("", "latest"):
        return f"{name}:slim"
    return f"{name}:{version}-slim{dash}{release}" if re.match(r"\d", version) else f"{name}:slim-{tag}"


def _to_delete(release: Release, line: int | None, path: str) -> str:
    """Say how a step leaves no lists of its own package manager behind."""
    step = release.instruction_at(line)
    if "/apk/" in path:
        return "Let apk keep none: apk add --no-cache."
    manager = next((name for name in ("dnf", "yum") if f"/{name}" in path or f"lib{name}" in path), None)
    what = f"{manager} clean all" if manager else "rm -rf /var/lib/apt/lists/*"
    if path.endswith(".deb"):
        what = "apt-get clean"
    shown = instead(release, step.line, followed_by(step, what)) if step is not None else None
    return shown or f"Delete them in the same RUN that fetched them: {what}."


def _is_floating(reference: str) -> bool:
    """Whether its tag names no version, and no digest pins it."""
    tag = reference.rpartition("/")[2].partition(":")[2]
    return reference != "scratch" and "@" not in reference and not re.search(r"\d", tag)
