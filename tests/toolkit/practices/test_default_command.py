"""default-command: the form of the command, and the life of the container."""

# ruff: noqa: ANN401 - changes to facts can be of any type

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from hullproof.facts import Answer, ContainerFacts, FileEntry, HealthCheck, Stopped
from hullproof.practices.library.environment import variables
from hullproof.project.config import Config

from .by_hand import (
    BROKEN,
    CONTAINER,
    GOOD,
    LISTENER,
    NOTHING_BUILT,
    OWN,
    PATH,
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

CMD = 'CMD ["python", "run.py"]'


def running(*command: str, **changes: Any) -> dict[str, Any]:
    """Let PID 1 be this command."""
    return {"container": container(processes=(process(1, *command, **changes),))}


def test_no_command_of_its_own_is_broken() -> None:
    """The base's python3 would end at once."""
    proof = prove("default-command", GOOD.replace(CMD, ""))
    assert proof.verdict is BROKEN
    assert "There is no CMD" in proof.summary
    assert 'Add `CMD ["python", "run.py"]` after Dockerfile:17.' in str(proof.remedy)
    assert "Dockerfile:12" in lines(proof)
    assert prove("default-command", GOOD.replace(CMD, "CMD []")).verdict is BROKEN


SHELL = {"container": container(processes=(process(1, "/bin/sh", "-c", "python run.py"), process(7)))}
WRITTEN = ["CMD python run.py", "CMD exec python run.py", "ENTRYPOINT python run.py"]


@pytest.mark.parametrize("written", WRITTEN)
def test_shell_form_is_broken_where_the_shell_stays(written: str) -> None:
    """What was seen decides; the fix is how the line is written better."""
    proof = prove("default-command", GOOD.replace(CMD, written), **SHELL)
    assert proof.verdict is BROKEN
    assert "A shell is PID 1" in proof.summary
    assert "Dockerfile:18" in lines(proof)
    assert '"python", "run.py"' in (proof.remedy or "")


@pytest.mark.parametrize("written", WRITTEN)
def test_shell_form_holds_where_the_shell_makes_way(written: str) -> None:
    """PID 1 is the application and stops at once: that is said, with the line; unseen it is not known."""
    text = GOOD.replace(CMD, written)
    proof = prove("default-command", text)
    assert proof.verdict is PROVEN
    assert "its shell execs the application" in proof.summary
    assert "is in shell form" in str(proof.evidence)
    assert prove("default-command", text, **NOTHING_BUILT).verdict is UNPROVEN


def test_text_behind_a_list_is_noted() -> None:
    """Newer versions of BuildKit read it as shell form, older ones leave it out: what was seen decides."""
    proof = prove("default-command", GOOD.replace(CMD, f"{CMD}."))
    assert proof.verdict is PROVEN
    assert "for the text behind the list: ." in str(proof.evidence)
    assert "behind" not in str(prove("default-command").evidence)


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("CMD gunicorn 'make()' -b :80", 'CMD ["gunicorn", "make()", "-b", ":80"]'),
        ("CMD ['python', '-c', 'print(1, 2)']", 'CMD ["python", "-c", "print(1, 2)"]'),
        ("CMD gunicorn -b :$PORT app:app", 'CMD ["sh", "-c", "exec gunicorn -b :$PORT app:app"]'),
        (
            "CMD flask db upgrade && gunicorn app:app",
            'CMD ["sh", "-c", "flask db upgrade && exec gunicorn app:app"]',
        ),
        ("CMD MODE=fast python run.py", 'CMD ["env", "MODE=fast", "python", "run.py"]'),
        ("CMD python run.py > /tmp/log", 'CMD ["sh", "-c", "exec python run.py > /tmp/log"]'),
        ('ENTRYPOINT /entry.sh "$0" "$@"', 'ENTRYPOINT ["/entry.sh"]'),
    ],
)
def test_the_remedy_for_shell_form_means_the_same(written: str, right: str) -> None:
    """What only a shell can do is left to a shell that makes way; nothing is quoted that would not be run."""
    proof = prove("default-command", GOOD.replace(CMD, written), **SHELL)
    assert f"Write `{right}` in the place of Dockerfile:18." in str(proof.remedy)


def test_a_shell_form_entrypoint_can_take_the_command() -> None:
    """The engine hands CMD to its shell as `$0`, `$1` and so on."""
    text = GOOD.replace(CMD, f'ENTRYPOINT /entry.sh "$0" "$@"\n{CMD}')
    assert prove("default-command", text).verdict is PROVEN


@pytest.mark.parametrize(
    "command",
    [("sh", "-c", "python run.py"), ("/bin/bash", "/start.sh"), ("-ash",), ("busybox", "sh")],
    ids=" ".join,
)
def test_a_shell_as_pid_1_is_broken(command: tuple[str, ...]) -> None:
    """Also in exec form, by its path, as a login shell, and as busybox."""
    proof = prove("default-command", **running(*command))
    assert proof.verdict is BROKEN
    assert "a shell" in proof.summary.lower()


def test_busybox_is_told_by_what_it_plays() -> None:
    """In Alpine every tool is /bin/busybox; the command line says which."""
    assert prove("default-command", **running("sh", "start.sh", executable="/bin/busybox")).verdict is BROKEN
    assert prove("default-command", **running("sleep", "9", executable="/bin/busybox")).verdict is BROKEN


@pytest.mark.parametrize(
    ("command", "executable"),
    [
        (("python", "run.py"), "/usr/local/bin/python3.11"),
        (("/venv/bin/python", "/venv/bin/gunicorn", "app:app"), "/usr/local/bin/python3.11"),
        (("gunicorn: master [app:app]",), "/usr/local/bin/python3.11"),
        (("/app/server",), "/app/server"),
    ],
    ids=["python", "gunicorn", "a title of its own", "a program that listens"],
)
def test_an_application_as_pid_1_is_proven(command: tuple[str, ...], executable: str) -> None:
    """Python, a server in Python, or whatever listens."""
    assert prove("default-command", **running(*command, executable=executable)).verdict is PROVEN


