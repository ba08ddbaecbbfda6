"""What a project needs: which file says so, where each package stands, and how a build installs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hullproof.errors import UsageError
from hullproof.init.plan import plan

from .conftest import FLASK, PROJECTS, See, said

APP = {"app.py": FLASK}
UV_LOCK = (PROJECTS / "fastapi-uv" / "uv.lock").read_text()
UV_PYPROJECT = (PROJECTS / "fastapi-uv" / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("files", "release", "tests"),
    [
        ({"requirements.txt": "flask\ngunicorn\n"}, "requirements.txt", None),
        (
            {"requirements.txt": "flask\ngunicorn\n", "requirements-dev.txt": "pytest\n"},
            "requirements.txt",
            "requirements-dev.txt",
        ),
        (
            {
                "requirements.txt": "flask\ngunicorn\n",
                "requirements-dev.txt": "ruff\n",
                "requirements_test.txt": "x\n",
            },
            "requirements.txt",
            "requirements_test.txt",
        ),
        (
            {"requirements.txt": "flask\ngunicorn\n", "requirements-dev.txt": "pytest\n", "test-requirements.txt": "x\n"},
            "requirements.txt",
            "requirements-dev.txt",
        ),
        (
            {
                "requirements/base.txt": "flask\n",
                "requirements/prod.txt": "-r base.txt\ngunicorn\n",
                "requirements/dev.txt": "-r base.txt\npytest\n",
            },
            "requirements/prod.txt",
            "requirements/dev.txt",
        ),
    ],
)  # fmt: skip
def test_requirements_files_are_known_by_their_names(
    see: See, files: dict[str, str], release: str, tests: str | None
) -> None:
    """For tests: the one that names a test runner, else the one that is named for tests."""
    found = see({**APP, **files}).dependencies
    assert (found.release.file, found.test.file) == (release, tests)


def test_the_files_that_a_requirements_file_leads_to_come_along(see: See) -> None:
    """And what stands in them is known by file and line, comments, continuations and options left aside."""
    found = see({
        **APP,
        "requirements.txt": "-r  requirements/base.txt # all\n--constraint=pins.txt\ngunicorn==1 \\\n  --hash=sha256:00\n",
        "requirements/base.txt": "# what it runs on\n\nFlask[async]>=3 ; python_version > '3'\n",
        "pins.txt": "werkzeug==3\n",
    }).dependencies  # fmt: skip
    assert found.release.copied == ("requirements.txt", "requirements/base.txt", "pins.txt")
    assert found.places["flask"] == "requirements/base.txt:3"
    assert found.places["gunicorn"] == "requirements.txt:3"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("-r gone.txt\n", "requirements.txt:1: there is no file gone.txt in the project; fix the line"),
        (
            "flask\n-r ../x.txt\n",
            "requirements.txt:2: there is no file ../x.txt in the project; fix the line",
        ),
        ("flask\n-e .\n", "requirements.txt:2: installs . from a folder"),
        ("flask\n./lib\n", "requirements.txt:2: installs ./lib from a folder"),
    ],
)
def test_what_no_build_could_install_before_the_code_is_one_line(see: See, text: str, told: str) -> None:
    """It names the file and the line."""
    with pytest.raises(UsageError) as raised:
        see({**APP, "requirements.txt": text})
    assert str(raised.value).startswith(told)


def test_a_requirements_file_that_only_installs_the_project_is_no_list(see: See) -> None:
    """pyproject.toml is."""
    project = "[project]\nname = 'shop'\ndependencies = [\n  'flask',\n  'gunicorn',\n]\n"
    found = see({**APP, "requirements.txt": "-e .\n", "pyproject.toml": project}).dependencies
    assert found.release.copied == ("pyproject.toml",)
    assert found.places["gunicorn"] == "pyproject.toml:5"


def test_pyproject_is_listed_for_pip_in_the_build(see: See) -> None:
    """Pip alone can install what it declares only together with the project. Groups bring those they include."""
    found = see({
        **APP,
        "pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['flask', 'gunicorn']\n"
        "[dependency-groups]\ntest = ['pytest', {include-group = 'web'}]\nweb = ['httpx']\nlint = ['ruff']\n",
        ".python-version": "3.12",
    }).dependencies  # fmt: skip
    assert "import tomllib;" in str(found.release.made_by)
    assert "print(*project['project']['dependencies'], sep='\\n')" in str(found.release.made_by)
    assert (
        "each in project['dependency-groups']['test'] + project['dependency-groups']['web'] if isinstance"
        in str(found.test.made_by)
    )
    assert "ruff" not in found.test_places


def test_before_tomllib_pip_brings_its_twin(see: See) -> None:
    """Python 3.10 has none."""
    project = "[project]\nname = 'shop'\nrequires-python = '==3.10.*'\ndependencies = ['flask', 'gunicorn']\n"
    assert "import pip._vendor.tomli as tomllib;" in str(
        see({**APP, "pyproject.toml": project}).dependencies.release.made_by
    )


def test_extras_that_ask_for_others_bring_them(see: See) -> None:
    """As in `dev = ["shop[test]"]`; the project itself is not asked for."""
    found = see({
        **APP,
        "pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['flask', 'gunicorn']\n"
        "[project.optional-dependencies]\ntools = ['pytest']\ndev = ['shop[tools]', 'ruff']\n",
        "tests/test_x.py": "import pytest\n",
    }).dependencies  # fmt: skip
    assert "optional-dependencies']['tools']" in str(found.test.made_by)


def test_uv_installs_what_its_lock_file_holds(see: See) -> None:
    """The lock file also tells which packages come along; the tests get their group."""
    found = see(
        {"app/main.py": "app = FastAPI()\n", "uv.lock": UV_LOCK, "pyproject.toml": UV_PYPROJECT}
    ).dependencies
    assert found.tool is not None
    assert found.tool.name == "uv"
    assert found.release.copied == ("pyproject.toml", "uv.lock")
    export = "uv export --quiet --frozen --no-emit-local --no-default-groups"
    assert found.release.made_by == f"{export} -o pylock.toml"
    assert found.test.made_by == f"{export} --group dev -o pylock.test.toml"
    assert found.release.command == "uv pip sync --compile-bytecode --python /opt/venv/bin/python pylock.toml"
    assert found.test.command == "uv pip sync --python /opt/venv/bin/python pylock.test.toml"
    assert "starlette" in found.implied
    assert "pytest" not in found.implied


def test_poetry_exports_its_main_group_and_that_of_the_tests(see: See) -> None:
    """By its plugin, which reads the lock file alone."""
    poetry = PROJECTS / "poetry"
    files = {name: (poetry / name).read_text() for name in ("pyproject.toml", "poetry.lock")}
    found = see({"quotes/__init__.py": FLASK, **files}).dependencies
    assert found.release.made_by == "poetry export --quiet --only main -o requirements.txt"
    assert found.test.made_by == "poetry export --quiet --with test -o requirements-test.txt"
    assert found.places["waitress"] == "pyproject.toml:10"
    assert "jinja2" in found.implied


def poetry_lock(*sources: str) -> str:
    """Make a lock file of packages with these sources."""
    return "".join(
        f"[[package]]\nname = 'p{number}'\ngroups = ['main']\nfiles = [{{file = 'p.tar.gz', hash = 'sha256:00'}}]\n"
        f"{f'[package.source]{chr(10)}{source}' if source else ''}\n"
        for number, source in enumerate(sources)
    )


LEGACY = "type = 'legacy'\nurl = 'https://corp.example/simple'\n"
GIT = "type = 'git'\nurl = 'https://git.example/x'\n"


def test_packages_without_hashes_are_installed_without(see: See) -> None:
    """Pip checks all or none, and has none for what comes from git."""
    pyproject = "[tool.poetry.dependencies]\nflask = '*'\ngunicorn = '*'\n"
    found = see({**APP, "pyproject.toml": pyproject, "poetry.lock": poetry_lock("", GIT)})
    assert str(found.dependencies.release.made_by).endswith(" --without-hashes")
    with pytest.raises(
        UsageError, match=r"packages come from https://corp\.example/simple, and one comes without"
    ):
        see({**APP, "pyproject.toml": pyproject, "poetry.lock": poetry_lock(LEGACY, GIT)})


@pytest.mark.parametrize(
    ("lock", "listing"),
    [
        ("[[package]]\nname = 'flask'\n", "pdm export --prod -o requirements.txt --without-hashes"),
        (
            "[[package]]\nname = 'flask'\nfiles = [{file = 'f.whl', hash = 'sha256:00'}]\n",
            "pdm export --prod -o requirements.txt",
        ),
        (
            "[[package]]\nname = 'flask'\n[metadata.files]\nflask = [{file = 'f.whl', hash = 'sha256:00'}]\n",
            "pdm export --prod -o requirements.txt",
        ),
    ],
)
def test_a_lock_file_without_hashes_is_listed_without(see: See, lock: str, listing: str) -> None:
    """PDM refuses to list hashes that are not there."""
    pyproject = "[project]\nname = 'quotes'\ndependencies = ['flask', 'gunicorn']\n[tool.pdm]\n"
    found = see({**APP, "pyproject.toml": pyproject, "pdm.lock": lock}).dependencies
    assert found.release.made_by == listing


@pytest.mark.parametrize(
    ("files", "release", "tests"),
    [
        (
            {
                "Pipfile": "[packages]\nflask = '*'\ngunicorn = '*'\n[dev-packages]\npytest = '*'\n",
                "Pipfile.lock": '{"default": {"flask": {"hashes": ["x"]}}, "develop": {"pytest": {"hashes": ["x"]}}}',
            },
            "pipenv sync",
            "pipenv sync --dev",
        ),
        (
            {
                "pyproject.toml": "[project]\nname = 'x'\ndependencies = ['flask', 'gunicorn']\n"
                "[tool.pdm.dev-dependencies]\ntest = ['pytest']\n",
                "pdm.lock": "[[package]]\nname = 'flask'\ngroups = ['default']\nfiles = [{file = 'f.whl', hash = 'sha256:00'}]\n"
                "[[package]]\nname = 'pytest'\ngroups = ['test']\nfiles = [{file = 'p.whl', hash = 'sha256:00'}]\n",
            },
            "pdm export --prod -o requirements.txt",
            "pdm export --group test -o requirements-test.txt",
        ),
    ],
)
def test_pipenv_and_pdm_do_the_same(see: See, files: dict[str, str], release: str, tests: str) -> None:
    """Each by the command that installs what is locked, or lists it for pip, and nothing else."""
    found = see({**APP, **files}).dependencies
    assert (found.release.command or found.release.made_by, found.test.command or found.test.made_by) == (
        release,
        tests,
    )
    assert "pytest" in found.test_places


def test_a_standard_lock_file_is_installed_by_uv(see: See) -> None:
    """What it does not hold is said (PEP 751)."""
    project = "[project]\nname = 'x'\ndependencies = ['flask', 'gunicorn']\n[dependency-groups]\ntest = ['pytest>=8']\n"
    found = see({**APP, "pyproject.toml": project, "pylock.toml": "[[packages]]\nname = 'flask'\n"})
    assert str(found.dependencies.release.command).endswith("pylock.toml")
    assert "pytest>=8" in found.dependencies.test.packages
    assert said(found, "note")[:2] == [
        "pylock.toml does not hold gunicorn, which pyproject.toml:3 asks for: lock again",
        "pylock.toml does not hold all packages for tests: those are not locked",
    ]


def test_a_lock_file_that_is_older_than_what_the_tests_need_is_no_list_of_it(see: See) -> None:
    """Its tool would install the group as it was, and the tests would miss what came since."""
    project = "[project]\nname = 'x'\ndependencies = ['flask', 'gunicorn']\n[tool.pdm.dev-dependencies]\ndev = ['pytest>=8']\n"
    lock = "".join(
        f"[[package]]\nname = '{name}'\nfiles = [{{file = 'f.whl', hash = 'sha256:00'}}]\n"
        for name in ("flask", "gunicorn")
    )
    found = see({**APP, "pyproject.toml": project, "pdm.lock": lock})
    assert (found.dependencies.test.made_by, found.dependencies.test.packages) == (None, ("pytest>=8",))
    assert "pdm.lock does not hold all packages for tests: those are not locked" in said(found, "note")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"pyproject.toml": "[tool.poetry.dependencies]\nflask = '*'\n"},
            "pyproject.toml [tool.poetry] has no poetry.lock beside it; run `poetry lock`, then init again",
        ),
        (
            {"Pipfile": "[packages]\n"},
            "Pipfile has no Pipfile.lock beside it; run `pipenv lock`, then init again",
        ),
        (
            {"setup.py": "setup(install_requires=['flask'])\n"},
            "the dependencies are in setup.py only; list them in requirements.txt, then init again",
        ),
        ({"pyproject.toml": "[project\n"}, "pyproject.toml is not valid TOML"),
        (
            {"pyproject.toml": "[project]\nname = 'x'\n", "uv.lock": "]"},
            "uv.lock cannot be read: ",
        ),
    ],
)
def test_a_list_that_cannot_be_installed_as_it_stands_is_one_line(
    see: See, files: dict[str, str], told: str
) -> None:
    """It says what would do."""
    with pytest.raises(UsageError) as raised:
        see({**APP, **files})
    assert str(raised.value).startswith(told)


def test_what_is_only_for_tests_is_kept_out_of_the_release(see: See) -> None:
    """Where one list has all, the release's stage takes them out again, and the tests' stage gets them back."""
    found = see({**APP, "requirements.txt": "flask\ngunicorn\npytest\npytest-cov\n"})
    assert found.dependencies.release.removed == ("pytest", "pytest-cov", "coverage")
    assert found.dependencies.test.file == "requirements.txt"
    assert said(found, "assumed")[-3:] == [
        "port 5000, since nothing says which (--port)",
        "no tests, so tests/test_first.py is a first one: write yours beside it",
        "Python 3.13, since nothing says which (--python)",
    ]
    assert (
        "not needed to run, so not in the release: pytest (requirements.txt:3), pytest-cov (requirements.txt:4)"
        in said(found, "assumed")
    )


@pytest.mark.parametrize(
    ("requirement", "build", "run"),
    [
        ("psycopg2", ("gcc", "libc6-dev", "libpq-dev"), ("libpq5",)),
        ("psycopg", (), ("libpq5",)),
        ("psycopg[binary]", (), ()),
        ("fork @ git+https://example.org/fork", ("git",), ()),
        ("git+https://example.org/fork#egg=fork", ("git",), ()),
        ("requests", (), ()),
    ],
)
def test_what_debian_has_to_bring_is_known(
    see: See, requirement: str, build: tuple[str, ...], run: tuple[str, ...]
) -> None:
    """Compilers for the stage that installs, libraries for the release."""
    found = see({**APP, "requirements.txt": f"flask\ngunicorn\n{requirement}\n"}).dependencies
    assert (found.build_system, found.run_system) == (build, run)


def test_what_only_the_tests_need_of_debian_stays_out_of_the_release(see: See) -> None:
    """Their stage has what the stage of the packages has, so it is installed there."""
    files = {
        "requirements.txt": "flask\ngunicorn\npsycopg\n",
        "requirements-dev.txt": "pytest\nmysqlclient\n",
    }
    found = see({**APP, **files}).dependencies
    assert found.run_system == ("libpq5",)
    assert "default-libmysqlclient-dev" in found.build_system


def test_a_project_without_dependencies_is_one_too(see: See) -> None:
    """It says so: they may only have been forgotten."""
    found = see({"run.py": "if __name__ == '__main__':\n    print()\n"})
    assert found.dependencies.release.is_empty
    assert "no dependencies: nothing declares any" in said(found, "assumed")


WORKSPACE = {
    "pyproject.toml": "[project]\nname = 'fleet'\nrequires-python = '>=3.11'\n[tool.uv.workspace]\nmembers = ['services/*', 'libs/*']\n"
    "[dependency-groups]\ndev = ['pytest']\n",
    "libs/knots/pyproject.toml": "[project]\nname = 'knots'\ndependencies = ['itsdangerous']\n",
    "libs/knots/src/knots/__init__.py": "",
    "services/ferry/pyproject.toml": "[project]\nname = 'ferry'\ndependencies = ['fastapi', 'uvicorn', 'knots']\n"
    "[tool.uv.sources]\nknots = { workspace = true }\n",
    "services/ferry/src/ferry/__init__.py": "",
    "services/ferry/src/ferry/main.py": "from knots import tie\napp = FastAPI()\n",
    "services/ferry/tests/test_ferry.py": "def test_it(): ...\n",
    "services/tug/pyproject.toml": "[project]\nname = 'tug'\n",
    "services/tug/tests/test_tug.py": "def test_it(): ...\n",
}
WORKSPACE_LOCK = "".join(
    f"[[package]]\nname = '{name}'\nsource = {{ {source} }}\ndependencies = [{', '.join(f'{{ name = {each!r} }}' for each in needs)}]\n"
    for name, source, needs in (
        ("fleet", "virtual = '.'", []),
        ("ferry", "editable = 'services/ferry'", ["fastapi", "knots", "uvicorn"]),
        ("knots", "editable = 'libs/knots'", ["itsdangerous"]),
        ("tug", "editable = 'services/tug'", []),
        ("fastapi", "registry = 'r'", []),
        ("uvicorn", "registry = 'r'", []),
        ("itsdangerous", "registry = 'r'", []),
        ("pytest", "registry = 'r'", []),
    )
)


def test_of_a_workspace_one_member_is_served_with_those_that_it_needs(see: See) -> None:
    """Uv installs what they need and none of them; their code is copied, and found from its folders."""
    found = see({**WORKSPACE, "uv.lock": WORKSPACE_LOCK})
    assert found.server.command[-1] == "ferry.main:app"
    assert found.application.roots == ("services/ferry/src", "libs/knots/src")
    assert found.contents.release == ("services/ferry/src", "libs/knots/src")
    assert found.contents.tests == ("services/ferry/tests",)
    assert found.dependencies.release.made_by == (
        "uv export --quiet --frozen --no-emit-local --no-default-groups --package ferry -o pylock.toml"
    )
    dockerfile = plan(found)[0].text
    assert (
        "COPY services/ferry/pyproject.toml ./services/ferry/\n" in dockerfile.partition("RUN uv export")[0]
    )
    assert " --all-packages --group dev " in str(found.dependencies.test.made_by)
    assert {each for each in found.dependencies.release.copied if each.endswith(".toml")} == {
        "pyproject.toml", "libs/knots/pyproject.toml", "services/ferry/pyproject.toml", "services/tug/pyproject.toml",
    }  # fmt: skip


def test_a_workspace_without_a_lock_file_is_one_line(see: See) -> None:
    """It names the command that makes one."""
    with pytest.raises(UsageError, match=r"\[tool.uv.workspace\] has no uv.lock beside it; run `uv lock`"):
        see(WORKSPACE)


def test_a_package_of_a_folder_outside_is_one_line(see: See) -> None:
    """No build sees it."""
    lock = "[[package]]\nname = 'shop'\nsource = { virtual = '.' }\ndependencies = [{ name = 'knots' }]\n"
    lock += "[[package]]\nname = 'knots'\nsource = { directory = '../knots' }\n"
    project = "[project]\nname = 'shop'\ndependencies = ['flask', 'knots']\n[tool.uv.sources]\nknots = { path = '../knots' }\n"
    with pytest.raises(UsageError, match=r"uv.lock: knots comes from \.\./knots, outside of this folder"):
        see({**APP, "pyproject.toml": project, "uv.lock": lock})


@pytest.mark.parametrize("spelled", ["shop_site[test]", "Shop-Site", "shop.site [test]"])
def test_the_project_itself_is_asked_for_however_its_name_is_spelled(see: See, spelled: str) -> None:
    """An index may have somebody else's of that name: what is written for pip leaves it out."""
    metadata = (
        "[project]\nname = 'shop-site'\ndependencies = ['flask', 'gunicorn']\n"
        f"[dependency-groups]\ntest = ['{spelled}', 'shop-site-tools', 'pytest']\n"
    )
    made = see({"app.py": FLASK, "pyproject.toml": metadata}).dependencies.test.made_by
    assert made is not None
    script = made.partition('python -c "')[2].rpartition('" > ')[0]
    with TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_text(metadata)
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True, timeout=30
        )
    assert done.stdout.split() == ["shop-site-tools", "pytest"]


