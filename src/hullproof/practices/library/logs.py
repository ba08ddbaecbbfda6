"""What an application's log tells: the error that it ended with, what it misses, and whom it waits for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.practices.checks import in_container

if TYPE_CHECKING:
    from hullproof.facts import ContainerFacts
    from hullproof.model import Evidence

# What resolvers, sockets and the usual database drivers say when they find nobody.
_NOBODY_THERE = re.compile(
    r"connection refused|connect call failed|name or service not known|temporary failure in name resolution"
    r"|getaddrinfo failed|could not translate host name|failed to resolve host|can't connect to mysql server"
    r"|name does not resolve|no address associated with hostname|network is unreachable|Errno (?:-[235]|1(?:01|1[013]))\b"
    r"|(?:failed|unable|could not|cannot|can't) (?:to )?(?:connect|contact|reach)\b.{0,30}"
    r"\b(?:all addresses|hosts?|servers?|database|brokers?|cluster|endpoint|redis|postgres\w*|mongo\w*|rabbit\w*|kafka|ldap)\b"
    r"|all connection attempts failed|no servers available|login timeout expired|NoHostAvailable|AMQPConnectionError"
    r"|no route to host|could not connect to server|is the server running|ServerSelectionTimeoutError|NoBrokersAvailable",
    re.IGNORECASE,
)
# What entry scripts print while they wait for one.
_WAITING = re.compile(
    r"\bwait(?:ing|s)?\b.{0,20}\b(?:for|on|until)\b.{0,20}"
    r"\b(?:\w*(?:postgres|mysql|maria|mongo|redis|rabbit|kafka|elastic|database|broker|backend|db|sql)\w*|\w[\w.-]*:\d+)"
    r"|\b(?:postgres\w*|mysql|mariadb|mongo\w*|redis|rabbit\w*|kafka|database|db|broker)\b.{0,20}"
    r"\b(?:unavailable|not (?:yet )?(?:available|ready|up|reachable|started))\b",
    re.IGNORECASE,
)
_NOT_FOUND = re.compile(
    r"ModuleNotFoundError: No module named '([^']+)'|ImportError: cannot import name '([^']+)'"
    r"|ImportError: (\S+\.so\S*): cannot open|FileNotFoundError: .*?'([^']+)'"
)
_DENIED = re.compile(
    r"""(?:can't open file |: )['"](?P<before>/[^'"]+)['"]: .*[Pp]ermission denied"""
    r"""|[Pp]ermission denied: (?:['"]?(?P<after>/[^'"\s]+)|['"](?P<within>[^'"]+))"""
    r"""|(?:^|[\s:`])(?P<shell>\.{0,2}/[^\s:'"`]+)`?: [Pp]ermission denied"""
)
_OF_NO_FILE = re.compile(
    r"\b(?:bind(?:ing)?|connect(?:ion)?|address|socket|port|table|relation|schema|query|bucket|queue)\b",
    re.IGNORECASE,
)
"""Permission is denied by others, too: for a port, or by a database."""
# The last line of a traceback, or the like of it behind a prefix: https://docs.python.org/3/library/traceback.html
_EXCEPTION = re.compile(
    r"(?:^|[\s:|\]>=\"'])(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|NotFound|Exit|Configured|Invalid\w+)\b"
    r"(?::|\(|\\n|\s*$)|^(?:[A-Za-z_]\w*\.)*(?:Invalid|Missing)[A-Z]\w*(?::|$)"
)
_TRACEBACK = "Traceback (most recent call last):"
_RAISED = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?::|\s*$)")
_SOURCE_LINE = re.compile(r"^(?:.*\|)?\s*(?:raise|except|File|class|from|import)\b")
_COMPLAINT = re.compile(
    r"\bErrno \d|[Pp]ermission denied|[Nn]o such file|[Nn]ot found\b|\b(?:CRITICAL|FATAL|ERROR|PANIC)\b"
    r"|\b(?:level|lvl|severity)[\"']?\s*[:=]\s*[\"']?(?:error|critical|fatal|panic)|^(?:\S+: )?(?:fatal|[Ee]rror|panic)\b.*:|^Error: ",
    re.MULTILINE,
)
_DEVELOPMENT_SERVER = re.compile(
    r"development server|[Dd]ebug(?:ger)? mode: on|Debugger is active|[Ss]tarted reloader process|[Rr]estarting with stat"
)
_LAST_LINES = 20


