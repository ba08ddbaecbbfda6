"""CMD and ENTRYPOINT: where they stand, how they are better written, and which program they name."""

from __future__ import annotations

import ast
import json
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import simple_words
from hullproof.dockerfile.shell import read as read_shell
from hullproof.dockerfile.wrappers import unwrap
from hullproof.practices.checks import in_dockerfile
from hullproof.practices.library.lines import add, before_command, instead, joined, remove

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hullproof.dockerfile import Command, Release
    from hullproof.facts import ContainerFacts, FileFacts, ImageFacts, Process
    from hullproof.model import Evidence

_ARGUMENTS = re.compile(r"\$(?:[0-9@*]|\{[0-9@*])")
"""What a shell-form ENTRYPOINT finds CMD in: the engine hands it to the shell as `$0`, `$1` and so on."""
_HANDED_ON = re.compile(r"""(?:\s+["']?\$\{?[0-9@*]\}?["']?)+\s*\Z""")
_NOT_IN_A_ROW = re.compile(
    r"[|`()\n]|(?<!\$)\{|(?<![&>])&(?![&\d])|\b(?:if|for|while|until|case)\b|[\"'][^\"']*(?:&&|;)[^\"']*[\"']"
)
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def line_of_command(release: Release) -> str:
    """Name the line that governs what is started: the last of CMD and ENTRYPOINT that says something, else the FROM."""
    contract = release.contract
    own = [each.line for each in (contract.entrypoint, contract.command) if each is not None and each.argv]
    return release.where(own[-1] if own else release.line)


def in_shell_form(release: Release) -> tuple[str, Command] | None:
    """Return the instruction in shell form that decides what is started, with its keyword; None where there is none."""
    entrypoint, command = release.contract.entrypoint, release.contract.command
    if entrypoint is not None and entrypoint.shell_form:
        return "ENTRYPOINT", entrypoint
    if command is not None and command.shell_form and command.text.strip():
        return "CMD", command
    return None


def notes_on_form(release: Release) -> Iterator[Evidence]:
    """Say what there is to know of the form as written, whatever comes of it."""
    form = in_shell_form(release)
    if form is not None:
        keyword, command = form
        seen = f"{keyword} {command.text} is in shell form, where {keyword} [...] starts the program itself"
        yield in_dockerfile(release.where(command.line), seen)
    for each in (release.last("CMD"), release.last("ENTRYPOINT")):
        behind = each.original.rstrip().rpartition("]")[2].strip() if each is not None and each.json else ""
        if each is not None and behind:
            seen = (
                f"newer versions of BuildKit read this as shell form, for the text behind the list: {behind}"
            )
            yield in_dockerfile(release.where(each.line), seen)


def to_write(release: Release, keyword: str, words: tuple[str, ...]) -> str:
    """Say which line to write so that a CMD or ENTRYPOINT is these words, in exec form."""
    there = release.last(keyword)
    text = f"{keyword} {as_json(words)}"
    own = release.stage.instructions
    shown = (
        instead(release, there.line, text)
        if there is not None
        else add(release, "after", own[-1].line if own else release.line, text)
    )
    return shown or f"Write {text}."


def to_start_with(release: Release, words: tuple[str, ...]) -> str | None:
    """Say how these words become all that is started, whatever ENTRYPOINT and CMD there are; None for an ENTRYPOINT of the base's."""
    entrypoint, command = release.last("ENTRYPOINT"), release.last("CMD")
    if entrypoint is None or not entrypoint.args:
        return to_write(release, "CMD", words) if release.contract.entrypoint is None else None
    gone = [remove(release, command.line)] if command is not None else []
    return joined(to_write(release, "ENTRYPOINT", words), *gone)


def to_find(release: Release, folder: str) -> str:
    """Say how PATH comes to lead to a folder as well."""
    text = f"ENV PATH={folder}:$PATH"
    return before_command(release, text) or f"Write {text}."


