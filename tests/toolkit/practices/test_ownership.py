"""ownership: who owns what lies under the working directory, and who may write it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullproof.facts import FileEntry

from .by_hand import (
    BASE_LAYER,
    BROKEN,
    GOOD,
    NOT_APPLICABLE,
    OWN,
    PROVEN,
    UNPROVEN,
    container,
    entry,
    files,
    image,
    layer,
    lines,
    process,
    prove,
    without,
)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        pytest.param(
            entry("/app/app/views.py"), "defensible, but not what this practice asks for", id="root's"
        ),
        pytest.param(entry("/app/data/"), "belongs to root", id="a directory of root's"),
        pytest.param(entry("/app/app/views.py", uid=1234), "uid 1234", id="a foreign number"),
        pytest.param(
            entry("/app/app/views.py", uid=1000, mode=0o666), "everybody", id="a file for all to write"
        ),
        pytest.param(entry("/app/", uid=1000, mode=0o777), "everybody", id="a directory for all to write"),
        pytest.param(entry("/app/", uid=1000, mode=0o1777), "everybody", id="the same with the sticky bit"),
        pytest.param(
            entry("/app/notes", uid=1000, mode=0o000), "cannot be read", id="a file that cannot be read"
        ),
        pytest.param(
            entry("/app/d/", uid=1000, mode=0o644), "cannot be read", id="a directory that cannot be entered"
        ),
    ],
)
def test_a_fault_under_the_working_directory_is_broken_with_its_line(file: FileEntry, said: str) -> None:
    """One file of many is enough, and the layer that makes it so is named."""
    proof = prove("ownership", files=files(layer(15, file)))
    assert proof.verdict is BROKEN
    assert said in proof.summary
    assert file.path in proof.summary
    assert "Dockerfile:15" in lines(proof)


def test_a_directory_that_workdir_made_gets_a_remedy_of_its_own() -> None:
    """--chown on every COPY does not make /app the user's."""
    proof = prove("ownership", files=files(own=(OWN[0], *OWN[3:])))
    assert proof.verdict is BROKEN
    assert "WORKDIR makes it as root" in (proof.remedy or "")
    assert "Dockerfile:2" in lines(proof)


def test_a_directory_that_a_copy_only_lists_is_its_maker_s() -> None:
    """A layer holds the directories above its files, as they are: the line to fix is the one that made them."""
    own = (OWN[0], layer(14, entry("/app/"), entry("/app/a.py", uid=1000)))
    proof = prove("ownership", files=files(own=own))
    assert "Dockerfile:2" in lines(proof)
    assert str(proof.remedy).startswith("Add `RUN chown app:app /app` before Dockerfile:16.")


def test_a_writable_root_file_is_not_called_defensible() -> None:
    """The words are for read-only code alone."""
    proof = prove("ownership", files=files(layer(15, entry("/app/app/views.py", mode=0o666))))
    assert "defensible" not in proof.summary


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(entry("/app/x.py", uid=1000, mode=0o555), id="read-only"),
        pytest.param(entry("/app/x.py", uid=1000, mode=0o400), id="for the owner alone"),
        pytest.param(entry("/app/x.py", uid=1000, gid=0, mode=0o664), id="group 0 may write"),
        pytest.param(entry("/app/link", kind="symlink", uid=0, mode=0o777), id="a symbolic link"),
        pytest.param(entry("/application/x.py", mode=0o666), id="beside the working directory"),
        pytest.param(entry("/opt/x.py"), id="elsewhere"),
    ],
)
def test_what_is_no_fault(file: FileEntry) -> None:
    """The user's own files in any mode it can read, links, and what lies elsewhere."""
    assert prove("ownership", files=files(layer(15, file))).verdict is PROVEN


def test_the_final_view_counts() -> None:
    """What a later layer takes away or gives to the user is no fault of the release."""
    taken = files(layer(15, entry("/app/x.py")), layer(16, removed=("/app/x.py",)))
    given = files(layer(15, entry("/app/x.py")), layer(16, entry("/app/x.py", uid=1000)))
    assert prove("ownership", files=taken).verdict is PROVEN
    assert prove("ownership", files=given).verdict is PROVEN


