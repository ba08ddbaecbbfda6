"""Layers over each other, from hand-made ones: what a container sees, and what is hidden from it."""

from __future__ import annotations

import time

from hullproof.facts import FileEntry, FileFacts, FileKind, Layer


def entry(path: str, kind: FileKind = "file", **fields: object) -> FileEntry:
    """Make an entry with the usual mode."""
    return FileEntry(path, kind, 0, 0, 0o755 if kind == "directory" else 0o644, **fields)  # type: ignore[arg-type]


def layer(*entries: FileEntry, removed: tuple[str, ...] = (), **texts: str) -> Layer:
    """Make a layer of the project; texts are named after files of /etc."""
    named = {f"/etc/{name}": text for name, text in texts.items()}
    return Layer("sha256:0", from_base=False, entries=entries, removed=removed, texts=named)


def final(*layers: Layer) -> set[str]:
    """Return the paths that a container sees."""
    return set(FileFacts(layers).final)


def test_later_layers_add_and_replace() -> None:
    """An upper layer's entry is the one that a container sees."""
    facts = FileFacts((layer(entry("/a", size=1), entry("/b")), layer(entry("/a", size=2))))
    assert facts.final["/a"].size == 2
    assert set(facts.final) == {"/a", "/b"}


def test_a_removed_directory_takes_its_children_along() -> None:
    """One whiteout hides a whole tree, and nothing that merely starts with the same letters."""
    lower = layer(
        entry("/app", "directory"),
        entry("/app/x"),
        entry("/app/y/z"),
        entry("/app.py"),
        entry("/app-data/x"),
        entry("/app0"),
    )
    assert final(lower, layer(removed=("/app",))) == {"/app.py", "/app-data/x", "/app0"}


def test_what_a_layer_removes_it_may_create_again() -> None:
    """A removal speaks of lower layers only."""
    lower = layer(entry("/app", "directory"), entry("/app/old"))
    upper = layer(entry("/app", "directory"), entry("/app/new"), removed=("/app",))
    assert final(lower, upper) == {"/app", "/app/new"}


def test_an_opaque_directory_hides_lower_content_only() -> None:
    """The directory stays, and so does what the same layer puts in it."""
    lower = layer(entry("/app", "directory"), entry("/app/old"), entry("/app/sub/old"), entry("/other"))
    upper = layer(entry("/app", "directory"), entry("/app/new"), removed=("/app/",))
    assert final(lower, upper) == {"/app", "/app/new", "/other"}
    assert final(lower, layer(removed=("/app/",))) == {"/app", "/other"}


def test_an_opaque_root_hides_all_but_itself() -> None:
    """The root directory has no name of its own to be removed by."""
    assert final(layer(entry("/", "directory"), entry("/a")), layer(entry("/b"), removed=("/",))) == {
        "/",
        "/b",
    }


def test_a_file_in_place_of_a_directory_hides_its_children() -> None:
    """Layers need no whiteout where the path itself is taken by something else."""
    lower = layer(entry("/app", "directory"), entry("/app/x"), entry("/app/y/z"), entry("/apple"))
    assert final(lower, layer(entry("/app"))) == {"/app", "/apple"}
    assert final(lower, layer(entry("/app", "symlink", target="/srv"))) == {"/app", "/apple"}


def test_a_directory_over_a_directory_keeps_the_children() -> None:
    """A layer that only changes a directory's mode lists it, and nothing is lost."""
    lower = layer(entry("/app", "directory"), entry("/app/x"))
    assert final(lower, layer(entry("/app", "directory"))) == {"/app", "/app/x"}


def test_a_removal_of_what_never_was_is_harmless() -> None:
    """Builders write whiteouts for what the same layer created and deleted."""
    assert final(layer(entry("/a")), layer(removed=("/nowhere", "/none/"))) == {"/a"}


def test_a_text_is_the_one_that_a_container_reads() -> None:
    """The topmost wins; a removed file has no text; one that came back without text has none either."""
    lower = layer(entry("/etc/passwd"), passwd="old")
    assert FileFacts((lower, layer(entry("/etc/passwd"), passwd="new"))).text("/etc/passwd") == "new"
    assert FileFacts((lower, layer(entry("/x")))).text("/etc/passwd") == "old"
    assert FileFacts((lower, layer(removed=("/etc/passwd",)))).text("/etc/passwd") is None
    assert FileFacts((lower, layer(entry("/etc/passwd", "symlink")))).text("/etc/passwd") is None


def test_base_and_own_layers_are_told_apart() -> None:
    """The base's view knows nothing of what the project adds or removes."""
    base = Layer("sha256:1", from_base=True, entries=(entry("/a"), entry("/b")))
    own = layer(entry("/c"), removed=("/a",))
    facts = FileFacts((base, own))
    assert set(facts.base) == {"/a", "/b"}
    assert set(facts.final) == {"/b", "/c"}
    assert facts.added_layers == (own,)


def test_many_removals_are_cheap() -> None:
    """8,000 files and 500 removals are a plain `pip uninstall`: milliseconds, not one scan for each."""
    files = layer(*(entry(f"/usr/lib/d{at % 500}/f{at}") for at in range(8000)))
    gone = layer(removed=tuple(f"/usr/lib/d{at}" for at in range(0, 500, 2)) + ("/x/",) * 250)
    start = time.process_time()
    assert len(final(files, gone)) == 4000
    assert time.process_time() - start < 0.2
