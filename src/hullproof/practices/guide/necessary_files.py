"""The release holds what it runs, and nothing else.

Why: What a layer once held, it ships for ever: a later rm only hides it. Git history, test data, caches and
above all keys and passwords then travel to everyone who can pull the image.

Proven by: One pass over every layer that the Dockerfile adds: only installed packages and application files, no
version control data, tests, caches, wheels, environment files, keys or databases of a developer's. The configuration and
history hold no secret, and nothing is missing: the container starts and stays up, and what the project's own tests have
the application open and import is there, too.

Broken by: COPY . .; the whole folder copied from the test stage; .git or .env; pip's cache; a key copied in and
removed by a later layer; a secret in ENV, ARG or LABEL, or one of the build's that a step wrote to a file; a template, a data
file or a module that is not copied, although the application asks for it in its tests, which fail without it.

Fix: Copy by name what the application needs instead of the whole context, and hand secrets to the build with RUN
--mount=type=secret and to the container when it starts.
"""

from __future__ import annotations

from collections.abc import Mapping

from hullproof.dockerfile import Release, mentions_of_secrets
from hullproof.facts import Config, ContainerFacts, FileFacts, ImageFacts, NeededFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_container,
    in_dockerfile,
    in_experiment,
    in_image,
    listed,
    proven,
    unproven,
)
from hullproof.practices.library.leaving import DISCLOSED, to_leave, without_value
from hullproof.practices.library.linked import left_behind, to_install_whole
from hullproof.practices.library.logs import last_words, missed_file
from hullproof.practices.library.missing import to_bring, to_bring_module, to_leave_installed
from hullproof.practices.library.processes import waits_for_a_service
from hullproof.practices.library.unneeded import needless_in
from hullproof.secrets import (
    recorded_arguments,
    secret_in,
    secret_on_command_line,
    token_in_command,
    token_shape,
)


@check
def the_dockerfile_gives_no_secret_away(release: Release, project_texts: Mapping[str, str]) -> Observations:
    """No ENV, ARG, LABEL or command line holds one: the configuration and the history keep them. None is repeated here."""
    for mention in mentions_of_secrets(release.dockerfile, release.stage, release.build_args):
        what = mention.keyword if mention.name == mention.keyword else f"{mention.keyword} {mention.name}"
        seen = in_dockerfile(release.where(mention.line), f"{what}: {mention.why} (not shown)")
        fix = without_value(release, mention.line, mention.name, project_texts)
        yield broken(f"{what} gives a secret away: {mention.why}", seen, fix=fix)
    for step in release.chain:
        held = secret_on_command_line(step.shell_text) if step.keyword == "RUN" else None
        if held is not None:
            seen = in_dockerfile(release.where(step.line), f"RUN holds {held} (not shown)")
            yield broken(
                f"a command line gives a secret away, which the history keeps: {held}", seen, fix=DISCLOSED
            )


@check
def the_image_s_configuration_holds_no_secret(release: Release, image: ImageFacts) -> Observations:
    """Neither its environment, its labels nor its history, however a secret got there."""
    where = release.governing("ENV", "LABEL", "ARG")
    for place, pairs in (("config.Env", image.env), ("config.Labels", image.labels)):
        for name, value in pairs.items():
            shape = token_shape(value)
            if shape is not None:
                looks = f"{name}: its value ({len(value)} characters, not shown) looks like {shape}"
                yield broken(
                    f"{place} holds a secret in {name}",
                    in_dockerfile(where, "the last line that sets such values"),
                    in_image(place, looks),
                    fix=DISCLOSED,
                )
    for entry in image.history:
        named = [name for name, value in recorded_arguments(entry.created_by) if secret_in(name, value)]
        # What is started uses what it is told; a step may be told anything.
        stays = entry.created_by.startswith(("CMD", "ENTRYPOINT", "HEALTHCHECK", "ENV", "LABEL"))
        what = listed(named) or (token_shape if stays else token_in_command)(entry.created_by)
        if what and not entry.from_base:
            place = release.where(entry.line) if entry.line is not None else where
            seen = in_image(place, f"the history's entry of this step holds {what} (not shown)")
            yield broken(f"the image's history holds a secret: {what}", seen, fix=DISCLOSED)