def test_a_release_of_root_s_is_not_concerned_until_it_has_a_user() -> None:
    """That it runs as root is one fault, and told once; the kernel's word on the user comes first."""
    root = container(processes=(process(uids=(0, 0, 0, 0)),))
    own = files(own=(layer(2, entry("/app/"), entry("/app/run.py", mode=0o666)),))
    for stack in (own, files()):
        proof = prove("ownership", files=stack, container=root)
        assert proof.verdict is NOT_APPLICABLE
        assert "see non-root-user" in proof.summary
    assert prove("ownership", files=own).verdict is BROKEN


@pytest.mark.parametrize(
    ("file", "closed"),
    [
        (entry("/app/app/views.py", mode=0o640), True),
        (entry("/app/app/", mode=0o750), True),
        (entry("/app/app/", mode=0o744), True),
        (entry("/app/app/views.py", gid=1000, mode=0o640), False),
        (entry("/app/app/views.py", gid=27, mode=0o640), False),
        (entry("/app/app/views.py", mode=0o644), False),
    ],
    ids=lambda value: f"{value.mode:o}" if isinstance(value, FileEntry) else "",
)
def test_what_the_user_cannot_read_is_never_called_defensible(file: FileEntry, *, closed: bool) -> None:
    """By owner, by the groups that the process is in, and by everybody's bits, as the kernel decides it."""
    runs = container(processes=(process(groups=(27,)),))
    proof = prove("ownership", files=files(layer(15, file)), container=runs)
    assert proof.verdict is BROKEN
    assert (f"cannot read {file.path}" in proof.summary) is closed
    assert ("defensible" in proof.summary) is not closed
    assert proof.remedy == "Write `COPY --chown=app:app app/ app/` in the place of Dockerfile:15."


def test_without_a_container_the_configuration_tells_the_user() -> None:
    """A dead container does not hide a wrong owner."""
    assert prove("ownership", **without("container")).verdict is PROVEN
    assert (
        prove("ownership", **without("container"), files=files(layer(15, entry("/app/x")))).verdict is BROKEN
    )


def test_what_works_in_the_root_directory_has_nothing_of_its_own() -> None:
    """That is another practice's fault, and told there."""
    proof = prove("ownership", image=image(workdir="/"))
    assert proof.verdict is NOT_APPLICABLE
    assert "see workdir" in proof.summary


def test_what_is_not_known_is_unproven() -> None:
    """No such directory in the image, or no such user."""
    assert prove("ownership", image=image(workdir="/srv")).verdict is UNPROVEN
    assert prove("ownership", image=image(user="ghost"), **without("container")).verdict is UNPROVEN


@pytest.mark.parametrize(
    ("goal", "more", "verdict"),
    [
        ("/opt/code", (entry("/opt/code/", uid=1000), entry("/opt/code/a.py", uid=1000)), PROVEN),
        ("/opt/code", (entry("/opt/code/", uid=1000), entry("/opt/code/a.py")), BROKEN),
        ("../opt/code/a.py", (entry("/opt/code/a.py"),), BROKEN),
        ("/usr/share/words", (entry("/usr/share/words/"),), PROVEN),
        ("/venv", (entry("/venv/"), entry("/venv/pyvenv.cfg"), entry("/venv/bin/python")), PROVEN),
        ("/usr/bin/dash", (), PROVEN),
        ("/nowhere", (), PROVEN),
        ("app", (), PROVEN),
    ],
)
def test_what_a_link_leads_to_counts_as_what_lies_there(
    goal: str, more: tuple[FileEntry, ...], verdict: object
) -> None:
    """Code kept elsewhere and linked in is the application's; what the system, the base or a venv has is not."""
    link = entry("/app/linked", kind="symlink", target=goal, mode=0o777)
    proof = prove("ownership", files=files(layer(15, link, *more)))
    assert proof.verdict is verdict, proof.summary


def test_the_interpreter_of_an_environment_keeps_its_owner() -> None:
    """An installer such as uv puts one anywhere, and links to it from the environment; other links count."""
    python = entry("/python/cpython-3.13/bin/python3.13", mode=0o755)
    venv = entry("/app/.venv/pyvenv.cfg", uid=1000)
    for path, verdict in (("/app/.venv/bin/python", PROVEN), ("/app/bin/python", BROKEN)):
        link = entry(path, kind="symlink", target=python.path, mode=0o777)
        assert prove("ownership", files=files(layer(15, venv, python, link))).verdict is verdict


