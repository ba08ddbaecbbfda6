"""The release holds what it runs, and nothing else.

Why: What a layer once held, it ships for ever: a later rm only hides it. Git history, test data, caches and
above all keys and passwords then travel to everyone who can pull the image.

Proven by: One pass over every layer that the Dockerfile adds: only installed packages and application files, no
version control data, tests, caches, wheels, package lists, environment files or keys. The configuration and
history hold no secret, and nothing is missing: the container starts and stays up.

Broken by: COPY . .; the whole folder copied from the test stage; .git or .env; pip's cache; a key copied in and
removed by a later layer; a secret in ENV, ARG or LABEL.

Fix: Copy by name what the application needs (COPY app/ app/), install with --no-cache-dir, and hand secrets to
the build with RUN --mount=type=secret and to the container when it is started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.dockerfile import mentions_of_secrets, secret_in, test_commands, token_shape
from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, listed, missing
from hullproof.practices.library.disclosed import recorded_arguments, secret_in_file, secret_on_command_line
from hullproof.practices.library.logs import last_words, missed_file
from hullproof.practices.library.places import copies_context, layer_place
from hullproof.practices.library.processes import waits_for_a_service
from hullproof.practices.library.unneeded import clutter_of, package_sites, unused_environments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Instruction, Release
    from hullproof.facts import Config, ContainerFacts, FileFacts, ImageFacts

_REMEDIES = {
    "private key": "A key that was ever in a layer is known to everyone who can pull the image: replace it, and use RUN --mount=type=secret.",
    "environment file": "Keep environment files out with .dockerignore (**/.env*), and pass the values when the container starts.",
    "credentials file": "What it holds is known to everyone who can pull the image: replace it, and use RUN --mount=type=secret.",
    "package list": "Delete lists and archives in the RUN that fetched them: apt-get clean && rm -rf /var/lib/apt/lists/*.",
    "cache": "Install with --no-cache-dir, or keep the cache outside with RUN --mount=type=cache.",
    "wheel": "Install wheels from a bind mount (RUN --mount=type=bind,from=build ...), so that they stay behind.",
}
_DISCLOSED = (
    "Take the secret out, and replace it: everyone who can pull the image knows it. Hand it to the build with RUN "
    "--mount=type=secret, and to the container when it starts."
)


def judge(
    *,
    config: Config,
    release: Release,
    image: ImageFacts | None,
    files: FileFacts | None,
    container: ContainerFacts | None,
    tests: Mapping[str, str],
) -> Finding:
    """Go through the text, the configuration and every layer; ask the container whether anything is missing."""
    case = Case()
    _judge_text(case, release)
    _judge_command_lines(case, release)
    if image is not None:
        _judge_config(case, release, release.governing("ENV", "LABEL", "ARG"), image)
    if files is not None and image is not None:
        _judge_layers(case, release, files, image, container, tests)
    if not case.is_broken:
        if image is None or files is None:
            missing("files" if files is None else "image")
        if container is None:
            missing("container")
        where = release.governing("CMD", "ENTRYPOINT")
        _judge_missing(case, where, image, container, alone=config.stands_alone)
    count = len(files.added_layers) if files is not None else 0
    return case.finding(
        f"the {count} layers that the Dockerfile adds hold only installed packages and application files, and no secret"
    )


def _judge_text(case: Case, release: Release) -> None:
    """Judge what the Dockerfile itself gives away. Values are never repeated."""
    for mention in mentions_of_secrets(release.dockerfile, release.stage, release.build_args):
        what = mention.keyword if mention.name == mention.keyword else f"{mention.keyword} {mention.name}"
        seen = Evidence("dockerfile", release.where(mention.line), f"{what}: {mention.why} (not shown)")
        case.broken(f"{what} gives a secret away: {mention.why}", seen, remedy=_DISCLOSED)


def _judge_command_lines(case: Case, release: Release) -> None:
    """Judge what stands on command lines, which the history keeps word for word."""
    for instruction in release.chain:
        what = secret_on_command_line(instruction.shell_text) if instruction.keyword == "RUN" else None
        if what is not None:
            seen = Evidence("dockerfile", release.where(instruction.line), f"RUN holds {what} (not shown)")
            case.broken(
                f"a command line gives a secret away, which the history keeps: {what}",
                seen,
                remedy=_DISCLOSED,
            )


def _judge_config(case: Case, release: Release, where: str, image: ImageFacts) -> None:
    """Judge what the finished configuration holds: tokens by their shape wherever they came from, own names."""
    for place, pairs in (("config.Env", image.env), ("config.Labels", image.labels)):
        for name, value in pairs.items():
            why = token_shape(value)
            if why is not None:
                seen = Evidence(
                    "image", place, f"{name}: its value ({len(value)} characters, not shown) looks like {why}"
                )
                case.broken(
                    f"{place} holds a secret in {name}",
                    Evidence("dockerfile", where, "the last line that sets such values"),
                    seen,
                    remedy=_DISCLOSED,
                )
    for entry in image.history:
        shape = None if entry.from_base else token_shape(entry.created_by)
        noted = [] if entry.from_base else recorded_arguments(entry.created_by)
        named = [name for name, value in noted if secret_in(name, value)]
        if shape is not None or named:
            what = listed(named) or str(shape)
            place = release.where(entry.line) if entry.line is not None else where
            seen = Evidence("image", place, f"the history's entry of this step holds {what} (not shown)")
            case.broken(f"the image's history holds a secret: {what}", seen, remedy=_DISCLOSED)


def _judge_layers(  # noqa: PLR0917 - all that is known of a file
    case: Case,
    release: Release,
    files: FileFacts,
    image: ImageFacts,
    container: ContainerFacts | None,
    tests: Mapping[str, str],
) -> None:
    """Sort every path of every own layer; group what is found by line and kind, so that one COPY is one fault.

    A path counts where it comes in: a later `chown -R` writes all of it again. The project's own tests, by what they
    hold, count wherever they are: a package may be installed with its tests.
    """
    groups: dict[tuple[str, str], dict[str, int]] = {}
    environments = unused_environments(files, image, container)
    workdir = image.workdir or "/"
    sites = package_sites(files, workdir)
    told: set[str] = set()
    for layer in files.added_layers:
        step = release.instruction_at(layer.line)
        from_context = copies_context(step)
        copied = from_context or _copies_used_stage(release, step)
        unused = environments if from_context else frozenset[str]()
        for entry in layer.entries:
            if entry.path in told:
                continue
            kind_and_top = clutter_of(entry, workdir, unused, copied=copied, sites=sites)
            if kind_and_top is None and entry.sha256 in tests:
                kind_and_top = ("tests", entry.path)
            if kind_and_top is None and (text := layer.texts.get(entry.path)):
                held = secret_in_file(entry.path, text)
                kind_and_top = (f"file that holds {held}", entry.path) if held else None
            if kind_and_top is not None:
                told.add(entry.path)
                kind, top = kind_and_top
                paths = groups.setdefault((layer_place(release, files, layer), kind), {})
                paths[top] = paths.get(top, 0) + 1
    for (where, kind), paths in groups.items():
        hidden = [path for path in paths if path not in files.final]
        still = " (deleted later, and shipped all the same)" if hidden else ""
        case.broken(
            f"{where} brings {_article(kind)} into the release: {listed(list(paths))}{still}",
            *(
                Evidence("image", where, _counted(kind, path, count, path in hidden))
                for path, count in paths.items()
            ),
            remedy=_DISCLOSED if kind.startswith("file that holds") else _REMEDIES.get(kind),
        )


def _copies_used_stage(release: Release, step: Instruction | None) -> bool:
    """Whether a step copies from a stage that ran the application's tests, and so left bytecode behind."""
    name = step.flag("from") if step is not None and step.keyword in {"COPY", "ADD"} else None
    source = release.dockerfile.find(name) if name is not None else None
    return source is not None and any(test_commands(each) for each in source.instructions)


