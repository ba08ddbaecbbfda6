"""What an application's log tells: that it misses a file, or another service, and what it said last."""

from __future__ import annotations

import re

# What resolvers, sockets and the usual database drivers say when they find nobody.
_NOBODY_THERE = re.compile(
    r"connection refused|connect call failed|name or service not known|temporary failure in name resolution"
    r"|getaddrinfo failed|could not translate host name|failed to resolve host|can't connect to mysql server"
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
# What settings libraries and os.environ say of a variable that is not there: pydantic, decouple, environs, Django.
_NO_SETTING = re.compile(
    r"^KeyError: '[A-Z][A-Z0-9_]+'|The [A-Z_]+ setting must not be empty|UndefinedValueError: \w+ not found"
    r"|\b[A-Z][A-Z0-9_]+: (?:unbound variable|parameter (?:null or )?not set)"
    r"|validation errors? for \w*(?:Settings|Config|Configuration|Env|Environment)\b"
    r"|(?i:\b(?:environment|env) var(?:iable)?s?\b.{0,60}"
    r"\b(?:not (?:set|found|defined)|missing|required|undefined|must be set|unset)\b"
    r"|\b(?:set|missing|required|define) (?:the |an? )?\S* ?(?:environment|env) var)"
)
_READS_ENVIRONMENT = re.compile(r"^\s+.*\b(?:os\.environ|os\.getenv|getenv\()")
_NOT_FOUND = re.compile(
    r"ModuleNotFoundError: No module named '([^']+)'|ImportError: cannot import name '([^']+)'"
    r"|ImportError: (\S+\.so\S*): cannot open|FileNotFoundError: .*?'([^']+)'"
)
# The last line of a traceback: https://docs.python.org/3/library/traceback.html
_EXCEPTION = re.compile(
    r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|NotFound|Exit|Configured)\b(?::|$)"
)
_LAST_LINES = 20
_END_OF_TRACEBACK = 4


def misses_a_service(log: tuple[str, ...]) -> bool:
    """Whether a log tells of another service that was not there: a database that nobody knows or that refuses."""
    return any(_NOBODY_THERE.search(line) for line in log)


def misses_a_setting(log: tuple[str, ...]) -> bool:
    """Whether a log tells of a variable that the environment does not have: by its words, or where a traceback ends."""
    told = any(_NO_SETTING.search(line) for line in log)
    return told or any(_READS_ENVIRONMENT.match(line) for line in log[-_END_OF_TRACEBACK:])


def tells_of_waiting(log: tuple[str, ...]) -> bool:
    """Whether its last lines tell of somebody who waits for another service, or who asks for one in vain."""
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


def telling_line(log: tuple[str, ...]) -> str | None:
    """Pick the line that tells most: the last that names an exception, else the last of all; None for an empty log."""
    lines = [line.strip() for line in log if line.strip(" ~^\t")]
    return next((line for line in reversed(lines) if _EXCEPTION.match(line)), lines[-1] if lines else None)


def last_words(log: tuple[str, ...]) -> str:
    """Quote what a log tells of an end."""
    told = telling_line(log)
    return f"its log says: {told}" if told is not None else "it logged nothing"