def test_packages_for_tests_alone_are_written_for_pip(see: See) -> None:
    """A project that needs nothing to run still has its tests run."""
    metadata = "[project]\nname = 'shop'\n[dependency-groups]\ntest = ['pytest']\n"
    found = see({"app.py": "print()\n", "pyproject.toml": metadata}, command="python app.py")
    planned = {each.path: each.text for each in plan(found)}
    assert "COPY pyproject.toml ./" in planned["Dockerfile"]


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['flask']\n[tool.poetry.group.test.dependencies]\npytest = '*'\n"},
        {"pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['flask']\n[tool.hatch.envs.test]\ndependencies = ['pytest']\n", "uv.lock": "[[package]]\nname = 'shop'\nsource = { virtual = '.' }\n"},
    ],
)  # fmt: skip
def test_a_set_that_nothing_here_installs_does_not_count(see: See, files: dict[str, str]) -> None:
    """Its pytest would not be there when the tests are run: it is added as missing instead."""
    found = see({**APP, **files, "tests/test_x.py": "import pytest\ndef test_x(): pass\n"})
    assert found.tests.missing == ("pytest>=8",)


@pytest.mark.parametrize("table", ["project = 3\n", "[project]\nname = 'shop'\nscripts = 'x'\n"])
def test_a_table_that_is_none_is_one_line(see: See, table: str) -> None:
    """Whatever stands there, nothing is found in it."""
    with pytest.raises(UsageError, match="no application was found"):
        see({"pyproject.toml": table})