@pytest.mark.parametrize("init", ["/usr/bin/tini", "dumb-init", "/sbin/docker-init", "catatonit"])
def test_an_init_is_fine_with_the_application_right_below_it(init: str) -> None:
    """An init passes signals on and reaps; a shell between the two does not."""
    listener = replace(LISTENER, pids=(7,))
    good = container(processes=(process(1, init, "--", "python"), process(7)), listeners=(listener,))
    assert prove("default-command", container=good).verdict is PROVEN
    shell = process(7, "sh", "-c", "python run.py; true")
    bad = container(processes=(process(1, init, "--"), shell, process(8, ppid=7)), listeners=(listener,))
    assert prove("default-command", container=bad).verdict is BROKEN


@pytest.mark.parametrize(
    "command", [("sleep", "infinity"), ("tail", "-f", "/dev/null"), ("cat",)], ids=" ".join
)
def test_a_program_that_only_waits_is_broken(command: tuple[str, ...]) -> None:
    """A container kept alive is no application."""
    proof = prove("default-command", **running(*command), image=image(exposed=()))
    assert proof.verdict is BROKEN
    assert "only waits" in proof.summary


def test_another_program_in_front_of_the_application_is_broken() -> None:
    """make, timeout or sudo as PID 1 are not the application."""
    listener = replace(LISTENER, pids=(7,))
    front = container(processes=(process(1, "make", "run"), process(7)), listeners=(listener,))
    assert prove("default-command", container=front).verdict is BROKEN


def test_a_program_that_cannot_be_placed_is_unproven() -> None:
    """A compiled worker may be the application, or not."""
    silent = container(processes=(process(1, "/app/worker"),), listeners=(), ready=False)
    assert prove("default-command", container=silent, image=image(exposed=())).verdict is UNPROVEN


def test_a_container_that_ends_by_itself_is_broken_with_code_and_log() -> None:
    """At once or soon after: the exit code and the last lines are the evidence."""
    dead = container(exit_code=2, lived_s=2.1, log=("can't open file 'run.pyy'",), processes=())
    proof = prove("default-command", container=dead)
    assert proof.verdict is BROKEN
    assert "exit code 2" in proof.summary
    assert "after 2.1 s" in proof.summary
    assert "run.pyy" in str(proof.evidence)
    assert "Dockerfile:18" in lines(proof)


@pytest.mark.parametrize(
    "line",
    [
        'psycopg2.OperationalError: could not translate host name "db" to address: Name or service not known',
        'connection to server at "127.0.0.1", port 5432 failed: Connection refused',
        "[Errno -3] Temporary failure in name resolution",
        "redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused.",
        "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 5432)",
        'connection to server on socket "/run/s.PGSQL" failed: No such file\n Is the server running locally?',
        "(2003, \"Can't connect to MySQL server on 'db' (timed out)\")",
        "httpx.ConnectError: [Errno -2] Name does not resolve",
        "socket.gaierror: [Errno -5] No address associated with hostname",
        "OSError: [Errno 101] Network is unreachable",
        "oracledb.exceptions.OperationalError: DPY-6005: cannot connect to database",
        "cassandra.cluster.NoHostAvailable: ('Unable to connect to any servers', {})",
        "nats: error: nats: no servers available for connection",
        "botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL",
    ],
)
def test_a_container_that_dies_for_want_of_a_database_is_told_how_to_get_one(line: str) -> None:
    """By what the usual drivers say: nothing is shown, and the setting that would show it is named."""
    dead = container(exit_code=1, log=("Traceback", line, "bye"), processes=())
    proof = prove("default-command", container=dead)
    assert proof.verdict is UNPROVEN
    assert "`compose` in [tool.hullproof]" in str(proof.remedy)
    assert prove("default-command", container=dead, config=Config(compose="compose.yaml")).verdict is BROKEN


@pytest.mark.parametrize(
    "log",
    [
        ("Traceback", "KeyError: 'SECRET_KEY'"),
        ("pydantic_core.ValidationError: 2 validation errors for Settings", "DB_URL", "  Field required"),
        ("decouple.UndefinedValueError: API_KEY not found. Declare it as envvar or define a default value.",),
        ('environs.EnvError: Environment variable "DATABASE_URL" not set',),
        ("/entrypoint: line 7: POSTGRES_USER: unbound variable",),
        ("/start.sh: 3: DB_HOST: parameter not set",),
        ("django.core.exceptions.ImproperlyConfigured: Set the DATABASE_URL environment variable",),
        ("django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.",),
        (
            "  File a.py",
            "    port = int(os.getenv('DB_PORT'))",
            "               ^^^^^^",
            "TypeError: int() argument",
        ),
    ],
)
def test_a_container_that_dies_for_want_of_a_setting_is_told_how_to_give_it(log: tuple[str, ...]) -> None:
    """What 12-factor applications take from outside cannot be in the image: nothing is shown without it."""
    proof = prove("default-command", container=container(exit_code=1, log=log, processes=()))
    assert proof.verdict is UNPROVEN
    assert "`env` in [tool.hullproof]" in str(proof.remedy)


@pytest.mark.parametrize(
    "log",
    [("KeyError: 'name'",), ("ValueError: invalid literal for int()",), ("reads os.environ at its start",)],
)
def test_a_container_that_dies_of_something_else_is_broken(log: tuple[str, ...]) -> None:
    """Keys and values of its own are the application's fault."""
    assert prove("default-command", container=container(exit_code=1, log=log, processes=())).verdict is BROKEN


def test_a_container_that_dies_for_want_of_a_file_is_broken() -> None:
    """Whatever else it said before; the remedy is to bring the file."""
    log = ("warning: Connection refused", "ModuleNotFoundError: No module named 'flask'")
    dead = container(exit_code=1, log=log, processes=())
    proof = prove("default-command", container=dead, files=files(own=OWN[:1]))
    assert proof.verdict is BROKEN
    assert "Install what brings flask" in str(proof.remedy)
    assert "PYTHONPATH=/usr/local/lib/python3.11/site-packages" in str(
        prove("default-command", container=dead).remedy
    )
    hidden = files(layer(13, entry("/root/", mode=0o700), entry("/root/lib/flask.py")), own=OWN[:1])
    proof = prove("default-command", container=dead, files=hidden)
    assert "/root is root's home, which app (uid 1000) cannot enter" in str(proof.remedy)


