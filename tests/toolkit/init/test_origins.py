"""Where packages come from: nothing is installed by its bare name that the project says comes from elsewhere."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hullproof.errors import UsageError

from .conftest import FLASK, See, said

APP = {"app.py": FLASK}
PROJECT = "[project]\nname = 'shop'\ndependencies = ['flask', 'gunicorn', 'knots']\n"
CORP = "https://pypi.corp.example/simple"
LISTED = {"requirements.txt": "flask\ngunicorn\nknots\n"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {"pyproject.toml": PROJECT + "[tool.uv.sources]\nknots = { git = 'https://git.example/knots' }\n"},
            "pyproject.toml:5: knots comes from https://git.example/knots, which pip would not read; run `uv lock`",
        ),
        (
            {"pyproject.toml": PROJECT + "[tool.uv.sources]\nKnots = [{ path = '../knots' }]\n"},
            "pyproject.toml:5: knots comes from the folder ../knots, which pip would not read; run `uv lock`",
        ),
        (
            {"pyproject.toml": PROJECT + "[tool.uv.sources]\nknots = { workspace = true }\n"},
            "pyproject.toml:5: knots comes from the workspace that this is part of, which pip would not read; give the folder",
        ),
        (
            {"pyproject.toml": PROJECT + "[tool.uv.sources]\nknots = { index = 'corp' }\n"},
            "pyproject.toml:5: knots comes from the index corp",
        ),
        ({"pyproject.toml": PROJECT + f"[[tool.uv.index]]\nurl = '{CORP}'\n"}, f"pyproject.toml:5: packages come from {CORP}"),
        ({"pyproject.toml": PROJECT + f"[tool.uv]\nindex-url = '{CORP}'\n"}, f"pyproject.toml:5: packages come from {CORP}"),
        ({"pyproject.toml": PROJECT + f"[[tool.pdm.source]]\nurl = '{CORP}'\nname = 'corp'\n"}, f"pyproject.toml:5: packages come from {CORP}, which pip would not read; run `pdm lock`"),
        ({"pyproject.toml": PROJECT + f"[[tool.poetry.source]]\nname = 'corp'\nurl = '{CORP}'\n"}, f"pyproject.toml:6: packages come from {CORP}"),
        ({"pyproject.toml": PROJECT + f"[tool.hatch.envs.default.env-vars]\nPIP_INDEX_URL = '{CORP}'\n"}, f"pyproject.toml:5: packages come from {CORP}"),
        ({"pyproject.toml": PROJECT + f"[[tool.rye.sources]]\nname = 'corp'\nurl = '{CORP}'\n"}, f"packages come from {CORP}"),
        ({**LISTED, "pip.conf": f"[global]\nextra-index-url = {CORP}\n"}, f"pip.conf:2: packages come from {CORP}"),
        ({**LISTED, "uv.toml": f"[[index]]\nurl = '{CORP}'\n"}, "uv.toml:2: "),
        ({**LISTED, "tox.ini": f"[testenv]\nsetenv = PIP_INDEX_URL={CORP}\n"}, f"tox.ini:2: packages come from {CORP}"),
        ({**LISTED, "Dockerfile": f"FROM x\nRUN pip install -i {CORP} -r requirements.txt\n"}, f"Dockerfile:2: packages come from {CORP}"),
        ({**LISTED, "build/Dockerfile": f"FROM x\nENV PIP_INDEX_URL={CORP}\n"}, f"build/Dockerfile:2: packages come from {CORP}"),
        ({**LISTED, "Dockerfile": f"FROM x\nENV PIP_EXTRA_INDEX_URL={CORP}\n"}, f"Dockerfile:2: packages come from {CORP}"),
        ({**LISTED, "compose.yaml": f"services:\n  web:\n    build:\n      args:\n        PIP_INDEX_URL: {CORP}\n"}, f"compose.yaml:5: packages come from {CORP}"),
        ({**LISTED, "compose.prod.yml": f"services: {{web: {{build: {{args: ['INDEX={CORP}']}}}}}}\n"}, f"compose.prod.yml:1: packages come from {CORP}"),
        ({**LISTED, "azure-pipelines.yml": f"variables:\n  corp: {CORP}/\n"}, f"azure-pipelines.yml:2: packages come from {CORP}, which"),
        ({**LISTED, "Jenkinsfile": f"sh 'pip install --extra-index-url {CORP} knots'\n"}, f"Jenkinsfile:1: packages come from {CORP}"),
        ({**LISTED, "docker-bake.hcl": f'args = {{ PIP_EXTRA_INDEX_URL = "{CORP}" }}\n'}, f"docker-bake.hcl:1: packages come from {CORP}"),
        ({**LISTED, ".condarc": f"pip_interop_enabled: true\nchannels: ['{CORP}']\n"}, f".condarc:2: packages come from {CORP}"),
        ({**LISTED, "ci.sh": "uv pip install --index $CORP knots\n"}, "ci.sh:1: packages come from $CORP"),
        ({**LISTED, ".env": f"PIP_INDEX_URL={CORP}\n"}, f".env:1: packages come from {CORP}"),
        ({**LISTED, ".gitlab-ci.yml": "variables:\n  PIP_INDEX_URL: ${CI_API_V4_URL}/projects/7/packages/pypi/simple\n"}, ".gitlab-ci.yml:2: packages come from ${CI_API_V4_URL}/projects/7/packages/pypi/simple, which pip would not read; write `--index-url ADDRESS`"),
        ({**LISTED, ".github/workflows/test.yml": "env:\n  PIP_INDEX_URL: ${{ secrets.INDEX }}\n"}, ".github/workflows/test.yml:2: packages come from ${{ secrets.INDEX }}"),
        ({**LISTED, "Dockerfile": "FROM x\nARG CORP\nRUN pip install --index-url=$CORP -r requirements.txt\n"}, "Dockerfile:3: packages come from $CORP"),
        ({**LISTED, "Pipfile": f"[[source]]\nname = 'corp'\nurl = '{CORP}'\n[packages]\nknots = '*'\n"}, f"Pipfile:3: packages come from {CORP}, which pip would not read; run `pipenv lock`"),
        ({**LISTED, "Pipfile": "[packages]\nknots = { git = 'https://git.example/knots' }\n"}, "Pipfile:2: knots comes from https://git.example/knots"),
        ({**LISTED, "pyproject.toml": f"[tool.pip-tools]\nextra-index-url = ['{CORP}']\n"}, f"pyproject.toml:2: packages come from {CORP}, which pip would not read; write `--index-url {CORP}`"),
        (
            {
                "pyproject.toml": "[project]\nname = 'shop'\ndependencies = ['flask', 'gunicorn']\n"
                "[build-system]\nrequires = ['knots-build']\n[tool.uv.sources]\nknots-build = { git = 'https://git.example/kb' }\n",
                "uv.lock": "[[package]]\nname = 'shop'\nsource = { virtual = '.' }\n",
                "shop.py": "from importlib.metadata import version\nv = version('shop')\n",
            },
            "pyproject.toml:7: knots-build comes from https://git.example/kb, which pip would not read; name it in [build-system]",
        ),
        ({**LISTED, ".gitlab-ci.yml": f"test:\n  script: pip install --index-url={CORP} knots\n"}, ".gitlab-ci.yml:2: "),
        (
            {**LISTED, "libs/knots/pyproject.toml": "[project]\nname = 'Knots'\n"},
            "requirements.txt:3: asks an index for knots, which is this project's own, in libs/knots",
        ),
        ({**LISTED, "knots/setup.py": "setup(\n    name='knots',\n)\n"}, "requirements.txt:3: asks an index for knots"),
        (
            {**LISTED, "libs/knots/pyproject.toml": "[[tool.uv.index]]\nname = 'corp'\n[project]\nname = 'knots'\n"},
            "requirements.txt:3: asks an index for knots, which is this project's own, in libs/knots",
        ),
        ({**LISTED, "pip.conf": "[global]\nindex-url = https://me:secret@pypi.corp.example/simple\n"}, f"pip.conf:2: packages come from {CORP}, which"),
        (
            {
                "pyproject.toml": PROJECT + "[tool.uv.sources]\nknots-testkit = { index = 'corp' }\n",
                "uv.lock": "[[package]]\nname = 'shop'\nsource = { virtual = '.' }\n",
                "tox.ini": "[testenv]\ndeps = knots-testkit\n",
            },
            "pyproject.toml:5: knots-testkit comes from the index corp, which pip would not read",
        ),
    ],
)  # fmt: skip
def test_what_pip_would_look_for_elsewhere_is_refused(see: See, files: dict[str, str], told: str) -> None:
    """One line says where that stands, and the way out: anybody may have a package of that name on the public index."""
    with pytest.raises(UsageError) as raised:
        see({**APP, **files})
    assert told in str(raised.value)
    assert "me:" not in str(raised.value)


@pytest.mark.parametrize(
    "files",
    [
        {"requirements.txt": f"--extra-index-url {CORP}/\nflask\ngunicorn\nknots\n", "pip.conf": f"[global]\nindex-url = {CORP}\n"},
        {"requirements.txt": "flask\ngunicorn\nknots @ git+https://git.example/knots\n", "pyproject.toml": "[tool.uv.sources]\nknots = { git = 'https://git.example/knots' }\n"},
        {**LISTED, "pyproject.toml": "[[tool.uv.index]]\nurl = 'https://pypi.org/simple'\n"},
        {**LISTED, "examples/knots/pyproject.toml": "[project]\nname = 'knots'\n"},
        {**LISTED, "pyproject.toml": "[tool.poetry.urls]\n'Source Code' = 'https://git.example/shop'\n"},
        {**LISTED, "tests/data/pip.conf": f"[global]\nindex-url = {CORP}\n"},
        {**LISTED, "filebeat.yml": "output:\n  index: ${ES_INDEX}\n"},
        {**LISTED, "docs/Makefile": f"install:\n\tpip install -i {CORP} sphinx\n"},
        {**LISTED, "compose.yaml": "services: {web: {build: {args: ['PIP_INDEX_URL=${PIP_INDEX_URL}']}}}\n"},
        {**LISTED, "Dockerfile": "FROM x\nARG INDEX=https://pypi.org/simple\nRUN pip install --index-url=$INDEX -r requirements.txt\n"},
        {"pyproject.toml": PROJECT, "uv.lock": "[[package]]\nname = 'shop'\nsource = { virtual = '.' }\n", "pip.conf": f"[global]\nindex-url = {CORP}\n"},
        {**LISTED, ".github/workflows/release.yml": "run: twine upload --repository-url https://corp.example/\n"},
    ],
)  # fmt: skip
def test_what_pip_does_find_there_is_not(see: See, files: dict[str, str]) -> None:
    """Requirements files that name the index or the address say it to pip."""
    see({**APP, **files})


def test_an_index_in_the_requirements_is_said(see: See) -> None:
    """The build has to reach it; a password in its address is nobody's to read."""
    text = "--index-url https://me:secret@pypi.corp.example/simple\nflask\ngunicorn\n"
    assert said(see({**APP, "requirements.txt": text}), "note")[0] == (
        f"packages also come from {CORP}, in requirements.txt:1: the build has to reach it"
    )


