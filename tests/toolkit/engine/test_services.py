"""Services beside the container: which are chosen of a compose file, and what of their description is used."""

from __future__ import annotations

import os
import socket
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from hullproof.engine.services import copies
from hullproof.engine.services.allowed import Allowed, Build, Copy, allowed
from hullproof.engine.services.copies import check, pack
from hullproof.engine.services.model import Services, aliases, choose
from hullproof.engine.services.readiness import tcp_ports
from hullproof.engine.services.reading import stage
from hullproof.errors import UsageError
from hullproof.model import Conditions, Limits

LABELS = {"hullproof.run": "1", "hullproof.owner": "me"}
SHOP_FOLDER = Path("/shop")
USUAL = Conditions(network=True, container=Limits())


def read(services: dict[str, Any], *wanted: str, **top: Any) -> Services:  # noqa: ANN401 - any part of a file
    """Choose services of a project in /shop and take what is allowed."""
    model = {"services": services, **top}
    used = {
        name: allowed("compose.yaml", name, model, SHOP_FOLDER, {"KEY": "of env"})
        for name in choose("compose.yaml", model, wanted or None)
    }
    return Services(SHOP_FOLDER, "compose.yaml", used, {name: aliases(services[name]) for name in used})


def described(services: dict[str, Any], *wanted: str, **top: Any) -> dict[str, Any]:  # noqa: ANN401 - the same
    """Describe what is run of these services."""
    return read(services, *wanted, **top).described("hullproof-1", LABELS, {}, USUAL)


def used(service: dict[str, Any], **top: Any) -> Allowed:  # noqa: ANN401 - the same
    """Return what is used of one service."""
    return read({"db": {"image": "x", **service}}, "db", **top).used["db"]


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
    "search": {"build": {"context": "/shop/search"}, "image": "shop/search"},
}


def test_by_default_all_run_that_need_nothing_of_this_project() -> None:
    """Neither what is built, nor what waits for that, nor what a profile keeps back."""
    assert choose("compose.yaml", {"services": SHOP}, None) == ("db", "files", "cache")


def test_named_services_come_with_what_they_depend_on() -> None:
    """A profile or a build of its own is no obstacle to one that is named; the project itself is left out."""
    model = {"services": SHOP}
    assert choose("compose.yaml", model, ["admin"]) == ("admin", "db", "files")
    assert choose("compose.yaml", model, ["search", "worker"]) == ("search", "worker")
    assert list(described(SHOP, "worker")["services"]["worker"]["depends_on"]) == []
    assert list(described(SHOP, "db")["services"]["db"]["depends_on"]) == ["files"]


def test_services_may_depend_on_each_other_in_a_circle_that_compose_would_refuse() -> None:
    """Choosing ends all the same."""
    circle = {"a": {"image": "a", "depends_on": after("b")}, "b": {"image": "b", "depends_on": after("a")}}
    assert choose("compose.yaml", {"services": circle}, None) == ("a", "b")


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
        "environment": {"POSTGRES_PASSWORD": "pa$word"},
        "labels": {"traefik.enable": "true"},
    }
    made = described({"db": db})
    assert made["name"] == "hullproof-1"
    assert made["services"]["db"] == {
        "image": "postgres",
        "environment": {"POSTGRES_PASSWORD": "pa$word"},
        "labels": LABELS,
        "networks": {"default": {"aliases": []}},
        "depends_on": {},
    }


def test_all_share_one_network_that_keeps_their_other_names() -> None:
    """Addresses, external networks and networks apart would tie a run to this machine."""
    db = {"image": "x", "networks": {"back": {"aliases": ["pg"], "ipv4_address": "10.9.0.5"}, "front": None}}
    networks = {"back": {"external": True, "name": "company"}, "front": {"ipam": {"config": [{}]}}}
    made = described({"db": db}, networks=networks)
    assert made["networks"] == {"default": {"labels": LABELS, "internal": False}}
    assert made["services"]["db"]["networks"] == {"default": {"aliases": ["pg"]}}


