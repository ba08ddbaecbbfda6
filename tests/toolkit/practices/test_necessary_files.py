"""necessary-files: what layers, configuration and history hold, and whether anything is missing."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from hullproof.facts import FileEntry, HistoryEntry, MissingFiles, NeededFacts

from .by_hand import (
    BASE_LAYER,
    BROKEN,
    GOOD,
    NOTHING_BUILT,
    PROVEN,
    UNPROVEN,
    container,
    entry,
    files,
    image,
    layer,
    lines,
    process,
    prove,
    without,
)

SITE = "/usr/local/lib/python3.11/site-packages"

CLUTTER = [
    "/app/.git/config",
    "/src/lib/.git/HEAD",
    "/app/tests/test_views.py",
    "/app/tests/data.json",
    "/app/app/tests/__init__.py",
    "/app/test_run.py",
    "/app/orders/tests.py",
    "/app/test/__init__.py",
    "/app/app/views_test.py",
    "/app/conftest.py",
    "/app/.pytest_cache/v/cache/lastfailed",
    "/app/app/__pycache__/test_a.cpython-311-pytest-8.4.2.pyc",
    "/app/.mypy_cache/3.11/x.json",
    "/root/.cache/pip/http-v2/a/b",
    "/var/cache/packages/http-v2/a/b/c/d/e/abcde0123456789abcdef0123456789abcdef0123456789abcdef012.body",
    "/tmp/poetry/cache/repositories/PyPI/_http/a/b/c/d/e/abcde0123456789abcdef0123456789abcdef01234567",
    "/app/build/lib/app/views.py",
    "/home/app/.cache/uv/wheels/x",
    "/wheels/flask-3.0-py3-none-any.whl",
    "/var/cache/wheels/flask-3.0-py3-none-any.whl",
    "/app/dist/app-1.0.tar.gz",
    "/tmp/flask-3.0.tar.gz",
    "/app/.env",
    "/app/config/.env.production",
    "/app/prod.env",
    "/root/.ssh/id_ed25519",
    "/root/.netrc",
    "/root/.pypirc",
    "/app/credentials.json",
    "/app/.github/workflows/ci.yml",
    "/app/.vscode/settings.json",
    "/app/Dockerfile",
    "/app/.dockerignore",
    "/app/.gitignore",
    "/app/noxfile.py",
    "/app/tox.ini",
    "/app/docker-compose.yml",
]
NECESSARY = [
    "/app/README.md",
    "/app/LICENSE",
    "/app/pyproject.toml",
    "/app/requirements.txt",
    "/app/uv.lock",
    "/app/app/latest.py",
    "/app/app/contest.py",
    "/app/app/testing.py",
    "/app/app/environment.py",
    "/app/.env.example",
    "/app/.env.template",
    "/app/data/model-1.0.bin",
    "/app/data/geo-2024.tar.gz",
    "/app/uploads/.gitkeep",
    "/app/static/app.css",
    "/app/uploads/.gitignore",
    "/app/build/index.html",
    "/app/app/templates/test/index.html",
    "/usr/local/lib/python3.11/test/test_os.py",
    "/var/lib/other/tests/test_x.py",
    "/app/app/__pycache__/views.cpython-311.pyc",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/certs/root.pem",
    "/home/app/.bashrc",
    "/home/app/.cache/huggingface/model.bin",
    "/var/log/dpkg.log",
    "/usr/share/doc/tini/test_readme.py",
    "/usr/lib/python3/dist-packages/x/tests/test_x.py",
    f"{SITE}/numpy/tests/test_core.py",
    f"{SITE}/certifi/cacert.pem",
    f"{SITE}/werkzeug/__pycache__/test.cpython-311.pyc",
    "/venv/lib/python3.11/site-packages/aiohttp/test_utils.py",
    "/usr/local/lib/python3.11/ensurepip/_bundled/pip-24.0-py3-none-any.whl",
    "/venv/pyvenv.cfg",
    "/passed",
    "/var/lib/apt/lists/deb.debian.org_InRelease",  # slim-base's matter
]


@pytest.mark.parametrize("path", CLUTTER)
def test_clutter_in_any_own_layer_is_broken_with_its_line(path: str) -> None:
    """Version control, tests, caches, wheels, lists, environment files, credentials and development files."""
    brought = layer(15, entry(path))
    tests = {f"sha{at}": f"{folder}/test_a.py" for at, folder in enumerate(("tests", "app/tests", "test"))}
    for stack in (files(brought), files(brought, layer(16, removed=(path,)))):
        proof = prove("necessary-files", files=stack, tests=tests)
        assert proof.verdict is BROKEN, path
        assert "Dockerfile:15" in lines(proof)


@pytest.mark.parametrize("path", NECESSARY)
def test_what_a_release_may_hold_is_fine(path: str) -> None:
    """Application files, packages with all that is theirs, documents and bytecode made for the release."""
    proof = prove("necessary-files", files=files(layer(13, entry(path))))
    assert proof.verdict is PROVEN, proof.summary


@pytest.mark.parametrize(
    "path", [f"{SITE}/app/tests/test_views.py", "/app/selfcheck.py", "/usr/share/app/views.py"]
)
def test_the_project_s_own_tests_are_known_by_what_they_hold(path: str) -> None:
    """Installed along with the package, or under another name: the content is that of a test of the project's."""
    brought = files(layer(13, entry(path, sha256="abc")))
    assert prove("necessary-files", files=brought, tests={}).verdict is PROVEN
    proof = prove("necessary-files", files=brought, tests={"abc": "src/app/tests/test_views.py"})
    assert proof.verdict is BROKEN
    assert path.rpartition("/")[0] in proof.summary
    assert "still shipped" not in proof.summary