def test_a_lock_file_is_believed_by_its_own_tool_alone(see: See) -> None:
    """That of uv says where knots comes from, and git is needed to have it from there."""
    sources = PROJECT + "[tool.uv.sources]\nknots = { git = 'https://git.example/knots' }\n"
    lock = "[[package]]\nname = 'shop'\nsource = { virtual = '.' }\ndependencies = [{ name = 'knots' }]\n"
    lock += "[[package]]\nname = 'knots'\nsource = { git = 'https://git.example/knots' }\n"
    found = see({**APP, "pyproject.toml": sources, "uv.lock": lock}).dependencies
    assert "git" in found.build_system


@pytest.mark.parametrize(
    ("lock", "text"),
    [
        (
            "poetry.lock",
            "[[package]]\nname = 'knots'\n[package.source]\ntype = 'directory'\nurl = '../knots'\n",
        ),
        ("pdm.lock", "[[package]]\nname = 'knots'\npath = './libs/knots'\n"),
        ("Pipfile.lock", '{"default": {"knots": {"path": "libs/knots", "editable": true}}}'),
    ],
)
def test_a_folder_that_a_lock_file_installs_is_refused(see: See, lock: str, text: str) -> None:
    """It is not there yet when packages are installed."""
    with pytest.raises(UsageError, match=f"{lock}: knots comes from the folder"):
        see({**APP, "pyproject.toml": PROJECT, "Pipfile": "[packages]\nflask = '*'\n", lock: text})


