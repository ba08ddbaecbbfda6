"""What the text and the processes say of CMD and ENTRYPOINT: their form, and whether both take part."""

from __future__ import annotations

import ast
import json
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import simple_words
from hullproof.dockerfile.shell import read as read_shell
from hullproof.dockerfile.wrappers import unwrap
from hullproof.model import Evidence
from hullproof.practices.library.processes import shown

if TYPE_CHECKING:
    from hullproof.dockerfile import Command, Contract, Release
    from hullproof.facts import ContainerFacts, FileFacts, ImageFacts, Process
    from hullproof.practices._finding import Case

_ARGUMENTS = re.compile(r"\$(?:[0-9@*]|\{[0-9@*])")
"""What a shell-form ENTRYPOINT finds CMD in: the engine hands it to the shell as `$0`, `$1` and so on."""
_HANDED_ON = re.compile(r"""(?:\s+["']?\$\{?[0-9@*]\}?["']?)+\s*\Z""")
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def judge_form(case: Case, release: Release, promised: Contract) -> str:
    """Judge CMD and ENTRYPOINT as written; return the line that governs what is started."""
    entrypoint, command = promised.entrypoint, promised.command
    own = [each for each in (entrypoint, command) if each is not None and each.argv]
    if not promised.starts_something:
        where = release.where(release.line)
        case.broken(
            "there is no CMD and no ENTRYPOINT: the container starts whatever the base says",
            Evidence("dockerfile", where, "expected CMD or ENTRYPOINT in this stage, found none"),
            remedy='Add a command that starts the application: CMD ["python", "run.py"].',
        )
        return where
    if entrypoint is not None and entrypoint.shell_form:
        takes_it = _ARGUMENTS.search(entrypoint.text) is not None
        ignored = " and CMD is ignored" if command is not None and command.argv and not takes_it else ""
        _shell_form(case, release, "ENTRYPOINT", entrypoint, ignored)
    elif command is not None and command.shell_form and command.text.strip():
        _shell_form(case, release, "CMD", command, "")
    return release.where(own[-1].line)


def _shell_form(case: Case, release: Release, keyword: str, command: Command, more: str) -> None:
    where = release.where(command.line)
    quotes = "" if not command.text.lstrip().startswith("[") else ", since JSON takes double quotes only"
    case.broken(
        f"{keyword} is in shell form, so a shell stands in front of the application{more}{quotes}",
        Evidence("dockerfile", where, f'expected {keyword} ["...", "..."], got {keyword} {command.text}'),
        remedy=_in_exec_form(keyword, command.text),
    )


def _in_exec_form(keyword: str, text: str) -> str:
    """Say how to write a command so that no shell stays in front of it, and it still means the same."""
    meant = _list_in_wrong_quotes(text)
    if meant is not None:
        return f"Write {keyword} with double quotes: {keyword} {_as_json(meant)}."
    plain = _HANDED_ON.sub("", text.strip().removeprefix("exec "))
    found = simple_words(plain)
    if found is None:
        return (
            "Put it into a script whose last line starts the application with exec, and start the script: "
            f'{keyword} ["./start.sh"].'
        )
    words, replaced = found
    if replaced:
        words = ("sh", "-c", f"exec {plain}")
        return f"The shell has to replace words here; let it make way: {keyword} {_as_json(words)}."
    return f"Write {keyword} as a JSON list with double quotes: {keyword} {_as_json(words)}."


def _list_in_wrong_quotes(text: str) -> tuple[str, ...] | None:
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return None
    return tuple(map(str, value)) if isinstance(value, list) else None


def _as_json(words: tuple[str, ...]) -> str:
    return json.dumps(words, ensure_ascii=False)


def judge_swallowing(
    case: Case,
    release: Release,
    promised: Contract,
    *,
    image: ImageFacts,
    files: FileFacts | None,
    container: ContainerFacts,
) -> None:
    """Find an ENTRYPOINT that leaves CMD aside: CMD names a program of the image, and no process runs it.

    Where CMD only holds arguments for the ENTRYPOINT its first word is no program, and nothing is judged.
    """
    command = promised.command
    words = image.command
    if command is None or not image.entrypoint or not words or command.shell_form or not container.processes:
        return
    if files is None or not _is_program(words[0], image, files):
        return
    meant = _becomes(words)
    if not meant or any(_runs(process, each) for process in container.processes for each in (words, meant)):
        return
    where = release.where(command.line)
    running = "; ".join(shown(process, 50) for process in container.processes[:3])
    case.broken(
        f"ENTRYPOINT swallows CMD: {' '.join(words)} is never run",
        Evidence("dockerfile", where, f"expected a process that runs {' '.join(words)}"),
        Evidence("container", "/proc", f"what runs is {running}"),
        remedy='End the entry script with exec "$@", so that it becomes CMD.',
    )


def _is_program(word: str, image: ImageFacts, files: FileFacts) -> bool:
    folders = [""] if word.startswith("/") else image.env.get("PATH", _DEFAULT_PATH).split(":")
    if "/" in word and not word.startswith("/"):
        folders = [image.workdir or "/"]
    for folder in folders:
        entry = files.final.get(posixpath.normpath(posixpath.join(folder, word)))
        if entry is not None and (entry.kind == "symlink" or (entry.kind == "file" and entry.mode & 0o111)):
            return True
    return False


def _becomes(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is left of a command once its wrappers made way: `env`, `sh -c "exec ..."`. Empty: cannot be told."""
    seen = unwrap(words)
    if seen.script is None:
        return seen.argv
    found = read_shell(seen.script).commands
    return found[-1].argv if found else ()


def _runs(process: Process, words: tuple[str, ...]) -> bool:
    """Whether a process shows every word of CMD: as it is, below an interpreter, or in a title it chose."""
    line = " ".join((process.executable or "", process.name, *process.command))
    program = posixpath.basename(words[0])
    retitled = len(process.command) == 1 and ":" in process.command[0]
    if retitled:
        return process.command[0].startswith(program) or program.startswith("python")
    return program in line and all(word in line for word in words[1:] if "$" not in word)
