"""The container runs as whatever uid it is given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .by_hand import BASE_LAYER, BROKEN, PROVEN, entry, fails, files, image, layer, prove

DATA = files(
    layer(15, entry("/app/data/", uid=1000, gid=1000), entry("/app/secret.py", uid=1000, mode=0o600))
)


def test_it_is_proven_where_both_do_as_well() -> None:
    """In group 0, and in a group of its own."""
    assert prove("arbitrary-uid").verdict is PROVEN


def test_a_folder_that_it_cannot_write_to_is_named_with_its_mode() -> None:
    """The fix is for that folder."""
    refused = fails(
        "it ends with exit code 1", "PermissionError: [Errno 13] Permission denied: '/app/data/x'"
    )
    proof = prove("arbitrary-uid", files=DATA, root_group_boot=refused, stranger_boot=refused)
    assert proof.verdict is BROKEN
    assert proof.summary.count("Permission denied: '/app/data/x'") == 1, "one cause is accused once"
    assert "chgrp -R 0 /app/data && chmod -R g=u /app/data" in str(proof.remedy)
    assert ("/app/data", "belongs to 1000:1000, mode 0755") in {
        (each.where, each.statement) for each in proof.evidence
    }


def test_what_was_refused_is_told_and_not_how_the_server_ended_for_it() -> None:
    """The master of gunicorn ends with an error of its own once its workers have failed."""
    log = (
        "PermissionError: [Errno 13] Permission denied: '/app/data/x'",
        "HaltServer: Worker failed to boot",
    )
    proof = prove("arbitrary-uid", files=DATA, root_group_boot=fails("it ends with exit code 3", *log))
    assert "Permission denied: '/app/data/x'" in proof.summary


def test_a_file_that_it_cannot_read_is_opened_to_all() -> None:
    """Whichever of the two finds it."""
    refused = fails(
        "it ends with exit code 2", "python: can't open file '/app/secret.py': [Errno 13] Permission denied"
    )
    proof = prove("arbitrary-uid", files=DATA, stranger_boot=refused)
    assert proof.verdict is BROKEN
    assert "in its own group, it ends with exit code 2" in proof.summary
    assert "Add `RUN chmod -R a+rX /app` before Dockerfile:16." in str(proof.remedy)


@pytest.mark.parametrize(
    ("path", "stops", "command"),
    [
        ("/app/data/site.db", "/app/data/site.db", "chmod -R g=u /app/data/site.db"),
        ("/home/app/code/run.py", "/home/app", "chmod -R a+rX /home/app"),
        ("/app/my data/x", "/app/my data", "RUN chgrp -R 0 '/app/my data' && chmod -R g=u '/app/my data'"),
    ],
)
def test_the_fix_is_for_what_stops_it(path: str, stops: str, command: str) -> None:
    """A file that all may read is to be written to; one that all may read, in a closed folder, is not what is closed."""
    own = files(
        layer(
            15,
            entry("/app/data/", mode=0o777),
            entry("/app/data/site.db", uid=1000),
            entry("/app/my data/", uid=1000),
            entry("/home/app/", uid=1000, mode=0o700),
            entry("/home/app/code/"),
            entry("/home/app/code/run.py"),
        )
    )
    refused = fails("it ends with exit code 1", f"PermissionError: [Errno 13] Permission denied: '{path}'")
    proof = prove("arbitrary-uid", files=own, root_group_boot=refused)
    assert command in str(proof.remedy)
    assert stops in {each.where for each in proof.evidence}


@pytest.mark.parametrize(
    ("path", "env", "fix"),
    [
        ("/.cache", {}, "Add `ENV HOME=/tmp` before Dockerfile:18."),
        ("/.cache", {"HOME": "/"}, "the system's"),
        ("/etc/state", {}, "the system's"),
    ],
)
def test_no_folder_of_the_system_is_opened_to_be_written_to(path: str, env: dict[str, str], fix: str) -> None:
    """The engine gives / for a home to whoever has no account."""
    base = replace(BASE_LAYER, entries=(*BASE_LAYER.entries, entry("/"), entry("/etc/")))
    refused = fails("it ends with exit code 1", f"PermissionError: [Errno 13] Permission denied: '{path}'")
    proof = prove("arbitrary-uid", files=files(base=base), image=image(env=env), root_group_boot=refused)
    assert fix in str(proof.remedy)
    assert "chgrp" not in str(proof.remedy)


def test_what_group_0_may_write_to_is_not_given_to_it_once_more() -> None:
    """A group of its own is helped by another place alone."""
    own = files(layer(15, entry("/app/data/", uid=1000, mode=0o2775)))
    refused = fails(
        "it ends with exit code 1", "PermissionError: [Errno 13] Permission denied: '/app/data/x'"
    )
    fix = str(prove("arbitrary-uid", files=own, stranger_boot=refused).remedy)
    assert "below /tmp, in the place of /app/data" in fix
    assert "chgrp" not in fix


@pytest.mark.parametrize(
    ("path", "stop", "mode"),
    [("/data/x", "/data", "1777"), ("/data/site.db", "/data/site.db", "a+rw")],
)
def test_what_lies_apart_from_the_code_is_given_to_all(path: str, stop: str, mode: str) -> None:
    """So that it holds in any group; within the working directory that would break `ownership`."""
    folder = entry("/data/", uid=1000, mode=0o777 if stop != "/data" else 0o755)
    own = files(layer(15, folder, entry("/data/site.db", uid=1000)))
    refused = fails("it ends with exit code 1", f"PermissionError: [Errno 13] Permission denied: '{path}'")
    fix = str(prove("arbitrary-uid", files=own, root_group_boot=refused).remedy)
    assert f"Add `RUN chmod {mode} {stop}` before Dockerfile:16." in fix


def test_of_what_the_system_holds_as_well_one_file_alone_is_opened() -> None:
    """Others beside it, as /etc/shadow, are closed for a reason."""
    base = replace(BASE_LAYER, entries=(*BASE_LAYER.entries, entry("/etc/")))
    own = files(layer(15, entry("/etc/shop.json", gid=1000, mode=0o640)), base=base)
    refused = fails(
        "it ends with exit code 1", "PermissionError: [Errno 13] Permission denied: '/etc/shop.json'"
    )
    proof = prove("arbitrary-uid", files=own, root_group_boot=refused)
    assert "Add `RUN chmod a+rX /etc/shop.json` before Dockerfile:16." in str(proof.remedy)


def test_a_program_that_its_owner_alone_may_run_is_made_to_run_for_all() -> None:
    """And nobody is given the right to write to it."""
    own = files(layer(15, entry("/app/entry.sh", mode=0o744)))
    error = "exec /app/entry.sh: permission denied"
    refused = fails(f"the engine cannot start it: {error}", start_error=error)
    proof = prove("arbitrary-uid", files=own, root_group_boot=refused)
    assert "Add `RUN chmod a+rx /app/entry.sh` before Dockerfile:16." in str(proof.remedy)


def test_an_owner_s_own_right_is_no_matter_of_modes() -> None:
    """As where it sets an owner or a time itself: no chmod helps there."""
    own = files(layer(15, entry("/app/data/", uid=1000)))
    refused = fails("it ends with exit code 1", "chown: '/app/data': Operation not permitted")
    fix = str(prove("arbitrary-uid", files=own, root_group_boot=refused).remedy)
    assert "chmod" not in fix
    assert "owner and mode of /app/data when the image is built" in fix


@pytest.mark.parametrize(
    ("log", "has_line"),
    [
        (("KeyError: 'getpwuid(): uid not found: 1234567'",), False),
        (("sudo: you do not exist in the passwd database",), False),
        (
            (
                '  File "/usr/lib/python3.13/getpass.py", line 173, in getuser',
                "OSError: No username set in the environment",
            ),
            True,
        ),
    ],
)
def test_an_account_that_is_looked_for_is_no_matter_of_files(log: tuple[str, ...], *, has_line: bool) -> None:
    """The variables that getpass reads before help it."""
    fix = str(prove("arbitrary-uid", root_group_boot=fails("it ends with exit code 1", *log)).remedy)
    assert "without asking for its account" in fix
    assert ("Add `ENV LOGNAME=app HOME=/tmp` before Dockerfile:18." in fix) is has_line


def test_what_the_engine_cannot_start_is_told_in_its_words() -> None:
    """As where the working directory is closed to others."""
    refused = fails(
        'the engine cannot start it: chdir to cwd ("/app") set in config.json failed: permission denied'
    )
    proof = prove("arbitrary-uid", root_group_boot=refused)
    assert proof.verdict is BROKEN
    assert "chdir to cwd" in proof.summary
