"""Runs inside a container, as root: prints path, mode, owner and group of every file of the image, as JSON."""

from __future__ import annotations

import json
import os


def files(top: str) -> list[tuple[str, int, int, int]]:
    """List `top` and all below it. Other file systems (/proc, volumes, what the engine mounts) are left out."""
    device = os.lstat(top).st_dev
    found, folders = [], [top]
    while folders:
        folder = folders.pop()
        kept = os.lstat(folder)
        if kept.st_dev != device:
            continue
        found.append((folder, kept.st_mode, kept.st_uid, kept.st_gid))
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                    continue
                kept = entry.stat(follow_symlinks=False)
                if kept.st_dev == device:
                    found.append((entry.path, kept.st_mode, kept.st_uid, kept.st_gid))
    return found


if __name__ == "__main__":
    print(json.dumps(files("/")))  # noqa: T201 - the answer