def test_a_lock_file_that_is_not_understood_is_said(see: See) -> None:
    """Packages are installed without it."""
    found = see({**APP, "requirements.txt": "flask\ngunicorn\n", "conda-lock.yml": "package: []\n"})
    assert said(found, "note")[0] == "conda-lock.yml is not understood: packages are installed without it"


@pytest.mark.parametrize(
    "lock",
    ["package = {}\n", "package = [1]\n", "[[package]]\nsource = 'x'\n", "[[package]]\nwheels = 'x'\n"],
)
def test_a_lock_file_of_another_form_is_one_line(see: See, lock: str) -> None:
    """Whatever it holds."""
    with pytest.raises(UsageError, match=r"uv.lock cannot be read: .*; generate it again"):
        see({**APP, "pyproject.toml": PROJECT, "uv.lock": lock})


def test_the_lock_file_of_a_workspace_above_is_said_not_to_be_used(see: See, tmp_path: Path) -> None:
    """With the folder that would use it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "uv.lock").write_text("")
    found = see({**APP, "requirements.txt": "flask\ngunicorn\n"})
    assert said(found, "note")[0] == (
        f"{tmp_path / 'uv.lock'} is not used: for its versions, give {tmp_path} to init, and --entry"
    )


@pytest.mark.parametrize("filling", ["\n" * 100_000, " " * 200_000, "pip install " * 20_000, "-b=" * 50_000])
def test_no_text_keeps_it_busy(see: See, filling: str) -> None:
    """Regular expressions over what somebody else wrote take time in proportion to it."""
    files = {
        "requirements.txt": "flask\ngunicorn\npsycopg\n",
        "tests/test_x.py": f"{filling}\ndef test_x(): ...\n",
    }
    started = time.process_time()
    see(
        {
            **APP,
            **files,
            "Dockerfile": filling,
            "Procfile": filling,
            "libs/x/setup.py": filling,
            "tox.ini": filling,
        }
    )
    assert time.process_time() - started < 20