SOON_S = 10.0
"""Seconds on a busy machine for what takes less than one, and a minute where each import is read to the end of the file."""
EXAMS = "class Exam:\n    def test_taken(self): ..."


@pytest.mark.parametrize(
    ("other", "text", "verdict"),
    [
        ("/app/settings.py", 'INSTALLED_APPS = [\n    "exams.tests",\n]\n', PROVEN),
        ("/app/urls.py", "from exams import (\n    pages,\n    tests,\n)\n", PROVEN),
        ("/app/exams/pages.py", "from . import (\n    tests,\n)\n", PROVEN),
        ("/app/setup.py", 'setup(packages=find_packages(exclude=["exams.tests"]))\n', BROKEN),
        ("/app/pages.py", "from exams import pages\n", BROKEN),
    ],
)
def test_what_code_imports_is_code_whatever_it_is_called(other: str, text: str, verdict: object) -> None:
    """In brackets over many lines, and by its name in a list of settings; what leaves tests out imports none."""
    exams = {
        "/app/exams/__init__.py": "",
        "/app/exams/tests/__init__.py": "from .test_day import Exam",
        "/app/exams/tests/test_day.py": EXAMS,
    }
    texts = {**exams, other: text}
    brought = files(layer(13, *map(entry, texts), texts=texts))
    assert prove("necessary-files", files=brought).verdict is verdict


@pytest.mark.parametrize("piece", ["from exams import (\n", "from exams import "])
def test_a_source_of_imports_without_an_end_takes_no_time(piece: str) -> None:
    """What is read of one ends where the next begins; 60 kB are as much as is read of a file."""
    exams = {
        "/app/exams/tests/__init__.py": "from .test_day import Exam",
        "/app/exams/tests/test_day.py": EXAMS,
    }
    texts = {**exams, **{f"/app/{n}.py": piece * 3_000 + "tests_of" for n in range(6)}}
    brought = files(layer(13, *map(entry, texts), texts=texts))
    began = time.perf_counter()
    assert prove("necessary-files", files=brought).verdict is BROKEN
    assert time.perf_counter() - began < SOON_S


def test_a_package_called_tests_that_holds_none_is_code() -> None:
    """An exam service has one; a stub that Django wrote for an application is Django's file where Django is installed."""
    models = {"/app/exams/tests/__init__.py": "", "/app/exams/tests/models.py": "class Exam: ..."}
    stub = entry(f"{SITE}/django/conf/app_template/tests.py-tpl", sha256="stub")
    brought = files(layer(13, *map(entry, models), stub, texts=models))
    assert prove("necessary-files", files=brought, tests={"stub": "buoys/tests.py"}).verdict is PROVEN


