"""The command line: a file for each command, of which no more is imported than the one that was asked for."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from collections.abc import Mapping
from typing import NoReturn

import click
from click.shell_completion import shell_complete

from hullproof import __version__
from hullproof.errors import UsageError, lacking
from hullproof.interruption import Interrupted, unwinding_on_signals
from hullproof.terminal import let_go, say

_COMMANDS: Mapping[str, str] = {
    "prove": "Build each project's image and prove its practices.",
    "attest": "Sign what was proven of an image, and attach it.",
    "verify": "Verify what was proven of an image.",
    "merge": "Make one checklist of several reports.",
    "policy": "Write a policy for cosign, Kyverno or Docker Scout.",
    "init": "Write what a project is missing for an image that can be proven.",
    "build": "Build a project's image.",
    "config": "Show a project's settings and where each came from.",
    "accept": "Accept what is broken today for a while.",
    "explain": "Explain a practice, or list them all.",
    "doctor": "Check whether this machine is ready.",
    "clean": "Remove what killed runs left behind.",
}
"""Each command, which has a module of its name, and what the list of all says of it."""

_COMPLETE = "_HULLPROOF_COMPLETE"
"""The variable by which a shell asks Click for completions: https://click.palletsprojects.com/en/stable/shell-completion/"""


_BETWEEN_COLLECTIONS = 50_000
"""So many objects more than Python is used to: of what is imported and read, hardly any goes again before the end."""


class _Commands(click.Group):
    """Commands that are imported when they are asked for; until then, a name and a line for the list stand for each."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Name the commands in the order of the table, the one used most first."""
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import a command; None where there is none of this name."""
        if cmd_name not in self.commands:
            return None
        command: click.Command = getattr(importlib.import_module(f"{__name__}.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Commands,
    commands={name: click.Command(name) for name in _COMMANDS},
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="hullproof")
def cli() -> None:
    """Build a Python application's image and prove that it is what its Dockerfile promises.

    \b
    Examples:
      hullproof init                      write what this folder's project is missing
      hullproof prove                     prove the project in this folder
      hullproof prove --only test-gate    one practice
      hullproof explain test-gate         why it matters, what proves it, how to fix it
      hullproof config                    which settings are in force, and why
      hullproof accept --all-broken --until 2027-01-31    start green, and go on from there
      hullproof verify registry.example/shop:1.2 --key release.pub    what was proven of an image, and by whom
      hullproof doctor                    is this machine ready?
      hullproof clean                     remove what killed runs left behind
    """  # noqa: D301 - click's mark is the character, not its name


def main() -> NoReturn:
    """Run the command and exit: 0 good, 1 bad news, 2 wrong usage, 3 no engine or base, 128+n on a signal."""
    gc.set_threshold(_BETWEEN_COLLECTIONS)
    _require_posix()
    _complete_where_a_shell_asks()
    with unwinding_on_signals(say) as interruption:
        try:
            # Not click's own `main`, to which every signal is an Abort, and a reader who has gone a failure.
            with cli.make_context("hullproof", _arguments()) as context:
                code = cli.invoke(context)
        except click.exceptions.Exit as done:
            code = done.exit_code
        except click.UsageError as error:
            code = _complain_of_usage(error)
        except click.ClickException as error:
            code = _complain(error.format_message(), 2)
        except Interrupted as interrupted:
            code = _complain(str(interruption), 128 + interrupted.signum)
        except (KeyboardInterrupt, click.Abort):  # before the signals were taken over
            code = _complain("interrupted", 128 + signal.SIGINT)
        except BrokenPipeError:
            code = 0  # who was reading has read enough
        except Exception as error:
            reason = lacking(error)
            if interruption.signum is not None:  # it may be what a call came to that was cut short
                code = _complain(str(interruption), 128 + interruption.signum)
            elif reason is not None:
                code = _complain(str(reason), reason.exit_code)
            else:
                raise
        _let_go_of_stdout()
        sys.exit(code if isinstance(code, int) else 0)


def _require_posix() -> None:
    if sys.platform == "win32":
        sys.exit(
            _complain("on Windows it runs within WSL 2, which is Linux: learn.microsoft.com/windows/wsl", 3)
        )


def _complete_where_a_shell_asks() -> None:
    if instruction := os.environ.get(_COMPLETE):
        sys.exit(shell_complete(cli, {}, "hullproof", _COMPLETE, instruction))


def _arguments() -> list[str]:
    if any("\0" in each for each in sys.argv):
        raise UsageError("an argument has a NUL; leave it out")
    return sys.argv[1:]


def _complain(message: str, code: int) -> int:
    say(f"hullproof: {message}")
    return code


def _complain_of_usage(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return 2
    command = error.ctx.command_path if error.ctx else "hullproof"
    return _complain(f"{error.format_message().rstrip('.')} ({command} --help says more)", 2)


def _let_go_of_stdout() -> None:
    """Write out what is left for stdout, or let it go where nobody reads any more: Python would complain."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        let_go(sys.stdout)
