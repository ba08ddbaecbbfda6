"""What an image is made of: all that Python can import and the system has installed, and nothing else."""

from __future__ import annotations

import pytest

from hullproof.engine.model.image import FileEntry, FileFacts, ImageFacts, Layer
from hullproof.errors import Unobservable
from hullproof.facts.components import components

STATUS = """\
Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10
Description: a library
 Package: none of these

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: tzdata
Status: install ok installed
Architecture: all
Version: 2025b-0+deb12u1
"""
APK = "C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\n\nP:busybox\nV:1.36.1-r29\nA:x86_64\n"


def image(*paths: str, env: dict[str, str] | None = None, **texts: str) -> tuple[FileFacts, ImageFacts]:
    """Return an image with these files, and with these texts at /a/b for a__b."""
    written = {f"/{name.replace('__', '/').replace('_', '-')}": text for name, text in texts.items()}
    entries = tuple(FileEntry(each, "file", 0, 0, 0o644) for each in (*paths, *written))
    return FileFacts((Layer("sha256:x", from_base=True, entries=entries, texts=written),)), ImageFacts(
        "sha256:y", env=env or {}
    )


def named(*paths: str, env: dict[str, str] | None = None) -> set[tuple[str, str]]:
    """Return the distributions of an image with these files."""
    return {(each.name, each.version) for each in components(*image(*paths, env=env))}


SITE = "/opt/venv/lib/python3.12/site-packages"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (f"{SITE}/Flask_Login-0.6.3.dist-info/METADATA", ("flask-login", "0.6.3")),
        (f"{SITE}/zope.interface-6.0.dist-info/METADATA", ("zope-interface", "6.0")),
        (f"{SITE}/pip-24.0.post1+local.2.dist-info/METADATA", ("pip", "24.0.post1+local.2")),
        ("/usr/lib/python3/dist-packages/PyYAML-6.0.egg-info", ("pyyaml", "6.0")),
        ("/usr/lib/python3/dist-packages/chardet-5.1.0-py3.11.egg-info/PKG-INFO", ("chardet", "5.1.0")),
        ("/usr/lib64/python3.9/site-packages/x-1-py3.9-linux-x86_64.egg-info/PKG-INFO", ("x", "1")),
    ],
)
def test_a_distribution_is_named_as_pypi_names_it(path: str, found: tuple[str, str]) -> None:
    """From a wheel, from Debian's packages, and from what came before wheels."""
    assert named(path) == {found}


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/setuptools/_vendor/wheel-0.43.0.dist-info/METADATA",  # vendored: imported under another name
        f"{SITE}/gone-1.0.dist-info/RECORD",  # left behind
        f"{SITE}/flask/METADATA",
        "/app/flask-1.0.dist-info/METADATA",  # no Python imports from there
        f"{SITE}/flask-1.0.dist-info/licenses/METADATA",
    ],
)
def test_what_cannot_be_imported_is_not_there(path: str) -> None:
    """The list is whole, and holds nothing else."""
    assert named(path) == set()


def test_a_folder_that_pythonpath_names_is_imported_from() -> None:
    """As `pip install --target` fills one."""
    assert named("/app/deps/flask-1.0.dist-info/METADATA", env={"PYTHONPATH": "/app/deps/:/x"}) == {
        ("flask", "1.0")
    }


def test_what_a_later_layer_removes_is_gone() -> None:
    """The list is of what a container sees."""
    files, config = image(f"{SITE}/flask-1.0.dist-info/METADATA")
    gone = Layer("sha256:z", from_base=False, entries=(), removed=(f"{SITE}/flask-1.0.dist-info/",))
    removed = Layer("sha256:z", from_base=False, entries=(), removed=(f"{SITE}/flask-1.0.dist-info",))
    for layer in (gone, removed):
        assert components(FileFacts((*files.layers, layer)), config) == ()


def test_debians_packages_are_those_that_are_installed() -> None:
    """Not those of which settings alone are left."""
    release = 'NAME="Debian"\nID=debian\nVERSION_ID="12"\n'
    files, config = image()
    texts = {"/var/lib/dpkg/status": STATUS, "/usr/lib/os-release": release}
    entries = tuple(FileEntry(each, "file", 0, 0, 0o644) for each in texts)
    files = FileFacts((Layer("sha256:x", from_base=True, entries=entries, texts=texts),))
    found = components(files, config)
    assert [(each.name, each.version, each.architecture) for each in found] == [
        ("libc6", "2.36-9+deb12u10", "amd64"),
        ("tzdata", "2025b-0+deb12u1", "all"),
    ]
    assert {(each.kind, each.vendor, each.distribution) for each in found} == {("deb", "debian", "debian-12")}


def test_alpines_and_distroless_packages_are_found() -> None:
    """In their own files."""
    texts = {"/lib/apk/db/installed": APK, "/etc/os-release": "ID=alpine\nVERSION_ID=3.20.1\n"}
    texts["/var/lib/dpkg/status.d/base-files"] = "Package: base-files\nVersion: 12.4\nArchitecture: amd64\n"
    texts["/var/lib/dpkg/status.d/base-files.md5sums"] = "Package: none\n"
    entries = tuple(FileEntry(each, "file", 0, 0, 0o644) for each in texts)
    files = FileFacts((Layer("sha256:x", from_base=True, entries=entries, texts=texts),))
    assert [(each.kind, each.name) for each in components(files, image()[1])] == [
        ("apk", "busybox"),
        ("apk", "musl"),
        ("deb", "base-files"),
    ]


def test_a_database_that_is_not_read_leaves_the_list_unknown() -> None:
    """It would not be whole, and is not given for whole."""
    with pytest.raises(Unobservable, match="RPM are not read"):
        components(*image("/usr/lib/sysimage/rpm/rpmdb.sqlite"))
