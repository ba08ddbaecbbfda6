"""What the image's own HEALTHCHECK said when it was run, and how it comes to succeed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.practices.checks import broken, in_container, in_dockerfile, in_image, unproven
from hullproof.practices.library.command import as_json
from hullproof.practices.library.failures import to_have_services
from hullproof.practices.library.lines import instead, text_of
from hullproof.practices.library.logs import misses_a_service

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import Config, ContainerFacts, HealthCheck
    from hullproof.practices.checks import Observations

_CANNOT_RUN = (126, 127)
_NOT_THERE = re.compile(
    r"(?:^|[\s:\"'])(?P<name>[\w./-]+)[\"']?: (?:\d+: )?(?:command )?(?:executable file )?(?:not found|[Pp]ermission denied)"
    r"|can't open file '(?P<file>[^']+)'|No module named '?(?P<module>[\w.]+)"
)
_SERVER_ERROR = re.compile(
    r"(?i:\berror\D{0,20}|\bHTTP/[\d.]+ |\bstatus\D{0,10})5\d\d\b|\b5\d\d Server Error"
)
_URL = re.compile(r"https?://[^\s\"'|;&)]+")
_PORT = re.compile(r"https?://[^/:\s]+:(\d+)")


def says_healthy(
    config: Config, release: Release, container: ContainerFacts, health: HealthCheck
) -> Observations:
    """Judge what the health check said in the container that was ready: one that can succeed does so by then."""
    text, written = " ".join(health.command), release.contract.healthcheck
    line = in_image("config.Healthcheck", text)
    if written is not None:
        line = in_dockerfile(release.where(written.line), f"HEALTHCHECK {text}")
    ran = in_container("HEALTHCHECK", f"expected exit code 0, got {health.exit_code}: {said(health)}")
    if health.exit_code == 0:
        yield in_container("HEALTHCHECK", f"{text}: healthy")
    elif missing_tool(health) is not None:
        fix = to_be_healthy(release, health, container)
        yield broken(f"HEALTHCHECK can never succeed: {said(health)}", line, ran, fix=fix)
    elif is_out_of_time(health):
        yield unproven(f"HEALTHCHECK did not finish in time: {said(health)}", line, ran)
    elif health.early:
        yield in_container("HEALTHCHECK", f"{said(health)}: not healthy yet, within its start period")
    elif config.stands_alone and (misses_a_service(container.log) or tells_of_failure(health)):
        yield unproven(f"HEALTHCHECK says unhealthy: {said(health)}", line, ran, fix=to_have_services(config))
    else:
        clause = f"HEALTHCHECK says unhealthy, {health.tries} times: {said(health)}"
        yield broken(clause, line, ran, fix=to_be_healthy(release, health, container))


def missing_tool(health: HealthCheck) -> str | None:
    """Name what it starts and the image does not have, whatever exit code its shell made of that; None where it has all."""
    found = _NOT_THERE.search(health.output)
    if found is not None:
        return next(group for group in found.groups() if group)
    return health.command[0] if health.exit_code in _CANNOT_RUN else None


def tells_of_failure(health: HealthCheck) -> bool:
    """Whether the service itself answered that it cannot serve, as one does that misses another service."""
    return _SERVER_ERROR.search(health.output) is not None


def is_out_of_time(health: HealthCheck) -> bool:
    """Whether a clock alone speaks against it."""
    return health.exit_code is None or "timed out" in health.output.lower()


def said(health: HealthCheck) -> str:
    """Say in a few words what came of it."""
    lines = [line.strip() for line in health.output.splitlines() if line.strip()]
    ended = "it was still running" if health.exit_code is None else f"exit code {health.exit_code}"
    return lines[-1][:200] if lines else ended


def to_be_healthy(release: Release, health: HealthCheck, container: ContainerFacts) -> str:
    """Say how the check can succeed, with its options as they are."""
    text = " ".join(health.command)
    ports = sorted({each.port for each in container.listeners if each.protocol == "tcp"})
    url = next(iter(_URL.findall(text)), f"http://localhost:{ports[0]}/" if ports else None)
    asked = next((int(port) for port in _PORT.findall(text)), None)
    written = release.contract.healthcheck
    step = release.instruction_at(written.line) if written is not None else None
    line = text_of(step) if step is not None else None
    other = asked is not None and ports and asked not in ports
    if missing_tool(health) is None and other:
        meant = line.replace(f":{asked}", f":{ports[0]}") if line is not None else None
        shown = instead(release, step.line, meant) if step is not None and meant != line else None
        return shown or f"Let it ask on port {ports[0]}, which the application listens on, not on {asked}."
    if missing_tool(health) is None:
        return f"Run it in the container to see why (docker exec CONTAINER {text}), and let it ask for what the service answers."
    if url is None:
        return "Let it use what the image has."
    url = url.replace(f":{asked}", f":{ports[0]}") if other else url
    python = as_json(("python", "-c", f"import urllib.request; urllib.request.urlopen({url!r})"))
    head = re.match(r"(?i)healthcheck\b.*?\bcmd\b", line) if line is not None else None
    shown = (
        instead(release, step.line, f"{head[0]} {python}") if step is not None and head is not None else None
    )
    return shown or f"Let it use what the image has: HEALTHCHECK CMD {python}."
