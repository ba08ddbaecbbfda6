"""Getting an engine: what is missing, where it comes from, who says yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hullproof.engine.endpoint import Endpoint, NoEngineError
from hullproof.errors import EngineError
from hullproof.host import install
from hullproof.host.aptsources import (
    AptSource,
    debian_sources,
    parse_deb822,
    parse_one_line,
    resolve_mirror_list,
)
from hullproof.host.install import Parts, ensure_engine, needed_packages, trixie_pin
from hullproof.host.machine import System, cause, this_system
from hullproof.process import Done

BOOKWORM = System("debian", (), (12,), "bookworm", "Debian 12")
UBUNTU = System("ubuntu", ("debian",), (24, 4), "noble", "Ubuntu 24.04")
NOTHING = Parts(daemon=False, cli=False, buildx=False, compose=False, iptables=False, mmdebstrap=False)
ALL = Parts(daemon=True, cli=True, buildx=True, compose=True, iptables=True, mmdebstrap=True)

MIRROR = """\
Types: deb deb-src
# a comment
URIs: https://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Architectures: amd64
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
Enabled: no
URIs: https://off.example/debian
Suites: bookworm
Components: main
"""


def test_deb822_source_is_derived_with_mirror_key_and_security() -> None:
    """Mirror and embedded key stay, the machine's choice of architecture goes, security is guessed beside it."""
    archive, security = debian_sources(parse_deb822(MIRROR), "trixie")
    assert archive.render() == (
        "Types: deb\nURIs: https://mirror.example/debian\nSuites: trixie trixie-updates\nComponents: main\n"
        "Signed-By: \n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n"
    )
    assert (security.uri, security.suites) == ("https://mirror.example/debian-security", ("trixie-security",))


def test_one_line_source_with_options() -> None:
    """The old format, with the options in brackets."""
    text = "# deb x y z\ndeb [arch=amd64,arm64 signed-by=/k.gpg trusted=yes] http://m/debian/ bookworm main # note\n"
    (source,) = parse_one_line(text)
    assert source == AptSource(
        "http://m/debian/",
        ("bookworm",),
        ("main",),
        (("Architectures", "amd64 arm64"), ("Signed-By", "/k.gpg"), ("Trusted", "yes")),
    )
    assert debian_sources([source], "sid")[0].options == (("Signed-By", "/k.gpg"), ("Trusted", "yes"))


def test_other_peoples_sources_are_no_debian_mirror() -> None:
    """A vendor's repository with Debian's suite names is passed over for the public mirror."""
    vendor = parse_one_line("deb https://packages.example/debian/12/prod bookworm main\n")
    assert debian_sources(vendor, "trixie")[0].uri == "http://deb.debian.org/debian"


def test_sid_has_no_security_suite() -> None:
    """It would be a 404."""
    assert [source.suites for source in debian_sources([], "sid")] == [("sid",)]


def test_mirror_list_file_is_resolved(tmp_path: Path) -> None:
    """Cloud images list mirrors in a file that a build does not have."""
    (tmp_path / "debian.list").write_text("https://m/debian\n")
    source = AptSource(f"mirror+file://{tmp_path}/debian.list", ("sid",), ("main",))
    assert resolve_mirror_list(source).uri == "https://m/debian"


def test_pin_lets_in_four_packages_only() -> None:
    """Everything from Debian 13 is kept out but the Docker packages."""
    for suite in ("trixie", "trixie-updates", "trixie-security"):
        assert f"Package: *\nPin: release n={suite}\nPin-Priority: -1\n" in trixie_pin()
        wanted = "Package: docker.io docker-cli docker-buildx docker-compose"
        assert f"{wanted}\nPin: release n={suite}\nPin-Priority: 990\n" in trixie_pin()


@pytest.mark.parametrize(
    ("system", "parts", "answers", "packages"),
    [
        (BOOKWORM, NOTHING, False, "docker.io docker-cli docker-buildx docker-compose iptables mmdebstrap"),
        (BOOKWORM, ALL, False, ""),
        (BOOKWORM, Parts(**{**vars(ALL), "daemon": False}), False, "docker.io"),
        (BOOKWORM, Parts(**{**vars(ALL), "buildx": False, "iptables": False}), True, "docker-buildx"),
        (BOOKWORM, Parts(**{**vars(ALL), "cli": False}), True, "docker-cli"),
        (
            UBUNTU,
            NOTHING,
            False,
            "docker.io docker-buildx docker-compose-v2 iptables mmdebstrap debian-archive-keyring",
        ),
    ],
)
def test_only_what_is_missing_is_installed(
    monkeypatch: pytest.MonkeyPatch,
    system: System,
    parts: Parts,
    packages: str,
    *,
    answers: bool,
) -> None:
    """Parts that are there are used."""
    monkeypatch.setattr(install, "is_package_installed", lambda _: False)
    assert " ".join(needed_packages(system, parts, engine_answers=answers)) == packages


