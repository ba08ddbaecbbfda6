"""Why a build failed: the reason in a line, the lines of output that tell it, and what fixes it where that is plain.

That the base was a stand-in is said to be a possible cause only where the failing step lacks what the real base has: its
version of Python, or a program, library or module of the system.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

from hullproof.engine.model.build import BuildFacts, Failure
from hullproof.host.bases import Base
from hullproof.host.trust import loopback_proxies, redact
from hullproof.lab.recipe import Recipe

_BEFORE, _AFTER = 30, 10
"""How many lines of output are kept around the one that tells why."""

_SECRET = re.compile(r"\bsecret (?P<id>\S+): not found")
_SSH = re.compile(
    r"(?:unset ssh forward key|no ssh (?:handler|forwarding)\D*?|ssh (?:id|agent)) ?(?:for id )?(?P<id>[\w.-]+)"
)
_MISSING_SOURCE = re.compile(
    r'"(?P<path>/[^"]*)": not found|lstat (?:/\S*/buildkit-mount\d+)?(?P<other>/?[^:\s]+): no such file'
)
_PARSE = re.compile(
    r"dockerfile parse error on line \d+: (?P<what>.*)|(?P<other>unknown (?:instruction|flag): .*)"
)
_KILLED = re.compile(r"exit code:? 137\b")

# A runner's own count at its end: pytest, unittest, and coverage's limit.
_PYTEST = re.compile(r"^=* ?(?=.*\b(?:failed|errors?)\b)(?P<counts>(?:\d+ \w+(?:, )?)+) in [\d.:]+ ?s?")
_UNITTEST = re.compile(r"^FAILED \((?P<counts>[^)]*(?:failures|errors)=\d+[^)]*)\)")
_COUNT = re.compile(r"(\d+) (failed|errors?)|(failures|errors)=(\d+)")
_TELLING = tuple(
    re.compile(pattern)
    for pattern in (
        r"^FAIL Required test coverage|Coverage failure: total of",
        r"No matching distribution found for|ResolutionImpossible|No solution found when resolving",
        r"requires a different Python|Requires-Python|requires Python",
        r"error while loading shared libraries|cannot open shared object file",
        r"^(?:E   )?(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|NotFound|Configured)\b(?::|$)",
        r"(?:^|: )(?:not found|command not found|No such file or directory)$|: not found$",
        r"^\S+: error: \S|^npm (?:ERR!|error) \S",
        r"^(?:ERROR|Error|error|E|fatal|FATAL)\b: ?\S",
        r"\b[1-9]\d* failed\b|\bFailed: [1-9]|: FAIL code \d",
        r"(?i)\berror\b",
    )
)
_NOISE = re.compile(
    r"^\[notice\]|A complete log of this run|^WARNING\b|^warning\b|did not complete successfully|^hint: |subprocess-exited-with-error"
)

_NO_ANSWER = re.compile(
    r"^WARNING: Retrying \(Retry\(total=0,.*?connection broken by ['\"](?P<kind>\w+)\((?:.*?(?P<said>Read timed out|Connection reset by "
    r"peer|Connection refused|Name or service not known|Temporary failure in name resolution|Network is unreachable|certificate "
    r"verify failed))?.*?: \S*/(?P<name>[\w.-]+)/$"
)
"""What pip says last of a package whose page it could not get; then it says that there is no such package."""
_LONGEST_OF_PIP = 2_000
"""Characters; what pip says of a package that it could not get takes some four hundred."""
_NOT_FOUND = re.compile(r"^ERROR: No matching distribution found for (?P<name>[\w.-]+)")

_PROXY = re.compile(r"(?i)\bproxy|ProxyError")
_NO_LIBRARY = re.compile(
    r"(?P<name>lib[\w.+-]+): cannot open shared object file|fatal error: (?P<header>\S+\.h): No such file"
)
_NO_PROGRAM = re.compile(r"\bsh: (?:line )?(?:\d+: )?(?P<name>\S+): (?:command )?not found$")
_OF_SLIM = re.compile(
    r"(?:python|pip|pydoc|idle|2to3|easy_install|libpython)[\d.]*(?:\.so[\d.]*)?(?:-config)?"
)
"""What official slim images have beside their Debian. The full ones have much that cannot be named."""

_NO_MODULE = re.compile(r"No module named '(\w+)")
_ANOTHER_PYTHON = re.compile(
    r"requires a different Python|Requires-Python|requires Python|different python version|Python \d\.\d+ is not supported"
)
_VERSION = re.compile(r"(?<![\d.])3\.\d{1,2}(?!\d)")


def failure_of(built: BuildFacts, recipe: Recipe, bases: Iterable[Base]) -> Failure:
    """Say why a build failed."""
    step, error = built.failed_step, built.error or "no reason was given"
    log = tuple(step.log) if step is not None and step.log else ()
    reason, fix, at = _reason(error, log)
    notes = [base for base in bases if base.note]
    hints = [] if fix else [hint for base in notes if (hint := _stand_in_hint(built, base))]
    if (unreached := loopback_proxies(recipe.proxy_args)) and any(map(_PROXY.search, log)):
        proxy = redact(unreached[0])
        hints = [
            f"no container reaches the proxy {proxy} of this machine: give it an address that containers reach"
        ]
    if step is None and recipe.dockerfile is not None:
        named = recipe.project.dockerfile.syntax_directive
        hints.append(f"it was read by BuildKit's own frontend instead of {named}, which may be the cause")
    name = recipe.project.config.dockerfile
    return Failure(
        where=f"{name}:{built.failed_line}" if built.failed_line else name,
        reason=reason,
        hint="; ".join(hints) or None,
        fix=fix,
        output=log[max(0, at - _BEFORE) : at + _AFTER] if log else tuple(built.output),
        base_note="; ".join(dict.fromkeys(base.note for base in notes if base.note)) or None,
    )


def _reason(error: str, log: Sequence[str]) -> tuple[str, str | None, int]:
    """Return the reason, the fix where there is one of its own, and where in the log the reason stands."""
    end = len(log)
    if found := _SECRET.search(error):
        name = found["id"]
        fix = (
            f'Hand it in: write `secrets = {{ {name} = "FILE" }}` into hullproof.toml, FILE being a path within the project, '
            f"or add --secret {name}=FILE to the command."
        )
        return f"the step requires the secret {name}, which is not handed in", fix, end
    if "ssh" in error and (found := _SSH.search(error)):
        fix = (
            "Hullproof forwards no agent: fetch over HTTPS with a secret instead (`RUN --mount=type=secret`), which `secrets` in "
            "hullproof.toml or --secret hands in."
        )
        return f"the step requires the SSH agent {found['id']}, which is not forwarded", fix, end
    if found := _PARSE.search(error):
        return next(each for each in found.groups() if each), None, end
    if not log:
        missing = _MISSING_SOURCE.search(error)
        path = missing and (missing["path"] or missing["other"])
        return (f"{path} is not there" if path else error), None, end
    # Of being killed, a step's output knows nothing.
    at = None if _KILLED.search(error) else _telling(log)
    if at is None:
        return error, None, end
    return _counted(log[at]) or _unanswered(log, log[at]) or log[at].strip().removeprefix("E   "), None, at


def _telling(log: Sequence[str]) -> int | None:
    """Find the line that tells most: a runner's count, else an error, the last of the plainest kind; else the last line."""
    lines = [(at, line.strip()) for at, line in enumerate(log) if line.strip(" ~^\t")]
    for pattern in (_PYTEST, _UNITTEST, *_TELLING):
        for at, line in reversed(lines):
            if pattern.search(line) and not _NOISE.search(line):
                return at
    return lines[-1][0] if lines else None


