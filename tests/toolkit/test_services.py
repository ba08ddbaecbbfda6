"""Services beside the container: which are chosen of a compose file, and what of their description is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hullproof.engine.services.model import Copy, choose
from hullproof.engine.services.readiness import tcp_ports
from hullproof.errors import UsageError

LABELS = {"hullproof.run": "1", "hullproof.owner": "me"}


def described(services: dict[str, Any], *wanted: str, **top: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a file
    """Describe what is run of these services."""
    chosen = choose("compose.yaml", {"name": "shop", "services": services, **top}, wanted or None)
    return chosen.described("hullproof-1", LABELS)


def after(*others: str) -> dict[str, Any]:
    """Depend on other services."""
    return {other: {"condition": "service_started", "required": True} for other in others}


SHOP: dict[str, Any] = {
    "web": {"build": {"context": "/shop"}, "depends_on": after("db", "cache")},
    "worker": {"image": "shop", "depends_on": after("web")},
    "proxy": {"image": "nginx", "depends_on": after("worker")},
    "db": {"image": "postgres", "depends_on": after("files")},
    "files": {"image": "busybox"},
    "cache": {"image": "redis"},
    "admin": {"image": "adminer", "profiles": ["debug"], "depends_on": after("db")},
    "search": {"build": {"context": "/search"}, "image": "shop/search"},
}


def test_by_default_all_run_that_need_nothing_of_this_project() -> None:
    """Neither what is built, nor what waits for that, nor what a profile keeps back."""
    assert choose("compose.yaml", {"services": SHOP}, None).names == ("db", "files", "cache")


def test_named_services_come_with_what_they_depend_on() -> None:
    """A profile or a build of its own is no obstacle to one that is named; the project itself is left out."""
    model = {"services": SHOP}
    assert choose("compose.yaml", model, ["admin"]).names == ("admin", "db", "files")
    assert choose("compose.yaml", model, ["search", "worker"]).names == ("search", "worker")
    assert list(described(SHOP, "worker")["services"]["worker"]["depends_on"]) == []
    assert list(described(SHOP, "db")["services"]["db"]["depends_on"]) == ["files"]


def test_services_may_depend_on_each_other_in_a_circle_that_compose_would_refuse() -> None:
    """Choosing ends all the same."""
    circle = {"a": {"image": "a", "depends_on": after("b")}, "b": {"image": "b", "depends_on": after("a")}}
    assert choose("compose.yaml", {"services": circle}, None).names == ("a", "b")


def test_an_unknown_service_names_the_nearest() -> None:
    """Where none is near, all are named."""
    with pytest.raises(UsageError, match=r"compose.yaml: there is no service 'cash'; did you mean 'cache'"):
        choose("compose.yaml", {"services": SHOP}, ["cash"])
    with pytest.raises(UsageError, match="known are: web, worker, proxy"):
        choose("compose.yaml", {"services": SHOP}, ["zzzz"])


@pytest.mark.parametrize("services", [None, {}, {"web": SHOP["web"] | {"depends_on": None}}])
def test_a_file_of_which_nothing_is_left_is_wrong_configuration(services: dict[str, Any] | None) -> None:
    """Nothing would run beside the container, and the application would die of it."""
    with pytest.raises(UsageError, match="name those wanted in `services`"):
        choose("compose.yaml", {"services": services}, None)


def test_nothing_has_a_fixed_name_or_a_published_port() -> None:
    """Two runs at once would meet; and a service that fails must stay failed, with its log at hand."""
    db = {
        "image": "postgres",
        "container_name": "db",
        "ports": [{"target": 5432, "published": "5432"}],
        "restart": "always",
        "logging": {"driver": "syslog"},
        "network_mode": "host",
        "environment": {"POSTGRES_PASSWORD": "pa$$word"},
        "labels": {"tier": "data"},
    }
    made = described({"db": db})
    assert made["name"] == "hullproof-1"
    assert made["services"]["db"] == {
        "image": "postgres",
        "environment": {"POSTGRES_PASSWORD": "pa$$word"},
        "labels": {"tier": "data", **LABELS},
        "networks": {"default": {"aliases": []}},
        "volumes": [],
        "depends_on": {},
        "secrets": [],
        "configs": [],
    }


def test_all_share_one_network_that_keeps_their_other_names() -> None:
    """Addresses, external networks and networks apart would tie a run to this machine."""
    db = {"image": "x", "networks": {"back": {"aliases": ["pg"], "ipv4_address": "10.9.0.5"}, "front": None}}
    networks = {"back": {"external": True, "name": "company"}, "front": {"ipam": {"config": [{}]}}}
    made = described({"db": db}, networks=networks)
    assert made["networks"] == {"default": {"labels": LABELS}}
    assert made["services"]["db"]["networks"] == {"default": {"aliases": ["pg"]}}


def test_volumes_are_the_runs_own_and_mounts_are_copies() -> None:
    """Neither the data of somebody's volume nor a folder of this machine is touched."""
    db = {
        "image": "x",
        "volumes": [
            {"type": "volume", "source": "data", "target": "/data"},
            {"type": "volume", "target": "/anonymous"},
            {"type": "bind", "source": "/shop/init", "target": "/init.d", "bind": {"create_host_path": True}},
            {"type": "tmpfs", "target": "/scratch"},
        ],
    }
    volumes = {"data": {"name": "production", "external": True}, "other": {"name": "other"}}
    made = described({"db": db}, volumes=volumes)
    assert made["volumes"] == {"data": {"labels": LABELS}}
    assert [each["type"] for each in made["services"]["db"]["volumes"]] == ["volume", "volume", "tmpfs"]
    copies = choose("compose.yaml", {"services": {"db": db}}, None).copies
    assert copies == {"db": (Copy(Path("/shop/init"), "/init.d"),)}


def test_secret_and_config_files_are_copies_too() -> None:
    """Compose would mount them from this machine; what comes from elsewhere stays compose's business."""
    db = {
        "image": "x",
        "secrets": [
            {"source": "password", "target": "/run/secrets/password"},
            {"source": "key"},
            {"source": "env"},
        ],
        "configs": [{"source": "settings", "target": "/etc/db.conf"}],
    }
    top = {
        "secrets": {
            "password": {"file": "/shop/password"},
            "key": {"file": "/shop/key"},
            "env": {"environment": "KEY"},
        },
        "configs": {"settings": {"file": "/shop/db.conf"}},
    }
    service = described({"db": db}, **top)["services"]["db"]
    assert (service["secrets"], service["configs"]) == ([{"source": "env"}], [])
    copies = choose("compose.yaml", {"services": {"db": db}, **top}, None).copies["db"]
    assert [(str(each.source), each.target) for each in copies] == [
        ("/shop/password", "/run/secrets/password"),
        ("/shop/key", "/run/secrets/key"),
        ("/shop/db.conf", "/etc/db.conf"),
    ]


def test_an_image_built_for_a_service_is_the_runs() -> None:
    """It gets no name for others to find, and goes with the run."""
    service = described(SHOP, "search")["services"]["search"]
    assert service["build"] == {"context": "/search", "labels": LABELS}
    assert "image" not in service


def test_ports_to_knock_at_are_those_of_tcp_in_each_way_of_writing() -> None:
    """Images and compose write them differently; of a range, the first stands for all."""
    assert tcp_ports(["5432/tcp", "53/udp", "80", "9000-9010", "9100-9110/tcp", "odd"]) == [
        "5432",
        "80",
        "9000",
        "9100",
    ]