def test_a_service_has_what_the_container_has() -> None:
    """No more memory and processes, and without a network none that leads further than to the others."""
    conditions = Conditions(network=False, container=Limits(memory_bytes=64_000_000, processes=10))
    made = read({"db": {"image": "x"}}).described("hullproof-1", LABELS, {}, conditions)
    assert made["networks"]["default"]["internal"]
    limits = {"mem_limit": 64_000_000, "memswap_limit": 64_000_000, "pids_limit": 10}
    assert made["services"]["db"].items() >= limits.items()


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
    services = read({"db": db}, volumes=volumes)
    made = services.described("hullproof-1", LABELS, {}, USUAL)
    assert made["volumes"] == {"data": {"labels": LABELS}}
    assert [each["type"] for each in made["services"]["db"]["volumes"]] == ["volume", "volume", "tmpfs"]
    assert services.used["db"].copies == [Copy(Path("/shop/init"), "/init.d")]
    assert any("the external volume data" in line for line in services.remarks)


def test_secrets_and_configs_are_copies_too() -> None:
    """Compose would mount them from this machine; a variable is one that the configuration sets."""
    db = {
        "secrets": [
            {"source": "password", "target": "/run/secrets/password"},
            {"source": "key"},
            {"source": "env"},
        ],
        "configs": [{"source": "settings", "target": "/etc/db.conf"}, {"source": "inline"}],
    }
    secrets = {
        "password": {"file": "/shop/password"},
        "key": {"file": "/shop/key"},
        "env": {"environment": "KEY"},
    }
    configs = {"settings": {"file": "/shop/db.conf"}, "inline": {"content": "a=$1"}}
    assert used(db, secrets=secrets, configs=configs).copies == [
        Copy(Path("/shop/password"), "/run/secrets/password"),
        Copy(Path("/shop/key"), "/run/secrets/key"),
        Copy(b"of env", "/run/secrets/env"),
        Copy(Path("/shop/db.conf"), "/etc/db.conf"),
        Copy(b"a=$1", "/inline"),
    ]


def test_a_service_is_built_from_a_folder_of_the_project() -> None:
    """As a project is; its image gets no name for others to find, and what is not set is not looked for elsewhere."""
    build = {
        "context": "/shop/search",
        "dockerfile": "Dockerfile",
        "args": {"A": "1", "HOST": None},
        "tags": ["x"],
    }
    services = read({"search": {"build": build, "image": "shop/search"}}, "search")
    assert services.used["search"].build == Build("search", "Dockerfile", None, {"A": "1"})
    made = services.described("hullproof-1", LABELS, {"search": "sha256:1"}, USUAL)
    assert made["services"]["search"]["image"] == "sha256:1"
    assert "build" not in made["services"]["search"]