def test_of_a_long_log_the_line_that_tells_most_is_quoted() -> None:
    """A server says goodbye in many words; the exception before them is why."""
    log = (
        "Traceback",
        "  File x",
        "app.errors.DatabaseError: no table",
        "worker exits",
        "master exits",
        "",
        "bye",
    )
    proof = prove("default-command", container=container(exit_code=3, log=log, processes=()))
    assert "its log says: app.errors.DatabaseError: no table" in proof.summary
    quoted = [item.statement for item in proof.evidence if item.where == "log"]
    assert quoted == ["app.errors.DatabaseError: no table", "master exits", "bye"]


def test_an_entry_script_without_a_command_to_start_is_told_so() -> None:
    """`exec "$@"` with nothing to exec ends well, and at once: the command stands in somebody's compose file."""
    text = GOOD.replace(CMD, 'ENTRYPOINT ["/entry.sh"]')
    told = image(entrypoint=("/entry.sh",), command=())
    proof = prove("default-command", text, image=told, container=container(exit_code=0, log=(), processes=()))
    assert "There is no CMD" in str(proof.remedy)


WAITS = [
    "Waiting for postgres...",
    "waiting for db:5432",
    "Wait until the database is up",
    "PostgreSQL is unavailable - sleeping",
    "redis not ready yet",
    'nc: getaddrinfo for host "db" port 5432: Name or service not known',
]


@pytest.mark.parametrize("line", WAITS)
def test_an_entry_script_that_waits_for_a_database_shows_nothing_of_the_command(line: str) -> None:
    """The shell may make way later: neither its being PID 1 nor the silent port is a fault yet."""
    script = (process(1, "/bin/sh", "/entry.sh"), process(9, "sleep", "1"))
    waits = container(processes=script, listeners=(), answers=(), ready=False, log=("starting", line))
    proof = prove("default-command", container=waits)
    assert proof.verdict is UNPROVEN
    assert "`compose` in [tool.hullproof]" in str(proof.remedy)
    assert prove("expose", container=waits).verdict is UNPROVEN
    assert prove("necessary-files", container=waits).verdict is UNPROVEN
    given = prove("default-command", container=waits, config=Config(compose="compose.yaml"))
    assert given.verdict is BROKEN


@pytest.mark.parametrize("line", [*WAITS, "waiting for tasks", ""])
def test_a_shell_in_front_of_what_has_started_is_broken_whatever_it_said(line: str) -> None:
    """It listens, so it is there; and without a word of a service nobody is waited for."""
    script = (process(1, "/bin/sh", "/entry.sh"), process(9))
    stays = container(processes=script, listeners=(replace(LISTENER, pids=(9,)),), log=(line,))
    assert prove("default-command", container=stays).verdict is BROKEN
    worker = container(processes=script, listeners=(), answers=(), log=("waiting for tasks",))
    assert prove("default-command", container=worker, image=image(exposed=())).verdict is BROKEN


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ('exec: "gunicorn": executable file not found in $PATH', BROKEN),
        ("exec /app/start.sh: no such file or directory", BROKEN),
        ("exec /app/start.sh: permission denied", BROKEN),
        ("unable to find user ghost: no matching entries in passwd file", UNPROVEN),
        ("cgroup controller is not available", UNPROVEN),
    ],
)
def test_a_start_that_is_refused_is_judged_by_the_reason(error: str, verdict: object) -> None:
    """A wrong command is this practice's; the user is another's, the engine nobody's."""
    refused = ContainerFacts(start_error=error)
    assert prove("default-command", container=refused).verdict is verdict


def test_never_ready_is_broken_where_a_port_is_exposed() -> None:
    """Nothing listens although the image says so; a worker has nothing to be ready on."""
    deaf = container(ready=False, ready_by="no port after 30 s", listeners=(), answers=())
    assert prove("default-command", container=deaf).verdict is BROKEN
    assert prove("default-command", container=deaf, image=image(exposed=())).verdict is PROVEN
    hurried = replace(deaf, slowed="for 60 s the machine had no processor for it")
    assert prove("default-command", container=hurried).verdict is UNPROVEN
    path = container(ready=False, ready_by="/health answered 503 for 30 s")
    assert prove("default-command", container=path).verdict is UNPROVEN


def test_a_server_at_a_unix_socket_is_up_whatever_is_exposed() -> None:
    """The port that nobody listens on is a fault of EXPOSE, and is told there."""
    at_socket = container(
        ready=False, ready_by="nothing listens", listeners=(), answers=(), sockets=("/run/a",)
    )
    proof = prove("default-command", container=at_socket)
    assert proof.verdict is PROVEN
    assert "listens at /run/a" in str(proof.evidence)


@pytest.mark.parametrize(
    ("stopped", "verdict"),
    [
        (Stopped("SIGTERM", 0.2, 0, killed=False), PROVEN),
        (Stopped("SIGTERM", 0.2, 143, killed=False), PROVEN),
        (Stopped("SIGINT", 0.2, 130, killed=False), PROVEN),
        (Stopped("SIGTERM", 6.6, 0, killed=False), PROVEN),
        (Stopped("SIGTERM", 4.5, 1, killed=False), PROVEN),
        (Stopped("SIGTERM", 8.2, 0, killed=False), BROKEN),
        (Stopped("SIGTERM", 10.2, 137, killed=True), BROKEN),
        (Stopped("SIGTERM", 70.0, 0, killed=False, slowed_s=61.0), BROKEN),
        (Stopped("SIGTERM", 70.0, 0, killed=False, slowed_s=65.0), UNPROVEN),
        (Stopped("SIGTERM", 10.2, 137, killed=True, slowed_s=4.0), UNPROVEN),
        (None, UNPROVEN),
    ],
    ids=str,
)
def test_the_stop_signal_ends_it_in_good_time(stopped: Stopped | None, verdict: object) -> None:
    """Well before the engine kills it; an odd exit code is said, not judged. What a slow engine took is not its own."""
    assert prove("default-command", container=container(stopped=stopped)).verdict is verdict


