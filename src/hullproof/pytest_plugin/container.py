"""What tests get to see: the image, its containers and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hullproof.errors import HullproofError, Unobservable, UsageError
from hullproof.pytest_plugin.findings import NotReady, why_not_ready
from hullproof.text import line, uncoloured

if TYPE_CHECKING:
    from types import TracebackType

    from docker.models.containers import Container as SdkContainer
    from docker.models.images import Image as SdkImage
    from typing_extensions import Self

    from hullproof.engine.model.container import ContainerFacts, Executed, Stopped
    from hullproof.engine.model.image import FileEntry, ImageFacts
    from hullproof.engine.visit import VisitedContainer

_LOG_LINES = 20
END_DEADLINE_S = 30.0
"""How long `Container.wait` waits by default."""


class Files(Mapping[str, "FileEntry"]):
    """All files of an image as its containers see them at their start: absolute path to owner, mode, size and kind.

    They are read at the first question, in one pass over what the engine saves; that takes a second or two.
    """

    def __init__(self, read: Callable[[], Mapping[str, FileEntry]]) -> None:
        """Take what reads them."""
        self._read = read

    def __getitem__(self, path: str) -> FileEntry:
        """Return the entry of a path. Raises KeyError."""
        return self._read()[path]

    def __iter__(self) -> Iterator[str]:
        """Go through the paths."""
        return iter(self._read())

    def __len__(self) -> int:
        """Count them."""
        return len(self._read())

    def below(self, folder: str) -> list[FileEntry]:
        """Return the entries of a folder and of all that is in it, at any depth."""
        start = folder.rstrip("/") + "/"
        return [entry for path, entry in self.items() if path == folder or path.startswith(start)]


class ContainerFiles(Files):
    """The files of the image that a container was made of, and what they hold in this container now."""

    def __init__(self, files: Files, read: Callable[[str], bytes]) -> None:
        """Take the image's files, and what reads one of the container's."""
        super().__init__(lambda: files)
        self._content = read

    def read(self, path: str) -> bytes:
        """Return what a file holds now, links followed; also one that the container has made, or after its end.

        No shell is needed. Raises FileNotFoundError and IsADirectoryError. What the kernel mounts, such as /proc
        or a tmpfs, is not among the files.
        """
        return self._content(path)


@dataclass(frozen=True, repr=False)
class Image:
    """The image under test. `config` is what its configuration says, `files` what it holds.

    `sdk` is the same image as the Docker SDK for Python has it, for all that is not here.
    """

    config: ImageFacts
    files: Files
    sdk: SdkImage

    @property
    def id(self) -> str:
        """The image's id: `sha256:` and so on."""
        return self.config.id

    def __repr__(self) -> str:
        """Show the first digits of its id."""
        return f"<Image {self.id.removeprefix('sha256:')[:12]}>"


