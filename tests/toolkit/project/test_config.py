"""Configuration: every key, both files, and every mistake in one line that says what would be right."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.options import files
from hullproof.project.config import Accepted, Config, load, settings_schema
from hullproof.project.config.writing import write_accepted
from hullproof.project.project import Project

EVERY_KEY = """
name = "shop-api"
dockerfile = "docker/Dockerfile"
context = "service"
target = "release"
test_target = "test"
ready = "/healthz"
ready_timeout_s = 5
env = { BOARD_TOKEN = "x", EMPTY = "" }
build_args = { PYTHON_VERSION = "3.13" }
secrets = { token = "secrets/token.txt" }
contexts = { shared = "lib" }
user = "appuser"
workdir = "/app"
ports = [5000, "53/udp", "8080"]
command = ["python", "run.py"]
max_size_mb = 120.5
compose = "compose.yaml"
service = "web"
services = ["db", "cache", "db"]
memory_mb = 512
pids = 100
offline = true
profile = "kubernetes"
practices = ["arbitrary-uid", "arbitrary-uid"]
accept = [
    { practice = "ownership", reason = "the volume's\\n  owner", until = 2027-01-31 },
    { practice = "slim-base", reason = "a compiler at run time", until = "2027-02-28" },
]
"""


def test_a_project_that_never_heard_of_us_gets_the_defaults(tmp_path: Path) -> None:
    """No file, a file without our section, an empty section: all the same."""
    assert load(tmp_path).config == Config()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.ruff]\nline-length = 100\n')
    assert load(tmp_path).config == Config()
    (tmp_path / "pyproject.toml").write_text("[tool.hullproof]\n")
    assert load(tmp_path).config == Config()


@pytest.mark.parametrize("file", ["hullproof.toml", "pyproject.toml"])
def test_every_key_is_read_from_either_file(tmp_path: Path, file: str) -> None:
    """Each key arrives in its own kind, ports in the engine's words."""
    (tmp_path / "service").mkdir()
    section = "[tool.hullproof]\n" if file == "pyproject.toml" else ""
    (tmp_path / file).write_text(section + EVERY_KEY)
    for folder in ("secrets", "lib"):
        (tmp_path / folder).mkdir()
    (tmp_path / "secrets/token.txt").write_text("x")
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    config = load(tmp_path).config
    assert asdict(config) == {
        "name": "shop-api",
        "dockerfile": "docker/Dockerfile",
        "context": "service",
        "target": "release",
        "test_target": "test",
        "ready": "/healthz",
        "ready_timeout_s": 5.0,
        "env": {"BOARD_TOKEN": "x", "EMPTY": ""},
        "build_args": {"PYTHON_VERSION": "3.13"},
        "secrets": {"token": "secrets/token.txt"},
        "contexts": {"shared": "lib"},
        "user": "appuser",
        "workdir": "/app",
        "ports": ("5000/tcp", "53/udp", "8080/tcp"),
        "command": ("python", "run.py"),
        "max_size_mb": 120.5,
        "compose": "compose.yaml",
        "service": "web",
        "services": ("db", "cache"),
        "memory_mb": 512.0,
        "pids": 100,
        "offline": True,
        "profile": "kubernetes",
        "practices": ("arbitrary-uid",),
        "accept": (
            {"practice": "ownership", "reason": "the volume's owner", "until": date(2027, 1, 31)},
            {"practice": "slim-base", "reason": "a compiler at run time", "until": date(2027, 2, 28)},
        ),
    }
    assert all(getattr(config, each.name) != getattr(Config(), each.name) for each in fields(Config))