def test_why_it_ignores_the_signal_is_explained() -> None:
    """Python as PID 1 ignores what it does not handle: the kernel's mask shows it."""
    killed = Stopped("SIGTERM", 10.2, 137, killed=True)
    deaf = container(processes=(process(caught=0),), stopped=killed)
    assert "no handler" in prove("default-command", container=deaf).summary
    in_haste = container(processes=deaf.processes, stopped=replace(killed, slowed_s=10.0))
    assert prove("default-command", container=in_haste).verdict is BROKEN
    handled = container(stopped=killed)
    assert "no handler" not in prove("default-command", container=handled).summary
    reloads = container(processes=(replace(process(), executable="/venv/bin/uwsgi"),), stopped=killed)
    assert "--die-on-term" in str(prove("default-command", container=reloads).remedy)


def test_a_variable_that_nobody_replaces_is_named() -> None:
    """In a JSON list it reaches the program as it stands; where a shell is started, that is another matter."""
    dead = container(exit_code=2, lived_s=1.0, processes=(), listeners=(), ready=False)
    for command, named in (
        (("uvicorn", "--port=${PORT}"), True),
        (("/bin/sh", "-c", "exec uvicorn --port=$PORT"), False),
        (("uvicorn", "--header=cost:5$"), False),
    ):
        proof = prove("default-command", image=image(command=command), container=dead)
        assert proof.verdict is BROKEN
        assert ("replaces no variables" in str(proof.remedy)) is named


def test_a_stop_signal_that_ends_nothing_is_named_with_its_line() -> None:
    """The command is right where the image asks for a signal that servers take for something else."""
    deaf = container(stopped=Stopped("SIGHUP", 10.2, 137, killed=True))
    proof = prove("default-command", GOOD.replace(CMD, f"STOPSIGNAL SIGHUP\n{CMD}"), container=deaf)
    assert "Dockerfile:18" in lines(proof)
    assert str(proof.remedy).startswith("Leave STOPSIGNAL out")
    usual = prove("default-command", GOOD.replace(CMD, f"STOPSIGNAL 15\n{CMD}"), container=deaf)
    assert "Dockerfile:18" not in lines(usual)


SCRIPT = GOOD.replace(CMD, f'ENTRYPOINT ["/entry.sh"]\n{CMD}')
PROGRAMS = files(
    layer(13, *(entry(path, mode=0o755) for path in ("/usr/local/bin/gunicorn", "/bin/sh", "/usr/bin/env")))
)


def test_an_entrypoint_that_ignores_the_command_is_broken() -> None:
    """CMD names a program of the image, and no process runs it."""
    told = image(entrypoint=("/entry.sh",))
    other = container(processes=(process(1, "python", "/usr/local/bin/gunicorn", "app:app"),))
    proof = prove("default-command", SCRIPT, image=told, container=other)
    assert proof.verdict is BROKEN
    assert "ENTRYPOINT ignores CMD: `python run.py` never runs" in proof.summary
    assert "Dockerfile:19" in lines(proof)
    shell = replace(told, command=("sh", "-c", "exec gunicorn app:app"))
    assert "ENTRYPOINT ignores CMD" in prove("default-command", SCRIPT, image=shell, files=PROGRAMS).summary
    assert prove("default-command", SCRIPT, image=told).verdict is PROVEN


@pytest.mark.parametrize(
    ("entrypoint", "command", "seen"),
    [
        (("python",), ("run.py",), ("python", "run.py")),
        (
            ("gunicorn", "-b", "0.0.0.0:5000"),
            ("app:app",),
            ("/usr/local/bin/python3.11", "/usr/local/bin/gunicorn", "app:app"),
        ),
        (("/entry.sh",), ("gunicorn", "app:app"), ("gunicorn: master [app:app]",)),
        (
            ("/entry.sh",),
            ("gunicorn", "-b", "0.0.0.0:$PORT"),
            ("python", "/usr/local/bin/gunicorn", "-b", "0.0.0.0:80"),
        ),
        (
            ("tini", "--"),
            ("sh", "-c", "echo starting; exec gunicorn -b 0.0.0.0:${PORT:-80} app:app"),
            ("python", "/usr/local/bin/gunicorn", "-b", "0.0.0.0:80", "app:app"),
        ),
        (
            ("tini", "--"),
            ("env", "TZ=UTC", "gunicorn", "app:app"),
            ("python", "/usr/local/bin/gunicorn", "app:app"),
        ),
    ],
    ids=[
        "arguments",
        "arguments of a server",
        "a title of its own",
        "a variable",
        "a shell that makes way",
        "a program that makes way",
    ],
)
def test_entrypoint_with_command_is_fine(
    entrypoint: tuple[str, ...], command: tuple[str, ...], seen: tuple[str, ...]
) -> None:
    """CMD may hold arguments, may be run below an interpreter, and may call itself what it likes."""
    told = image(entrypoint=entrypoint, command=command, env={"PATH": PATH})
    executable = "/usr/local/bin/python3.11"
    proof = prove(
        "default-command", SCRIPT, image=told, files=PROGRAMS, **running(*seen, executable=executable)
    )
    assert proof.verdict is PROVEN, proof.summary


def test_a_shell_form_entrypoint_ignores_the_command() -> None:
    """The engine hands CMD to the shell, which has no use for it."""
    text = GOOD.replace(CMD, f"ENTRYPOINT python run.py\n{CMD}")
    assert "ENTRYPOINT ignores CMD" in prove("default-command", text).summary


def test_what_could_not_be_seen_is_unproven() -> None:
    """No container, or none that could be looked into."""
    assert prove("default-command", **without("container")).verdict is UNPROVEN
    blind = replace(CONTAINER, processes=(), listeners=(), answers=(), unobservable="no probe", ready=False)
    assert prove("default-command", container=blind).verdict is UNPROVEN


def test_a_pinned_command_is_kept() -> None:
    """The configuration may pin what must not drift."""
    assert prove("default-command", config=Config(command=("python", "run.py"))).verdict is PROVEN
    assert prove("default-command", config=Config(command=("gunicorn",))).verdict is BROKEN