# --- what is not given ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "service",
    [
        {"cap_add": ["SYS_ADMIN"]},
        {"privileged": True},
        {"pid": "host"},
        {"ipc": "host"},
        {"uts": "host"},
        {"userns_mode": "host"},
        {"cgroup": "host"},
        {"cgroup_parent": "/"},
        {"devices": [{"source": "/dev/sda", "target": "/dev/sda"}]},
        {"device_cgroup_rules": ["a *:* rwm"]},
        {"gpus": [{"count": -1}]},
        {"security_opt": ["seccomp:unconfined"]},
        {"sysctls": {"kernel.msgmax": "1"}},
        {"volumes_from": ["container:somebodys"]},
        {"extra_hosts": ["host=host-gateway"]},
        {"runtime": "sysbox"},
        {"group_add": ["docker"]},
        {"credential_spec": {"file": "x"}},
        {"oom_kill_disable": True},
        {"ulimits": {"rtprio": 99}},
        {"ulimits": {"nofile": {"soft": 1, "hard": 1 << 30}}},
        {"storage_opt": {"size": "1G"}},
        {"post_start": [{"command": "x", "privileged": True}]},
        {"provider": {"type": "x"}},
        {"use_api_socket": True},
        {"volumes": [{"type": "bind", "source": "/etc", "target": "/x"}]},
        {"volumes": [{"type": "bind", "source": "/shop/~/.aws", "target": "/x"}]},
        {"volumes": [{"type": "npipe", "source": "x", "target": "/x"}]},
        {"volumes": [{"type": "volume", "source": "etc", "target": "/x"}]},
        {"secrets": [{"source": "shadow"}]},
        {"secrets": [{"source": "host"}]},
        {"secrets": [{"source": "vault"}]},
        {"configs": [{"source": "hosts"}]},
        {"build": {"context": "/"}},
        {"build": {"context": "/shopping"}},
        {"build": {"context": "https://github.com/o/r.git"}},
        {"build": {"context": "/shop", "dockerfile": "../Dockerfile"}},
        {"build": {"context": "/shop", "dockerfile": "/etc/passwd"}},
        *(
            {"build": {"context": "/shop", key: value}}
            for key, value in {
                "ssh": ["default"],
                "secrets": [{"source": "s"}],
                "additional_contexts": {"x": "/"},
                "network": "host",
                "privileged": True,
                "entitlements": ["network.host"],
                "dockerfile_inline": "FROM x",
                "extra_hosts": ["a:1.2.3.4"],
                "ulimits": {"nofile": 1},
            }.items()
        ),
        {"what_compose_learns_tomorrow": True},
    ],
    ids=str,
)
def test_what_gives_power_over_the_machine_is_refused_by_name(service: dict[str, Any]) -> None:
    """File, service and key are named, in a line that says what would be right."""
    top = {
        "volumes": {"etc": {"driver_opts": {"type": "none", "o": "bind", "device": "/etc"}}},
        "secrets": {
            "shadow": {"file": "/etc/shadow"},
            "host": {"environment": "AWS_SECRET_ACCESS_KEY"},
            "vault": {"external": True},
        },
        "configs": {"hosts": {"file": "/etc/hosts"}},
    }
    with pytest.raises(UsageError) as refused:
        used(service, **top)
    said = str(refused.value)
    (key, value) = next(iter(service.items()))
    assert said.startswith("compose.yaml: service db: ")
    assert (key if key != "volumes" or value[0].get("source") != "etc" else "volume etc") in said
    assert "\n" not in said
    assert "; " in said


@pytest.mark.parametrize(
    "service",
    [
        {"privileged": False, "cap_add": [], "pid": ""},
        {"security_opt": ["no-new-privileges:true"]},
        {"cap_drop": ["ALL"]},
        {"extra_hosts": ["mail=10.0.0.1"]},
        {"ulimits": {"nofile": {"soft": 1024, "hard": 65536}, "memlock": -1}},
        {"tmpfs": ["/run:size=5m"], "shm_size": "67108864", "init": True, "read_only": True},
        {"healthcheck": {"test": ["CMD", "true"]}, "stop_signal": "SIGINT", "stop_grace_period": "5s"},
        {"x-note": "mine"},
    ],
    ids=str,
)
def test_what_gives_no_more_than_docker_run_is_taken(service: dict[str, Any]) -> None:
    """A service may ask for less, and for what is its own."""
    kept = {key: value for key, value in service.items() if value and not key.startswith("x-")}
    assert used(service).description == {"image": "x", **kept}


def test_a_variable_without_a_value_is_left_out_and_told() -> None:
    """Compose would take it from this machine."""
    services = read({"db": {"image": "x", "environment": {"A": "1", "AWS_SECRET": None}}})
    assert services.used["db"].description["environment"] == {"A": "1"}
    assert any("not set: AWS_SECRET" in line for line in services.remarks)