def to_exec_form(release: Release, keyword: str, text: str, running: Sequence[tuple[str, ...]] = ()) -> str:
    """Say how to write a command so that no shell stays in front of it, and it still means the same.

    `running` are the commands that were seen to run: of several commands in a row, it is the one that stays.
    """
    meant = list_in_wrong_quotes(text)
    if meant is not None:
        return f"A JSON list has double quotes. {to_write(release, keyword, meant)}"
    plain = _HANDED_ON.sub("", text.strip().removeprefix("exec "))
    found = simple_words(plain)
    if found is not None:
        words, replaced = found
        if not replaced:
            return to_write(release, keyword, words)
        way = to_write(release, keyword, ("sh", "-c", f"exec {plain}"))
        return f"The shell has to replace words here, so let it make way. {way}"
    script = _making_way(plain, running)
    if script is not None:
        alone = simple_words(script.removeprefix("exec "))
        words = alone[0] if alone is not None and not alone[1] else ("sh", "-c", script)
        return f"Let the shell make way for the application. {to_write(release, keyword, words)}"
    return (
        "Put it into a script whose last line starts the application with exec, and start the script: "
        f'{keyword} ["./start.sh"].'
    )


def _making_way(script: str, running: Sequence[tuple[str, ...]]) -> str | None:
    """Write commands in a row so that the one that stays takes the shell's place: the last, or the last that was seen to run.

    What comes after that never runs then. None where there is more to it than commands in a row.
    """
    if _NOT_IN_A_ROW.search(script):
        return None
    parts = re.split(r"(\s*(?:&&|;)\s*)", script.strip().rstrip(";"))
    places = range(len(parts) - 1, -1, -2)
    seen = (at for at in places if (found := simple_words(parts[at])) and found[0] in running)
    at = next(seen, len(parts) - 1)
    stays = parts[at].strip()
    if not stays or len(read_shell(stays).commands) != 1:
        return None
    given = "env " if re.match(r"\w+=", stays) else ""
    return "".join([*parts[:at], f"exec {given}{stays}"])


def list_in_wrong_quotes(text: str) -> tuple[str, ...] | None:
    """Read what looks like a JSON list and is none, such as `['python', 'run.py']`."""
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return tuple(map(str, value)) if isinstance(value, list) else None


def as_json(words: tuple[str, ...]) -> str:
    """Write a command in exec form."""
    return json.dumps(words, ensure_ascii=False)


def program_path(word: str, image: ImageFacts, files: FileFacts) -> str | None:
    """Find the program that a word starts, as the engine does; None where it is not there or cannot be run."""
    folders = [""] if word.startswith("/") else image.env.get("PATH", _DEFAULT_PATH).split(":")
    if "/" in word and not word.startswith("/"):
        folders = [image.workdir or "/"]
    for folder in folders:
        path = posixpath.normpath(posixpath.join(folder, word))
        entry = files.final.get(path)
        if entry is not None and (entry.kind == "symlink" or (entry.kind == "file" and entry.mode & 0o111)):
            return path
    return None


def program_elsewhere(word: str, files: FileFacts) -> str | None:
    """Find a program of this name in a `bin` that PATH does not lead to."""
    name = posixpath.basename(word)
    return next(
        (
            path
            for path, entry in sorted(files.final.items())
            if path.endswith(f"/bin/{name}") and (entry.kind == "symlink" or entry.mode & 0o111)
        ),
        None,
    )


def ignored_command(
    release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Command | None:
    """Return the CMD that ENTRYPOINT leaves aside, since it is in shell form or a script that never looks at it.

    Where CMD only holds arguments of an ENTRYPOINT its first word is no program, and nothing is known of them.
    """
    entrypoint, command, words = release.contract.entrypoint, release.contract.command, image.command
    if command is None or not command.argv:
        return None
    if entrypoint is not None and entrypoint.shell_form:
        return None if _ARGUMENTS.search(entrypoint.text) else command
    both = image.entrypoint and words and not command.shell_form and container.processes
    if files is None or not both or program_path(words[0], image, files) is None:
        return None
    meant = _becomes(words)
    runs = any(_runs(process, each) for process in container.processes for each in (words, meant))
    return None if runs or not meant else command


def _becomes(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is left of a command once its wrappers made way: `env`, `sh -c "exec ..."`. Empty: cannot be told."""
    seen = unwrap(words)
    if seen.script is None:
        return seen.argv
    found = read_shell(seen.script).commands
    return found[-1].argv if found else ()


def _runs(process: Process, words: tuple[str, ...]) -> bool:
    """Whether a process shows every word of CMD: as it is, below an interpreter, or in a title it chose."""
    if not words:
        return False
    line = " ".join((process.executable or "", process.name, *process.command))
    program = posixpath.basename(words[0])
    retitled = len(process.command) == 1 and ":" in process.command[0]
    if retitled:
        return process.command[0].startswith(program) or program.startswith("python")
    return program in line and all(word in line for word in words[1:] if "$" not in word)
