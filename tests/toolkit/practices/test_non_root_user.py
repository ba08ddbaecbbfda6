"""non-root-user: what the configuration says, what the kernel says, and the ways back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hullproof.facts import BuildFacts, FileEntry, Step
from hullproof.project.config import Config

from .by_hand import (
    BASE_LAYER,
    BROKEN,
    GOOD,
    NOTHING_BUILT,
    PASSWD,
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

ROOT = (0, 0, 0, 0)


def as_user(user: str, uid: int = 1000) -> dict[str, Any]:
    """Make the image say a user, and the kernel what it comes down to."""
    return {
        "text": GOOD.replace("USER app", f"USER {user}"),
        "image": image(user=user),
        "container": container(processes=(process(uids=(uid,) * 4),)),
    }


@pytest.mark.parametrize("user", ["root", "0", "00", "0:0", "root:root", "0:1000", "admin", "admin:app"])
def test_every_spelling_of_root_is_broken(user: str) -> None:
    """Names, numbers, leading zeros, groups and a second name for uid 0 are all root."""
    proof = prove("non-root-user", **as_user(user, 0))
    assert proof.verdict is BROKEN
    assert f"USER {user}" in proof.summary
    assert "Dockerfile:16" in lines(proof)


@pytest.mark.parametrize("user", ["app", "app:app", "1000", "1000:1000", "app:0", "1000:0"])
def test_every_spelling_of_an_ordinary_user_is_proven(user: str) -> None:
    """Names and numbers, with or without a group, group 0 included."""
    assert prove("non-root-user", **as_user(user)).verdict is PROVEN


def test_no_user_is_broken_and_one_in_another_stage_is_pointed_out() -> None:
    """USER in a stage that the release is not built on changes nothing for it."""
    text = GOOD.replace("USER app\n", "").replace("COPY . .\n", "COPY . .\nUSER app\n")
    proof = prove(
        "non-root-user", text, image=image(user=""), container=container(processes=(process(uids=ROOT),))
    )
    assert proof.verdict is BROKEN
    assert "there is no USER" in proof.summary
    assert {"Dockerfile:13", "Dockerfile:10"} <= lines(proof)


def test_several_processes_of_root_are_one_fault() -> None:
    """A server's workers are told once, each with its own evidence."""
    workers = tuple(process(pid, uids=ROOT) for pid in (1, 7, 8))
    proof = prove("non-root-user", image=image(user="app"), container=container(processes=workers))
    assert "and 2 more run as root" in proof.summary
    assert {"/proc/1/status", "/proc/7/status", "/proc/8/status"} <= lines(proof)


def test_an_argument_that_resolves_to_root_is_told_as_such() -> None:
    """The line as written and what it resolves to both stand in the summary."""
    text = GOOD.replace("USER app", "ARG WHO=root\nUSER ${WHO}")
    proof = prove(
        "non-root-user", text, image=image(user="root"), container=container(processes=(process(uids=ROOT),))
    )
    assert "USER ${WHO}, which resolves to root" in proof.summary


def test_back_to_root_at_the_end_names_the_last_user_line() -> None:
    """The last USER is in force."""
    text = GOOD + "USER root\n"
    proof = prove("non-root-user", text, image=image(user="root"))
    assert "Dockerfile:19" in lines(proof)


def test_a_root_stage_beside_the_release_is_no_fault() -> None:
    """A dev stage behind the release may be root's."""
    assert (
        prove("non-root-user", GOOD + "\nFROM test AS dev\nUSER root\n", target="release").verdict is PROVEN
    )


def test_a_name_without_an_account_is_broken_however_it_shows() -> None:
    """In the configuration, in a start that is refused, or in a build that fails on it."""
    text = GOOD.replace("USER app", "USER ghost")
    refused = container(
        start_error="unable to find user ghost: no matching entries in passwd file", processes=()
    )
    assert prove("non-root-user", text, image=image(user="ghost"), container=refused).verdict is BROKEN
    said = prove("non-root-user", text, image=image(user="app # not root"), container=refused).remedy
    assert said == "Put the comment on a line of its own: at the end of a USER it is a part of the name."
    step = Step("RUN true", line=16, error="unable to find user ghost: invalid argument")
    failed = BuildFacts(ok=False, steps=(step,), duration_s=1, error="it failed", failed_step=step)
    proof = prove("non-root-user", text, **{**NOTHING_BUILT, "build": failed})
    assert proof.verdict is BROKEN
    assert "ghost does not exist" in proof.summary
    assert "Add `RUN useradd --system ghost` before Dockerfile:16." in str(proof.remedy)
    on_alpine = text.replace("3.11-slim", "3.11-alpine")
    proof = prove("non-root-user", on_alpine, **{**NOTHING_BUILT, "build": failed})
    assert "Add `RUN adduser -S ghost` before Dockerfile:16." in str(proof.remedy)


