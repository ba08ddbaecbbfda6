"""The ports that the image declares are the ports that it serves.

Why: EXPOSE is what people and orchestrators read to know where to connect. A port that is declared but dead, or
served but undeclared, or open on loopback only, is a surprise in production.

Proven by: In the container's own network namespace each exposed port is listened on by the application, on an
address that others can reach, and answers, or reads what it is sent where the client speaks first; and no port is
listened on that is not exposed.

Broken by: No EXPOSE for a service; a wrong number or protocol; a server bound to 127.0.0.1; a port exposed
where nothing listens; a server that takes connections and reads nothing; a second listener, such as a debugger's,
that is not declared.

Fix: Expose exactly the ports that the application listens on (EXPOSE 5000), and bind it to 0.0.0.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from hullproof.dockerfile import Release
from hullproof.errors import Unobservable
from hullproof.facts import Config, ContainerFacts, FileFacts, ImageFacts, Listener
from hullproof.model import Evidence
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_container,
    in_dockerfile,
    in_image,
    listed,
    not_applicable,
    proven,
    unproven,
)
from hullproof.practices.library.logs import last_words
from hullproof.practices.library.ports import (
    FIRST_EPHEMERAL_PORT,
    Port,
    exposed_in,
    to_bind,
    to_expose,
    where_exposed,
)
from hullproof.practices.library.processes import (
    is_idler,
    is_shell,
    is_started,
    shown,
    why_unseen,
)


@check
def it_exposes_what_is_configured(config: Config, release: Release, image: ImageFacts) -> Observations:
    """`ports` in [tool.hullproof], where that is set, are the exposed ones."""
    if config.ports is not None and {Port.read(text) for text in config.ports} != exposed_in(image):
        wanted, got = listed(config.ports) or "none", listed(image.exposed) or "none"
        yield broken(
            f"the image exposes {got}, and the configuration pins {wanted}",
            in_image(where_exposed(release), f"expected {wanted}, which is configured, got {got}"),
            fix="Let EXPOSE and `ports` in [tool.hullproof] name the same ports.",
        )


@check
def each_exposed_port_is_listened_on(
    config: Config, release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Observations:
    """By the application itself, with this protocol, at an address that others can reach."""
    listeners = _listeners(config, image, container)
    if not image.exposed and not any(map(_is_served, listeners)):
        at_files = f"it listens at {listed(container.sockets)}, not on a port" if container.sockets else ""
        served = (
            "it serves on its standard input, not on a port"
            if container.on_stdin
            else "it listens on no port"
        )
        yield not_applicable(f"{at_files or served}, and exposes none")
    for port in sorted(exposed_in(image)):
        declared = in_dockerfile(where_exposed(release, port), f"EXPOSE {port}")
        here = [each for each in listeners if Port.of(each) == port]
        reachable = next((each for each in here if not each.is_loopback), None)
        if reachable is not None:
            holders = [each for each in container.processes if each.pid in reachable.pids]
            seen = f"{reachable.address}:{port} is listened on by {_holder(reachable, container)}"
            if holders and all(is_shell(each) for each in holders):
                yield broken(
                    f"{port} is held by a shell, not by the application",
                    declared,
                    in_container("/proc/net", seen),
                    fix=f"Let the application itself listen on {port.written}; see default-command.",
                )
            yield in_container("/proc/net", seen)
        elif here:
            at = here[0].address
            yield broken(
                f"{port} is listened on at {at} only, where nobody outside the container can reach it",
                declared,
                in_container(
                    "/proc/net", f"expected an address that is not loopback, got {at}:{port.number}"
                ),
                fix=to_bind(release, at, image, files)
                or f"Bind {_holder(here[0], container)} to 0.0.0.0 (or ::) instead of {at}.",
            )
        else:
            instead = _instead(port, image, container)
            found = listed([str(each) for each in instead]) or listed(container.sockets)
            yield broken(
                f"{port} is exposed, but nothing listens on it"
                + (f": the application listens on {found}" if found else ""),
                declared,
                in_container("/proc/net", f"expected a listener on {port}, found {found or 'none'}"),
                fix=_to_expose(release, image, container)
                + ("" if instead else f" Or let the application listen on {port.written}."),
            )
    yield from _for_itself(listeners, exposed_in(image))
    yield proven(f"{listed(sorted(image.exposed))} is exposed, listened on by the application, and answers")


@check
def each_exposed_port_answers(
    config: Config, release: Release, image: ImageFacts, container: ContainerFacts
) -> Observations:
    """TCP is asked in HTTP, through TLS, or for whether it reads what it is sent; UDP knows no common question."""
    listeners = _listeners(config, image, container)
    answers = {Port(each.port, each.protocol): each for each in container.answers}
    for port in sorted(exposed_in(image)):
        reachable = [each for each in listeners if Port.of(each) == port and not each.is_loopback]
        answer, where = answers.get(port), where_exposed(release, port)
        if not reachable:
            continue
        if port.protocol == "udp":
            yield in_container(where, f"{port} is listened on; UDP knows no common question to answer")
        elif answer is None:
            yield unproven(
                f"{port} is listened on, but was not asked for an answer",
                in_dockerfile(where, f"EXPOSE {port}"),
            )
        elif answer.answered:
            seen = f"HTTP {answer.status}" if answer.status is not None else answer.detail or "it answers"
            yield in_container(f"port {port}", seen)
        else:
            only = (
                ", and it is listened on for IPv6 alone"
                if all(":" in each.address for each in reachable)
                else ""
            )
            seen = f"{answer.detail or 'no answer'}{only}"
            yield broken(
                f"{port} is listened on but does not answer: {seen}",
                in_dockerfile(where, f"EXPOSE {port}"),
                in_container(f"port {port}", seen),
                fix=f"Let the application take and read connections on 0.0.0.0:{port.number}, or do not expose the port.",
            )


@check
def no_other_port_is_served(
    config: Config, release: Release, image: ImageFacts, container: ContainerFacts
) -> Observations:
    """Nothing that others can reach is listened on without being exposed."""
    listeners = _listeners(config, image, container)
    dead = exposed_in(image) - {Port.of(each) for each in listeners}  # told above, with what serves instead
    for port in _undeclared(image, listeners) if not dead else ():
        found = next(each for each in listeners if Port.of(each) == port)
        holder = _holder(found, container)
        yield broken(
            f"{port} is listened on by {holder}, and not exposed",
            in_dockerfile(
                where_exposed(release),
                f"expected EXPOSE {port.number}, found {listed(image.exposed) or 'none'}",
            ),
            in_container("/proc/net", f"{found.address}:{port} is listened on by {holder}"),
            fix=f"{_to_expose(release, image, container)} Or do not listen on {port.written}.",
        )


def _listeners(config: Config, image: ImageFacts, container: ContainerFacts) -> tuple[Listener, ...]:
    """Return what listens in the container. Raises Unobservable where the application itself was not seen to run."""
    if container.unobservable or container.died:
        raise Unobservable(f"the ports could not be looked at: {why_unseen(container)}")
    if container.slowed:
        raise Unobservable(f"the ports could not be looked at: {container.slowed}")
    if not is_started(config, image, container):
        waits = last_words(container.log)
        raise Unobservable(
            f"the application is not started, it waits for another service: {waits}; see default-command"
        )
    if container.main is not None and is_idler(container.main):
        raise Unobservable(f"PID 1 ({shown(container.main, 40)}) is not the application; see default-command")
    return container.listeners


def _undeclared(image: ImageFacts, listeners: tuple[Listener, ...]) -> list[Port]:
    """List the ports that others can reach and nobody declared; a wrong protocol is the exposed port's fault."""
    exposed, seen = exposed_in(image), {Port.of(each) for each in listeners}
    found = dict.fromkeys(Port.of(each) for each in listeners if _is_served(each))
    return [
        port
        for port in found
        if port not in exposed and (port.other_protocol not in exposed or port.other_protocol in seen)
    ]