@pytest.mark.parametrize(
    ("command", "fix"),
    [
        (
            ("uv", "run", "--no-sync", "uvicorn", "a:app"),
            'Write `CMD ["uvicorn", "a:app"]` in the place of Dockerfile:18. Add `ENV PATH=/app/.venv/bin:$PATH` before Dockerfile:18.',
        ),
        (("uv", "run", "uvicorn", "a:app"), "development tools included, at each start"),
        (
            ("/usr/bin/python3", "/usr/bin/pdm", "run", "python", "run.py"),
            'Write `CMD ["python", "run.py"]` in the place of Dockerfile:18. The release then needs no pdm.',
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_launcher_in_front_is_named_with_what_it_launches(command: tuple[str, ...], fix: str) -> None:
    """It passes signals on, so that nothing else gives it away: the fix is what stands behind it."""
    behind = replace(LISTENER, pids=(7,))
    front = container(processes=(process(1, *command), process(7)), listeners=(behind,))
    venv = files(
        layer(15, entry("/app/.venv/bin/uvicorn", uid=1000, mode=0o755), entry("/usr/bin/python", mode=0o755))
    )
    proof = prove("default-command", container=front, files=venv)
    assert proof.verdict is BROKEN
    assert "is PID 1 in front of the application" in proof.summary
    assert fix in str(proof.remedy)


@pytest.mark.parametrize(
    ("health", "verdict", "told"),
    [
        (
            HealthCheck(("curl -f http://localhost:5000/ || exit 1",), 1, "/bin/sh: 1: curl: not found"),
            BROKEN,
            "urllib",
        ),
        (
            HealthCheck(("curl", "localhost"), 126, 'exec: "curl": executable file not found in $PATH'),
            BROKEN,
            "urllib",
        ),
        (HealthCheck(("./check.sh",), 126, "/bin/sh: 1: ./check.sh: Permission denied"), BROKEN, "urllib"),
        (HealthCheck(("wget -q http://localhost:8080/",), 4, "", 3), BROKEN, "localhost:5000"),
        (HealthCheck(("python check.py",), 1, "unhealthy", 3), BROKEN, "docker exec"),
        (HealthCheck(("python check.py",), 1, "unhealthy", 3, early=True), PROVEN, ""),
        (HealthCheck(("python check.py",), None), UNPROVEN, ""),
        (
            HealthCheck(("curl -f localhost",), 22, "curl: (22) The requested URL returned error: 503"),
            UNPROVEN,
            "compose",
        ),
        (
            HealthCheck(("python check.py",), 1, "urllib.error.HTTPError: HTTP Error 500: x"),
            UNPROVEN,
            "compose",
        ),
        (
            HealthCheck(("curl -f localhost",), 22, "curl: (22) The requested URL returned error: 404"),
            BROKEN,
            "answers",
        ),
        (HealthCheck(("python check.py",), 1, "TimeoutError: timed out", 3), UNPROVEN, ""),
        (HealthCheck(("python check.py",), 0), PROVEN, ""),
    ],
    ids=lambda value: f"{value.exit_code} {value.output}" if isinstance(value, HealthCheck) else "",
)
def test_the_image_s_own_health_check_has_to_succeed(health: HealthCheck, verdict: object, told: str) -> None:
    """An orchestrator kills what never is healthy; what takes its time is not accused by the clock."""
    text = GOOD.replace(CMD, f"HEALTHCHECK CMD {' '.join(health.command)}\n{CMD}")
    proof = prove("default-command", text, container=container(health=health))
    assert proof.verdict is verdict, proof.summary
    assert told in str(proof.remedy)
    if verdict is BROKEN:
        assert "Dockerfile:18" in lines(proof)


def test_where_the_health_check_is_judged_by_itself_it_is_accused_there_alone() -> None:
    """One cause, one accusation: `healthcheck` has more to say of it, where that is judged as well."""
    text = GOOD.replace(CMD, f"HEALTHCHECK CMD curl localhost\n{CMD}")
    health = HealthCheck(("curl", "localhost"), 127, "sh: 1: curl: not found", 3)
    given = {
        "container": container(health=health),
        "image": image(healthcheck=("CMD-SHELL", "curl localhost")),
    }
    both = frozenset({"default-command", "healthcheck"})
    proof = prove("default-command", text, **given, judged=both)
    assert proof.verdict is PROVEN
    assert "sh: 1: curl: not found; see healthcheck" in {each.statement for each in proof.evidence}
    assert prove("healthcheck", text, **given, judged=both).verdict is BROKEN
    assert prove("default-command", text, **given, judged=both - {"healthcheck"}).verdict is BROKEN


def test_a_stop_that_fails_by_the_application_s_own_doing_is_broken() -> None:
    """Its log shows the error; an exit code that nothing explains is said, and not judged."""
    failed = Stopped("SIGTERM", 0.3, 1, killed=False)
    log = ("serving", "Traceback (most recent call last):", "AttributeError: 'NoneType' has no close", "bye")
    proof = prove("default-command", container=container(stopped=failed, log=log))
    assert proof.verdict is BROKEN
    assert "exit code 1 after SIGTERM; its log says: AttributeError" in proof.summary
    silent = prove("default-command", container=container(stopped=failed))
    assert silent.verdict is PROVEN
    assert "which is unusual" in str(silent.evidence)


def test_a_service_that_answers_with_failures_alone_is_not_proven() -> None:
    """Unless a path that is named for the purpose says that it is ready."""
    failing = container(answers=(Answer("tcp", 5000, answered=True, status=500),), log=("KeyError: 'x'",))
    proof = prove("default-command", container=failing)
    assert proof.verdict is UNPROVEN
    assert "5000/tcp answers HTTP 500" in proof.summary
    assert "KeyError" in str(proof.evidence)
    assert prove("default-command", container=failing, config=Config(ready="/healthz")).verdict is PROVEN
    for status in (200, 401, 404, 501):
        more = (*failing.answers, Answer("tcp", 9000, answered=True, status=status))
        assert prove("default-command", container=replace(failing, answers=more)).verdict is PROVEN


def test_a_development_server_is_noted_by_its_own_word() -> None:
    """That is no fault by itself."""
    told = "WARNING: This is a development server. Do not use it in production."
    proof = prove("default-command", container=container(log=(told,)))
    assert proof.verdict is PROVEN
    assert "a development server, as it says itself: WARNING: This is a development server" in str(
        proof.evidence
    )


def test_a_program_on_standard_input_is_judged_with_it_held_open() -> None:
    """The proof says how it is to be started."""
    serves = container(on_stdin=True, listeners=(), answers=())
    proof = prove("default-command", container=serves, image=image(exposed=()))
    assert proof.verdict is PROVEN
    assert "docker run -i" in proof.summary
    deaf = replace(serves, stopped=Stopped("SIGTERM", 10.2, 137, killed=True))
    proof = prove("default-command", container=deaf, image=image(exposed=()))
    assert proof.verdict is PROVEN
    assert "when its standard input was closed" in str(proof.evidence)
    bare = container(on_stdin=True, listeners=(), answers=(), processes=(process(1, "python3"),))
    assert prove("default-command", container=bare, image=image(exposed=())).verdict is BROKEN


DENIED = "PermissionError: [Errno 13] Permission denied: '{}'"


@pytest.mark.parametrize(
    ("line", "more", "told", "fix"),
    [
        (
            DENIED.format("/app/a.py"),
            (entry("/app/a.py", mode=0o640),),
            "read /app/a.py (mode 0640, of root)",
            "--chown=app:app",
        ),
        (
            DENIED.format("/app/d/a.py"),
            (entry("/app/d/", mode=0o750),),
            "enter /app/d (mode 0750, of root)",
            "--chown=app:app",
        ),
        (
            DENIED.format("/srv/state"),
            (entry("/srv/"),),
            "write to /srv (mode 0755, of root)",
            "chown app:app /srv",
        ),
        (
            DENIED.format("settings.ini"),
            (entry("/app/settings.ini", mode=0o640),),
            "read /app/settings.ini (mode 0640, of root)",
            "--chown=app:app",
        ),
        (
            DENIED.format("/app/app.log"),
            (entry("/app/", uid=1000), entry("/app/app.log")),
            "write /app/app.log (mode 0644, of root)",
            "--chown=app:app",
        ),
        (
            "/bin/sh: 1: ./run.py: Permission denied",
            (entry("/app/run.py", uid=1000),),
            "run /app/run.py (mode 0644, of uid 1000)",
            "execute bit",
        ),
        (
            "python: can't open file '/app/run.py': [Errno 13] Permission denied",
            (entry("/app/run.py", mode=0o600),),
            "read /app/run.py (mode 0600, of root)",
            "--chown=app:app",
        ),
        (
            "error: failed to create directory `/home/app/.cache/uv`: Permission denied (os error 13)",
            (entry("/home/"),),
            "write to /home (mode 0755, of root)",
            "useradd --create-home",
        ),
        (
            "[CRITICAL/Main] PermissionError(13, 'Permission denied')",
            (entry("/app/"),),
            "write to /app (mode 0755, of root)",
            "Add `RUN chown app:app /app` before Dockerfile:16.",
        ),
        (
            DENIED.format("/srv;a/x"),
            (entry("/srv;a/"),),
            "write to /srv;a (mode 0755, of root)",
            "chown app:app '/srv;a'",
        ),
    ],
)
def test_permission_is_told_from_absence(line: str, more: tuple[FileEntry, ...], told: str, fix: str) -> None:
    """By the mode and owner of the very file or directory; of a log that names none, by where it works."""
    dead = container(exit_code=1, log=(line, "bye"), processes=(), listeners=())
    proof = prove("default-command", container=dead, files=files(layer(15, *more)))
    assert proof.verdict is BROKEN
    assert f"app (uid 1000) cannot {told}" in proof.summary
    assert fix in str(proof.remedy)


@pytest.mark.parametrize(
    ("script", "only_waits"),
    [
        ("sleep infinity", True),
        ("echo up; while true; do sleep 60; done", True),
        ("trap : TERM; tail -f /dev/null & wait", True),
        ("python run.py & sleep infinity", False),
        ("./migrate && sleep 5", False),
    ],
)
def test_a_shell_that_only_waits_is_one_fault(script: str, *, only_waits: bool) -> None:
    """Not a shell in front of an application, a port that is not there and a signal that is not heard besides."""
    shell = (process(1, "/bin/sh", "-c", script, caught=0), process(7, "sleep", "infinity"))
    killed = Stopped("SIGTERM", 10.2, 137, killed=True)
    idle = container(processes=shell, listeners=(), answers=(), ready=False, stopped=killed)
    proof = prove("default-command", image=image(command=("/bin/sh", "-c", script)), container=idle)
    assert proof.verdict is BROKEN
    assert ("only waits" in proof.summary) is only_waits
    assert ("never becomes ready" in proof.summary) is ("had to be killed" in proof.summary) is not only_waits
    assert ("in front of the application" in proof.summary) is not only_waits
    told = prove("expose", image=image(command=("/bin/sh", "-c", script)), container=idle)
    assert told.verdict is (UNPROVEN if only_waits else BROKEN)


def test_what_no_file_was_refused_for_is_not_put_down_to_one() -> None:
    """A port and a table of a database are others' to refuse."""
    for line in (
        "[Errno 13] error while attempting to bind on address ('0.0.0.0', 80): permission denied",
        "psycopg.errors.InsufficientPrivilege: permission denied for table users",
    ):
        dead = container(exit_code=1, log=(line,), processes=(), listeners=())
        proof = prove("default-command", container=dead, files=files(layer(15, entry("/app/"))))
        assert "cannot write" not in proof.summary


SOON_S = 10.0
"""Seconds on a busy machine for what takes less than one, and minutes where each class is compared with each."""
BOT = """
import os
TOKEN = os.environ.get("BOT_TOKEN")
DEBUG = os.environ.get("DEBUG") == "1"
PORT = os.environ.get("PORT", "80")
"""
SOURCES = files(layer(15, entry("/app/bot.py", uid=1000), texts={"/app/bot.py": BOT}))


def test_a_setting_that_is_missing_is_named_from_the_sources() -> None:
    """Whatever the program says when it lacks it; what has a default, or is only asked for, is none."""
    says = ("Traceback (most recent call last):", "__main__.InvalidToken: ask the bot's father")
    dead = container(exit_code=1, log=says, processes=(), listeners=())
    proof = prove("default-command", container=dead, files=SOURCES)
    assert proof.verdict is UNPROVEN
    assert "it reads BOT_TOKEN (/app/bot.py:3), which its environment does not have" in proof.summary
    assert 'env = { BOT_TOKEN = "…" }' in str(proof.remedy)
    given = Config(env={"BOT_TOKEN": "x"})
    assert prove("default-command", container=dead, files=SOURCES, config=given).verdict is BROKEN


@pytest.mark.parametrize("alias", ["(A+)+B", "BOT[", "BOT TOKEN"])
def test_an_alias_that_names_no_variable_is_no_setting(alias: str) -> None:
    """It is the project's own text, and no pattern: one would be looked for in the log for hours."""
    source = f"class Settings(BaseSettings):\n    token: str = Field(alias={alias!r})\n"
    dead = container(exit_code=1, log=(f"RuntimeError: {'A' * 40}",), processes=(), listeners=())
    sources = files(layer(15, entry("/app/bot.py", uid=1000), texts={"/app/bot.py": source}))
    assert prove("default-command", container=dead, files=sources).verdict is BROKEN


def test_settings_are_found_however_long_the_line_of_their_bases() -> None:
    """Each file has some thousand classes, each of which is the base of the one before."""
    heirs = (f"class A{n}(A{n + 1}):\n    pass" for n in range(8_000))
    source = "\n".join([*heirs, "class A8000(BaseSettings): ...", "class Bot(A0):", "    bot_token: str", ""])
    began = time.perf_counter()
    assert [name for name, _ in variables({"/app/bot.py": source})] == ["BOT_TOKEN"]
    assert time.perf_counter() - began < SOON_S


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("telegram.error.InvalidToken: You must pass the token", UNPROVEN),
        ("please set BOT_TOKEN", UNPROVEN),
        ("NameError: name 'x' is not defined", BROKEN),
        ("ModuleNotFoundError: No module named 'telegram'", BROKEN),
        ("SyntaxError: invalid syntax", BROKEN),
    ],
)
def test_an_error_of_another_make_is_no_missing_setting(line: str, verdict: object) -> None:
    """What the sources would need is not why."""
    dead = container(exit_code=1, log=(line,), processes=(), listeners=())
    assert prove("default-command", container=dead, files=SOURCES).verdict is verdict


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('if not os.environ.get("BOT_TOKEN"):\n    sys.exit("give me one")\n', "give me one"),
        (
            'if (token := os.getenv("BOT_TOKEN")) is None:\n    raise SystemExit("give me one")\n',
            "give me one",
        ),
        ('if "BOT_TOKEN" not in os.environ:\n    raise SystemExit("give me one")\n', "give me one"),
        ('try:\n    os.environ["BOT_TOKEN"]\nexcept KeyError:\n    sys.exit("give me one")\n', "give me one"),
        ('NAME = "BOT_TOKEN"\ntoken = os.environ.get(NAME)\n', "RuntimeError: give me one"),
        ('for each in ("BOT_TOKEN",):\n    if each not in os.environ:\n        sys.exit("no")\n', "no"),
        (
            'def main():\n    token = os.getenv("BOT_TOKEN")\n    if not token:\n        return 1\n',
            "give me one",
        ),
        (
            '@click.option("--token", envvar="BOT_TOKEN", required=True)\ndef f(): ...\n',
            "Missing option '--token'.",
        ),
        ('def f(token: str = typer.Option(..., envvar="BOT_TOKEN")): ...\n', "Missing option '--token'."),
        ('class S(BaseSettings):\n    token: str = Field(alias="BOT_TOKEN")\n', "  Field required"),
        (
            "class S(BaseSettings): ...\nclass T(S):\n    bot_token: str = Field(..., min_length=3)\n",
            "  Field required",
        ),
        (
            "Dynaconf(validators=[Validator('BOT_TOKEN', must_exist=True)])\n",
            "BOT_TOKEN is required in env main",
        ),
    ],
)
def test_a_setting_is_found_however_the_sources_ask_for_it(source: str, line: str) -> None:
    """By a test whose failure ends the program, through a name for the name, by a library's means."""
    there = files(layer(15, entry("/app/bot.py", uid=1000), texts={"/app/bot.py": source}))
    dead = container(exit_code=1, log=(line,), processes=(), listeners=())
    proof = prove("default-command", container=dead, files=there)
    assert proof.verdict is UNPROVEN
    assert "it reads BOT_TOKEN" in proof.summary