def test_dockers_own_packages_stay_dockers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """docker-ce and docker.io exclude each other."""
    monkeypatch.setattr(install, "is_package_installed", lambda name: name == "docker-ce-cli")
    parts = Parts(**{**vars(ALL), "daemon": False, "buildx": False})
    assert needed_packages(UBUNTU, parts, engine_answers=False) == (
        "docker-ce",
        "containerd.io",
        "docker-buildx-plugin",
    )


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the machine look like a fresh Debian 12, for root."""

    def connect(**_: object) -> None:
        raise NoEngineError("no-socket", "no Docker engine: nothing there")

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("HULLPROOF_INSTALL", raising=False)
    monkeypatch.setattr("hullproof.host.install.Engine.connect", connect)
    monkeypatch.setattr(install, "find_endpoint", lambda: Endpoint("unix:///var/run/docker.sock"))
    monkeypatch.setattr(install, "this_system", lambda: BOOKWORM)
    monkeypatch.setattr(install, "privilege", lambda: ())
    monkeypatch.setattr(install, "look_around", lambda: NOTHING)


@pytest.mark.usefixtures("bare")
def test_nothing_is_installed_after_a_no() -> None:
    """The line names the packages, and the exit code is 3."""
    with pytest.raises(EngineError, match=r"docker\.io.*you said no") as caught:
        ensure_engine(assume_yes=False, say=lambda _: None, ask=lambda _: False)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("right", [(), ("sudo", "-n")])
def test_without_a_terminal_who_may_be_root_is_asked_nothing(
    monkeypatch: pytest.MonkeyPatch, right: tuple[str, ...]
) -> None:
    """A script, a container, an image build: what is installed is named, and it goes on."""
    said: list[str] = []
    installed: list[tuple[str, ...]] = []

    def install_packages(packages: tuple[str, ...], given: tuple[str, ...], *, say: object) -> None:
        assert say
        assert given == right
        installed.append(packages)

    monkeypatch.setattr(install, "privilege", lambda: right)
    monkeypatch.setattr(install, "this_system", lambda: UBUNTU)
    monkeypatch.setattr(install, "install_packages", install_packages)
    monkeypatch.setattr(install, "_start", lambda *_: None)
    with pytest.raises(NoEngineError):  # as the engine does not come up here
        ensure_engine(assume_yes=False, say=said.append, ask=None)
    assert len(installed) == 1
    assert all(name in said[0] for name in installed[0])


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("yes", [True, False])
def test_never_is_never(monkeypatch: pytest.MonkeyPatch, *, yes: bool) -> None:
    """Whoever runs the machine has the last word."""
    monkeypatch.setenv("HULLPROOF_INSTALL", "never")
    with pytest.raises(EngineError, match="HULLPROOF_INSTALL=never, so nothing was installed"):
        ensure_engine(assume_yes=yes, say=lambda _: None, ask=None)


@pytest.mark.usefixtures("bare")
def test_no_right_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither root nor sudo."""
    monkeypatch.setattr(install, "privilege", lambda: None)
    with pytest.raises(EngineError, match="needs root"):
        ensure_engine(assume_yes=True, say=lambda _: None, ask=None)


@pytest.mark.usefixtures("bare")
def test_other_systems_get_the_manual(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be done is said with the place that says how."""
    monkeypatch.setattr(install, "this_system", lambda: System("fedora", (), (42,), "", "Fedora 42"))
    with pytest.raises(EngineError, match=r"Fedora 42.*docs\.docker\.com"):
        ensure_engine(assume_yes=True, say=lambda _: None, ask=None)


@pytest.mark.usefixtures("bare")
def test_a_remote_engine_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed here because an engine elsewhere does not answer."""
    monkeypatch.setattr(install, "find_endpoint", lambda: Endpoint("tcp://far:2375"))
    with pytest.raises(NoEngineError, match="nothing there"):
        ensure_engine(assume_yes=True, say=lambda _: None, ask=None)


def test_os_release(tmp_path: Path) -> None:
    """Quoted and unquoted values."""
    path = tmp_path / "os-release"
    path.write_text('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian 12"\n')
    assert this_system(path) == BOOKWORM
    assert not this_system(tmp_path / "none").has_apt_engine


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("E: Write error - write (28: No space left on device)", "disk is full"),
        ("Temporary failure resolving 'deb.debian.org'", "cannot be resolved"),
        ("something\nE: Broken thing", "exit code 100: E: Broken thing"),
    ],
)
def test_causes_in_one_line(text: str, says: str) -> None:
    """Known signs are put into words; else the last error line speaks."""
    assert says in cause(Done(("apt-get",), 100, tuple(text.splitlines())))
