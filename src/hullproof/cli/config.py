"""`hullproof config`: the settings in force, and where each came from: written down, found, or a default."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hullproof.cli.parameters import project_options
from hullproof.dockerfile import Contract
from hullproof.project.config import Config, settings_schema
from hullproof.project.project import Project
from hullproof.runner.opening import Given, open_project
from hullproof.terminal import screen_width, write
from hullproof.text import clean, inert, json_text

DEFAULT = "default"
_MAPPINGS = ("env", "build_args", "secrets", "contexts")


@click.command()
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of all settings, for editors.")
@project_options
def config(
    project: Path,
    *,
    given: Given,
    as_json: bool,
    schema: bool,
) -> int:
    """Show the settings in force for PROJECT, and where each came from: written down, found, or a default.

    \b
    Examples:
      hullproof config
      hullproof config services/web --json
      hullproof config --schema > hullproof.schema.json
    """  # noqa: D301 - click's mark is the character, not its name
    if schema:
        write(settings_schema(), sys.stdout)
        return 0
    found = in_force(open_project(project, given))
    write(as_json_text(found) if as_json else as_text(found, screen_width()), sys.stdout)
    return 0


@dataclass(frozen=True)
class Setting:
    """One setting. `value` is as TOML has it, None where there is none; `source` says where that came from."""

    name: str
    value: Any
    source: str

    @property
    def shown(self) -> str:
        """The value as it would be written, on one line."""
        return "-" if self.value is None else json.dumps(self.value, ensure_ascii=False)


def in_force(project: Project) -> tuple[Setting, ...]:
    """Return every setting, in the order of the reference; what is not written down as it will be taken."""
    found = _found(project)
    settings = [Setting("name", project.name, project.places.get("name", "the folder's name"))]
    for each in fields(Config):
        if each.name == "name":
            continue
        value = getattr(project.config, each.name)
        place = project.places.get(each.name)
        if each.name in _MAPPINGS:
            settings += _entries(project, each.name)
        elif place is None:
            settings.append(found.get(each.name) or Setting(each.name, _plain(value), DEFAULT))
        else:
            settings.append(Setting(each.name, _plain(value), place))
    return tuple(settings)


def as_text(settings: Iterable[Setting], width: int) -> str:
    """Return a table of settings, `width` columns wide."""
    table = Table.grid(padding=(0, 2))
    for column in ("name", "value", "source"):
        table.add_column(column, overflow="fold")
    for setting in settings:
        table.add_row(*(Text(clean(each)) for each in (setting.name, setting.shown, setting.source)))
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, legacy_windows=False, _environ={}).print(table)
    return inert("".join(line.rstrip() + "\n" for line in stream.getvalue().split("\n")[:-1]))


def as_json_text(settings: Iterable[Setting]) -> str:
    """Return the settings as JSON: value and source by name."""
    table = {setting.name: {"value": setting.value, "source": setting.source} for setting in settings}
    return json_text(table)


def _entries(project: Project, name: str) -> Iterator[Setting]:
    """Yield a setting for each entry of a table: each may come from elsewhere."""
    for key, value in getattr(project.config, name).items():
        place = project.places.get(f"{name}.{key}") or project.places.get(name, DEFAULT)
        yield Setting(f"{name}.{key}", value, place)


def _plain(value: Any) -> Any:  # noqa: ANN401 - settings are of many types
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(each) for key, each in asdict(value).items()}
    return value


def _found(project: Project) -> dict[str, Setting]:
    """Say what is taken where nothing is written down: what the Dockerfile says."""
    dockerfile, release, test = project.dockerfile, project.release.stage, project.test_stage
    last = "the last stage" if release is dockerfile.stages[-1] else "the last that is not for development"
    promise = project.release.contract
    settings = [
        Setting("target", release.reference, f"{dockerfile.where(release.line)}, {last}"),
        Setting("test_target", test.reference, f"{dockerfile.where(test.line)}, which runs the tests")
        if test
        else Setting("test_target", None, "no stage runs a test runner"),
        Setting("ready", None, f"{DEFAULT}: the exposed ports are listened on"),
        *_promised(project, promise),
    ]
    return {setting.name: setting for setting in settings}


def _promised(project: Project, promise: Contract) -> Iterator[Setting]:
    where = project.dockerfile.where
    base = "the base image's"
    if promise.user:
        yield Setting("user", promise.user.text, where(promise.user.line))
    else:
        yield Setting("user", None, base)
    if promise.workdir:
        yield Setting("workdir", promise.workdir.path, where(promise.workdir.line))
    else:
        yield Setting("workdir", None, base)
    if promise.ports:
        ports = [f"{number}/{port.protocol}" for port in promise.ports for number in port.numbers]
        lines = dict.fromkeys(where(port.line) for port in promise.ports)
        yield Setting("ports", ports, ", ".join(lines))
    else:
        yield Setting("ports", None, base)
    said = [each for each in (promise.entrypoint, promise.command) if each]
    if said:
        argv = [word for each in said for word in each.argv]
        yield Setting("command", argv, ", ".join(where(each.line) for each in said))
    else:
        yield Setting("command", None, base)
