"""The ports that the image declares are the ports that it serves.

Why: EXPOSE is what people and orchestrators read to know where to connect. A port that is declared but dead, or
served but undeclared, or open on loopback only, is a surprise in production.

Proven by: In the container's own network namespace each exposed port is listened on by the application, on an
address that others can reach, and answers; and no port is listened on that is not exposed.

Broken by: No EXPOSE for a service; a wrong number or protocol; a server bound to 127.0.0.1; a port exposed
where nothing listens; a second listener, such as a debugger's, that is not declared.

Fix: Expose exactly the ports that the application listens on (EXPOSE 5000), and bind it to 0.0.0.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, listed, not_applicable, unproven
from hullproof.practices.library.logs import last_words
from hullproof.practices.library.processes import is_shell, shown, waits_for_a_service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hullproof.dockerfile import Release
    from hullproof.facts import Config, ContainerFacts, ImageFacts, Listener

FIRST_EPHEMERAL_PORT = 32768
"""Where Linux begins to choose ports for sockets that asked for none: those of UDP clients look like listeners."""


def judge(
    *,
    config: Config,
    release: Release,
    image: ImageFacts,
    container: ContainerFacts,
) -> Finding:
    """Compare what is exposed with what is listened on and what answers."""
    exposed = {_port(text) for text in image.exposed}
    places = _places(release)
    case = Case()
    if config.ports is not None and {_port(text) for text in config.ports} != exposed:
        wanted, got = listed(config.ports) or "none", listed(image.exposed) or "none"
        seen = Evidence(
            "image", _place(release, places), f"expected {wanted}, which is configured, got {got}"
        )
        case.broken(
            f"the image exposes {got}, and the configuration pins {wanted}",
            seen,
            remedy="Let EXPOSE and `ports` in [tool.hullproof] name the same ports.",
        )
    unseen = _unseen(container) or _not_started(config, image, container)
    if unseen:
        if case.is_broken:
            return case.finding("")
        return unproven(
            f"the ports could not be looked at: {unseen}", Evidence("container", "/proc/1", unseen)
        )
    listeners = container.listeners
    if not exposed and not _served(listeners) and not case.is_broken:
        return not_applicable("a worker: it listens on no port and exposes none", *_loopback(listeners))
    undeclared = _undeclared(listeners, exposed)
    for number, protocol in sorted(exposed):
        where = places.get((number, protocol)) or _place(release, places)
        _judge_exposed(case, where, (number, protocol), container, undeclared)
    _judge_undeclared(case, _place(release, places), image, container, undeclared)
    case.show(*_loopback([each for each in listeners if (each.port, each.protocol) not in exposed]))
    return case.finding(
        f"{listed(sorted(image.exposed))} is exposed, listened on by the application, and answers"
    )


def _judge_undeclared(
    case: Case,
    where: str,
    image: ImageFacts,
    container: ContainerFacts,
    undeclared: Mapping[tuple[int, str], list[Listener]],
) -> None:
    """Accuse each port that others can reach and that nobody declared."""
    for (number, protocol), found in undeclared.items():
        holder = _holder(found[0], container)
        case.broken(
            f"{number}/{protocol} is listened on by {holder}, and not exposed",
            Evidence(
                "dockerfile",
                where,
                f"expected EXPOSE {number}, found {listed(image.exposed) or 'none'}",
            ),
            Evidence(
                "container", "/proc/net", f"{found[0].address}:{number}/{protocol} is listened on by {holder}"
            ),
            remedy=f"Add EXPOSE {number}{'' if protocol == 'tcp' else '/udp'}, or do not listen there.",
        )


def _judge_exposed(
    case: Case,
    where: str,
    wanted: tuple[int, str],
    container: ContainerFacts,
    undeclared: Mapping[tuple[int, str], list[Listener]],
) -> None:
    """Judge one exposed port: listened on, where others can reach it, by the application, and answering."""
    number, protocol = wanted
    port, declared = f"{number}/{protocol}", Evidence("dockerfile", where, f"EXPOSE {number}/{protocol}")
    here = [each for each in container.listeners if each.port == number]
    same = [each for each in here if each.protocol == protocol]
    reachable = [each for each in same if not each.is_loopback]
    if not reachable:
        clause, seen, remedy = _why_dead(number, protocol, same, here, undeclared)
        case.broken(clause, declared, Evidence("container", "/proc/net", seen), remedy=remedy)
        return
    listener = reachable[0]
    holders = [each for each in container.processes if each.pid in listener.pids]
    if holders and all(is_shell(each) for each in holders):
        case.broken(
            f"{port} is held by a shell, not by the application",
            declared,
            Evidence("container", "/proc/net", shown(holders[0])),
        )
    case.show(
        Evidence(
            "container",
            "/proc/net",
            f"{listener.address}:{port} is listened on by {_holder(listener, container)}",
        )
    )
    if protocol == "udp":
        case.show(
            Evidence("container", where, f"{port} is listened on; UDP knows no common question to answer")
        )
        return
    _judge_answer(case, wanted, declared, container)


def _judge_answer(case: Case, wanted: tuple[int, str], declared: Evidence, container: ContainerFacts) -> None:
    """Judge what the port said when it was asked."""
    number, protocol = wanted
    port = f"{number}/{protocol}"
    answer = next(
        (each for each in container.answers if (each.port, each.protocol) == (number, protocol)), None
    )
    if answer is None:
        case.doubt(f"{port} is listened on, but was not asked for an answer", declared)
    elif not answer.answered:
        told = answer.detail or "no answer"
        if all(":" in each.address for each in container.listeners if (each.port, each.protocol) == wanted):
            told += ", and it is listened on for IPv6 alone"
        case.broken(
            f"{port} is listened on but does not answer: {told}",
            declared,
            Evidence("container", f"port {port}", told),
            remedy=f"Let the application answer on 0.0.0.0:{number}, or do not expose the port.",
        )
    else:
        status = f"HTTP {answer.status}" if answer.status is not None else answer.detail or "it answers"
        case.show(Evidence("container", f"port {port}", status))


def _why_dead(
    number: int,
    protocol: str,
    same: list[Listener],
    here: list[Listener],
    undeclared: Mapping[tuple[int, str], list[Listener]],
) -> tuple[str, str, str | None]:
    """Explain an exposed port that nobody can reach: clause, what was seen, remedy."""
    port = f"{number}/{protocol}"
    if same:
        address = same[0].address
        clause = f"{port} is listened on at {address} only, where nobody outside the container can reach it"
        return (
            clause,
            f"expected an address that is not loopback, got {address}:{number}",
            "Bind the server to 0.0.0.0 (or ::).",
        )
    others = [each for each in here if not each.is_loopback]
    if others:
        other = others[0].protocol
        return (
            f"{port} is exposed, but {number} is listened on with {other}",
            f"expected {protocol}, got {other}",
            f"Write EXPOSE {number}/{other}.",
        )
    instead = [f"{wrong}/{kind}" for wrong, kind in undeclared]
    but = f": the application listens on {listed(instead)}" if instead else ""
    seen = f"expected a listener on {port}, found {listed(instead) or 'none'}"
    remedy = f"Remove EXPOSE {port}, or let the application listen there, on 0.0.0.0."
    return f"{port} is exposed, but nothing listens on it{but}", seen, remedy


def _undeclared(
    listeners: Sequence[Listener], exposed: set[tuple[int, str]]
) -> dict[tuple[int, str], list[Listener]]:
    """Collect the ports that others can reach and nobody declared."""
    found: dict[tuple[int, str], list[Listener]] = {}
    for each in _served(listeners):
        key = (each.port, each.protocol)
        # Listened on with the other protocol is told once, as the exposed port's fault.
        other = (each.port, "udp" if each.protocol == "tcp" else "tcp")
        told = other in exposed and not any((one.port, one.protocol) == other for one in listeners)
        if key not in exposed and not told:
            found.setdefault(key, []).append(each)
    return found


def _served(listeners: Sequence[Listener]) -> list[Listener]:
    return [
        each
        for each in listeners
        if not each.is_loopback and (each.protocol == "tcp" or each.port < FIRST_EPHEMERAL_PORT)
    ]


def _loopback(listeners: Sequence[Listener]) -> list[Evidence]:
    return [
        Evidence(
            "container",
            "/proc/net",
            f"{each.address}:{each.port}/{each.protocol} is for the container itself",
        )
        for each in listeners
        if each.is_loopback
    ]


def _unseen(container: ContainerFacts) -> str | None:
    if container.start_error is not None:
        return f"the container did not start: {container.start_error}"
    if container.exit_code is not None:
        return f"the container ended with exit code {container.exit_code}, {last_words(container.log)}; see default-command"
    return container.unobservable or container.slowed


def _not_started(config: Config, image: ImageFacts, container: ContainerFacts) -> str | None:
    if config.stands_alone and waits_for_a_service(container, serves=bool(image.exposed)):
        waiting = last_words(container.log)
        return f"the application is not started yet, it waits for another service, {waiting}; see default-command"
    return None


def _holder(listener: Listener, container: ContainerFacts) -> str:
    process = next((each for each in container.processes if each.pid in listener.pids), None)
    return (
        f"PID {process.pid} ({shown(process, 40)})" if process else "a process that the kernel would not name"
    )


def _port(text: str) -> tuple[int, str]:
    number, _, protocol = text.partition("/")
    return int(number), protocol or "tcp"


def _places(release: Release) -> dict[tuple[int, str], str]:
    ports = release.contract.ports
    return {(number, port.protocol): release.where(port.line) for port in ports for number in port.numbers}


def _place(release: Release, places: Mapping[tuple[int, str], str]) -> str:
    return next(reversed(list(places.values())), release.where(release.line))