# --- what compose gets to read --------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project's folder, beside something that is none of its business."""
    (tmp_path / "outside").write_text("SECRET=1")
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def staged(shop: Path, text: str = "", **files: str) -> dict[str, str]:
    """Stage a project's compose file; return what compose would find, by path."""
    for name, content in {"compose.yaml": text, **files}.items():
        (shop / name).parent.mkdir(exist_ok=True, parents=True)
        (shop / name).write_text(content)
    into = shop.parent / "staged"
    stage(shop, "compose.yaml", into)
    return {str(each.relative_to(into)): each.read_text() for each in into.rglob("*") if each.is_file()}


def test_compose_reads_what_was_understood_and_nothing_beside_it(shop: Path) -> None:
    """Included and extended files, files of variables, `.env`: each at its place, as JSON or as it is."""
    found = staged(
        shop,
        "include: [{path: more/compose.yaml, env_file: [a.env]}]\n"
        "services: {db: {extends: {service: base, file: base.yaml}, env_file: [b.env, {path: no.env, required: false}]}}",
        **{
            "more/compose.yaml": "services: {x: {image: x, env_file: c.env}}",
            "more/c.env": "C=1",
            "base.yaml": "services: {base: {image: y}}",
            "a.env": "A=1",
            "b.env": "B=1",
            ".env": "TAG=1",
            "not-named": "",
        },
    )
    assert sorted(found) == [
        ".env",
        "a.env",
        "b.env",
        "base.yaml",
        "compose.yaml",
        "more/c.env",
        "more/compose.yaml",
    ]
    assert found["base.yaml"] == '{"services": {"base": {"image": "y"}}}'


