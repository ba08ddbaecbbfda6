"""A network on which services are found by name as on their own, and from which nothing else is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.engine.container.words import engine_errors
from hullproof.engine.services.readiness import Readiness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.engine.connection import Engine
    from hullproof.engine.services.model import Services


def isolated(engine: Engine, services: Services, project: str, labels: Mapping[str, str]) -> str:
    """Make the network, labelled as the run's, and connect the running services of a compose project; return its name."""
    api, readiness = engine.client.api, Readiness(engine, project, labels)
    name = f"{project}_isolated"
    with engine_errors("making a network without a way out"):
        made = api.create_network(name, driver="bridge", internal=True, labels=dict(labels))["Id"]
        for service in services.names:
            for container_id in readiness.containers(service):
                aliases = [service, *services.aliases[service]]
                api.connect_container_to_network(container_id, made, aliases=aliases)
    return name
