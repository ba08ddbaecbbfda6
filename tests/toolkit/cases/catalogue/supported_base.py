"""A Python or a distribution past its end."""

from __future__ import annotations

from .model import Case, Edit, after, before, dockerfile

DEPS, RELEASE = "FROM python:3.11-slim AS deps", "FROM python:3.11-slim AS release"
USER = "USER app"
ASKED = ("supported-base",)


def claims(identifier: str, version: str, name: str = "Some") -> Edit:
    """Let the release say that it is of another distribution, whose images cannot be had everywhere."""
    said = f'NAME="{name}"\\nID={identifier}\\nVERSION_ID="{version}"\\n'
    return before(USER, f"RUN printf '{said}' > /usr/lib/os-release")


def python(version: str) -> Edit:
    """Let the release's PATH lead to another Python by name."""
    return before(
        USER,
        f"RUN mkdir /opt/python && ln -s $(readlink -f /usr/local/bin/python3 || command -v python3) /opt/python/python{version} && cp -L /opt/python/python{version} /opt/python{version} && rm /opt/python/* && mv /opt/python{version} /opt/python/python{version} && ln -s python{version} /opt/python/python",
        "ENV PATH=/opt/python:$PATH",
    )


CASES = (
    Case("supported-base/python-3.9", "Python 3.9", (python("3.9"),)),
    Case("supported-base/python-3.8", "Python 3.8", (python("3.8"),)),
    Case("supported-base/python-2.7", "Python 2.7", (python("2.7"),)),
    Case("supported-base/bullseye", "Debian 11", (claims("debian", "11", "Debian GNU/Linux"),)),
    Case("supported-base/buster", "Debian 10", (claims("debian", "10", "Debian GNU/Linux"),)),
    Case("supported-base/ubuntu", "Ubuntu 20.04", (claims("ubuntu", "20.04", "Ubuntu"),)),
    Case("supported-base/alpine", "Alpine 3.18", (claims("alpine", "3.18.4", "Alpine Linux"),)),
    Case("supported-base/centos", "CentOS 7", (claims("centos", "7", "CentOS Linux"),)),
    Case(
        "supported-base/tag-of-python",
        "a tag of Python 3.9",
        tuple(dockerfile(each, each.replace("3.11", "3.9")) for each in (DEPS, RELEASE)),
    ),
    Case(
        "supported-base/tag-of-debian",
        "a tag of Debian 11",
        tuple(dockerfile(each, each.replace("slim", "slim-bullseye")) for each in (DEPS, RELEASE)),
    ),
    Case(
        "supported-base/tag-by-argument",
        "an argument that the tags take",
        (
            dockerfile(DEPS, f"ARG PYTHON=3.9-slim-bullseye\n{DEPS.replace('3.11-slim', '${PYTHON}')}"),
            dockerfile(RELEASE, RELEASE.replace("3.11-slim", "${PYTHON}")),
        ),
    ),
    Case("benign/supported-base-as-it-is", "Python 3.11", (after(USER, "LABEL a=b"),), only=ASKED),
    Case(
        "benign/supported-base-trixie", "Debian 13", (claims("debian", "13", "Debian GNU/Linux"),), only=ASKED
    ),
    Case(
        "benign/supported-base-rolling",
        "a distribution without releases",
        (claims("wolfi", "20230201", "Wolfi"),),
        only=ASKED,
    ),
    Case(
        "benign/supported-base-deps",
        "a stage that does not ship says another",
        (dockerfile(DEPS, f"{DEPS}\nRUN printf 'ID=debian\\nVERSION_ID=9\\n' > /usr/lib/os-release"),),
        only=ASKED,
    ),
)
