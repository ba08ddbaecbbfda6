"""Make a stand-in base: a Debian with its Python, laid out as the official images are.

mmdebstrap fetches Debian from the mirror that this machine uses; `standin-setup.sh` then shapes it; the engine
takes the result as `hullproof/stand-in:...`, never under an official name. It carries no `hullproof.run` label,
since it is kept and used again. The tag's last part stands for all that went into it, so that a change of
recipe, mirror or trusted authorities gives a new one.
"""

from __future__ import annotations

import os
import platform
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.engine.image import find_image, import_image
from hullproof.errors import EngineError
from hullproof.host.machine import cause, install_packages, privilege
from hullproof.host.standinrecipe import EXCLUDED, EXCLUDED_SLIM, SETUP, Recipe, recipe
from hullproof.host.standinroom import one_at_a_time
from hullproof.owner import owned_folder
from hullproof.process import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.engine.connection import Engine
    from hullproof.host.standinplan import Plan

LABEL = "hullproof.stand-in"
GOT = f"{LABEL}.got"
"""The label that says what it is made of."""

_MERGED_USR = Path("/usr/share/mmdebstrap/hooks/merged-usr")
_BOOTSTRAP_TIMEOUT_S = 900

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


def provide_stand_in(
    engine: Engine, plan: Plan, *, say: Callable[[str], None], may_install: bool = False, owner: str = ""
) -> str:
    """Return the local name of a stand-in, made now unless the engine has it.

    mmdebstrap is installed when it is missing and `may_install` says so; it ends with the run that is its `owner`.

    One at a time on a machine: a second run waits for the first and then finds what it made. Raises
    EngineError with one line when it cannot be made, and leaves neither files nor half an image.
    """
    wanted = recipe(plan)
    if find_image(engine, wanted.name):
        return wanted.name
    with one_at_a_time(say, engine.calls.require_open), owned_folder("stand-in") as scratch:
        scratch.chmod(0o755)  # apt fetches as its own user, which must be able to walk in
        if not find_image(engine, wanted.name):
            _require_architecture(engine)
            say(f"making a stand-in base from {plan.got} with mmdebstrap: about half a minute, once")
            started = time.monotonic()
            program = _program(say, may_install=may_install)
            archive = _bootstrap(program, wanted, scratch, say, owner)
            _import(engine, wanted, archive, (scratch / "version").read_text(encoding="utf-8").strip())
            say(f"stand-in base {wanted.name} made in {time.monotonic() - started:.0f} s, kept for next time")
    return wanted.name


def _require_architecture(engine: Engine) -> None:
    """Refuse a foreign architecture: its root filesystem cannot be set up here."""
    theirs = engine.architecture()
    ours = _MACHINES.get(platform.machine(), platform.machine())
    if theirs and theirs != ours:
        raise EngineError(
            f"the engine is {theirs} and this machine {ours}, so no stand-in base can be made here: "
            "pull or `docker load` the base image on the engine"
        )


def _program(say: Callable[[str], None], *, may_install: bool) -> str:
    program: str | None = shutil.which("mmdebstrap")
    right = privilege() if program is None and may_install and shutil.which("apt-get") else None
    if right is not None:
        say("a stand-in base needs mmdebstrap")
        install_packages(["mmdebstrap"], right, say=say)
        program = shutil.which("mmdebstrap")
    if program is None:
        raise EngineError(
            "a stand-in base needs mmdebstrap: `sudo apt-get install mmdebstrap` (Debian, Ubuntu)"
        )
    return program