def test_a_number_without_an_account_is_an_ordinary_user() -> None:
    """Kubernetes and OpenShift run images by number; whose the files are is another practice's."""
    assert prove("non-root-user", **as_user("4711", 4711)).verdict is PROVEN
    assert prove("ownership", **as_user("4711", 4711)).verdict is BROKEN


@pytest.mark.parametrize(
    ("made", "more", "told"),
    [
        (
            "service:x:999:999::/:/bin/sh\n",
            (),
            "Add `RUN chown -R service /app` after Dockerfile:15. Add `USER service` after Dockerfile:15.",
        ),
        (
            "",
            (),
            "Add `RUN useradd --system app && chown -R app /app` after Dockerfile:15. Add `USER app` after",
        ),
        ("", (entry("/etc/alpine-release"),), "RUN adduser -S app"),
    ],
    ids=["an account is there", "there is none", "on Alpine"],
)
def test_the_fix_names_the_account_that_the_image_has(
    made: str, more: tuple[FileEntry, ...], told: str
) -> None:
    """Only where there is none it says how to create one; whose the files have to be then is said at once."""
    own = layer(13, entry("/etc/passwd"), *more, texts={"/etc/passwd": PASSWD + made})
    root = container(processes=(process(uids=ROOT),))
    text = GOOD.replace("USER app\n", "")
    proof = prove("non-root-user", text, image=image(user=""), container=root, files=files(own))
    assert told in str(proof.remedy)
    assert "what lies at /app, which ownership asks for next" in str(proof.remedy)


def test_the_fix_asks_for_no_owner_that_holds() -> None:
    """The files are the account's already: USER alone is missing."""
    base = replace(BASE_LAYER, texts={"/etc/passwd": "root:x:0:0::/root:/bin/sh\n"})
    made = layer(13, entry("/etc/passwd"), texts={"/etc/passwd": PASSWD})
    root = container(processes=(process(uids=ROOT),))
    stack = files(made, base=base)
    proof = prove(
        "non-root-user", GOOD.replace("USER app\n", ""), image=image(user=""), container=root, files=stack
    )
    assert proof.remedy == "Add `USER app` after Dockerfile:15."


@pytest.mark.parametrize("uids", [(0, 0, 0, 0), (0, 1000, 1000, 1000), (1000, 1000, 0, 0)], ids=str)
def test_any_process_with_any_root_uid_is_broken(uids: tuple[int, int, int, int]) -> None:
    """Real, effective and saved uid count, of every process, and not only of PID 1."""
    proof = prove("non-root-user", container=container(processes=(process(), process(7, uids=uids))))
    assert proof.verdict is BROKEN
    assert "/proc/7/status" in lines(proof)


@pytest.mark.parametrize("mask", ["CapEff", "CapPrm", "CapAmb"])
def test_a_capability_in_force_is_broken(mask: str) -> None:
    """Effective, permitted and ambient capabilities have to be none."""
    held = container(processes=(process(capabilities={mask: 1 << 10}),))
    assert prove("non-root-user", container=held).verdict is BROKEN


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            entry("/usr/local/bin/python3.11", mode=0o4755, size=14_000), id="setuid interpreter of the base"
        ),
        pytest.param(entry("/usr/local/bin/rescue", mode=0o4755, size=125_000), id="a copy of the shell"),
        pytest.param(entry("/opt/bin/bash", mode=0o4755), id="a shell by name"),
        pytest.param(entry("/usr/bin/env", mode=0o6755), id="env"),
        pytest.param(
            entry("/usr/local/bin/python3.11", mode=0o755, capabilities=True), id="capable interpreter"
        ),
    ],
)
def test_a_way_back_to_root_is_broken(file: FileEntry) -> None:
    """Interpreters and shells must not hand out root, under whatever name."""
    proof = prove("non-root-user", files=files(layer(13, file)))
    assert proof.verdict is BROKEN
    assert file.path in proof.summary
    assert "Dockerfile:13" in lines(proof)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(entry("/usr/bin/su", mode=0o4755, size=70_000), id="the base's su"),
        pytest.param(entry("/usr/lib/dbus-daemon-launch-helper", mode=0o4754), id="a package's own helper"),
        pytest.param(
            entry("/usr/local/bin/rescue", uid=1000, mode=0o4755, size=125_000), id="setuid to the user"
        ),
        pytest.param(entry("/usr/local/bin/rescue", mode=0o755, size=125_000), id="a copy without the bit"),
        pytest.param(entry("/usr/bin/sudo", mode=0o4755), id="sudo that asks for a password"),
    ],
)
def test_what_packages_bring_for_the_purpose_is_fine(file: FileEntry) -> None:
    """The base's su, helpers of packages and a sudo without a rule are no way back by themselves."""
    assert prove("non-root-user", files=files(layer(13, file))).verdict is PROVEN