def test_a_server_that_is_left_to_whoever_deploys_it_is_installed(see: See) -> None:
    """By pip as by the tool of a lock file; one that is for development alone is not."""
    table = (
        "[project]\nname = 'x'\nversion = '1'\ndependencies = ['flask']\n[project.optional-dependencies]\n"
    )
    server = table + "server = ['gunicorn']\ntest = ['pytest']\n"
    found = see({**APP, "pyproject.toml": server})
    assert found.server.command[0] == "gunicorn"
    assert "['optional-dependencies']['server']" in (found.dependencies.release.made_by or "")
    assert "packages for serving, in pyproject.toml [project.optional-dependencies] server" in said(
        found, "found"
    )
    assert (
        see({**APP, "pyproject.toml": table + "dev = ['gunicorn', 'pytest']\n"}).server.command[0] == "flask"
    )
    locked = see({**APP, "pyproject.toml": server, "uv.lock": "version = 1\n"})
    assert "--extra server" in (locked.dependencies.release.made_by or "")


def test_a_group_with_the_server_goes_with_the_main_packages(see: See) -> None:
    """Of those of Poetry, `--only` chooses."""
    group = "[tool.poetry]\nname = 'x'\n[tool.poetry.group.prod.dependencies]\ngunicorn = '*'\n"
    found = see({**APP, "pyproject.toml": group, "poetry.lock": "[metadata]\nlock-version = '2.1'\n"})
    assert "--only main --only prod" in (found.dependencies.release.made_by or "")
    assert found.server.command[0] == "gunicorn"


@pytest.mark.parametrize("asked", ["litestar[standard]", "litestar[uvicorn]"])
def test_a_server_may_come_with_the_framework(see: See, asked: str) -> None:
    """As an extra that brings it, or that is called as it is."""
    app = "from litestar import Litestar\n\napp = Litestar([])\n"
    assert see({"app.py": app, "requirements.txt": f"{asked}\n"}).server.command[0] == "uvicorn"