def test_a_pyproject_of_others_leaves_hullproof_toml_in_force(tmp_path: Path) -> None:
    """Only a section of ours in pyproject.toml competes with hullproof.toml."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "hullproof.toml").write_text("ready = 5000\n")
    assert load(tmp_path).config.ready == 5000


def test_both_files_at_once_are_refused(tmp_path: Path) -> None:
    """Neither wins in silence."""
    (tmp_path / "pyproject.toml").write_text("[tool.hullproof]\nready = 1\n")
    (tmp_path / "hullproof.toml").write_text("ready = 2\n")
    assert complaint(tmp_path) == (
        "hullproof.toml and [tool.hullproof] in pyproject.toml both exist; keep one of them"
    )


def complaint(folder: Path) -> str:
    """Return what the configuration in `folder` is refused with, which is one line."""
    with pytest.raises(UsageError) as caught:
        load(folder)
    text = str(caught.value)
    assert "\n" not in text
    return text


MISTAKES = [
    (
        "memory_mb = 1",
        "hullproof.toml: memory_mb = 1 must be a number from 10 to 10000000, in units of 1,000,000 bytes",
    ),
    (
        "memory_mb = true",
        "hullproof.toml: memory_mb = True must be a number from 10 to 10000000, in units of 1,000,000 bytes",
    ),
    ("pids = 0", "hullproof.toml: pids = 0 must be a whole number from 1 to 16384"),
    ("pids = 1000000", "hullproof.toml: pids = 1000000 must be a whole number from 1 to 16384"),
    (
        "name = ' '",
        "hullproof.toml: name = ' ' must be a string of one line, not empty, of at most 200 characters",
    ),
    ("offline = 1", "hullproof.toml: offline = 1 must be true or false"),
    (
        'practices = "expose"',
        'hullproof.toml: practices = \'expose\' must be a list of practices, such as ["arbitrary-uid", "numeric-user"]',
    ),
    ("redy = 1", "hullproof.toml: unknown key 'redy'; did you mean 'ready'?"),
    ("buildargs = {}", "hullproof.toml: unknown key 'buildargs'; did you mean 'build_args'?"),
    ("Target = 'x'", "hullproof.toml: unknown key 'Target'; did you mean 'target'?"),
    ("dockerfile = ''", "hullproof.toml: dockerfile = '' must be a string that is not empty"),
    ("dockerfile = 1", "hullproof.toml: dockerfile = 1 must be a string that is not empty"),
    ("target = ['a']", "hullproof.toml: target = ['a'] must be a string that is not empty"),
    (
        "ready = 'healthz'",
        "hullproof.toml: ready = 'healthz' must be an HTTP path that starts with \"/\", or a TCP port from 1 to 65535",
    ),
    ("ready_timeout_s = 0", "hullproof.toml: ready_timeout_s = 0 must be a number above 0, up to 86,400"),
    (
        "ready_timeout_s = true",
        "hullproof.toml: ready_timeout_s = True must be a number above 0, up to 86,400",
    ),
    ("max_size_mb = '9'", "hullproof.toml: max_size_mb = '9' must be a number above 0, up to 1,000,000"),
    (
        "env = { A = 1 }",
        "hullproof.toml: env = {'A': 1} must be a table of strings, such as { NAME = \"value\" }",
    ),
    (
        "secrets = []",
        'hullproof.toml: secrets = [] must be a table of strings, such as { NAME = "value" }',
    ),
    (
        "command = 'run'",
        'hullproof.toml: command = \'run\' must be a list of strings, such as ["python", "run.py"]',
    ),
    (
        "command = []",
        'hullproof.toml: command = [] must be a list of strings, such as ["python", "run.py"]',
    ),
    (
        "services = ['db']",
        "hullproof.toml: services = ['db'] needs `compose`, the file that describes them",
    ),
    (
        "services = []",
        'hullproof.toml: services = [] must be a list of services of the compose file, such as ["db", "cache"]',
    ),
    (
        "compose = 'compose.yml'",
        "hullproof.toml: compose: there is no file compose.yml; make it, or fix the path",
    ),
    ("ports = 5000", 'hullproof.toml: ports = 5000 must be a list of ports, such as [5000, "53/udp"]'),
]


@pytest.mark.parametrize(("line", "said"), MISTAKES)
def test_a_mistake_is_named_with_what_would_be_right(tmp_path: Path, line: str, said: str) -> None:
    """The file, the key, the value, and what it must be."""
    (tmp_path / "hullproof.toml").write_text(line + "\n")
    assert complaint(tmp_path) == said


@pytest.mark.parametrize("key", ["zzz", "x.y.z", ""])
def test_a_key_near_to_none_gets_them_all(tmp_path: Path, key: str) -> None:
    """Where no key is near, all are named."""
    (tmp_path / "hullproof.toml").write_text(f'"{key}" = 1\n')
    assert complaint(tmp_path).endswith("known are: " + ", ".join(each.name for each in fields(Config)))


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "[]", "{}"])
@pytest.mark.parametrize("key", ["ready_timeout_s", "max_size_mb"])
def test_only_a_finite_number_above_zero_is_a_number(tmp_path: Path, key: str, value: str) -> None:
    """A deadline of infinity would be none, and nan is neither kept nor broken."""
    (tmp_path / "hullproof.toml").write_text(f"{key} = {value}\n")
    assert "must be a number above 0" in complaint(tmp_path)


@pytest.mark.parametrize(
    "port", ["0", "65536", "-1", "true", "'5000/sctp'", "'http'", "'5000/'", "'²'", "5.5", "[]"]
)
def test_only_ports_are_ports(tmp_path: Path, port: str) -> None:
    """From 1 to 65535, tcp or udp."""
    (tmp_path / "hullproof.toml").write_text(f"ports = [{port}]\n")
    assert 'must be a list of ports, such as [5000, "53/udp"]' in complaint(tmp_path)


@pytest.mark.parametrize("path", ["/etc/Dockerfile", "../Dockerfile", "a/../../Dockerfile", ".", "./"])
def test_the_dockerfile_is_within_the_project(tmp_path: Path, path: str) -> None:
    """What is elsewhere is in no build context, and no scratch copy has it."""
    (tmp_path / "hullproof.toml").write_text(f"dockerfile = '{path}'\n")
    assert complaint(tmp_path).endswith('must be a path within the project, such as "docker/Dockerfile"')


def test_a_secret_without_its_file_is_known_before_the_build(tmp_path: Path) -> None:
    """The file is looked for when the configuration is read."""
    (tmp_path / "hullproof.toml").write_text("secrets = { token = 'token.txt' }\n")
    assert complaint(tmp_path) == (
        "hullproof.toml: secrets: token: there is no file token.txt; make it, or fix the path"
    )


@pytest.mark.parametrize("path", ["/etc/hostname", "../outside", "link", "up/outside"])
def test_a_project_cannot_name_a_secret_outside_it(tmp_path: Path, path: str) -> None:
    """A build has a network: a file of the machine's owner is the owner's to hand over."""
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "outside").write_text("x")
    (folder / "link").symlink_to("../outside")
    (folder / "up").symlink_to("..")
    (folder / "hullproof.toml").write_text(f"secrets = {{ token = '{path}' }}\n")
    said = complaint(folder)
    assert "--secret ID=PATH" in said or "leads out of the project" in said
    (folder / "hullproof.toml").unlink()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    project = Project.open(folder).handed(files([f"token={tmp_path}/outside"]), {})
    assert project.config.secrets == {"token": f"{tmp_path}/outside"}


@pytest.mark.parametrize("port", ["0", "65536", "true", "5.0"])
def test_ready_takes_only_ports(tmp_path: Path, port: str) -> None:
    """What is no path must be a port."""
    (tmp_path / "hullproof.toml").write_text(f"ready = {port}\n")
    assert "or a TCP port from 1 to 65535" in complaint(tmp_path)


@pytest.mark.parametrize("value", ["[]", "'x'", "1"])
def test_a_section_that_is_no_table_is_refused(tmp_path: Path, value: str) -> None:
    """`tool.hullproof` must be a table."""
    (tmp_path / "pyproject.toml").write_text(f"[tool]\nhullproof = {value}\n")
    assert complaint(tmp_path) == "pyproject.toml [tool.hullproof]: must be a table of settings"


@pytest.mark.parametrize("content", [b"x = ", b"[tool\n", b"\xff\xfe", b"a = 1\na = 2\n", b"x = '''\n\n"])
@pytest.mark.parametrize("file", ["hullproof.toml", "pyproject.toml"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, file: str, content: bytes) -> None:
    """A syntax error is one line with the file's name."""
    (tmp_path / file).write_bytes(content)
    assert complaint(tmp_path).startswith(f"{file} is not valid TOML: ")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """Some editors write one."""
    (tmp_path / "hullproof.toml").write_bytes(b"\xef\xbb\xbfready = 5000\n")
    assert load(tmp_path).config.ready == 5000