@pytest.mark.parametrize(
    "source",
    [
        'if not os.getenv("BOT_TOKEN"):\n    print("quiet")\n',
        'def quiet():\n    token = os.getenv("BOT_TOKEN")\n    if not token:\n        return\n',
        'token = os.environ.get("BOT_TOKEN")\ntoken = token if token else "none"\n',
        'try:\n    os.environ["BOT_TOKEN"]\nexcept KeyError:\n    token = None\n',
        'def f(token: str = typer.Option("none", envvar="BOT_TOKEN")): ...\n',
    ],
)
def test_what_the_sources_have_an_answer_for_is_no_missing_setting(source: str) -> None:
    """The program goes on without it."""
    there = files(layer(15, entry("/app/bot.py", uid=1000), texts={"/app/bot.py": source}))
    dead = container(exit_code=1, log=("ValueError: 3",), processes=(), listeners=())
    assert prove("default-command", container=dead, files=there).verdict is BROKEN


@pytest.mark.parametrize(
    "script",
    ['#!/bin/sh\n: "${BOT_TOKEN:?give one}"\n', '#!/bin/sh\nif [ -z "$BOT_TOKEN" ]; then\n  exit 1\nfi\n'],
)
def test_an_entry_script_asks_for_a_setting(script: str) -> None:
    """As shells do."""
    there = files(layer(15, entry("/entry", uid=1000), texts={"/entry": script}))
    dead = container(exit_code=2, log=("/entry: 2: give one",), processes=(), listeners=())
    proof = prove("default-command", container=dead, files=there)
    assert proof.verdict is UNPROVEN
    assert "it reads BOT_TOKEN (/entry:2)" in proof.summary


