"""The container runs as whatever uid it is given."""

from __future__ import annotations

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
    assert "chmod -R a+rX /app before USER" in str(proof.remedy)


def test_what_the_engine_cannot_start_is_told_in_its_words() -> None:
    """As where the working directory is closed to others."""
    refused = fails(
        'the engine cannot start it: chdir to cwd ("/app") set in config.json failed: permission denied'
    )
    proof = prove("arbitrary-uid", root_group_boot=refused)
    assert proof.verdict is BROKEN
    assert "chdir to cwd" in proof.summary