@check
def every_layer_holds_only_what_runs(
    release: Release,
    image: ImageFacts,
    files: FileFacts,
    *,
    container: ContainerFacts | None,
    tests: Mapping[str, str],
    kept_secrets: Mapping[str, str],
    project_texts: Mapping[str, str],
) -> Observations:
    """Each path of each own layer is sorted; what one line adds of one kind is one fault."""
    found = needless_in(release, image, files, container, tests, kept_secrets=kept_secrets)
    every = frozenset(path for each in found for path in each.all)
    for each in found:
        hidden = [top for top, held in each.paths.items() if files.final.keys().isdisjoint(held)]
        still = " (deleted later, but still shipped)" if hidden else ""
        yield broken(
            f"{each.where} adds {_article(each.kind)} to the image: {listed(list(each.paths))}{still}",
            *(
                in_image(
                    each.where,
                    f"{each.kind}: {_counted(top, held)}{', hidden by a later layer' * (top in hidden)}",
                )
                for top, held in each.paths.items()
            ),
            fix=to_leave(
                release,
                image,
                each.layer,
                each.kind,
                each.paths,
                needless=every,
                project_texts=project_texts,
            ),
        )
    count = len(files.added_layers)
    yield proven(
        f"the {count} layers that the Dockerfile adds hold only installed packages and application files, and no secret"
    )


@check
def nothing_is_missing(
    release: Release,
    config: Config,
    image: ImageFacts,
    files: FileFacts | None,
    *,
    container: ContainerFacts,
    project_texts: Mapping[str, str],
) -> Observations:
    """The container starts and stays; the log of one that ends does not miss a file."""
    where = release.governing("CMD", "ENTRYPOINT")
    cannot_say = "whether something is missing is unknown"
    if not container.died:
        if config.stands_alone and waits_for_a_service(container, serves=bool(image.exposed)):
            reason = "the application waits for another service"
            yield unproven(f"{cannot_say}: {reason}; see default-command", in_container(where, reason))
        else:
            yield in_container(where, f"nothing is missing: {container.ready_by or 'the container stays'}")
        return
    missed = missed_file(container.log, " ".join(image.entrypoint + image.command))
    code = (
        container.start_error or f"it ended with exit code {container.exit_code}, {last_words(container.log)}"
    )
    if (linked := left_behind(files, container.log)) is not None:
        yield broken(
            f"the package {linked} was installed as a link to its sources, which the release does not have",
            in_container(where, f"expected the application to start; {code}"),
            fix=to_install_whole(release),
        )
    elif missed is not None:
        yield broken(
            f"the application needs a file that the release does not have: {missed}",
            in_container(where, f"expected the application to start; {code}"),
            fix=to_bring_module(release, files, container.log, project_texts)
            or to_leave_installed(release, container.log)
            or "Copy what is missing into the release, or install it there.",
        )
    else:
        reason = f"the container does not stay ({code})"
        yield unproven(f"{cannot_say}: {reason}; see default-command", in_container(where, code))


@check
def what_the_tests_ask_for_is_there(
    release: Release, files: FileFacts | None, needed: NeededFacts | None, container: ContainerFacts | None
) -> Observations:
    """What the application opens and imports when the project's tests run it, and what they fail without, is shipped."""
    if needed is None or files is None:
        return
    for each in needed.missing:
        line, fix = to_bring(release, files, each)
        names = listed(list(each.paths))
        # What importlib is asked for by name is opened as any file is.
        does = "imports" if each.imported or all(path.endswith(".py") for path in each.paths) else "opens"
        who = each.by or "the application, to answer a request,"
        tested = f", in {each.test}" if each.test else ""
        yield broken(
            f"the release lacks {names}, which {who} {does}, and without which the project's tests fail",
            in_dockerfile(
                release.where(line or release.line), f"expected {names} beside what is copied here"
            ),
            in_experiment(release.where(each.line), f"{who} {does} {names}{tested}"),
            in_experiment(release.where(each.line), f"without it: {each.said}"),
            fix=fix,
        )
    is_told = container is not None and container.died  # of what it lacked, or that nobody knows
    if needed.lines and not needed.missing and not is_told:
        where = release.where(needed.lines[0])
        yield in_experiment(
            where, "the tests were watched: the application needs nothing that the release lacks"
        )


def _counted(top: str, held: list[str]) -> str:
    return f"{top}, {len(held)} files" if len(held) > 1 else top


def _article(kind: str) -> str:
    if kind in ("tests", "version control data"):
        return kind
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
