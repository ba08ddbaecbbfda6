"""Reading Dockerfiles: stages, instructions and the ways to write them."""

from __future__ import annotations

import time

import pytest

from hullproof.dockerfile import Heredoc, Instruction, parse
from hullproof.errors import UsageError


def only(text: str) -> Instruction:
    """Parse one stage with one instruction."""
    (instruction,) = parse(f"FROM x\n{text}").stages[0].instructions
    return instruction


def test_stages_have_names_bases_platforms_and_lines() -> None:
    """FROM is read in full, whatever its case."""
    read = parse(
        "# syntax=docker/dockerfile:1\nARG V=3\nfrom --platform=$BUILDPLATFORM python:$V as Build\nFROM x\n"
    )
    first, second = read.stages
    assert (first.name, first.base, first.platform, first.line) == ("Build", "python:$V", "$BUILDPLATFORM", 3)
    assert (second.name, second.index, second.label) == (None, 1, "stage 1")
    assert read.syntax_directive == "docker/dockerfile:1"
    assert [argument.pairs for argument in read.global_args] == [(("V", "3"),)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("RUN a \\\n  # why\n\n  && b\n", "a   && b"),
        ("run a \\\r\n  b\r\n", "a   b"),
        ("RUN <<EOF\na\n# c\nEOF\n# after\n", "a\n# c\n"),
        ("RUN <<-EOT\n\ta\n\tEOT\n", "a\n"),
        ("RUN <<-'EOT' bash -e\n\ta\n\tcat <<X\n\tX\n\tEOT\n", "<<-'EOT' bash -e\na\ncat <<X\nX\nEOT"),
        ("RUN cat <<EOF > /x && b\nfoo\nEOF\n", "cat <<EOF > /x && b\nfoo\nEOF"),
        ("RUN cat << EOF\nfoo\nEOF\n", "cat << EOF\nfoo\nEOF"),
        ("RUN a=${b#c}; cat <<EOF\nfoo\nEOF\n", "a=${b#c}; cat <<EOF\nfoo\nEOF"),
        ("RUN echo don't <<EOF\n", "echo don't <<EOF"),
        ('RUN ["sh", "-c", "a || b"]', "sh -c 'a || b'"),
    ],
)
def test_shell_text(text: str, said: str) -> None:
    """The text is what BuildKit hands to the shell."""
    assert only(text).shell_text == said


def test_escape_directive() -> None:
    """With escape=` a backslash is an ordinary character."""
    read = parse("# escape=`\nFROM x\nRUN a `\n  b\nENV D=C:\\d E=`$x\n")
    run, env = read.stages[0].instructions
    assert (run.shell_text, run.line, run.end_line) == ("a   b", 3, 4)
    assert [read.escape, env.pairs] == ["`", (("D", "C:\\d"), ("E", "`$x"))]


def test_copy_in_json_form_with_flags() -> None:
    """Names with blanks stay whole, and flags are mapped."""
    copy = only('COPY --link --chown=a:b --exclude=*.x --exclude=*.y --from=0 ["a b", "c"]')
    assert (copy.json, copy.sources, copy.destination) == (True, ("a b",), "c")
    assert (copy.flag("link"), copy.flag("chown"), copy.flag("from"), copy.flag("nope")) == (
        "true",
        "a:b",
        "0",
        None,
    )
    assert copy.flag_values["exclude"] == ("*.x", "*.y")


def test_copy_of_here_documents_has_no_sources() -> None:
    """The files come from the Dockerfile itself."""
    copy = only("COPY <<A <<'B' /d/\nhi $X\nA\nyo\nB\n")
    assert copy.heredocs == (Heredoc("A", "hi $X\n"), Heredoc("B", "yo\n", expand=False))
    assert (copy.sources, copy.destination) == ((), "/d/")


def test_mounts() -> None:
    """Every --mount is read, with its short keys."""
    run = only(
        'RUN --mount=type=secret,id=k --mount=src=a,dst=/b,from=deps,rw --mount="type=cache,target=/c" x'
    )
    secret, bind, _ = run.mounts
    assert (secret.type, secret.options["id"], secret.from_) == ("secret", "k", None)
    assert (bind.type, bind.source, bind.target, bind.from_) == ("bind", "a", "/b", "deps")
    assert bind.options["rw"] == "true"


