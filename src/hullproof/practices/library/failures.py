"""Why a container does not start, or does not stay: the cause as log, files and sources tell it, and its fix."""

from __future__ import annotations

import difflib
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.practices.library.access import READ, RUN, WRITE, Barrier, barrier
from hullproof.practices.library.accounts import Account, account_of, chown_at, run_time_groups
from hullproof.practices.library.allowing import past, to_bring_module
from hullproof.practices.library.command import (
    in_shell_form,
    list_in_wrong_quotes,
    program_elsewhere,
    program_path,
    to_exec_form,
    to_find,
    to_start_with,
)
from hullproof.practices.library.lines import before_user, copied_with, instead
from hullproof.practices.library.linked import left_behind
from hullproof.practices.library.logs import (
    denied_path,
    error_line,
    is_denied,
    last_words,
    missed_file,
    missed_module,
    misses_a_service,
)
from hullproof.practices.library.places import resolved
from hullproof.practices.library.processes import waits_for_a_service
from hullproof.practices.library.reasons import Reason
from hullproof.practices.library.settings import Setting, missing
from hullproof.practices.library.starting import misspelled, startable, to_hand_on
from hullproof.tools import SHELLS

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import Config, ContainerFacts, FileFacts, ImageFacts

_BESIDE = (
    "It looks for a service that is not there, such as a database: name the compose file that describes it "
    "(`compose` in [tool.hullproof]), and tell the application where it is (`env`)."
)
_OFFLINE = "It was booted without a network: leave out `offline` in [tool.hullproof], or --offline, where it needs one."
_OR_START = "Let the command start the application in the foreground."
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]|\{[A-Za-z_])")
_CANNOT_OPEN = re.compile(r"can't open file '([^']+)': \[Errno 2\]")
_NOT_RUN = re.compile(r"exec (/\S+): (?:no such file or directory|exec format error)$")
_REFUSALS = (
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "exec format error",
    "is a directory",
    "not a directory",
    "no command specified",
)