def test_an_application_may_live_in_the_system_s_folders() -> None:
    """With its working directory there, what lies below is the application's."""
    brought = files(layer(13, entry("/var/lib/app/tests/test_views.py")))
    assert prove("necessary-files", files=brought).verdict is PROVEN
    assert prove("necessary-files", files=brought, image=image(workdir="/var/lib/app")).verdict is BROKEN


def test_what_a_later_layer_hides_is_said_to_be_shipped() -> None:
    """A key that is removed is in the layer below for all who pull."""
    hidden = files(layer(13, entry("/root/.ssh/id_rsa")), layer(15, removed=("/root/.ssh/",)))
    assert "still shipped" in prove("necessary-files", files=hidden).summary


@pytest.mark.parametrize(
    ("file", "verdict"),
    [
        pytest.param(entry("/app/settings.dat", holds="private key"), BROKEN, id="a key under another name"),
        pytest.param(entry("/app/server.key", sha256=None), BROKEN, id="a key file that was not read"),
        pytest.param(entry("/app/server.key"), PROVEN, id="a .key file that holds no key"),
        pytest.param(entry("/app/ca.pem"), PROVEN, id="a certificate"),
        pytest.param(
            entry(f"{SITE}/trustme/tests/k.pem", holds="private key"), PROVEN, id="a package's own test key"
        ),
        pytest.param(entry("/root/.ssh/id_rsa.pub"), PROVEN, id="a public key"),
    ],
)
def test_private_keys_are_told_by_what_they_hold(file: FileEntry, verdict: object) -> None:
    """Content decides where it was read, and the name where it was not."""
    assert prove("necessary-files", files=files(layer(15, file))).verdict is verdict


def test_what_the_base_brings_is_not_judged() -> None:
    """Only layers of this Dockerfile are its business."""
    base = replace(
        BASE_LAYER,
        entries=(*BASE_LAYER.entries, entry("/app/.git/config"), entry("/etc/k", holds="private key")),
    )
    assert prove("necessary-files", files=files(base=base)).verdict is PROVEN


def test_bytecode_counts_where_it_was_copied_in() -> None:
    """From the context or from a stage that ran the tests; compiled for the release it is fine."""
    cache = entry("/app/app/__pycache__/views.cpython-311.pyc", uid=1000)
    assert prove("necessary-files", files=files(layer(15, cache))).verdict is BROKEN
    assert prove("necessary-files", files=files(layer(13, cache))).verdict is PROVEN
    assert prove("necessary-files", files=files(layer(14, cache))).verdict is BROKEN
    script = entry("/venv/bin/__pycache__/jp.cpython-311.pyc")  # pip's doing, with the package that brings it
    assert prove("necessary-files", files=files(layer(14, script))).verdict is PROVEN
    compiled = GOOD.replace(
        "FROM base AS release", "FROM base AS compiled\nRUN python -m compileall app\n\nFROM base AS release"
    )
    compiled = compiled.replace("COPY --chown=app:app app/", "COPY --from=compiled /app/app")
    assert prove("necessary-files", compiled, files=files(layer(18, cache))).verdict is PROVEN


def test_the_host_s_virtual_environment_is_broken_unless_the_release_runs_from_it() -> None:
    """One that nothing runs from came along by accident; one made in the build is where packages are."""
    venv = (entry("/app/.venv/pyvenv.cfg"), entry("/app/.venv/bin/activate"))
    assert prove("necessary-files", files=files(layer(15, *venv))).verdict is BROKEN
    assert prove("necessary-files", files=files(layer(13, *venv))).verdict is PROVEN
    used = image(env={"PATH": "/app/.venv/bin:/usr/bin"})
    assert prove("necessary-files", files=files(layer(15, *venv)), image=used).verdict is PROVEN
    running = container(processes=(process(1, "/app/.venv/bin/python", "run.py"),))
    assert prove("necessary-files", files=files(layer(15, *venv)), container=running).verdict is PROVEN


