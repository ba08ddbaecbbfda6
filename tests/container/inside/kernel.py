"""Runs inside a container, where there is no ps and no ss: prints what the kernel says there, as JSON."""

from __future__ import annotations

import json
import os
import socket
import struct
from pathlib import Path

CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
TABLES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07", "raw": "07", "raw6": "07"}
"""The kernel's tables of sockets, each with the state (in hexadecimal) of one that waits for others."""


def process(folder: Path) -> dict[str, object]:
    """Describe one process. Raises `OSError` when it has ended."""
    lines = (folder / "status").read_text().splitlines()
    status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    command = (folder / "cmdline").read_bytes().rstrip(b"\0")
    return {
        "pid": int(folder.name),
        "command": command.decode().split("\0"),
        "executable": str((folder / "exe").readlink()),
        "cwd": str((folder / "cwd").readlink()),
        "uids": [int(number) for number in status["Uid"].split()],
        "gids": [int(number) for number in status["Gid"].split()],
        "groups": [int(number) for number in status["Groups"].split()],
        "capabilities": {name: int(status[name], 16) for name in CAPABILITIES},
        "no_new_privileges": status["NoNewPrivs"] == "1",
    }


def processes() -> list[dict[str, object]]:
    """Describe all processes but this one, PID 1 first."""
    found = []
    for pid in sorted(int(path.name) for path in Path("/proc").glob("[0-9]*")):
        if pid != os.getpid():
            try:
                found.append(process(Path("/proc", str(pid))))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended since: a health check, say
    return found


def listeners() -> list[dict[str, object]]:
    """Describe the sockets of this network namespace that wait for others to connect or send."""
    found = []
    for table, waiting in TABLES.items():
        path = Path("/proc/net", table)
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            local, state = line.split()[1], line.split()[3]
            if state == waiting:
                address, _, port = local.partition(":")
                found.append({"protocol": table, "address": readable(address), "port": int(port, 16)})
    return found


def readable(address: str) -> str:
    """Decode an address as the kernel prints it: words of 32 bits, each in the machine's own order."""
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))


if __name__ == "__main__":
    print(json.dumps({"processes": processes(), "listeners": listeners()}))  # noqa: T201 - the answer