def test_a_folder_in_the_files_place_is_no_configuration(tmp_path: Path) -> None:
    """A folder called hullproof.toml is somebody's folder."""
    (tmp_path / "hullproof.toml").mkdir()
    assert load(tmp_path).config == Config()


def test_the_documented_keys_are_the_known_ones() -> None:
    """The docstring, which is the reference, names each key."""
    documented = Config.__doc__ or ""
    assert [each.name for each in fields(Config) if f"`{each.name}`" not in documented] == []


def test_a_huge_value_is_not_repeated_whole(tmp_path: Path) -> None:
    """The one line stays one that can be read."""
    value: Any = "x" * 100_000
    (tmp_path / "hullproof.toml").write_text(f"ports = '{value}'\n")
    assert len(complaint(tmp_path)) < 300


# --- named build contexts ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["../shared", "/etc", "gone", "out"])
def test_a_context_is_a_folder_within_the_project(tmp_path: Path, path: str) -> None:
    """A project hands no folder of this machine to a build, neither by its path nor through a link."""
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "hullproof.toml").write_text(f"contexts = {{ shared = '{path}' }}\n")
    said = complaint(tmp_path)
    assert said.startswith("hullproof.toml: contexts")
    assert "--build-context" in said or "there is no folder gone" in said


# --- acceptances -------------------------------------------------------------------------------------


