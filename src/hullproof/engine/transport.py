"""How calls reach the engine: as the SDK sends them, with the deadline that each has, over connections that can be broken."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from requests.adapters import BaseAdapter, HTTPAdapter

from hullproof.engine.calls import CALL_S, Calls

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.api.client import APIClient
    from requests import PreparedRequest, Response


def mount(api: APIClient, calls: Calls) -> None:
    """Have all calls of a client go through `calls`."""
    calls.attach(api)
    for prefix, adapter in list(api.adapters.items()):
        if isinstance(adapter, HTTPAdapter):
            api.mount(prefix, Timed(adapter, calls))


class Timed(BaseAdapter):
    """Sends as another adapter does, through unix sockets, TCP or TLS, within what the calls are allowed."""

    def __init__(self, inner: HTTPAdapter, calls: Calls) -> None:
        """Take what sends."""
        super().__init__()
        self._inner = inner
        self._calls = calls
        pool_for = inner.get_connection_with_tls_context

        def noting(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever requests hands over
            return _noting(pool_for(*args, **options), calls)

        inner.get_connection_with_tls_context = noting  # type: ignore[method-assign] # the SDK has made it, of its class

    def send(  # noqa: PLR0917 - as requests has it
        self,
        request: PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - as requests has it
        timeout: Any = None,  # noqa: ANN401 - the same
        verify: bool | str = True,  # noqa: FBT001, FBT002 - the same
        cert: Any = None,  # noqa: ANN401 - the same
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request. Raises EngineError where none may be sent any more, and what requests raises."""
        allowed: Any = self._calls.allowed(timeout)
        may_take_long = allowed[1] is None or allowed[1] > CALL_S
        with self._calls.attended() if may_take_long else nullcontext():
            response = self._inner.send(request, stream, allowed, verify, cert, proxies)
        if may_take_long and stream:
            self._calls.attend(response.raw)
        return response

    def close(self) -> None:
        """Give the connections back."""
        self._inner.close()


def _noting(pool: Any, calls: Calls) -> Any:  # noqa: ANN401 - the SDK's pools and urllib3's
    """Have a pool's connections noted, in the function by which the SDK's pools differ from urllib3's.

    It is their sockets that are noted: a connection lets go of its own as soon as an answer has no end of its own.
    """
    if "_new_conn" not in vars(pool):
        make = pool._new_conn  # noqa: SLF001 - see above

        def made() -> Any:  # noqa: ANN401 - the same
            connection = make()
            connect = connection.connect

            def connected() -> None:
                connect()
                calls.note(connection.sock)

            connection.connect = connected
            return connection

        pool._new_conn = made  # noqa: SLF001 - see above
    return pool
