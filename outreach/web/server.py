"""Serve the application: in a thread beside other roles, or in the foreground as a role of its own."""

from __future__ import annotations

import socket
import threading

import uvicorn

from outreach.errors import UsageError
from outreach.web.application import create_app
from outreach.web.services import WebServices

_SECONDS_TO_START = 30
_SECONDS_TO_FINISH = 10


class WebServer:
    """Listens from `start` to `stop`. Port 0 takes a free one; `port` tells which."""

    def __init__(self, services: WebServices, *, host: str = "127.0.0.1", port: int = 8080) -> None:
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server = _Server(_config(services))
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def url(self) -> str:
        """Where the dashboard is, for people on this machine."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def start(self) -> None:
        """Returns when connections are answered."""
        self._thread.start()
        if not self._server.is_up.wait(_SECONDS_TO_START):
            raise RuntimeError("the web server did not start")

    def stop(self) -> None:
        """Finish what is under way, then stop listening."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(_SECONDS_TO_FINISH + 5)
        self._socket.close()

    def run(self) -> None:
        """Serve in the calling thread until a signal says stop."""
        try:
            self._run()
        finally:
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


def _config(services: WebServices) -> uvicorn.Config:
    """No access log: opt-out addresses are secrets of the people they belong to. No trust in forwarded headers."""
    return uvicorn.Config(
        create_app(services),
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        lifespan="off",
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise UsageError(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another with --port.") from error
    return listening
