"""The container runs as whatever uid it is given."""

from __future__ import annotations

import pytest

from .by_hand import BROKEN, PROVEN, entry, fails, files, layer, prove

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
    ],
)
def test_the_fix_is_for_what_stops_it(path: str, stops: str, command: str) -> None:
    """A file that all may read is to be written to; one that all may read, in a closed folder, is not what is closed."""
    own = files(
        layer(
            15,
            entry("/app/data/", mode=0o777),
            entry("/app/data/site.db", uid=1000),
            entry("/home/app/", uid=1000, mode=0o700),
            entry("/home/app/code/"),
            entry("/home/app/code/run.py"),
        )
    )
    refused = fails("it ends with exit code 1", f"PermissionError: [Errno 13] Permission denied: '{path}'")
    proof = prove("arbitrary-uid", files=own, root_group_boot=refused)
    assert command in str(proof.remedy)
    assert stops in {each.where for each in proof.evidence}


def test_an_owner_s_own_right_is_no_matter_of_modes() -> None:
    """As where it sets an owner or a time itself: no chmod helps there."""
    own = files(layer(15, entry("/app/data/", mode=0o777)))
    refused = fails("it ends with exit code 1", "chown: '/app/data': Operation not permitted")
    assert "chmod -R" not in str(prove("arbitrary-uid", files=own, root_group_boot=refused).remedy)


def test_what_the_engine_cannot_start_is_told_in_its_words() -> None:
    """As where the working directory is closed to others."""
    refused = fails(
        'the engine cannot start it: chdir to cwd ("/app") set in config.json failed: permission denied'
    )
    proof = prove("arbitrary-uid", root_group_boot=refused)
    assert proof.verdict is BROKEN
    assert "chdir to cwd" in proof.summary