class Container:
    """A container of the image under test. In a `with` block, it is removed at the block's end."""

    def __init__(
        self, booted: VisitedContainer, image: Image, host: str | None, removed: Callable[[Container], None]
    ) -> None:
        """Take the booted container and the host where its ports are published, None where it has no network.

        Tests get theirs from fixtures.
        """
        self.image = image
        self.files = ContainerFiles(image.files, self._read)
        self._booted = booted
        self._host = host
        self._removed = removed
        self._ready_after_s: float | None = None
        self.log_of_failure: tuple[str, str] | None = None

    def __repr__(self) -> str:
        """Show the first digits of its id."""
        return f"<Container {self.id[:12] or '(removed)'}>"

    def __enter__(self) -> Self:
        """Use it as a context manager: the container is removed at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the container; where a test failed with it, keep for the report what it printed."""
        if error is not None:
            self.log_of_failure = log_of(self)
        self.remove()

    @property
    def id(self) -> str:
        """The container's id, empty when it was removed."""
        return self._booted.id

    @property
    def sdk(self) -> SdkContainer:
        """The same container as the Docker SDK for Python has it, for all that is not here."""
        return self._there.sdk

    @property
    def state(self) -> dict[str, Any]:
        """What `docker inspect` says of its state now: `Status`, `ExitCode`, `Health`, ..."""
        return self._there.state

    # --- from outside ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The address of its one exposed port over HTTP, without a slash at the end. Raises as `url` does."""
        __tracebackhide__ = True
        return self.url()

    def url(self, path: str = "", port: int | None = None) -> str:
        """Return the address of a path at an exposed TCP port over HTTP; without `port`, at the only one.

        Raises UsageError where the image exposes none, or several and `port` does not say which; Unobservable
        where the container does not run.
        """
        __tracebackhide__ = True
        host, number = self.address(port)
        netloc = f"[{host}]:{number}" if ":" in host else f"{host}:{number}"
        return f"http://{netloc}/{path.lstrip('/')}" if path else f"http://{netloc}"

    def address(self, port: int | None = None) -> tuple[str, int]:
        """Return host and port where an exposed TCP port is reached from the machine that runs pytest.

        The engine picks another port at each start. Raises as `url` does.
        """
        __tracebackhide__ = True
        exposed = [each.removesuffix("/tcp") for each in self.image.config.exposed if each.endswith("/tcp")]
        if port is None and len(exposed) != 1:
            names = " and ".join(f"{each}/tcp" for each in exposed)
            raise UsageError(
                f"the image exposes {names}; say which is meant, as in url(port={exposed[0]})"
                if exposed
                else "the image exposes no TCP port, so none is published; EXPOSE it in the Dockerfile"
            )
        wanted = int(exposed[0]) if port is None else port
        if self._host is None:
            raise UsageError(
                "the container has no network (`offline`), so that no port of it is reached from outside; "
                "look into it (`facts`, `exec`), or leave out `offline`"
            )
        published = self._there.published(wanted)
        if published is not None:
            return self._host, published
        self._require_running()
        raise UsageError(
            f"{wanted}/tcp is not exposed by the image, and so not published; "
            f"exposed: {', '.join(self.image.config.exposed) or 'nothing'}"
        )

    def logs(self) -> str:
        """Return all that it has printed, stdout and stderr in one."""
        return self._there.log()

    # --- from inside -------------------------------------------------------------------------------------

    @property
    def facts(self) -> ContainerFacts:
        """What the kernel tells of it: processes with their uids and capabilities, listeners, answers of ports.

        It is looked at anew each time, which takes a fraction of a second. Raises Unobservable where it does
        not run or nothing could be seen, so that an empty list always means that there is nothing.
        """
        __tracebackhide__ = True
        facts = self._there.look()
        if facts.died:
            raise Unobservable(f"{why_not_ready(facts)}: nothing is there to be seen")
        if facts.unobservable is not None:
            raise Unobservable(f"nothing can be seen inside the container: {facts.unobservable}")
        return facts if self._ready_after_s is None else replace(facts, ready_after_s=self._ready_after_s)

    def exec(self, *command: str, user: str = "") -> Executed:
        """Run a command in it, as an argument list and without a shell; return exit code, stdout and stderr.

        `user` is by default who the image runs as; the rights are those of the container. Raises Unobservable where the container does not run.
        """
        __tracebackhide__ = True
        return self._there.execute(command, user=user)

    # --- its life ----------------------------------------------------------------------------------------

    def wait_until_ready(self) -> Self:
        """Wait as the project's `ready` and `ready_timeout_s` say. Raises NotReady with its last log lines."""
        __tracebackhide__ = True
        facts = self._there.look()
        why = why_not_ready(facts)
        if why is not None:
            said = [uncoloured(each) for each in facts.log]
            raise NotReady(why, last_log_lines=said or ["(it printed nothing)"])
        self._ready_after_s = facts.ready_after_s
        return self

    def stop(self) -> Stopped:
        """Stop it as `docker stop` does; return the seconds that it took, the exit code, and whether it was killed.

        Raises Unobservable where it had ended before.
        """
        __tracebackhide__ = True
        return self._there.stop()

    def kill(self, signal: str = "SIGKILL") -> None:
        """Send a signal to its main process. Raises Unobservable where it does not run."""
        __tracebackhide__ = True
        self._there.kill(signal)

    def wait(self, timeout_s: float = END_DEADLINE_S) -> int:
        """Wait until it has ended; return the exit code. Raises TimeoutError where it still runs."""
        __tracebackhide__ = True
        exit_code = self._there.await_end(timeout_s)
        if exit_code is None:
            raise TimeoutError(f"the container still runs after {timeout_s:g} s")
        return exit_code

    def start(self) -> Self:
        """Start it again, with the files that it had, after it has ended; wait until it is ready."""
        __tracebackhide__ = True
        self._there.start_again()
        return self.wait_until_ready()

    def remove(self) -> None:
        """Remove it with its anonymous volumes. Doing it twice does no harm."""
        self._booted.remove()
        self._removed(self)

    def _require_running(self) -> None:
        state = self.state
        if state["Status"] != "running":
            raise Unobservable(
                f"the container does not run: {state['Status']}, exit code {state['ExitCode']}"
            )

    def _read(self, path: str) -> bytes:
        return self._there.read(path)

    @property
    def _there(self) -> VisitedContainer:
        if not self._booted.id:
            raise Unobservable("the container was removed")
        return self._booted


def log_of(container: Container) -> tuple[str, str]:
    """Say how a container is and what it printed last, for a failed test. Never raises: something else went wrong."""
    try:
        state, log = container.state, uncoloured(container.logs()).splitlines()[-_LOG_LINES:]
    except (HullproofError, Unobservable) as error:
        return f"container {container.id[:12]}", line(str(error))
    ended = "" if state["Status"] == "running" else f", exit code {state['ExitCode']}"
    said = "\n".join(map(line, log))
    return f"container {container.id[:12]}: {state['Status']}{ended}", said or "(it printed nothing)"
