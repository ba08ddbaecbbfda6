"""What the image of a stage promises."""

from __future__ import annotations

from hullproof.dockerfile import Contract, contract, parse


def of(text: str, **build_args: str) -> Contract:
    """Read the contract of the last stage."""
    read = parse(text)
    return contract(read, read.release(), build_args)


def test_user_directory_and_ports() -> None:
    """The last USER; every WORKDIR, joined; each port, resolved."""
    got = of(
        "FROM x\nARG P=80\nARG U=root\nUSER $U\nWORKDIR /srv\nWORKDIR app\nEXPOSE $P/TCP 9000-9002/udp ${NO}\nUSER 10:20\n"
    )
    assert got.user is not None
    assert (got.user.text, got.user.line) == ("10:20", 8)
    assert [(w.path, w.relative, w.line) for w in got.workdirs] == [("/srv", False, 5), ("/srv/app", True, 6)]
    assert [(list(p.numbers), p.protocol) for p in got.ports] == [([80], "tcp"), ([9000, 9001, 9002], "udp")]


def test_user_from_an_argument() -> None:
    """An argument that defaults to root is seen, and so is one that is given."""
    text = "FROM x\nARG U=root\nUSER $U\n"
    assert [got.user.text for got in (of(text), of(text, U="app")) if got.user] == ["root", "app"]


def test_nothing_said_is_nothing_promised() -> None:
    """What the file leaves to the base image is None."""
    got = of("FROM x AS a\nUSER u\nFROM x\n")
    assert (got.user, got.workdir, got.command, got.ports) == (None, None, None, ())


def test_commands_in_both_forms() -> None:
    """The shell form gets the SHELL in front, the exec form is as written."""
    got = of(
        'FROM x\nSHELL ["bash", "-c"]\nCMD run $A\nENTRYPOINT ["e", "f"]\nHEALTHCHECK --interval=5s CMD ["h"]\n'
    )
    assert got.command is not None
    assert got.entrypoint is not None
    assert got.healthcheck is not None
    assert (got.command.argv, got.command.shell_form) == (("bash", "-c", "run $A"), True)
    assert (got.entrypoint.argv, got.entrypoint.shell_form) == (("e", "f"), False)
    assert (got.healthcheck.argv, got.healthcheck.line) == (("h",), 5)


def test_entrypoint_drops_an_inherited_command_only() -> None:
    """A CMD of the same stage stays, one from the stage below goes."""
    assert of('FROM x AS a\nCMD ["c"]\nFROM a\nENTRYPOINT ["e"]\n').command is None
    assert of('FROM x\nCMD ["c"]\nENTRYPOINT ["e"]\n').command is not None


def test_the_rest_is_inherited_and_replaced() -> None:
    """The stop signal, no health check after all."""
    got = of(
        "FROM x AS a\nENV S=INT\nHEALTHCHECK CMD h\nSTOPSIGNAL SIG$S\nFROM a\nENV S=TERM\nHEALTHCHECK NONE\n"
    )
    assert got.healthcheck is None
    assert got.stop_signal is not None
    assert got.stop_signal.text == "SIGINT"
