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

from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.errors import Unobservable
from hullproof.facts import Config, ContainerFacts, FileFacts, ImageFacts, Listener
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
    Port,
    exposed_in,
    holder,
    is_served,
    listening_at,
    serving_instead,
    to_bind,
    to_expose_served,
    undeclared,
    where_exposed,
)
from hullproof.practices.library.processes import is_idler, is_shell, is_started, shown, why_unseen


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
def there_is_a_port_to_expose(config: Config, image: ImageFacts, container: ContainerFacts) -> Observations:
    """A worker, a bot or a server at a Unix socket has none, and exposes none."""
    listeners = _listeners(config, image, container)
    if not image.exposed and not any(map(is_served, listeners)):
        served = "it listens on no port"
        if container.sockets:
            served = f"it listens at {listed(container.sockets)}, not on a port"
        elif container.on_stdin:
            served = "it serves on its standard input, not on a port"
        yield not_applicable(f"{served}, and exposes none")


@check
def each_exposed_port_is_listened_on(
    config: Config,
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    *,
    container: ContainerFacts,
    project_texts: Mapping[str, str],
) -> Observations:
    """With this protocol, and at an address that others can reach."""
    listeners = _listeners(config, image, container)
    for port in sorted(exposed_in(image)):
        declared = in_dockerfile(where_exposed(release, port), f"EXPOSE {port}")
        here = [each for each in listeners if Port.of(each) == port]
        if not here:
            instead = serving_instead(port, image, container)
            found = listed([str(each) for each in instead]) or listed(container.sockets)
            but = f": the application listens on {found}" if found else ""
            other = "" if instead else f" Or let the application listen on {port.written}."
            yield broken(
                f"{port} is exposed, but nothing listens on it{but}",
                declared,
                in_container("/proc/net", f"expected a listener on {port}, found {found or 'none'}"),
                fix=f"{to_expose_served(release, image, container)}{other}",
            )
        elif all(each.is_loopback for each in here):
            at, named = here[0].address, holder(here[0], container)
            yield broken(
                f"{port} is listened on at {at} only, where nobody outside the container can reach it",
                declared,
                in_container(
                    "/proc/net", f"expected an address that is not loopback, got {at}:{port.number}"
                ),
                fix=to_bind(release, here[0], image, files, project_texts)
                or f"Bind {named} to 0.0.0.0 (or ::) instead of {at}.",
            )
    verb = "are" if image.exposed[1:] else "is"
    yield proven(f"{listed(sorted(image.exposed))} {verb} exposed, and served by the application")


@check
def the_application_itself_listens(
    config: Config, release: Release, image: ImageFacts, container: ContainerFacts
) -> Observations:
    """No shell holds a port that is exposed."""
    for port, reachable in _reachable(config, image, container).items():
        holders = [each for each in container.processes if each.pid in reachable[0].pids]
        seen = in_container(
            "/proc/net",
            f"{reachable[0].address}:{port} is listened on by {holder(reachable[0], container)}",
        )
        if holders and all(is_shell(each) for each in holders):
            yield broken(
                f"{port} is held by a shell, not by the application",
                in_dockerfile(where_exposed(release, port), f"EXPOSE {port}"),
                seen,
                fix=f"Let the application itself listen on {port.written}; see default-command.",
            )
        yield seen


@check
def each_exposed_port_answers(
    config: Config,
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    *,
    container: ContainerFacts,
    project_texts: Mapping[str, str],
) -> Observations:
    """TCP is asked in HTTP, through TLS, or for whether it reads what it is sent; UDP knows no common question."""
    answers = {Port(each.port, each.protocol): each for each in container.answers}
    for port, reachable in _reachable(config, image, container).items():
        answer, where = answers.get(port), where_exposed(release, port)
        declared = in_dockerfile(where, f"EXPOSE {port}")
        if port.protocol == "udp":
            yield in_container(where, f"{port} is listened on; UDP knows no common question to answer")
        elif answer is None:
            yield unproven(f"{port} is listened on, but was not asked for an answer", declared)
        elif answer.answered:
            seen = f"HTTP {answer.status}" if answer.status is not None else answer.detail or "it answers"
            yield in_container(f"port {port}", seen)
        else:
            is_v6 = all(":" in each.address for each in reachable)
            only = ", and it is listened on for IPv6 alone" if is_v6 else ""
            seen = f"{answer.detail or 'no answer'}{only}"
            yield broken(
                f"{port} is listened on but does not answer: {seen}",
                declared,
                in_container(f"port {port}", seen),
                fix=f"Let the application{listening_at(port, image, files, project_texts)} take and read connections on "
                f"0.0.0.0:{port.number}, or do not expose the port.",
            )


@check
def no_other_port_is_served(
    config: Config, release: Release, image: ImageFacts, container: ContainerFacts
) -> Observations:
    """Nothing that others can reach is listened on without being exposed; what is on loopback is the container's own."""
    listeners, exposed = _listeners(config, image, container), exposed_in(image)
    is_told = not exposed <= {Port.of(each) for each in listeners}  # with a dead port, as what serves instead
    for port in undeclared(image, listeners) if not is_told else ():
        found = next(each for each in listeners if Port.of(each) == port)
        named, declared = holder(found, container), listed(image.exposed) or "none"
        yield broken(
            f"{port} is listened on by {named}, and not exposed",
            in_dockerfile(where_exposed(release), f"expected EXPOSE {port.number}, found {declared}"),
            in_container("/proc/net", f"{found.address}:{port} is listened on by {named}"),
            fix=f"{to_expose_served(release, image, container)} Or do not listen on {port.written}.",
        )
    for each in listeners:
        if each.is_loopback and Port.of(each) not in exposed:
            own = f"{each.address}:{Port.of(each)} is for the container itself"
            yield in_container("/proc/net", own)


def _reachable(config: Config, image: ImageFacts, container: ContainerFacts) -> dict[Port, list[Listener]]:
    """Return who listens on each exposed port at an address that others can reach. Raises Unobservable as below."""
    open_to_all = [each for each in _listeners(config, image, container) if not each.is_loopback]
    found = {
        port: [each for each in open_to_all if Port.of(each) == port] for port in sorted(exposed_in(image))
    }
    return {port: listeners for port, listeners in found.items() if listeners}


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