def _to_expose(release: Release, image: ImageFacts, container: ContainerFacts) -> str:
    """Say how to expose just what can be served."""
    served = {Port.of(each) for each in container.listeners if _is_served(each)}
    declared = {Port.of(each) for each in container.listeners} & exposed_in(image)
    return to_expose(release, sorted(served | declared))


def _is_served(listener: Listener) -> bool:
    return not listener.is_loopback and (listener.protocol == "tcp" or listener.port < FIRST_EPHEMERAL_PORT)


def _instead(port: Port, image: ImageFacts, container: ContainerFacts) -> list[Port]:
    """List what the application listens on in the place of a port: the same number with the other protocol, else others."""
    other = port.other_protocol
    same = any(Port.of(each) == other and not each.is_loopback for each in container.listeners)
    return [other] if same and other not in exposed_in(image) else _undeclared(image, container.listeners)


def _for_itself(listeners: tuple[Listener, ...], exposed: set[Port]) -> Iterator[Evidence]:
    for each in listeners:
        if each.is_loopback and Port.of(each) not in exposed:
            yield in_container(
                "/proc/net", f"{each.address}:{each.port}/{each.protocol} is for the container itself"
            )


def _holder(listener: Listener, container: ContainerFacts) -> str:
    process = next((each for each in container.processes if each.pid in listener.pids), None)
    return (
        f"PID {process.pid} ({shown(process, 40)})" if process else "a process that the kernel would not name"
    )
