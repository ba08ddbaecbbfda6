"""Started without a word, the container is not the service, does not stay, or does not stop."""

from __future__ import annotations

from .model import NOTHING_RUNS, Case, Edit, before, dockerfile, replace, without, write

COMMAND = 'CMD ["python", "-m", "greeter"]'
MAIN = "greeter/__main__.py"
ASKS = """python -c "import urllib.request as r; r.urlopen('http://localhost:8000/')\""""
HANDLER = "    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"


def dies(name: str, title: str, *edits: Edit) -> Case:
    """Return a case in which nothing runs, so that little can be said of the running service."""
    others = NOTHING_RUNS - {"default-command", "ownership"}
    return Case(f"default-command/{name}", title, edits, also_expected=others, may_be_unproven=others)


def script(text: str) -> tuple[Edit, ...]:
    """Return the edits that bring an entry script, at /app/start.sh."""
    return (
        before("USER app", "COPY --chown=app:app --chmod=755 start.sh ./"),
        write("start.sh", text, 0o755),
    )


CASES = (
    dies("none", "no command of its own", without(COMMAND)),
    dies("empty", "an empty command", dockerfile(COMMAND, "CMD []")),
    dies("wrong-file", "a module that is not there", dockerfile(COMMAND, 'CMD ["python", "-m", "greter"]')),
    dies(
        "wrong-program", "a program that is not there", dockerfile(COMMAND, 'CMD ["gunicorn", "greeter:app"]')
    ),
    dies(
        "single-quotes",
        "what looks like JSON and is none",
        dockerfile(COMMAND, "CMD ['python', '-m', 'greeter']"),
    ),
    dies(
        "ends-at-once",
        "a command that ends at once",
        dockerfile(COMMAND, 'CMD ["python", "-c", "import greeter"]'),
    ),
    dies(
        "ends-after-two-seconds",
        "the service ends after two seconds without having answered",
        dockerfile(COMMAND, 'CMD ["python", "-c", "import time; time.sleep(2); raise SystemExit(1)"]'),
    ),
    Case(
        "default-command/serves-for-a-while",
        "the service answers, and dies after three seconds",
        (
            replace(
                MAIN,
                "import signal\nimport sys\n",
                "import os\nimport signal\nimport sys\nimport threading\n",
            ),
            replace(MAIN, "    serve(", "    threading.Timer(3, os._exit, [1]).start()\n    serve("),
        ),
        may_be_unproven=NOTHING_RUNS - {"default-command", "ownership"},
        also_expected=NOTHING_RUNS - {"default-command", "ownership"},
    ),
    dies("sleeps", "a command that only sleeps", dockerfile(COMMAND, 'CMD ["sleep", "infinity"]')),
    dies("tails", "a command that only waits", dockerfile(COMMAND, 'CMD ["tail", "-f", "/dev/null"]')),
    dies("shell", "a shell instead of the service", dockerfile(COMMAND, 'CMD ["sh"]')),
    Case(
        "default-command/shell-form",
        "shell form: a shell in front of the service",
        (dockerfile(COMMAND, "CMD python -m greeter"),),
    ),
    Case(
        "default-command/sh-c",
        "exec form, of a shell",
        (dockerfile(COMMAND, 'CMD ["sh", "-c", "python -m greeter"]'),),
    ),
    Case(
        "default-command/bash-and-more",
        "a shell that has something to do after the service",
        (dockerfile(COMMAND, 'CMD ["bash", "-c", "python -m greeter; echo stopped"]'),),
    ),
    Case(
        "default-command/entry-point-swallows",
        "an entry point in shell form, which never sees the command",
        (dockerfile(COMMAND, 'ENTRYPOINT python -m greeter\nCMD ["--port", "8000"]'),),
    ),
    dies(
        "entry-script-swallows",
        "an entry script that never looks at the command",
        *script("#!/bin/sh\necho preparing\n"),
        before(COMMAND, 'ENTRYPOINT ["/app/start.sh"]'),
    ),
    dies(
        "entry-script-not-executable",
        "an entry script that cannot be started",
        *script('#!/bin/sh\nexec "$@"\n'),
        dockerfile("--chmod=755 start.sh", "--chmod=644 start.sh"),
        before(COMMAND, 'ENTRYPOINT ["/app/start.sh"]'),
    ),
    dies(
        "entry-script-with-carriage-returns",
        "an entry script whose interpreter has a carriage return in its name",
        *script('#!/bin/sh\r\nexec "$@"\r\n'),
        before(COMMAND, 'ENTRYPOINT ["/app/start.sh"]'),
    ),
    Case(
        "default-command/entry-script-without-exec",
        "an entry script that stays in front",
        (*script('#!/bin/sh\nset -e\n"$@"\n'), before(COMMAND, 'ENTRYPOINT ["/app/start.sh"]')),
    ),
    Case(
        "default-command/entry-script-in-background",
        "an entry script that starts the service and waits",
        (*script("#!/bin/sh\npython -m greeter &\nwait\n"), dockerfile(COMMAND, 'CMD ["/app/start.sh"]')),
    ),
    Case(
        "default-command/python-in-front",
        "a program that starts the service and passes nothing on",
        (
            write(
                "greeter/launch.py",
                'import subprocess\nimport sys\n\nsubprocess.run([sys.executable, "-m", "greeter"])\n',
            ),
            dockerfile(COMMAND, 'CMD ["python", "-m", "greeter.launch"]'),
        ),
    ),
    Case(
        "default-command/no-handler",
        "the first process of a container ignores what it does not handle",
        (replace(MAIN, HANDLER, ""),),
    ),
    Case(
        "default-command/ignores",
        "the service ignores the stop signal",
        (replace(MAIN, HANDLER, "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"),),
    ),
    Case(
        "default-command/handles-and-stays",
        "the service notes the stop signal and goes on",
        (replace(MAIN, HANDLER, '    signal.signal(signal.SIGTERM, lambda *_: print("stopping"))\n'),),
    ),
    Case(
        "default-command/fails-on-stop",
        "the handler of the stop signal ends in an error",
        (replace(MAIN, HANDLER, "    signal.signal(signal.SIGTERM, lambda *_: sys.exit(undefined))\n"),),
    ),
    Case(
        "default-command/health-check-without-tool",
        "a health check that uses what a slim image does not have",
        (before(COMMAND, "HEALTHCHECK CMD curl --fail http://localhost:8000/ || exit 1"),),
    ),
    Case(
        "default-command/health-check-of-another-port",
        "a health check that asks where nobody listens",
        (before(COMMAND, f"HEALTHCHECK CMD {ASKS.replace('8000', '8080')}"),),
    ),
    Case(
        "default-command/stop-signal",
        "the image asks for a signal that the service does not handle",
        (before("EXPOSE 8000", "STOPSIGNAL SIGWINCH"),),
    ),
)