def test_a_program_that_gives_up_in_good_order_says_why() -> None:
    """With exit code 0; one that came to its end is not asked for what it reads."""
    there = files(layer(15, entry("/app/bot.py", uid=1000), texts={"/app/bot.py": BOT}))
    for line, verdict in (
        ("BOT_TOKEN is not set", UNPROVEN),
        ("bye", BROKEN),
        ("set OTHER_NAME to 3", BROKEN),
    ):
        dead = container(exit_code=0, log=(line,), processes=(), listeners=())
        assert prove("default-command", container=dead, files=there).verdict is verdict


@pytest.mark.parametrize(
    "line",
    [
        "OSError: [Errno 98] Address already in use",
        "AttributeError: module 'bot' has no attribute 'app'",
        'ERROR:    Error loading ASGI app. Attribute "app" not found in module "bot".',
        "bot.py: error: unrecognized arguments: --foo",
    ],
)
def test_a_fault_of_the_command_is_no_missing_setting(line: str) -> None:
    """No setting would help."""
    dead = container(exit_code=1, log=(line,), processes=(), listeners=())
    assert prove("default-command", container=dead, files=SOURCES).verdict is BROKEN


def test_a_field_of_pydantic_s_is_named() -> None:
    """It counts them, and names each on a line of its own."""
    log = (
        "pydantic_core._pydantic_core.ValidationError: 2 validation errors for Settings",
        "postgres_user",
        "  Field required",
    )
    proof = prove("default-command", container=container(exit_code=1, log=log, processes=()))
    assert "POSTGRES_USER" in proof.summary


