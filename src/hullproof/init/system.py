"""Debian packages that some Python packages need, where PyPI has no wheel that brings them along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.init.model import Remark

if TYPE_CHECKING:
    from hullproof.init.requirements import Declared

_COMPILER = ("gcc", "libc6-dev")


@dataclass(frozen=True)
class _Needs:
    build: tuple[str, ...] = ()
    run: tuple[str, ...] = ()
    unless: frozenset[str] = frozenset()
    """Extras that bring what is needed with them."""


_KNOWN = {
    "psycopg2": _Needs((*_COMPILER, "libpq-dev"), ("libpq5",)),
    "psycopg": _Needs(run=("libpq5",), unless=frozenset({"binary"})),
    "psycopg-c": _Needs((*_COMPILER, "libpq-dev"), ("libpq5",)),
    "mysqlclient": _Needs((*_COMPILER, "pkg-config", "default-libmysqlclient-dev"), ("libmariadb3",)),
    "uwsgi": _Needs(_COMPILER),
}


def system_packages(
    packages: Mapping[str, Declared | None],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Remark, ...]]:
    """Return what building and running these needs, and a remark for each that needs anything.

    A name may come without what was declared of it, as from a lock file.
    """
    build: dict[str, None] = {}
    run: dict[str, None] = {}
    said = []
    for name, declared in packages.items():
        needs = _KNOWN.get(name, _Needs())
        if declared is not None and declared.extras & needs.unless:
            needs = _Needs()
        if declared is not None and (declared.url or "").startswith("git+"):
            needs = _Needs((*needs.build, "git"), needs.run)
        if name == "psycopg" and "psycopg-binary" in packages:
            continue
        build |= dict.fromkeys(needs.build)
        run |= dict.fromkeys(needs.run)
        if needs.build or needs.run:
            wanted = ", ".join(dict.fromkeys((*needs.build, *needs.run)))
            said.append(Remark("assumed", f"{name or 'a package'} needs {wanted} from Debian"))
    return tuple(build), tuple(run), tuple(said)
