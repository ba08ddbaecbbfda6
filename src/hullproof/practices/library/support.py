"""Until when Python and distributions get security fixes: dated tables, which go with this package.

Python: https://devguide.python.org/versions/. Debian, with its free long-term support: https://wiki.debian.org/LTS.
Ubuntu, Alpine and Red Hat Enterprise Linux: the data of https://pypi.org/project/distro-support/ 2026.8.10.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

AS_OF = date(2026, 11, 28)
"""When these tables were last compared with their sources."""

PYTHON = {
    "2.7": "2020-01-01", "3.4": "2019-03-18", "3.5": "2020-09-30", "3.6": "2021-12-23", "3.7": "2023-06-27",
    "3.8": "2024-10-07", "3.9": "2025-10-31", "3.10": "2026-10-31", "3.11": "2027-10-31", "3.12": "2028-10-31",
    "3.13": "2029-10-31", "3.14": "2030-10-31", "3.15": "2031-10-31",
}  # fmt: skip

_RHEL = {"6": "2020-11-30", "7": "2024-06-30", "8": "2029-05-31", "9": "2032-05-31", "10": "2035-05-31"}
DISTRIBUTIONS: Mapping[str, Mapping[str, str]] = {
    "debian": {
        "8": "2020-06-30", "9": "2022-06-30", "10": "2024-06-30", "11": "2026-08-31", "12": "2028-06-30",
        "13": "2030-06-30",
    },
    "ubuntu": {
        "16.04": "2021-04-30", "18.04": "2023-05-31", "20.04": "2025-05-29", "22.04": "2027-06-01",
        "22.10": "2023-07-20", "23.04": "2024-01-25", "23.10": "2024-07-11", "24.04": "2029-05-31",
        "24.10": "2025-07-10", "25.04": "2026-01-15", "25.10": "2026-07-09", "26.04": "2031-05-29",
        "26.10": "2027-07-15",
    },
    "alpine": {
        "3.12": "2022-05-01", "3.13": "2022-11-01", "3.14": "2023-05-01", "3.15": "2023-11-01",
        "3.16": "2024-05-23", "3.17": "2024-11-22", "3.18": "2025-05-09", "3.19": "2025-11-01",
        "3.20": "2026-04-01", "3.21": "2026-11-01", "3.22": "2027-05-01", "3.23": "2027-11-01",
        "3.24": "2028-06-01",
    },
    "rhel": _RHEL, "centos": {"6": "2020-11-30", "7": "2024-06-30", "8": "2021-12-31"},
    "almalinux": _RHEL, "rocky": _RHEL, "ol": _RHEL,
}  # fmt: skip

SUITES = {
    "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13",
}  # fmt: skip
"""Debian's releases by the names that tags of images use."""

ROLLING = frozenset({"wolfi", "chainguard", "arch", "opensuse-tumbleweed"})
"""Distributions without releases that could end."""


def python_until(version: str) -> date | None:
    """Return the last day of a Python's security fixes, such as `3.11`; None where the table does not have it."""
    return _day(PYTHON.get(version))


def distribution_until(identifier: str, version: str) -> date | None:
    """Return the last day of a release's security fixes, as os-release names it: `debian`, `12`; None where unknown."""
    known = DISTRIBUTIONS.get(identifier, {})
    return _day(next((known[each] for each in _shorter(version) if each in known), None))


def os_release(text: str) -> Mapping[str, str]:
    """Read an os-release file: https://www.freedesktop.org/software/systemd/man/latest/os-release.html."""
    found = re.findall(r"(?m)^([A-Z_]+)=(.*)$", text)
    return {name: value.strip().strip("\"'") for name, value in found}


def _shorter(version: str) -> list[str]:
    parts = version.split(".")
    return [".".join(parts[:most]) for most in range(len(parts), 0, -1)]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