def test_onbuild_keeps_what_it_triggers() -> None:
    """ONBUILD is no RUN: it happens in another build."""
    onbuild = only("onbuild run pytest")
    assert (onbuild.keyword, onbuild.trigger, onbuild.args) == ("ONBUILD", "RUN", ("pytest",))
    copy = only("ONBUILD \\\n COPY --from=a --chown=b \\\n c /d\n")
    assert (copy.trigger, copy.flags, copy.line, copy.end_line) == ("COPY", ("--from=a", "--chown=b"), 2, 4)
    assert only("ONBUILD RUN <<E\nhi\nE\n").shell_text == "hi\n"


def test_shell_is_handed_down_along_from() -> None:
    """SHELL counts from its line on, and in the stages built on it."""
    read = parse('FROM x AS a\nRUN 1\nSHELL ["bash", "-c"]\nRUN 2\nFROM x\nRUN 3\nFROM A\nRUN 4\n')
    shells = {i.args[0]: i.shell[0] for i in read.instructions if i.keyword == "RUN"}
    assert shells == {"1": "/bin/sh", "2": "bash", "3": "/bin/sh", "4": "bash"}


@pytest.mark.parametrize("text", ["\ufeffFROM x\n", b"\xef\xbb\xbfFROM x\r\n", "# a comment\n\nFROM x"])
def test_benign_beginnings(text: str | bytes) -> None:
    """A byte order mark and comments do no harm."""
    assert parse(text).stages[0].base == "x"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "D: the file is empty"),
        (" \n", "D: the file is empty"),
        ("# x\n", "D: there are only comments"),
        ("ARG A\n", "D: there is no FROM"),
        ("RUN a\nFROM x", "D:1: RUN before the first FROM"),
        ("FROM x\n\nFORM y\n", "D:3: unknown instruction 'FORM'; did you mean FROM?"),
        (
            "FROM x\nRUN a \\\n b\nENV A=1 \\\n  B\nRUN b",
            'D:4: can\'t find = in "B".*expected ENV <name>=<value>',
        ),
        ("FROM x\nENV A\nRUN b", "D:2: ENV must have two arguments; expected ENV"),
        (
            "FROM x\nRUN <<A\nA\nRUN <<EOF\nabc\nqq\n",
            "D:4: a here-document has no end; 'EOF' must stand alone",
        ),
        ("# escape=x\nFROM x\n", "D:1: 'x' is no escape character"),
        ("# escape=`\n# escape=`\nFROM x\n", "D:2: only one escape directive can be used; remove"),
        ('FROM x\nRUN ["a", 1]\n', "D:2: when using JSON array syntax"),
        (f"FROM x\nRUN {'a' * 65_536}\n", "D:2: a line of more than 65535 bytes; break it"),
        ("FROM x\nRUN\n", "D:2: RUN lacks an argument"),
        ("FROM x\n \\\n", "D:2: a continuation leads to nothing"),
        ("FROM x\nCOPY a\n", "D:2: COPY lacks an argument; expected COPY <source>... <destination>"),
        ("FROM a b\n", "D:1: FROM is malformed"),
        ("FROM a AS 1b\n", "D:1: '1b' cannot name a stage"),
        ("FROM x\nSHELL bash\n", "D:2: SHELL takes the JSON form only"),
        ("FROM x\nHEALTHCHECK curl\n", "D:2: unknown 'curl'; expected HEALTHCHECK CMD"),
        ("FROM x\nONBUILD ONBUILD RUN a\n", "D:2: ONBUILD cannot hold ONBUILD"),
        ("FROM x\n\0", "D:2: there is a NUL byte"),
        ("FROM x\nRUN \udce4\n", "D:2: this is not UTF-8"),
        (b"FROM x\nRUN \xe4\n", "D:2: this is not UTF-8"),
    ],
)
def test_what_no_build_would_take(text: str | bytes, message: str) -> None:
    """One line: the place, the thing, what would be right."""
    with pytest.raises(UsageError, match=message.replace("[", r"\[").replace("?", r"\?")) as caught:
        parse(text, "D")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("before", ["RUN a", "RUN", "RUN --network=none", "COPY a"])
def test_blanks_without_end_are_read_in_time(before: str) -> None:
    """However many stand between two words, each is looked at a few times."""
    began = time.monotonic()
    assert only(f"{before}{' ' * 60_000}b").line == 2
    assert time.monotonic() - began < 5