def why_not_up(
    config: Config, release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Reason | None:
    """Tell why a container was not started, ended by itself, or has not got to its application; None where it is up."""
    error, says = container.start_error, last_words(container.log, container.stderr)
    if error is not None:
        if any(word in error.lower() for word in ("find user", "find group", "passwd")):
            return Reason(
                "the container does not start because of its user, see non-root-user", None, is_fault=False
            )
        if not any(reason in error.lower() for reason in _REFUSALS):
            return Reason(f"the engine could not start the container: {error}", None, is_fault=False)
        return Reason(f"the container does not start: {error}", _to_start(release, error, image, files))
    if container.exit_code is not None:
        after = "" if container.lived_s is None else f" after {container.lived_s:.1f} s"
        ended = f"the container ends by itself{after} with exit code {container.exit_code}; {says}"
        cause = _why_ended(config, release, image, files, container)
        return Reason(f"{ended}{cause.clause}", cause.fix, cause.is_fault)
    if config.stands_alone and waits_for_a_service(container, serves=bool(image.exposed)):
        clause = f"the application is not started: it waits for another service; {says}"
        return Reason(clause, to_have_services(config), is_fault=False)
    return None


def to_have_services(config: Config) -> str:
    """Say how an application gets the service that it misses."""
    return _OFFLINE if config.offline else _BESIDE


def _to_start(release: Release, error: str, image: ImageFacts, files: FileFacts | None) -> str:
    """Say how to make a command start that the engine could not start."""
    word = next(iter(image.entrypoint + image.command), "")
    if files is None or not word:
        return f"Name a program that the image has and its user may run in the place of {word or 'none'}."
    account = account_of(image.user, files)
    path = program_path(word, image, files) or posixpath.normpath(posixpath.join(image.workdir or "/", word))
    elsewhere = program_elsewhere(word, files) if "not found" in error.lower() else None
    stop = barrier(files, elsewhere or path, account, run_time_groups(account, files, None), RUN)
    if stop is not None and (elsewhere or path) in files.final:
        return past(release, files, stop, elsewhere or path, account)
    if elsewhere is not None:
        way = to_find(release, posixpath.dirname(elsewhere))
        return f"{word} is at {elsewhere}, which PATH does not lead to. {way}"
    if path not in files.final:
        other = _other(release, image, files)
        if other and " " in word:
            return f"Each word is a part of the list by itself. {other}"
        return (
            f"The image has no {word}: install or copy what brings it, or start what is there. {other}"
            if other
            else f"The image has no {word}: install or copy what brings it, or name a program that is there."
        )
    return _to_interpret(release, path, files)


def _other(release: Release, image: ImageFacts, files: FileFacts | None) -> str | None:
    """Say how to start what is in the working directory, where that is one thing, and not what is started now."""
    found = startable(image, files)
    return to_start_with(release, found) if found and found != image.entrypoint + image.command else None


def _to_interpret(release: Release, path: str, files: FileFacts) -> str:
    """Say what is wrong with a script's first line, which names what runs it."""
    text = files.text(path)
    if text is None:
        return f"{path} is there, and cannot be run: see to it that its first line names what the image has to run it."
    first = text.split("\n", 1)[0]
    interpreter = next(iter(first.removeprefix("#!").split()), "")
    if not first.startswith("#!"):
        return f"Give {path} a first line such as #!/bin/sh."
    if first.endswith("\r"):
        convert = before_user(release, f"RUN sed -i 's/\\r$//' {path}")
        return (
            f"Save {path} with Unix line ends: the carriage return is a part of its interpreter's name. Where it cannot be "
            f"saved so, take them out in the build. {convert}"
        )
    return f"{path} asks for {interpreter}, which cannot be run in the image: name an interpreter that can."


def _why_ended(
    config: Config,
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    container: ContainerFacts,
) -> Reason:
    """Tell why a container ended by itself. What found no database or no setting, where none was given, is no fault."""
    log, error = container.log, error_line(container.log, container.stderr)
    if (linked := left_behind(files, log)) is not None:
        return Reason(f" ({linked} was installed as a link; see necessary-files)", None, is_fault=False)
    absent = _denied(log, release, image, files) or _absent(log, release, image, files)
    if absent is not None:
        return absent
    if config.stands_alone and misses_a_service(log):
        return Reason(" (a service that it needs is not there)", to_have_services(config), is_fault=False)
    if not container.exit_code and (handed_on := to_hand_on(release, image, files)) is not None:
        return Reason(", and never starts what CMD says", handed_on)
    lacks = missing(log, files, {**image.env, **config.env}, error if container.exit_code else None)
    return (
        Reason("", _usual_fix(release, image, files, error, container))
        if lacks is None
        else _without_settings(lacks)
    )


def _absent(
    log: tuple[str, ...], release: Release, image: ImageFacts, files: FileFacts | None
) -> Reason | None:
    """Tell what the program, or the command itself, did not find."""
    module, file = missed_module(log), next(iter(_CANNOT_OPEN.findall("\n".join(log))), None)
    if (meant := misspelled(release, log, image, files)) is not None:
        return Reason("", meant)
    if files is not None and (refused := _refused(log, files)) is not None:
        return Reason("", _to_interpret(release, refused, files))
    if file is not None:
        near = difflib.get_close_matches(file, list(files.final) if files is not None else [], n=1)
        return Reason(
            "",
            f"The image has no {file}: {f'write {near[0]}' if near else 'copy it, or name what is there'}.",
        )
    if module is not None:
        return Reason("", to_bring_module(release, module, image, files))
    if missed_file(log, "") is not None:
        return Reason("", "Copy or install what it misses, in a version that fits the rest.")
    return None


def _refused(log: tuple[str, ...], files: FileFacts) -> str | None:
    """Find the program that the kernel would not run although it is there: some engines tell that in the log."""
    found = (match[1] for line in log if (match := _NOT_RUN.match(line.strip())))
    return next((path for path in found if path in files.final), None)


def _usual_fix(
    release: Release, image: ImageFacts, files: FileFacts | None, error: str | None, container: ContainerFacts
) -> str:
    words = image.entrypoint + image.command
    form = in_shell_form(release)
    unreplaced = next((word for word in words if _VARIABLE.search(word)), None)
    if form is not None and list_in_wrong_quotes(form[1].text) is not None:
        return to_exec_form(release, form[0], form[1].text)
    if image.entrypoint and not image.command and not container.exit_code:
        return (
            "There is no CMD. If the ENTRYPOINT starts what it is handed, add the CMD that starts the application; if "
            "it starts the application itself, keep that in the foreground."
        )
    if unreplaced is not None and not any(posixpath.basename(word) in SHELLS for word in words):
        return (
            f"A JSON list replaces no variables, so that the program got {unreplaced} as it stands: write the value, or "
            'let a shell replace it and make way: CMD ["sh", "-c", "exec ..."].'
        )
    other = _other(release, image, files)
    if not container.exit_code:
        ended = f"Let {words[0] if words else 'the command'} stay in the foreground: it came to its end, without an error."
        return " ".join(filter(None, (ended, other)))
    if error is not None:
        return f"Repair what it ended with ({error}); the command itself was started."
    return f"{_OR_START} {other or 'docker run shows that it ends, and logs nothing.'}"


def _denied(
    log: tuple[str, ...], release: Release, image: ImageFacts, files: FileFacts | None
) -> Reason | None:
    """Tell what the user may not do, from the very file; of a log that names none, from the working directory."""
    if files is None or not is_denied(log):
        return None
    account, named, top = account_of(image.user, files), denied_path(log), image.workdir or "/"
    path = None if named is None else posixpath.normpath(posixpath.join(top, named))
    stop = _barrier(files, path or posixpath.join(top, "new file"), image, account)
    if stop is None:
        return None
    where = files.owning_layers[stop.entry.path]
    made_by = release.instruction_at(where.line)
    fix = past(release, files, stop, path, account)
    if made_by is not None and made_by.keyword in ("COPY", "ADD") and stop.verb in ("read", "enter", "write"):
        shown = instead(release, made_by.line, copied_with(made_by, chown=chown_at(account, files, where)))
        fix = f"{shown} Or copy it with --chmod=755; see ownership." if shown else fix
    return Reason(f": {account.shown} cannot {stop.verb} {stop.seen}", fix)


def _barrier(files: FileFacts, path: str, image: ImageFacts, account: Account) -> Barrier | None:
    """Find what stops an account at a path: on the way to it, when it reads or runs it, writes it, or makes it anew."""
    groups = run_time_groups(account, files, None)
    words = " ".join(image.entrypoint + image.command).split()
    is_run = posixpath.basename(path) in map(posixpath.basename, words)
    needs = [READ, RUN if is_run else WRITE] if resolved(path, files) in files.final else [READ]
    stops = (barrier(files, path, account, groups, need) for need in needs)
    anew = posixpath.join(posixpath.dirname(path), "new file")
    return next(filter(None, stops), None) or barrier(files, anew, account, groups)


def _without_settings(lacks: tuple[Setting, ...]) -> Reason:
    if not lacks:
        clause, example = "a setting that it needs is not there", 'NAME = "…"'
    else:
        named = ", ".join(f"{each.name} ({each.where})" if each.where else each.name for each in lacks[:6])
        clause = f"it reads {named}, which its environment does not have"
        example = ", ".join(f'{each.name} = "…"' for each in lacks[:6])
    fix = (
        "Give a default in the image (ENV) or, where there can be none, the value that it is to be proven with "
        f"(`env` in [tool.hullproof]): env = {{ {example} }}."
    )
    return Reason(f" ({clause})", fix, is_fault=False)