def misses_a_service(log: tuple[str, ...]) -> bool:
    """Whether a log tells of another service that was not there: a database that nobody knows or that refuses."""
    return any(_NOBODY_THERE.search(line) for line in log)


def tells_of_waiting(log: tuple[str, ...]) -> bool:
    """Whether its last lines tell of somebody who waits for another service, or who asks for one that is not there."""
    last = log[-_LAST_LINES:]
    return misses_a_service(last) or any(_WAITING.search(line) for line in last)


def missed_file(log: tuple[str, ...], command: str) -> str | None:
    """Read from a Python traceback what was not found; what the command itself names is default-command's."""
    for line in reversed(log):
        found = _NOT_FOUND.search(line)
        if found is not None:
            name = next(group for group in found.groups() if group is not None)
            words = command.replace(":", " ").split()
            named = any(word == name or word.startswith(f"{name}.") for word in words)
            return None if named else line.strip()
    return None


def missed_module(log: tuple[str, ...]) -> str | None:
    """Name the module that was not found last, None where there is none."""
    found = [match[1] for line in log if (match := _NOT_FOUND.search(line)) and match[1]]
    return found[-1] if found else None


def is_denied(log: tuple[str, ...]) -> bool:
    """Whether it tells that the kernel refused a file for want of permission."""
    denied = (line for line in log if "permission denied" in line.lower())
    return any(_DENIED.search(line) or not _OF_NO_FILE.search(line) for line in denied)


def denied_path(log: tuple[str, ...]) -> str | None:
    """Return the path that permission was denied for, as it is written; None where the log names none."""
    found = [match for line in log if (match := _DENIED.search(line)) is not None]
    return next((group for match in reversed(found) for group in match.groups() if group), None)


def development_server(log: tuple[str, ...]) -> str | None:
    """Return the line in which a server says that it is one for development."""
    return next((line.strip() for line in log if _DEVELOPMENT_SERVER.search(line)), None)


def error_line(log: tuple[str, ...], stderr: tuple[str, ...] = ()) -> str | None:
    """Pick the line that tells the error, wherever it stands and whatever prefix it has; None for an empty log.

    The last that names an exception; else the last that complains (a level, an errno); else the last of stderr, and
    then of all: what waits in a buffer of stdout is flushed at the end, and comes last.
    """
    lines = [line.strip() for line in log if line.strip(" ~^\t")]
    complaints = (
        line for line in reversed(lines) if _COMPLAINT.search(line) and not _SOURCE_LINE.match(line)
    )
    found = exception_in(log) or next(complaints, None)
    if found is not None:
        return found
    last = [line.strip() for line in stderr if line.strip(" ~^\t")] or lines
    return last[-1] if last else None


def exception_in(log: tuple[str, ...]) -> str | None:
    """Return the last line that names an exception, by its name or by where it stands; None where there is none."""
    ends = _ends_of_tracebacks(log)
    return next(
        (
            line.strip()
            for at, line in reversed(list(enumerate(log)))
            if at in ends or (_EXCEPTION.search(line) and not _SOURCE_LINE.match(line))
        ),
        None,
    )


def _ends_of_tracebacks(log: tuple[str, ...]) -> frozenset[int]:
    """Find the lines that tracebacks end in: the first that is not indented. An exception may have any name."""
    ends, column = set(), None
    for at, line in enumerate(log):
        if _TRACEBACK in line:
            column = line.index(_TRACEBACK)
        elif column is not None and _RAISED.match(line[column:]):
            ends.add(at)
            column = None
        elif column is not None and line[column : column + 1].strip():
            column = None
    return frozenset(ends)


def last_words(log: tuple[str, ...], stderr: tuple[str, ...] = ()) -> str:
    """Quote what a log tells of an end."""
    error = error_line(log, stderr)
    return f"its log says: {error}" if error is not None else "it logged nothing"


def quoted(container: ContainerFacts) -> tuple[Evidence, ...]:
    """Quote the line that tells the error, and the end of the log."""
    lines = [line for line in container.log if line.strip(" ~^\t")]
    error = error_line(container.log, container.stderr)
    shown = lines[-3:] if error is None or any(error in line for line in lines[-3:]) else [error, *lines[-2:]]
    return tuple(in_container("log", line) for line in shown)