@pytest.mark.parametrize("who", ["app", "%sudo", "ALL", "#1000"])
def test_sudo_without_a_password_is_broken(who: str) -> None:
    """A rule for the user, a group it is in, its number, or everybody."""
    path = "/etc/sudoers.d/app"
    sudo = layer(
        13, entry("/usr/bin/sudo", mode=0o4755), entry(path), texts={path: f"{who} ALL=(ALL) NOPASSWD: ALL\n"}
    )
    proof = prove("non-root-user", files=files(sudo))
    assert proof.verdict is BROKEN
    assert "Dockerfile:13" in lines(proof)


@pytest.mark.parametrize("who", ["app", ":sudo"])
def test_doas_without_a_password_is_broken(who: str) -> None:
    """The same, by the other program; with a password it is none."""
    for rule, verdict in (
        (f"permit nopass {who}", BROKEN),
        (f"permit {who}", PROVEN),
        ("permit nopass x", PROVEN),
    ):
        doas = layer(
            13,
            entry("/usr/bin/doas", mode=0o4755),
            entry("/etc/doas.conf"),
            texts={"/etc/doas.conf": f"# rules\n{rule}\n"},
        )
        assert prove("non-root-user", files=files(doas)).verdict is verdict, rule


def test_a_root_without_a_password_is_broken_where_there_is_su() -> None:
    """`passwd -d root` empties a field; a star in it is a locked account."""
    for field, verdict in (("", BROKEN), ("*", PROVEN), ("!", PROVEN)):
        shadow = layer(
            13, entry("/etc/shadow", mode=0o640), texts={"/etc/shadow": f"root:{field}:19000::::::\n"}
        )
        proof = prove("non-root-user", files=files(shadow))
        assert proof.verdict is verdict, field
    assert "passwd -d" in str(
        prove("non-root-user", files=files(replace(shadow, texts={"/etc/shadow": "root::1:"}))).remedy
    )


@pytest.mark.parametrize(
    ("path", "changes", "verdict"),
    [
        ("/etc/passwd", {"mode": 0o666}, BROKEN),
        ("/etc/shadow", {"uid": 1000, "mode": 0o640}, BROKEN),
        ("/etc/sudoers.d/", {"uid": 1000, "mode": 0o755}, BROKEN),
        ("/etc/passwd", {"mode": 0o664}, PROVEN),
        ("/etc/passwd", {"uid": 1000, "mode": 0o444}, PROVEN),
    ],
)
def test_accounts_that_the_user_can_write_are_broken(
    path: str, changes: dict[str, int], verdict: object
) -> None:
    """Who writes /etc/passwd is whom he likes; what root's group may write is OpenShift's affair."""
    texts = {"/etc/passwd": PASSWD} if path == "/etc/passwd" else {}
    proof = prove("non-root-user", files=files(layer(13, entry(path, **changes), texts=texts)))
    assert proof.verdict is verdict, proof.summary


def test_a_setuid_shell_that_only_root_can_run_is_fine() -> None:
    """Mode 4700: nobody else gets as far as the bit."""
    assert prove("non-root-user", files=files(layer(13, entry("/opt/sh", mode=0o4700)))).verdict is PROVEN


def test_a_user_that_an_entry_script_becomes_does_not_make_up_for_root() -> None:
    """An entry script with gosu: the configuration says root, and so runs whoever execs into the container."""
    proof = prove("non-root-user", GOOD.replace("USER app\n", ""), image=image(user=""))
    assert proof.verdict is BROKEN
    assert "The release starts as root, and only becomes uid 1000: there is no USER" in proof.summary


def test_a_rule_for_somebody_else_is_fine() -> None:
    """Rules for sudo of other users do not concern this one."""
    path = "/etc/sudoers.d/dev"
    rule = layer(
        13, entry("/usr/bin/sudo", mode=0o4755), entry(path), texts={path: "dev ALL=(ALL) NOPASSWD: ALL\n"}
    )
    assert prove("non-root-user", files=files(rule)).verdict is PROVEN


def test_an_account_that_is_changed_later_is_read_as_it_is() -> None:
    """The last /etc/passwd decides what a name comes down to."""
    changed = PASSWD.replace("app:x:1000:", "app:x:0:")
    stack = files(layer(13, entry("/etc/passwd"), texts={"/etc/passwd": changed}))
    assert prove("non-root-user", files=stack).verdict is BROKEN


def test_what_the_kernel_did_not_say_is_unproven() -> None:
    """A good configuration alone proves nothing."""
    assert prove("non-root-user", **without("container")).verdict is UNPROVEN
    blind = container(processes=(), unobservable="no probe could be started")
    assert prove("non-root-user", container=blind).verdict is UNPROVEN
    nameless = replace(BASE_LAYER, texts={})
    assert prove("non-root-user", files=files(base=nameless)).verdict is BROKEN


def test_a_pinned_user_is_kept_by_name_or_by_number() -> None:
    """The configuration may pin what must not drift."""
    assert prove("non-root-user", config=Config(user="1000")).verdict is PROVEN
    assert prove("non-root-user", config=Config(user="web")).verdict is BROKEN