def _unanswered(log: Sequence[str], line: str) -> str | None:
    """Say that the index did not answer, where pip says that it has no such package for that reason."""
    sought = _NOT_FOUND.match(line.strip())
    # The pattern is slow on what is no line of pip's.
    short = (each for each in log if len(each) <= _LONGEST_OF_PIP)
    for each in map(_NO_ANSWER.match, short) if sought else ():
        if sought and each and _plain(each["name"]) == _plain(sought["name"]):
            return f"the package index did not answer for {sought['name']}: {each['said'] or each['kind']}"
    return None


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _counted(line: str) -> str | None:
    """Turn a runner's count into words: `1 test failed`."""
    found = _PYTEST.search(line.strip()) or _UNITTEST.search(line.strip())
    if found is None:
        return None
    counts = {"failed": 0, "error": 0}
    for number, kind, other, count in _COUNT.findall(found["counts"]):
        counts["failed" if (kind or other).startswith("fail") else "error"] += int(number or count)
    said = [
        f"{count} {'test' if count == 1 else 'tests'} {how}"
        for count, how in ((counts["failed"], "failed"), (counts["error"], "could not be run"))
        if count
    ]
    return " and ".join(said) or None


def _stand_in_hint(built: BuildFacts, base: Base) -> str | None:
    """Say what of the real base the failing step lacks on a stand-in; None where it would fail on either."""
    step = built.failed_step
    if step is None or base.got is None:
        return None
    said = [*step.log[-_BEFORE:], built.error or ""]
    text = "\n".join(said)
    asked, got = ({*_VERSION.findall(each)[:1]} for each in (base.reference, base.got))
    differs = asked and asked != got
    if differs and (
        asked & set(_VERSION.findall(f"{step.instruction}\n{text}")) or _ANOTHER_PYTHON.search(text)
    ):
        return f"the base is a stand-in with another Python, which may be the cause: {base.note}"
    lacking = [
        found
        for pattern in (_NO_LIBRARY, _NO_PROGRAM)
        for line in step.log
        if (found := pattern.search(line))
    ]
    names = [next(name for name in found.groups() if name) for found in lacking]
    is_full = "slim" not in base.reference
    if any(is_full or _OF_SLIM.fullmatch(name) for name in names) or any(
        name in sys.stdlib_module_names for name in _NO_MODULE.findall(text)
    ):
        return f"the base is a stand-in, which may lack what the real one has: {base.note}"
    return None