TOKEN = "ghp_" + "a1" * 20


@pytest.mark.parametrize(
    "line",
    [
        "ENV DATABASE_PASSWORD=4f9a2c81d7be",
        "ENV DATABASE_URL=postgresql://app:4f9a2c81d7be@db/app",
        f"ENV HARMLESS={TOKEN}",
        "LABEL deploy-token=4f9a2c81d7be6f1f",
        "ENV SECRET_KEY=dummy",
        "ARG SECRET_KEY=dummy",
        "ARG INDEX_TOKEN=4f9a2c81d7be6f1f",
        "RUN echo 'machine pypi.example.org login ci password 9d3b1c77e2' > /root/.netrc && rm /root/.netrc",
        "RUN curl -H 'Authorization: Bearer 9d3b1c77e2aa' https://example.org",
        "RUN DB_PASSWORD=9d3b1c77e2 ./migrate",
        "RUN pip config set x y && login --password 9d3b1c77e2",
        "RUN mysql -u root -p9d3b1c77e2 < schema.sql",
        "RUN curl -fsS -u ci:9d3b1c77e2 https://example.org/x",
        "RUN echo 'root:9d3b1c77e2' | chpasswd",
        "RUN aws configure set aws_secret_access_key 9d3b1c77e2aa",
    ],
)
def test_a_secret_in_the_dockerfile_is_broken_and_never_repeated(line: str) -> None:
    """ENV, LABEL, ARG and command lines, by name or by the shape of the value."""
    proof = prove("necessary-files", GOOD.replace("EXPOSE 5000", f"{line}\nEXPOSE 5000"))
    assert proof.verdict is BROKEN
    assert "Dockerfile:17" in lines(proof)
    for secret in ("4f9a2c81d7be", TOKEN, "9d3b1c77e2"):
        assert secret not in f"{proof}"


@pytest.mark.parametrize(
    "line",
    [
        "ENV TOKENIZERS_PARALLELISM=false",
        "ENV BYPASS_CACHE=1",
        "ENV SECRET_KEY_FILE=/run/secrets/key",
        "ENV API_KEY=",
        "ARG PYTHON_VERSION=3.11",
        "RUN --mount=type=secret,id=pip,target=/root/.netrc pip install -r requirements.txt",
        'RUN --mount=type=secret,id=token TOKEN="$(cat /run/secrets/token)" ./fetch',
        "RUN curl --retry 3 -o x https://example.org/password-reset",
        "RUN --mount=type=secret,id=db mysql -u root -p$(cat /run/secrets/db) < schema.sql",
        "RUN mysql -p < schema.sql",
        'RUN echo "app:$PASSWORD" | chpasswd',
        "RUN curl -u $USER_AND_PASSWORD https://example.org/x",
        "RUN SECRET_KEY=build-key DEBUG=False ./manage.py collectstatic --noinput",
        "RUN DJANGO_SECRET_KEY='not a real secret' ./manage.py compress",
        "RUN export SECRET_KEY=x && ./manage.py collectstatic",
    ],
)
def test_names_alike_and_secrets_from_outside_are_fine(line: str) -> None:
    """Harmless names, files, empty values and BuildKit's own secrets are none."""
    proof = prove("necessary-files", GOOD.replace("EXPOSE 5000", f"{line}\nEXPOSE 5000"))
    assert proof.verdict is PROVEN, proof.summary


def test_a_secret_in_another_stage_stays_there() -> None:
    """Only what makes the release's image ends up in its history."""
    text = GOOD.replace("COPY . .", "ENV TEST_PASSWORD=4f9a2c81d7be\nCOPY . .")
    assert prove("necessary-files", text).verdict is PROVEN