@pytest.mark.parametrize(
    ("log", "stderr", "error"),
    [
        (
            ("[2026-01-01: CRITICAL/MainProcess] no schedule", "  . maxinterval", "bye."),
            (),
            "CRITICAL/MainProcess",
        ),
        (("2026 | ERROR    | app:main:3 - cannot bind", "bye"), (), "cannot bind"),
        (
            ('{"event": "cannot bind", "level": "error"}', '{"event": "bye", "level": "info"}'),
            (),
            "cannot bind",
        ),
        (("ts=1 level=fatal msg=cannot-bind", "bye"), (), "cannot-bind"),
        (("web-1  | sqlite3.OperationalError: unable to open database file", "bye"), (), "unable to open"),
        (("no schedule", "beat is going down, bye."), ("no schedule",), "no schedule"),
        (("    raise ValueError('x')", "ValueError: 42", "[INFO] exiting"), (), "ValueError: 42"),
        (
            (
                "web-1 | Traceback (most recent call last):",
                'web-1 |   File "a.py", line 1',
                "web-1 | app.BadToken: short",
                "bye",
            ),
            (),
            "app.BadToken: short",
        ),
        (("Traceback (most recent call last):", '  File "a.py"', "    go()", "Stop", "closing"), (), "Stop"),
        (
            ("Error: Cannot find module 'x'", "    at resolve (node:internal)", "Node.js v20"),
            (),
            "Cannot find module",
        ),
    ],
)
def test_the_error_is_quoted_wherever_it_stands(
    log: tuple[str, ...], stderr: tuple[str, ...], error: str
) -> None:
    """Behind any prefix, before any farewell; what goes to stderr comes before what is flushed at the end."""
    dead = container(exit_code=1, log=log, stderr=stderr, processes=(), listeners=())
    assert error in prove("default-command", container=dead).summary.partition("its log says: ")[2]


@pytest.mark.parametrize(
    ("error", "more", "fix"),
    [
        ('exec: "uvicorn": executable file not found in $PATH', (), "The image has no uvicorn"),
        (
            'exec: "uvicorn": executable file not found in $PATH',
            (entry("/app/.venv/bin/uvicorn", mode=0o755),),
            "ENV PATH=/app/.venv/bin:$PATH",
        ),
        (
            'exec: "uvicorn": executable file not found in $PATH',
            (entry("/root/", mode=0o700), entry("/root/.local/bin/uvicorn", mode=0o755)),
            "/root is root's home",
        ),
    ],
)
def test_what_cannot_be_started_is_looked_for(error: str, more: tuple[FileEntry, ...], fix: str) -> None:
    """In every bin of the image, and for whoever runs it."""
    refused = ContainerFacts(start_error=error)
    told = image(command=("uvicorn", "a:app"))
    proof = prove("default-command", image=told, files=files(layer(15, *more)), container=refused)
    assert proof.verdict is BROKEN
    assert fix in str(proof.remedy)


@pytest.mark.parametrize(
    ("text", "mode", "fix"),
    [
        ("#!/bin/sh\r\nexec x\r\n", 0o755, "Unix line ends"),
        ("#!/usr/bin/fish\n", 0o755, "asks for /usr/bin/fish"),
        ("exec x\n", 0o755, "a first line such as #!/bin/sh"),
        ("#!/bin/sh\n", 0o644, "execute bit"),
    ],
)
def test_an_entry_script_that_cannot_be_run_is_told_why(text: str, mode: int, fix: str) -> None:
    """The very script is looked at."""
    script = layer(15, entry("/start.sh", mode=mode), texts={"/start.sh": text})
    refused = ContainerFacts(start_error="exec /start.sh: no such file or directory")
    told = image(entrypoint=("/start.sh",))
    proof = prove("default-command", image=told, files=files(script), container=refused)
    assert fix in str(proof.remedy)


@pytest.mark.parametrize(
    ("text", "said", "fix"),
    [
        ("#!/bin/sh\r\nexec x\r\n", "no such file or directory", "Unix line ends"),
        ("exec x\n", "exec format error", "a first line such as #!/bin/sh"),
        (None, "no such file or directory", "is there, and cannot be run"),
    ],
)
def test_an_entry_script_that_the_kernel_would_not_run_is_told_why(
    text: str | None, said: str, fix: str
) -> None:
    """Where the engine started the container, and its log is the one to tell."""
    script = layer(15, entry("/start.sh", mode=0o755), texts={} if text is None else {"/start.sh": text})
    ended = container(exit_code=255, lived_s=0.0, ready=False, log=(f"exec /start.sh: {said}",))
    told = image(entrypoint=("/start.sh",))
    proof = prove("default-command", image=told, files=files(script), container=ended)
    assert proof.verdict is BROKEN
    assert fix in str(proof.remedy)
    assert "was started" not in str(proof.remedy)