def test_the_lock_of_a_virtual_environment_is_for_everybody() -> None:
    """An empty file that uv makes so; the same elsewhere, or with something in it, is not."""
    venv = entry("/app/.venv/pyvenv.cfg", uid=1000)
    for path, size, verdict in (
        ("/app/.venv/.lock", 0, PROVEN),
        ("/app/.venv/.lock", 9, BROKEN),
        ("/app/.lock", 0, BROKEN),
    ):
        lock = entry(path, uid=1000, mode=0o666, size=size)
        assert prove("ownership", files=files(layer(15, venv, lock))).verdict is verdict, path


@pytest.mark.parametrize(
    ("group", "owner"), [("nogroup:x:1000:\n", "app:nogroup"), ("app:x:1000:\n", "app:app"), ("", "app:1000")]
)
def test_the_fix_names_the_group_that_there_is(group: str, owner: str) -> None:
    """`adduser -S` on Alpine makes none of the user's name: chown to that would fail the build."""
    theirs = layer(18, entry("/app/app/x.py"), texts={"/etc/group": group})
    with_group = files(replace(theirs, entries=(*theirs.entries, entry("/etc/group"))))
    assert owner in str(prove("ownership", files=with_group).remedy)


def test_a_fix_is_a_command_whatever_files_and_users_are_called() -> None:
    """It is pasted into the Dockerfile: a name of the image's is a word of it, and no command of its own."""
    named = "$(id):x:1000:1000::/:/bin/sh\n"
    theirs = layer(
        2,
        entry("/app/", uid=1000),
        entry("/app/a $(touch x)", uid=0),
        entry("/etc/passwd"),
        entry("/etc/group"),
        texts={"/etc/passwd": named, "/etc/group": "a;id:x:1000:\n"},
    )
    fix = str(prove("ownership", image=image(user="1000"), files=files(theirs)).remedy)
    assert "1000:1000" in fix
    assert "'/app/a $(touch x)'" in fix
    assert "$(id)" not in fix
    assert ";" not in fix


def test_a_copy_above_the_account_takes_its_number() -> None:
    """The name is not there yet, and the build would fail of it."""
    base = replace(BASE_LAYER, texts={"/etc/passwd": "root:x:0:0::/:/bin/sh\n"})
    text = GOOD.replace("COPY --chown=app:app app/ app/\n", "").replace(
        "RUN useradd", "COPY app/ app/\nRUN useradd"
    )
    made = layer(14, entry("/etc/passwd"), texts=BASE_LAYER.texts)
    facts = files(made, base=base, own=(layer(13, entry("/app/run.py")),))
    assert "Write `COPY --chown=1000:1000 app/ app/` in the place of Dockerfile:13." in str(
        prove("ownership", text, files=facts).remedy
    )


@pytest.mark.parametrize(
    ("names", "meant"),
    [
        ("abcd", "/app/app/a /app/app/b /app/app/c /app/app/d"),
        ("abcdefgh", "/app/app"),
    ],
)
def test_a_fix_is_for_all_files_that_it_is_asked_for(names: str, meant: str) -> None:
    """A few are named; many are those of the directory above."""
    own = layer(13, *(entry(f"/app/app/{each}") for each in names))
    assert f"Add `RUN chown -R app:app {meant}` before Dockerfile:16." in str(
        prove("ownership", files=files(own)).remedy
    )


def test_a_directory_of_the_base_is_given_by_itself() -> None:
    """COPY --chown gives what it copies, and leaves the directory that is there already to root."""
    base = replace(BASE_LAYER, entries=(*BASE_LAYER.entries, entry("/srv/")))
    text = GOOD.replace("WORKDIR /app", "WORKDIR /srv")
    own = (layer(15, entry("/srv/"), entry("/srv/run.py")),)
    facts = {"files": files(base=base, own=own), "image": image(workdir="/srv")}
    remedy = str(prove("ownership", text, **facts).remedy)
    assert "Write `COPY --chown=app:app app/ app/` in the place of Dockerfile:15." in remedy
    assert "Add `RUN chown app:app /srv` before Dockerfile:16." in remedy
    below = replace(base, entries=(*base.entries, entry("/srv/data/")))
    own = (layer(15, entry("/srv/"), entry("/srv/data/"), entry("/srv/run.py")),)
    remedy = str(prove("ownership", text, **{**facts, "files": files(base=below, own=own)}).remedy)
    assert "Add `RUN chown app:app /srv /srv/data` before Dockerfile:16." in remedy