def test_a_secret_that_only_the_image_shows_is_broken_and_never_repeated() -> None:
    """A token in the environment or in the history, however it got there; the base's history is its own."""
    spoken = (image(env={"X": TOKEN}), image(labels={"x": TOKEN}))
    argument = f"RUN |1 INDEX_TOKEN={TOKEN} /bin/sh -c true"
    noted = image(history=(HistoryEntry(argument, empty_layer=False, from_base=False, line=13),))
    for told in (*spoken, noted):
        proof = prove("necessary-files", image=told)
        assert proof.verdict is BROKEN
        assert TOKEN not in f"{proof}"
    inherited = image(history=(HistoryEntry(argument, empty_layer=False, from_base=True),))
    assert prove("necessary-files", image=inherited).verdict is PROVEN


def test_many_files_of_one_kind_are_one_fault() -> None:
    """COPY . . brings hundreds of files; the report names folders and counts."""
    many = files(layer(15, *(entry(f"/app/.git/objects/{number}") for number in range(300))))
    proof = prove("necessary-files", files=many)
    assert "/app/.git" in proof.summary
    assert "300 files" in str(proof.evidence)


def test_a_missing_module_is_broken_and_another_death_unproven() -> None:
    """What a traceback misses is missing in the release; why else it died is for default-command to say."""
    misses = container(exit_code=1, log=("Traceback ...", "ModuleNotFoundError: No module named 'bottle'"))
    proof = prove("necessary-files", container=misses)
    assert proof.verdict is BROKEN
    assert "No module named 'bottle'" in proof.summary
    assert prove("necessary-files", container=container(exit_code=1, log=("Killed",))).verdict is UNPROVEN
    named = container(exit_code=1, log=("ModuleNotFoundError: No module named 'wrong'",))
    wrong = image(command=("gunicorn", "wrong:app"))
    assert prove("necessary-files", container=named, image=wrong).verdict is UNPROVEN


@pytest.mark.parametrize(
    ("step", "meant"),
    [
        ("RUN pip install --no-deps -e .", "RUN pip install --no-deps ."),
        ("RUN pip install --editable=/src", "RUN pip install /src"),
        ("RUN uv sync --locked && true", "RUN uv sync --locked --no-editable && true"),
        ("RUN poetry install", None),
    ],
)
def test_a_link_to_sources_that_stay_behind_is_named(step: str, meant: str | None) -> None:
    """It is one fault, and no other practice's: the command is right, and the package was not brought along."""
    text = f"FROM x AS build\nCOPY . .\n{step}\nFROM x\nCOPY --from=build /venv /venv\nCMD x\n"
    record = f"{SITE}/Shop-1.0.dist-info/RECORD"
    rows = "__editable__.shop-1.0.pth,,\n__editable___shop_1_0_finder.py,,\nshop-1.0.dist-info/METADATA,,\n"
    dead = container(exit_code=1, log=("/venv/bin/python: No module named shop",))
    facts: dict[str, Any] = {"text": text, "container": dead}
    facts |= {"image": image(command=("python", "-m", "shop"))}
    linked = files(layer(5, entry(record), texts={record: rows}))
    proof = prove("necessary-files", files=linked, needed=NeededFacts(lines=(3,)), **facts)
    assert proof.verdict is BROKEN
    assert "needs nothing" not in str(proof.evidence)
    assert "package shop was installed as a link" in proof.summary
    assert (f"Write `{meant}` in the place of Dockerfile:3." if meant else "Install it whole") in str(
        proof.remedy
    )
    proof = prove("default-command", files=linked, **facts)
    assert proof.verdict is UNPROVEN
    assert "see necessary-files" in proof.summary
    whole = files(layer(5, entry(record), texts={record: f"shop/__init__.py,,\n{rows}"}))
    assert prove("necessary-files", files=whole, **facts).verdict is UNPROVEN


def test_packages_may_bring_tests_wherever_they_were_installed() -> None:
    """What `pip install --target` fills is a site, whatever its name, but for where the application lies."""
    for site, verdict in (("/deps", PROVEN), ("/app/vendor", PROVEN), ("/app", BROKEN)):
        held = (
            entry(f"{site}/aiohttp-3.9.dist-info/METADATA"),
            entry(f"{site}/aiohttp/test_utils.py"),
        )
        assert prove("necessary-files", files=files(layer(14, *held))).verdict is verdict