def entry(**changes: str) -> str:
    """Write one acceptance, as TOML; a change to "" leaves the key out."""
    values = {"practice": "'ownership'", "reason": "'x'", "until": "2027-01-31", **changes}
    return "{ " + ", ".join(f"{key} = {value}" for key, value in values.items() if value) + " }"


@pytest.mark.parametrize(
    "accept",
    [
        "'ownership'",
        "['ownership']",
        f"[{entry(reason='')}]",
        f"[{entry(untill='1')}]",
        f"[{entry(practice='1')}]",
        f"""[{entry(reason="' '")}]""",
    ],
)
def test_an_acceptance_has_its_practice_its_reason_and_its_last_day(tmp_path: Path, accept: str) -> None:
    """All three, and nothing else; what is right is shown whole."""
    (tmp_path / "hullproof.toml").write_text(f"accept = {accept}\n")
    said = complaint(tmp_path)
    assert said.startswith("hullproof.toml: accept = ")
    assert said.endswith('such as [{ practice = "ownership", reason = "why", until = "2027-01-31" }]')


@pytest.mark.parametrize(
    "until", ["'soon'", "'20270131'", "'2027-02-30'", "'2027-W04-7'", "2027-01-31T10:00:00", "5", "true"]
)
def test_the_last_day_is_a_day(tmp_path: Path, until: str) -> None:
    """A day of the calendar, without an hour."""
    (tmp_path / "hullproof.toml").write_text(f"accept = [{entry(until=until)}]\n")
    assert complaint(tmp_path).endswith('`until` is a day, such as "2027-01-31"')


def test_a_practice_is_accepted_once(tmp_path: Path) -> None:
    """Of two reasons and days, neither wins in silence."""
    (tmp_path / "hullproof.toml").write_text(f"accept = [{entry()}, {entry()}]\n")
    assert complaint(tmp_path) == (
        "hullproof.toml: accept names ownership twice; keep one of the two entries"
    )


