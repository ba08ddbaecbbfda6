"""Sorting the files of a layer: what a release does not need, by kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.practices.library.packages import is_package_list

if TYPE_CHECKING:
    from collections.abc import Collection

    from hullproof.facts import ContainerFacts, FileEntry, FileFacts, ImageFacts

# Where packages put their files. Tests, keys and the like of an installed package are the package's business.
_INSTALLED = re.compile(
    r"/(?:site|dist)-packages/|/lib(?:64)?/(?:python|pypy)\d[\d.]*/|/node_modules/|/conda-meta/"
    r"|/bin/__pycache__/"  # pip compiles the scripts that packages put there
)
_SYSTEM = re.compile(
    r"^/(?:usr/(?:local/)?(?:s?bin|lib(?:32|64|x32|exec)?|share|include|games|etc|man)|s?bin|lib(?:32|64|x32)?|etc"
    r"|boot|proc|sys|dev|run|var/(?:lib|cache|log|spool|backups|mail))/"
)
_HOME_IN_SYSTEM = re.compile(r"^/(?:var/lib|usr/(?:local/)?(?:lib|libexec|share))/[^/]+")
"""Applications live there, too."""
_VERSION_CONTROL = re.compile(r"^(.*?/(?:\.git|\.hg|\.svn|\.bzr|CVS))(?:/|$)")
_CACHE = re.compile(
    r"^(.*?/(?:\.pytest_cache|\.mypy_cache|\.ruff_cache|\.hypothesis|\.tox|\.nox|\.eggs|htmlcov|\.ipynb_checkpoints"
    r"|\.cache/(?:pip|uv|pypoetry|pipenv|pdm|hatch|pre-commit|virtualenv|pip-tools|Homebrew)|\.npm/_cacache"
    r"|\.?pip[-_]cache|\.?uv[-_]cache))/.|^(.*/\.coverage(?:\.[^/]+)?)$|^(/tmp/pip-[^/]+)/."
)
_HTTP_CACHE = re.compile(r"^(.*?)/_?http(?:-v2)?(?:/[0-9a-f]){5}/[0-9a-f]{20,}")
"""How pip and Poetry file what they fetched, wherever their cache was put."""
_STORED_WHEEL = re.compile(r"^(/var/(?:cache|lib|spool)/.*\.whl)$")
_BUILT = re.compile(r"^(.*?/build/(?:lib(?:\.[^/]+)?|bdist\.[^/]+))/.")
_TESTS_FOLDER = re.compile(r"^(.*?/tests)/.|^(.*?/test)/(?:.*/)?[^/]+\.py$")
_TEST_FILE = re.compile(r"/(?:test_[^/]*|[^/]*_test|conftest|tests)\.py$")
_TEST_BYTECODE = re.compile(r"/__pycache__/[^/]*-pytest-[^/]*\.pyc$")
_BYTECODE = re.compile(r"^(.*?/__pycache__)/.|^(.*\.py[cod])$")
_ENVIRONMENT_FILE = re.compile(r"^(?:\.env(?:\..+|rc)?|[^.].*\.env)$")
_EXAMPLE = re.compile(r"example|sample|template|dist$|default|schema", re.IGNORECASE)
_KEY_NAME = re.compile(r"^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$")
_KEY_FILE = re.compile(r"\.(?:key|pem|p12|pfx|ppk|jks)$")
_CREDENTIALS = re.compile(
    r"/(?:\.netrc|\.pypirc|\.pgpass|\.htpasswd|\.git-credentials|\.aws/credentials|\.docker/config\.json|\.kube/config"
    r"|credentials\.json)$"
)
_SDIST = re.compile(r"/[A-Za-z0-9][\w.]*-\d+\.\d[\w.]*\.(?:tar\.gz|zip)$")
_SDIST_FOLDER = re.compile(r"/(?:dist|wheels|wheelhouse|sdist|sdists|pkgs)/[^/]+$|^/(?:tmp|var/tmp)/")
_LEFT_ARCHIVE = re.compile(r"^/(?:var/)?tmp/.*\.(?:tar|tar\.\w+|tgz|tbz2?|txz|zip|deb|rpm)$")
_LOG = re.compile(r"\.log(?:\.\d+)?$")
_JUNK = re.compile(
    r"^(.*?/(?:\.github|\.circleci|\.vscode|\.idea|\.devcontainer))/."
    r"|^(.*/(?:[Dd]ockerfile(?:\.[^/]+)?|[^/]+\.[Dd]ockerfile"
    r"|(?:docker-)?compose[^/]*\.ya?ml|noxfile\.py|tox\.ini|pytest\.ini|\.coveragerc|\.flake8|\.pylintrc|mypy\.ini"
    r"|\.pre-commit-config\.yaml|\.gitlab-ci\.yml|\.travis\.yml|Jenkinsfile|azure-pipelines\.yml|\.editorconfig"
    r"|\.DS_Store|[^/]+\.sw[op]|[^/]+~))$"
)


def clutter_of(
    entry: FileEntry,
    workdir: str,
    unused: Collection[str],
    *,
    copied: bool,
    sites: Collection[str] = (),
) -> tuple[str, str] | None:
    """Tell what kind of clutter a path is, and the path to name it by; None for what a release may hold.

    `unused` are virtual environments of the host that this layer may have brought. Bytecode counts only where it
    was `copied` from the context or from a stage that ran the tests: made for the release it saves time at a start.
    `sites` are directories that packages were installed to (see `package_sites`).
    """
    path = entry.path
    if entry.kind == "directory":
        return None
    if is_package_list(path):
        return "package list", path.rpartition("/")[0]
    for pattern, kind in (
        (_VERSION_CONTROL, "version control data"),
        (_CACHE, "cache"),
        (_HTTP_CACHE, "cache"),
        (_STORED_WHEEL, "wheel"),
    ):
        found = pattern.match(path)
        if found is not None:
            return kind, _first_group(found)
    environment = _within(path, unused)
    if environment is not None:
        return "virtual environment of the host", environment
    if _INSTALLED.search(path) or _within(path, sites) is not None:
        return None
    at_home = _HOME_IN_SYSTEM.match(workdir) is not None and path.startswith(f"{workdir.rstrip('/')}/")
    of_project = at_home or not _SYSTEM.match(path)
    return _secret_file(entry) or (_project_file(path, workdir, copied=copied) if of_project else None)


def _within(path: str, tops: Collection[str]) -> str | None:
    """Return the outermost directory among `tops` that a path lies in; there may be as many of them as files."""
    found = None
    while tops and path:
        path = path.rpartition("/")[0]
        found = path if path in tops else found
    return found


def package_sites(files: FileFacts, workdir: str) -> frozenset[str]:
    """List directories of any name that hold installed packages, as `pip install --target` makes them.

    One that the application itself may lie in is none: its files cannot be told from those of packages.
    """
    tops = {path.rsplit("/", 2)[0] for path in files.final if path.endswith(".dist-info/METADATA")}
    own = f"{workdir.rstrip('/')}/"
    return frozenset(top for top in tops if not own.startswith(f"{top}/"))


def is_systems(path: str) -> bool:
    """Whether a path lies where the system and its packages have their files, or libraries theirs."""
    return _SYSTEM.match(path) is not None or _INSTALLED.search(path) is not None


def _secret_file(entry: FileEntry) -> tuple[str, str] | None:
    path, name = entry.path, entry.name
    unread = entry.sha256 is None and entry.kind == "file"
    if (
        entry.private_key
        or _KEY_NAME.match(name)
        or (_KEY_FILE.search(name) and unread and not _SYSTEM.match(path))
    ):
        return "private key", path
    if _CREDENTIALS.search(path):
        return "credentials file", path
    if _ENVIRONMENT_FILE.match(name) and not _EXAMPLE.search(name) and not _SYSTEM.match(path):
        return "environment file", path
    return None


def _project_file(path: str, workdir: str, *, copied: bool) -> tuple[str, str] | None:
    """Judge what lies where applications live, outside the system's and the packages' folders."""
    folder = _TESTS_FOLDER.match(path)
    if folder is not None:
        return "tests", _first_group(folder)
    bytecode = _BYTECODE.match(path)
    if bytecode is not None and not _TEST_BYTECODE.search(path):
        return ("bytecode cache", _first_group(bytecode)) if copied else None
    top_level = path.rpartition("/")[0] == workdir.rstrip("/")
    built = _BUILT.match(path)
    kinds = {
        "tests": _TEST_FILE.search(path) or _TEST_BYTECODE.search(path),
        "wheel": path.endswith((".whl", ".egg")),
        "archive": _LEFT_ARCHIVE.search(path),
        "build leftover": built,
        "log file": copied and _LOG.search(path),
        "source distribution": _SDIST.search(path) and (top_level or _SDIST_FOLDER.search(path)),
        # Among the code it means nothing, and is no sign of COPY . .
        "development file": top_level and path.endswith((".dockerignore", "/.gitignore", "/.gitattributes")),
    }
    kind = next((name for name, is_one in kinds.items() if is_one), None)
    if kind is not None:
        return kind, built[1] if built else path
    junk = _JUNK.match(path)
    return ("development file", _first_group(junk)) if junk is not None else None


def unused_environments(
    files: FileFacts, image: ImageFacts, container: ContainerFacts | None
) -> frozenset[str]:
    """List virtual environments that nothing of the container runs from."""
    tops = {path.removesuffix("/pyvenv.cfg") for path in files.final if path.endswith("/pyvenv.cfg")}
    words = [*image.env.values(), *image.entrypoint, *image.command]
    if container is not None:
        words += [
            word for process in container.processes for word in (*process.command, process.executable or "")
        ]
    return frozenset(top for top in tops if not any(f"{top}/" in word or word == top for word in words))


def _first_group(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group is not None)