def _bootstrap(program: str, wanted: Recipe, scratch: Path, say: Callable[[str], None], owner: str) -> Path:
    """Run mmdebstrap; return the archive of the root filesystem."""
    archive, environ = scratch / "root.tar", _environment(wanted, scratch)
    command = [program, *_options(wanted), wanted.plan.suite, str(archive), str(scratch / "debian.sources")]
    done = run(
        command,
        owner=owner,
        environ=environ,
        timeout_s=_BOOTSTRAP_TIMEOUT_S,
        waiting_for="mmdebstrap to make the stand-in base",
        each_line=lambda line: say(f"  {line[3:]}") if line.startswith("I: ") and _is_news(line) else None,
    )
    if done.returncode != 0 or not archive.is_file():
        raise EngineError(
            f"the stand-in base {wanted.plan.name} could not be made: {_explain(done.text, cause(done))}"
        )
    return archive


def _options(wanted: Recipe) -> list[str]:
    plan = wanted.plan
    excluded = EXCLUDED if plan.full else (*EXCLUDED, *EXCLUDED_SLIM)
    apt = [
        'Acquire::Retries "3";',
        'APT::Install-Recommends "false";',
        'Acquire::Languages "none";',
        *wanted.apt_conf.splitlines(),
    ]
    # sid and trixie ship the merged /usr themselves; for bookworm the hook makes it before anything is there.
    hooks = [f"--hook-dir={_MERGED_USR}"] if _MERGED_USR.is_dir() else []
    return [
        f"--variant={'minbase' if plan.full or plan.python is None else 'apt'}",
        "--format=tar",
        f"--include={','.join(('usr-is-merged', *plan.packages))}",
        *hooks,
        *(f"--aptopt={option}" for option in apt),
        # No fsync for a scratch folder; the setup script takes it out again.
        *(f"--dpkgopt={option}" for option in ("force-unsafe-io", *excluded)),
        f"--customize-hook={SETUP}",
    ]


def _environment(wanted: Recipe, scratch: Path) -> dict[str, str]:
    """Write what the setup script takes from files, and say where."""
    authorities = scratch / "authorities"
    if wanted.authorities:
        authorities.mkdir()
    for number, pem in enumerate(wanted.authorities):
        (authorities / f"hullproof-host-{number}.crt").write_text(pem + "\n", encoding="ascii")
    (scratch / "debian.sources").write_text(wanted.sources, encoding="utf-8")
    (scratch / "apt.conf").write_text(wanted.apt_conf, encoding="utf-8")
    return {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        # mmdebstrap unpacks here, so that whatever it leaves goes with the scratch folder.
        "TMPDIR": str(scratch),
        "HULLPROOF_PYTHON": wanted.plan.python or "",
        "HULLPROOF_IN_PLACE_OF": wanted.plan.in_place_of or "",
        "HULLPROOF_VERSION": str(scratch / "version"),
        "HULLPROOF_FULL": "1" if wanted.plan.full else "",
        "HULLPROOF_AUTHORITIES": str(authorities),
        "HULLPROOF_SOURCES": str(scratch / "debian.sources"),
        "HULLPROOF_APT_CONF": str(scratch / "apt.conf"),
    }


def _is_news(line: str) -> bool:
    return any(
        word in line for word in ("update", "downloading", "extracting", "installing", "customize", "tarball")
    )


def _explain(text: str, why: str) -> str:
    if "newuidmap" in text or ("unshare" in text and "Operation not permitted" in text):
        return "mmdebstrap needs root or user namespaces: run as root, or `sudo apt-get install uidmap`"
    return why


def _import(engine: Engine, wanted: Recipe, archive: Path, version: str) -> None:
    """Hand the archive to the engine, which may be on another machine."""
    plan = wanted.plan
    labels = {
        LABEL: "1",
        f"{LABEL}.asked": plan.asked,
        GOT: plan.got.replace(plan.python or version, version),
    }
    changes = [f'LABEL "{key}"="{value}"' for key, value in labels.items()]
    changes.append('ENV PATH="/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"')
    if plan.python:
        changes += ['ENV LANG="C.UTF-8"', f'ENV PYTHON_VERSION="{version}"', 'CMD ["python3"]']
    else:
        changes.append('CMD ["bash"]')
    import_image(engine, archive, wanted.name, changes)
