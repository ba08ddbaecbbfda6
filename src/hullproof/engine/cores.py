"""What makes a container believe in another machine: programs that count its processors, and not what they may use, show it.

The C library counts those that /sys/devices/system/cpu names as online, whatever the cgroup grants. A volume in its place names
others; processes are held to what they are granted all the same.
"""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING, Any

from hullproof.engine.container.words import engine_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.engine.connection import Engine
    from hullproof.engine.container.sidecar import Helper

PLACE = "/sys/devices/system/cpu"
_FOLDER = "/cpu"


def machine_of(cores: int, engine: Engine, helper: Helper, labels: Mapping[str, str]) -> dict[str, Any]:
    """Make the volume for so many, labelled as the run's; return the option of `containers.create` that mounts it."""
    api = engine.client.api
    with engine_errors("making a volume that describes processors"):
        name = str(api.create_volume(labels=dict(labels))["Name"])
        binds = api.create_host_config(binds=[f"{name}:{_FOLDER}"])
        made = api.create_container(
            helper.image, ["true"], labels=dict(labels), volumes=[_FOLDER], host_config=binds
        )["Id"]
        try:
            api.put_archive(made, _FOLDER, _described(cores))
        finally:
            api.remove_container(made, force=True)
    return {"volumes": {name: {"bind": PLACE, "mode": "ro"}}}


def _described(cores: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("online", "possible", "present"):
            text = f"0-{cores - 1}\n".encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o444
            archive.addfile(entry, io.BytesIO(text))
        for number in range(cores):
            entry = tarfile.TarInfo(f"cpu{number}")
            entry.type, entry.mode = tarfile.DIRTYPE, 0o555
            archive.addfile(entry)
    return packed.getvalue()