def _counted(kind: str, path: str, count: int, hidden: bool) -> str:  # noqa: FBT001 - part of the statement
    many = f", {count} files" if count > 1 else ""
    return f"{kind}: {path}{many}{', hidden by a later layer' if hidden else ''}"


def _article(kind: str) -> str:
    if kind in ("tests", "version control data"):
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _judge_missing(
    case: Case, where: str, image: ImageFacts, container: ContainerFacts, *, alone: bool
) -> None:
    """Nothing too much is one half; the other is that nothing is missing, which a container that lives shows."""
    if alone and waits_for_a_service(container, serves=bool(image.exposed)):
        told = "whether something is missing cannot be told: the application waits for another service"
        case.doubt(f"{told}; see default-command", Evidence("container", where, told))
        return
    if not container.died:
        case.show(
            Evidence("container", where, f"nothing is missing: {container.ready_by or 'the container stays'}")
        )
        return
    missed = missed_file(container.log, " ".join(image.entrypoint + image.command))
    code = (
        container.start_error or f"it ended with exit code {container.exit_code}, {last_words(container.log)}"
    )
    if missed is not None:
        case.broken(
            f"the application needs a file that the release does not have: {missed}",
            Evidence("container", where, f"expected the application to start; {code}"),
            remedy="Copy what is missing into the release, or install it there.",
        )
    else:
        case.doubt(
            f"whether something is missing cannot be told: the container does not stay ({code}); see default-command",
            Evidence("container", where, code),
        )