@pytest.mark.parametrize(
    "text",
    [
        "include: [../outside]",
        "include: [https://github.com/o/r.git]",
        "include: ['git@github.com:o/r.git']",
        "include: ['oci://docker.io/o/r']",
        "include: [{path: x.yaml, project_directory: /}]",
        "include: [{path: x.yaml, env_file: ../outside}]",
        "include: [/etc/passwd]",
        "include: [link]",
        "include: [fifo]",
        "include: [.]",
        "services: {a: {extends: {file: ../outside, service: b}}}",
        "services: {a: {env_file: ../outside}}",
        "services: {a: {env_file: [{path: /etc/passwd}]}}",
        "services: {a: {env_file: link}}",
        "services: {a: {env_file: fifo}}",
        "services: {a: {env_file: /dev/zero}}",
        "services: {a: {env_file: '${HOME}/x'}}",
        "services: {a: {env_file: '~/x'}}",
        "services: {a: {env_file: {path: {}}}}",
        "services: {a: {label_file: ../outside}}",
        "services: {a: {env_file: huge}}",
    ],
)
def test_what_is_no_file_of_the_project_is_not_opened(shop: Path, text: str) -> None:
    """Not even by compose: there, a FIFO hangs, a device has no end, and git is run for what is elsewhere."""
    (shop / "x.yaml").write_text("services: {}")
    (shop / "link").symlink_to("../outside")
    os.mkfifo(shop / "fifo")
    with (shop / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UsageError) as refused:
        staged(shop, text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [{', '.join(['*' + a] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
        ),
        "a: &a {k: v}\n"
        + "".join(
            f"{b}: &{b} {{<<: [{', '.join(['*' + a] * 10)}]}}\n"
            for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a: &a [*a]",
        "[" * 100_000,
        "a: " + "[" * 200 + "]" * 200,
        "a: !!python/object/apply:os.system [true]",
        "a: !reset null",
        "a: 2024-01-01: x",
        "a: {<<: 1}",
        "a: 1e999",
        "- a",
        "\tx",
        "",
    ],
    ids=range(13),
)
def test_hostile_yaml_ends_in_a_line(shop: Path, text: str) -> None:
    """Aliases that multiply, nesting without end, tags that run code, and what is no compose file at all."""
    with pytest.raises(UsageError) as refused:
        staged(shop, text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000


def test_yaml_means_what_it_means_to_compose(shop: Path) -> None:
    """PyYAML's own reading is that of 2005: switches, clock times and dates."""
    found = staged(
        shop,
        "x-a: &a {k: 1, l: 2}\nservices: {a: {environment: {A: on, B: 22:22, C: 2024-01-01, D: 010, E: ~, F: true, "
        "G: 1.50, H: '1'}, x-m: {<<: *a, l: 3}}}",
    )
    assert found["compose.yaml"] == (
        '{"x-a": {"k": 1, "l": 2}, "services": {"a": {"environment": {"A": "on", "B": "22:22", "C": "2024-01-01", '
        '"D": 8, "E": null, "F": true, "G": 1.5, "H": "1"}, "x-m": {"k": 1, "l": 3}}}}'
    )


# --- copies ---------------------------------------------------------------------------------------------


def packed(shop: Path, *wanted: Copy) -> dict[str, tarfile.TarInfo]:
    """Pack copies; return what is in the archive, by name."""
    check(shop, wanted)
    stream = BytesIO()
    pack(shop, wanted, stream)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        return {each.name: each for each in archive.getmembers()}


def test_folders_and_files_are_copied_as_they_are(shop: Path) -> None:
    """With the links in them that stay within; what is not there is passed over, setuid bits are not handed on."""
    (shop / "init/deep").mkdir(parents=True)
    (shop / "init/deep/a.sql").write_text("select 1")
    (shop / "init/deep/a.sql").chmod(0o4755)
    (shop / "init/link").symlink_to("deep/a.sql")
    found = packed(shop, Copy(shop / "init", "/init.d"), Copy(shop / "new", "/new"), Copy(b"text", "/etc/x"))
    assert sorted(found) == ["etc/x", "init.d", "init.d/deep", "init.d/deep/a.sql", "init.d/link"]
    assert (found["init.d/deep/a.sql"].size, found["init.d/deep/a.sql"].mode) == (8, 0o755)
    assert found["init.d/link"].linkname == "deep/a.sql"


def _fifo(place: Path) -> None:
    os.mkfifo(place)


def _socket(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))


def _link_out(place: Path) -> None:
    place.symlink_to("../../outside")


def _sparse(place: Path) -> None:
    with place.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize("make", [_fifo, _socket, _link_out, _sparse])
def test_what_is_no_file_of_the_project_is_not_copied(shop: Path, make: Callable[[Path], None]) -> None:
    """Wherever it lies in what is mounted, it is named."""
    (shop / "d").mkdir()
    make(shop / "d/odd")
    for source in (shop / "d", shop / "d/odd"):
        with pytest.raises(UsageError, match=r"^d/odd: "):
            packed(shop, Copy(source, "/x"))


def test_a_folder_that_leads_out_is_not_copied(shop: Path) -> None:
    """Nor what lies below it."""
    (shop / "etc").symlink_to("/etc")
    for source in ("etc", "etc/passwd", "../outside"):
        with pytest.raises(UsageError, match="leads out of the project"):
            packed(shop, Copy(shop / source, "/x"))


def test_no_more_is_copied_than_is_said(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of any size may be mounted; the limit is named."""
    monkeypatch.setattr(copies, "MOST_FILES", 20)
    for number in range(21):
        (shop / str(number)).touch()
    with pytest.raises(UsageError, match="more than 20 files or 256 MB"):
        packed(shop, Copy(shop, "/x"))


def test_ports_to_knock_at_are_those_of_tcp_in_each_way_of_writing() -> None:
    """Images and compose write them differently; of a range, the first stands for all."""
    assert tcp_ports(["5432/tcp", "53/udp", "80", "9000-9010", "9100-9110/tcp", "odd"]) == [
        "5432",
        "80",
        "9000",
        "9100",
    ]