@pytest.mark.parametrize("command", [("python", "-m", "wrong"), ("gunicorn", "wrong.app:app")])
def test_a_module_missing_inside_the_package_that_the_command_names_is_broken(
    command: tuple[str, ...],
) -> None:
    """The command is right; the package that it names came without one of its modules."""
    misses = container(exit_code=1, log=("ModuleNotFoundError: No module named 'wrong.words'",))
    assert prove("necessary-files", container=misses, image=image(command=command)).verdict is BROKEN


def test_what_could_not_be_seen_is_unproven() -> None:
    """Nothing too much is half of it; without a container nobody knows whether anything is missing."""
    assert prove("necessary-files", **without("container")).verdict is UNPROVEN
    assert prove("necessary-files", **NOTHING_BUILT).verdict is UNPROVEN


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/app/config.ini", "[db]\nhost = db\npassword = 4f9a2c81d7be\n"),
        ("/app/settings.toml", 'api_key = "4f9a2c81d7be"  # of the shop\n'),
        ("/app/config/prod.yaml", "smtp:\n  password: 'x4f9a2c81d7be'\n"),
        ("/app/appsettings.json", '{\n  "client_secret": "4f9a2c81d7be",\n  "port": 1\n}\n'),
        ("/etc/pip.conf", "[global]\nindex-url = https://ci:9d3b1c77@pypi.example.org/simple\n"),
        ("/app/app/views.py", f"TOKEN = '{TOKEN}'\n"),
    ],
)
def test_a_secret_in_a_file_is_broken_and_never_repeated(path: str, text: str) -> None:
    """A setting with a telling name, an index with a password, a token by its shape; the line is the COPY's."""
    held = layer(15, entry(path, uid=1000), texts={path: text})
    proof = prove("necessary-files", files=files(held))
    assert proof.verdict is BROKEN
    assert path in proof.summary
    assert "Dockerfile:15" in lines(proof)
    for secret in ("4f9a2c81d7be", TOKEN, "9d3b1c77"):
        assert secret not in f"{proof}"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "/app/config.ini",
            "password = ${DB_PASSWORD}\ntoken = changeme\nsecret_file = /run/secrets/a1b2c3d4\n",
        ),
        ("/app/config.yaml", "password:\ntoken_url: https://a1.example.org/token\nkey: a1b2c3d4e5\n"),
        ("/app/config.example.toml", "password = '4f9a2c81d7be'\n"),
        ("/app/locale/fr.json", '{"password": "passe2mots"}\n'),
        ("/app/settings.py", "PASSWORD = '4f9a2c81d7be'\nURL = 'postgresql://app:app123@db/app'\n"),
        ("/app/alembic.ini", "sqlalchemy.url = postgresql://user:pass1@localhost/db\n"),
        ("/app/app/aws.py", "EXAMPLE_KEY = 'AKIAIOSFODNN7EXAMPLE'\n"),
        ("/app/requirements.txt", "pytest-token==1.2.3a4567\n"),
    ],
)
def test_what_only_looks_like_a_secret_in_a_file_is_fine(path: str, text: str) -> None:
    """References, paths, words to be replaced, examples by name, and defaults in code."""
    told = layer(15, entry(path, uid=1000), texts={path: text})
    proof = prove("necessary-files", files=files(told))
    assert proof.verdict is PROVEN, proof.summary


def test_a_secret_of_the_build_in_a_file_is_named_and_not_repeated() -> None:
    """It was handed in well, and a step wrote it down: the fix does not ask for the mount that is there."""
    own = files(layer(15, entry("/app/.charts", sha256="c0ffee")))
    proof = prove("necessary-files", files=own, kept_secrets={"/app/.charts": "chart_token"})
    assert proof.verdict is BROKEN
    assert "the build's secret chart_token" in proof.summary
    assert "Dockerfile:15" in lines(proof)
    assert "write it to no file" in (proof.remedy or "")
    assert "--mount" not in (proof.remedy or "")


