"""What is installed is what was locked.

Why: A version that is not pinned is another one tomorrow, and a pinned one whose hash nobody checks is what the index says that
it is. The tests that passed were of other code then.

Proven by: The hashes of one package are falsified in a copy, and the build must fail. What the image has installed is in
the lock, with its version.

Broken by: A requirements file without hashes; a lock that the installing step does not read, or installs from without checking
(pip from an export without hashes, --no-verify); packages beside the lock.

Fix: Lock with hashes, and have them required.

    pip-compile --generate-hashes requirements.in    # or: uv pip compile, uv lock, poetry lock
    RUN pip install --no-cache-dir --require-hashes -r requirements.txt
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.facts import FileFacts, LockFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_dockerfile,
    in_experiment,
    in_image,
    listed,
    not_applicable,
    proven,
    unproven,
)
from hullproof.practices.library.locking import to_check, to_lock, to_stay_with_the_lock
from hullproof.practices.library.places import layer_place
from hullproof.practices.library.stages import made_at

PROFILES = ("release",)

_DISTRIBUTION = re.compile(
    r".*/(?:site|dist)-packages/(?P<name>[^/]+?)-(?P<version>[^-/]+)\.dist-info/METADATA"
)
_INSTALLERS = frozenset({"pip", "setuptools", "wheel", "uv"})
"""What an environment is made with comes with its Python."""


@check
def a_false_hash_stops_the_build(
    release: Release, falsified: LockFacts, project_texts: Mapping[str, str]
) -> Observations:
    """Hashes are there, and are checked."""
    line = falsified.line
    if line is None:
        yield not_applicable("no step installs what a file declares")
        return
    where = release.where(line)
    if falsified.lock is None:
        files = listed(list(falsified.files)) or "nothing"
        yield broken(
            f"nothing that {where} installs from has hashes: {files}",
            in_dockerfile(where, f"expected a lock with hashes, got {files}"),
            fix=to_lock(falsified.files, where, project_texts),
        )
    elif falsified.failed is None:
        yield unproven(
            f"the build with a false hash of {falsified.package} failed for another reason: {falsified.said}",
            in_experiment(where, falsified.said or "no output"),
        )
    elif falsified.failed:
        yield proven(
            f"a false hash of {falsified.package} in {falsified.lock} stops the build",
            in_experiment(where, falsified.said or "failed"),
        )
    else:
        yield broken(
            f"a false hash of {falsified.package} in {falsified.lock} is installed anyway",
            in_dockerfile(where, "installs without checking hashes"),
            in_experiment(
                falsified.lock, f"the hashes of {falsified.package} were falsified, and {where} succeeded"
            ),
            fix=to_check(release, falsified)
            or f"Let {where} check hashes: pip install --require-hashes, uv sync --locked, poetry install from the lock.",
        )


@check
def what_is_installed_is_locked(release: Release, files: FileFacts, falsified: LockFacts) -> Observations:
    """Each installed package is in the lock, with that version."""
    if falsified.lock is None:
        return
    found = 0
    for layer in files.added_layers:
        for entry in layer.entries:
            match = _DISTRIBUTION.fullmatch(entry.path)
            if match is None or files.final.get(entry.path) is not entry:
                continue
            name, version = re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"]
            versions = falsified.locked.get(name, frozenset())
            line = made_at(release, layer.line, entry.path)
            if versions and version not in versions:
                yield broken(
                    f"{name} {version} is installed, and {listed(sorted(versions))} is locked",
                    in_image(layer_place(release, files, layer), f"{entry.path}: {version}"),
                    fix=to_stay_with_the_lock(release, line, falsified)
                    or f"Let {release.where(line)} install {name} from {falsified.lock} alone.",
                )
            elif not versions and name not in _INSTALLERS and name not in falsified.own:
                yield broken(
                    f"{name} {version} is installed, and not locked",
                    in_image(layer_place(release, files, layer), entry.path),
                    fix=f"Add {name}=={version} with its hashes to {falsified.lock}, and install it from there alone: see "
                    f"{release.where(line)}.",
                )
            else:
                found += 1
    seen = in_image("files", f"{found} distributions")
    yield proven(f"all {found} packages that are installed are locked", seen) if found else seen