# --- the project's name ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "name", "place"),
    [
        ("[project]\nname = 'web-shop'\n", "web-shop", "pyproject.toml [project]"),
        ("[tool.poetry]\nname = 'web_shop'\n", "web_shop", "pyproject.toml [tool.poetry]"),
        ("[project]\nname = 'a'\n[tool.poetry]\nname = 'b'\n", "a", "pyproject.toml [project]"),
        ("[project]\nname = '../x'\n", None, None),
        ("[project]\nname = ''\n", None, None),
        ("[project]\nname = 1\n", None, None),
        (f"[project]\nname = '{'x' * 201}'\n", None, None),
        ("project = 1\ntool = 2\n", None, None),
        ("[tool]\npoetry = 2\n", None, None),
    ],
)
def test_the_name_is_the_one_that_the_metadata_give(
    tmp_path: Path, metadata: str, name: str | None, place: str | None
) -> None:
    """A valid name only: it becomes a file's name, too."""
    (tmp_path / "pyproject.toml").write_text(metadata)
    written = load(tmp_path)
    assert (written.name, written.places.get("name")) == (name, place)


# --- for editors -------------------------------------------------------------------------------------


def is_valid(text: str) -> bool:
    """Whether an editor that knows the schema finds nothing to complain of; it reads a day as a text."""
    schema = json.loads(settings_schema())
    Draft202012Validator.check_schema(schema)
    table = json.loads(json.dumps(toml.loads(text), default=str))
    return Draft202012Validator(schema).is_valid(table)


def test_the_schema_knows_every_key_and_its_default() -> None:
    """No setting is unknown to editors, and none that there is not is offered."""
    known = json.loads(settings_schema())["properties"]
    assert list(known) == [each.name for each in fields(Config)]
    defaults = {name: each["default"] for name, each in known.items() if "default" in each}
    assert all(getattr(Config(), name) == default for name, default in defaults.items())


def test_the_schema_takes_what_we_take() -> None:
    """Every key, in every form."""
    assert is_valid(EVERY_KEY)
    assert is_valid("")


@pytest.mark.parametrize(
    "line", [line for line, _ in MISTAKES if not line.startswith(("services = ['db']", "compose"))]
)
def test_the_schema_refuses_what_we_refuse(line: str) -> None:
    """An editor marks each mistake that can be seen without the project's files."""
    assert not is_valid(line)


# --- what is accepted is written down ----------------------------------------------------------------

TODAY = [
    Accepted("ownership", 'the vendor\'s "plugin"', date(2027, 1, 31)),
    Accepted("expose", "é", date(2027, 1, 31)),
]


@pytest.mark.parametrize(
    ("file", "before"),
    [
        ("hullproof.toml", None),
        ("hullproof.toml", "# ours\nready = 80\n\n[env]\nA = 'accept = ['\n"),
        ("hullproof.toml", "accept = []\n"),
        (
            "hullproof.toml",
            "ready = 80\naccept = [ # old\n {practice='workdir', reason='x', until=2027-02-01}]\n",
        ),
        (
            "pyproject.toml",
            "[project]\nname='x'\n[tool.hullproof] # here\nready = 80\n[tool.hullproof.env]\nA = '1'\n",
        ),
        (
            "pyproject.toml",
            "[tool.hullproof]\naccept = [{practice='workdir', reason='x', until=2027-02-01}]\n[tool.x]\naccept = [1]\n",
        ),
        ("pyproject.toml", "[tool.x]\naccept = [1]\n[tool.hullproof]"),
    ],
)
def test_what_is_accepted_is_added_and_nothing_else_changes(
    tmp_path: Path, file: str, before: str | None
) -> None:
    """Comments, order and other tables stay; the project reads it back."""
    if before is not None:
        (tmp_path / file).write_text(before)
    was = load(tmp_path).config
    assert write_accepted(tmp_path, TODAY) == file
    now = load(tmp_path).config
    assert sorted(now.accept, key=str) == sorted([*was.accept, *TODAY], key=str)
    assert replace(now, accept=()) == replace(was, accept=())
    text = (tmp_path / file).read_text()
    assert all(line in text for line in (before or "").splitlines() if "accept = [" not in line)


@pytest.mark.parametrize("text", ["[tool]\nhullproof = {ready = 80}\n", "tool.hullproof.ready = 80\n"])
def test_a_file_that_is_written_otherwise_is_left_alone(tmp_path: Path, text: str) -> None:
    """The lines to add are shown."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=r"add to `accept` by hand: \{ practice = \"ownership\""):
        write_accepted(tmp_path, TODAY)
    assert (tmp_path / "pyproject.toml").read_text() == text
