"""Serve an ASGI application on a free port of loopback, in a thread of its own."""

from __future__ import annotations

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

_SECONDS_TO_START = 15
_SECONDS_TO_STOP = 5


class HttpHost:
    """Listens from the first moment, answers between `start` and `stop`."""

    def __init__(self, application: ASGIApp, *, name: str) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = _Server(
            uvicorn.Config(
                application,
                access_log=False,
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=_SECONDS_TO_STOP,
            )
        )
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Returns when requests are answered."""
        self._thread.start()
        if not self._server.is_up.wait(_SECONDS_TO_START):
            raise RuntimeError(f"the stand-in at {self.url} did not start")

    def stop(self) -> None:
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_SECONDS_TO_STOP + 5)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


def free_port() -> int:
    """A port of loopback nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
