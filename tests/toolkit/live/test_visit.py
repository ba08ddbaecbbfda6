"""A container that tests talk to, on a real engine: commands, files, ports, signals and a second life."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from hullproof.engine.visit import VisitedContainer
from hullproof.facts import Unobservable

from ..boots import Boots, Images

pytestmark = pytest.mark.engine

Visit = Callable[..., VisitedContainer]


@pytest.fixture
def visit(boots: Boots) -> Visit:
    """Start containers with a published port."""

    def begin(image: str, *, env: dict[str, str] | None = None, **options: Any) -> VisitedContainer:  # noqa: ANN401
        published = {"ports": {"5000/tcp": ("127.0.0.1", None)}, **options}
        return boots.start(VisitedContainer, image, env=env or {}, options=published)

    return begin


def answers(container: VisitedContainer) -> int:
    """Ask over the published port."""
    with urllib.request.urlopen(f"http://127.0.0.1:{container.published(5000)}/", timeout=5) as answer:
        return int(answer.status)


def test_it_can_be_looked_at_again_and_again(images: Images, visit: Visit) -> None:
    """Each look shows what is there now, whatever the ones before it saw."""
    code = "import os\nsignal.signal(signal.SIGUSR1, lambda *_: os.fork())\nserve()"
    with visit(images.python(code)) as container:
        first, second = container.look(), container.look()
        assert first.ready
        assert (second.ready, len(second.processes), second.listeners) == (True, 1, first.listeners)
        container.kill("SIGUSR1")
        time.sleep(0.5)
        assert len(container.look().processes) == 2


def test_a_death_is_seen_by_the_next_look(images: Images, visit: Visit) -> None:
    """With its exit code and its last words."""
    with visit(images.python("print('so long', flush=True)\nserve()")) as container:
        assert container.look().ready
        container.kill("SIGKILL")
        assert container.await_end(10) == 137
        facts = container.look()
        assert (facts.died, facts.exit_code) == (True, 137)
        assert facts.log[0] == "so long"


def test_the_published_port_answers(images: Images, visit: Visit) -> None:
    """A port that is not published leads nowhere."""
    with visit(images.python("serve()")) as container:
        assert container.look().ready
        assert answers(container) == 200
        assert container.published(4000) is None


def test_a_command_tells_its_exit_code_and_both_outputs(images: Images, visit: Visit) -> None:
    """It is run as it stands, without a shell, as the image's user or another."""
    code = "import os, sys; print(os.getuid(), sys.argv[1]); print('aside', file=sys.stderr); sys.exit(3)"
    with visit(images.python("serve()", "USER 65534:65534")) as container:
        done = container.execute(["python3", "-c", code, "$HOME *"])
        assert (done.exit_code, done.stdout, done.stderr) == (3, "65534 $HOME *\n", "aside\n")
        assert container.execute(["python3", "-c", code, ""], user="0").stdout == "0 \n"


def test_a_program_that_is_not_there_is_an_answer_too(images: Images, visit: Visit) -> None:
    """As in a shell, it fails; the engine says why."""
    with visit(images.python("serve()")) as container:
        done = container.execute(["no-such-program"])
        assert done.exit_code in (126, 127)
        assert "no-such-program" in done.stdout + done.stderr


def test_no_command_runs_in_a_container_that_has_ended(images: Images, visit: Visit) -> None:
    """One line says so."""
    with visit(images.python("print('done')")) as container:
        assert container.await_end(10) == 0
        with pytest.raises(Unobservable, match=r"^true cannot be run in the container: [^\n]+not running$"):
            container.execute(["true"])
        with pytest.raises(Unobservable, match=r"^SIGTERM cannot be sent: [^\n]+not running$"):
            container.kill("SIGTERM")
        with pytest.raises(Unobservable, match="ended by itself"):
            container.stop()


def test_a_file_is_read_without_a_shell(images: Images, visit: Visit) -> None:
    """As it is now, links followed, alive or dead; what is no file is told as Python tells it."""
    code = "import os\nopen('/app/new', 'w').write('x' * 3_000_000)\nos.symlink('/app/new', '/tmp/link')\nos.mkfifo('/tmp/fifo')"
    with visit(images.python(code)) as container:
        assert container.await_end(20) == 0
        assert container.read("/app/new") == container.read("/tmp/link") == b"x" * 3_000_000
        assert container.read("/app/run.py").endswith(code.encode())
        with pytest.raises(FileNotFoundError, match=r"/app/missing"):
            container.read("/app/missing")
        with pytest.raises(FileNotFoundError, match=r"/app/new/below"):
            container.read("/app/new/below")
        with pytest.raises(FileNotFoundError, match=r"/tmp/fifo is no regular file"):
            container.read("/tmp/fifo")
        for folder in ("/app", "/", "/bin"):
            with pytest.raises(IsADirectoryError, match=folder):
                container.read(folder)


def test_stopping_is_measured(images: Images, visit: Visit) -> None:
    """How long it took and how it ended; SIGKILL where it does not listen."""
    with visit(images.python("serve()")) as container:
        assert container.look().ready
        stopped = container.stop()
        assert (stopped.exit_code, stopped.killed) == (0, False)
        assert stopped.seconds < 3
        assert container.state["Status"] == "exited"


def test_it_lives_again_with_the_files_that_it_had(images: Images, visit: Visit) -> None:
    """After a start, readiness is waited for anew, and the port is another one that answers."""
    code = "import pathlib\nlives = pathlib.Path('/tmp/lives')\nlives.open('a').write('*')\ntime.sleep(1)\nserve()"
    with visit(images.python(code)) as container:
        assert container.look().ready
        container.stop()
        container.start_again()
        began = time.monotonic()
        assert container.look().ready
        assert time.monotonic() - began > 0.5
        assert container.read("/tmp/lives") == b"**"
        assert answers(container) == 200
        assert container.stop().exit_code == 0


def test_the_whole_log_is_told(images: Images, visit: Visit) -> None:
    """However long it is."""
    with visit(images.python("print('\\n'.join(map(str, range(20_000))))")) as container:
        assert container.await_end(20) == 0
        assert container.log().split() == [str(number) for number in range(20_000)]


def test_options_are_the_sdks(images: Images, visit: Visit) -> None:
    """What `docker run` can change, these can; what it cannot start is said by the next look."""
    with visit(images.python("serve()"), read_only=True, cap_drop=["ALL"], user="4711") as container:
        main = container.look().main
        assert main is not None
        assert (main.uids, main.capabilities["CapEff"]) == ((4711,) * 4, 0)
        assert container.execute(["touch", "/file"]).exit_code == 1
    with visit(images.python("serve()"), command=["no-such-program"]) as container:
        assert "no-such-program" in str(container.look().start_error)
    with pytest.raises(TypeError, match="no_such_option"):
        visit(images.python("serve()"), no_such_option=1)