def test_archives_and_logs_that_were_left_are_broken() -> None:
    """What was unpacked in /tmp, and what a developer's machine had logged."""
    assert prove("necessary-files", files=files(layer(13, entry("/tmp/src.tar.gz")))).verdict is BROKEN
    assert (
        prove("necessary-files", files=files(layer(15, entry("/app/app/debug.log", uid=1000)))).verdict
        is BROKEN
    )
    assert prove("necessary-files", files=files(layer(14, entry("/tmp/passed")))).verdict is PROVEN


def test_what_a_later_step_only_gives_away_is_told_once() -> None:
    """`chown -R` writes every file again: the line to fix is the one that brought them."""
    brought, given = (
        layer(14, entry("/app/tests/test_a.py")),
        layer(15, entry("/app/tests/test_a.py", uid=1000)),
    )
    proof = prove("necessary-files", files=files(brought, given))
    assert "Dockerfile:14" in lines(proof)
    assert "Dockerfile:15" not in lines(proof)


# --- what the tests ask for --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_shipped", "fix"),
    [
        ("/app/app/views.py", "Add `COPY --chown=app:app app/pages/a.html app/pages/` after Dockerfile:15."),
        (f"{SITE}/app/views.py", "Declare app/pages/a.html as data of the package"),
        ("", "Copy app/pages/a.html into the release"),
    ],
)
def test_what_the_tests_fail_without_is_brought_as_what_asks_for_it(by_shipped: str, fix: str) -> None:
    """By a line like that which brings the module that opens it, and to a place beside that."""
    found = MissingFiles(
        ("app/pages/a.html",),
        by="app/views.py",
        by_shipped=by_shipped,
        test="tests/test_a.py::test_page",
        imported=False,
        line=10,
        said="FileNotFoundError: app/pages/a.html",
    )
    proof = prove("necessary-files", needed=NeededFacts((10,), (found,)))
    assert proof.verdict is BROKEN
    assert "lacks app/pages/a.html, which app/views.py opens" in proof.summary
    assert fix in (proof.remedy or "")
    assert "Dockerfile:10" in lines(proof)
    assert any("tests/test_a.py::test_page" in each.statement for each in proof.evidence)


def test_a_key_that_a_later_step_deletes_goes_with_that_step() -> None:
    """A command that speaks of the working directory by its name uses nothing of what was brought there."""
    text = GOOD.replace(
        "USER app\n", "COPY deploy.p8 ./\nRUN rm deploy.p8\nRUN echo x > app/version\nUSER app\n"
    )
    brought = layer(16, entry("/app/deploy.p8", holds="private key"))
    hidden = files(brought, layer(17, removed=("/app/deploy.p8",)))
    remedy = str(prove("necessary-files", text, files=hidden).remedy)
    assert "Remove Dockerfile:16" in remedy
    assert "Remove Dockerfile:17" in remedy


def test_a_module_that_is_asked_for_by_name_is_imported() -> None:
    """As `importlib.import_module` does it, which opens the file without a statement that could be noted."""
    lacks = MissingFiles(
        ("app/late.py",), "app/views.py", "/app/views.py", test="", imported=False, line=9, said="FAILED"
    )
    proof = prove("necessary-files", needed=NeededFacts((9,), (lacks,)))
    assert "lacks app/late.py, which app/views.py imports" in proof.summary


def test_without_experiments_it_is_judged_all_the_same() -> None:
    """What the tests ask for is then not known, and nothing is said of it."""
    assert prove("necessary-files", **without("needed")).verdict is PROVEN


def test_a_module_of_the_project_is_copied_beside_those_of_its_package() -> None:
    """By the text of one that is there; with its owner. What the project does not have is left to words."""
    log = ("ModuleNotFoundError: No module named 'app.words'",)
    dead = container(exit_code=1, ready=False, log=log)
    own = layer(15, entry("/app/app/views.py", uid=1000), texts={"/app/app/views.py": "import words\n"})
    texts = {"app/views.py": "import words\n", "app/words.py": "WORDS = 1\n"}
    proof = prove("necessary-files", container=dead, files=files(own), project_texts=texts)
    assert "Add `COPY --chown=app:app app/words.py app/` after Dockerfile:15." in str(proof.remedy)
    assert "COPY" not in str(prove("necessary-files", container=dead, files=files(own)).remedy)
