"""A real RabbitMQ, started for tests from the system's package (Debian: rabbitmq-server), on free ports of loopback.

It runs as anybody, with its own name, cookie, data and port mapper, so that a RabbitMQ of the machine is not touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pika
import psutil

from outreach.testing.processes import wait_until
from outreach.testing.servers import free_port

ROOMS = 12
"""How many virtual hosts there are from the start: stories that run beside each other share none."""

_START_SECONDS = 60
_HOMES = (Path("/usr/lib/rabbitmq/bin"), Path("/usr/local/lib/rabbitmq/bin"))
"""Where the scripts themselves are: the ones in the path insist on root or a user named rabbitmq."""


class RabbitServer:
    """A RabbitMQ with the user guest and no plugins. `kill` ends it as a crash does; what is on its disk stays."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="outreach-rabbit-"))
        self.port = free_port()
        self._rooms = count()
        self._environ = {**os.environ, **self._settings()}
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def room(self) -> str:
        """The URL of a virtual host that nobody has used."""
        number = next(self._rooms)
        assert number < ROOMS, "give the server more rooms"
        return f"{self.url}room-{number}"

    def start(self) -> None:
        """Start on the same port with the data it had; returns when connections are answered."""
        with (self._home / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [str(_script("rabbitmq-server"))],
                env=self._environ,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
        try:
            wait_until(self._answers, seconds=_START_SECONDS, what="RabbitMQ")
        except AssertionError as error:
            raise RuntimeError(f"{error}:\n{self.said()[-4000:]}") from None

    def delete(self, url: str, queues: Sequence[str]) -> None:
        """Delete these queues of a virtual host, whoever listens on them."""
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            channel = connection.channel()
            for queue in queues:
                channel.queue_delete(queue)

    def purge(self, url: str, queues: Sequence[str]) -> None:
        """Empty these queues of a virtual host."""
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            channel = connection.channel()
            for queue in queues:
                channel.queue_purge(queue)

    def control(self, *arguments: str) -> None:
        """What an operator does with `rabbitmqctl`."""
        command = [str(_script("rabbitmqctl")), *arguments]
        subprocess.run(command, env=self._environ, cwd=self._home, check=True, capture_output=True, timeout=60)

    def kill(self) -> None:
        """End the whole of it at once; returns when its name is free again."""
        if self._process is None:
            return
        whole = psutil.Process(self._process.pid)
        everybody = [*whole.children(recursive=True), whole]
        for each in everybody:
            each.kill()
        psutil.wait_procs(everybody, timeout=10)
        self._process.wait(10)
        self._process = None
        wait_until(lambda: self.port_mapper("-names").count(b"name ") == 0, seconds=10, what="the end of RabbitMQ")

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        """End it and its port mapper, and remove what it wrote."""
        self.kill()
        self.port_mapper("-kill")
        shutil.rmtree(self._home, ignore_errors=True)

    def said(self) -> str:
        return (self._home / "said").read_text(encoding="utf-8", errors="replace")

    def port_mapper(self, order: str) -> bytes:
        """What epmd, which knows the nodes of a machine, says to an order; this one knows ours alone."""
        command = [str(_script("epmd")), order]
        return subprocess.run(command, env=self._environ, check=False, capture_output=True, timeout=10).stdout

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"RabbitMQ has ended:\n{self.said()[-4000:]}")
        try:
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
        except pika.exceptions.AMQPError:
            return False
        return True

    def _settings(self) -> dict[str, str]:
        plugins, config = self._home / "enabled_plugins", self._home / "rabbitmq.conf"
        plugins.write_text("[].\n", encoding="utf-8")
        definitions = self._home / "definitions.json"
        definitions.write_text(json.dumps(_definitions()), encoding="utf-8")
        lines = ("log.console = true", "log.console.level = warning", f"load_definitions = {definitions}")
        config.write_text("\n".join(lines), encoding="utf-8")
        return {
            "HOME": str(self._home),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_CONF_ENV_FILE": str(self._home / "none"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_LOG_BASE": str(self._home / "log"),
            "RABBITMQ_MNESIA_BASE": str(self._home / "data"),
            "RABBITMQ_NODENAME": f"outreach-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +A 4",
        }


def _definitions() -> dict[str, list[dict[str, str]]]:
    """The sample user guest, and where it may do everything."""
    rooms = ["/", *(f"room-{number}" for number in range(ROOMS))]
    rights = {"user": "guest", "configure": ".*", "write": ".*", "read": ".*"}
    return {
        "users": [{"name": "guest", "password": "guest", "tags": "administrator"}],
        "vhosts": [{"name": room} for room in rooms],
        "permissions": [{"vhost": room, **rights} for room in rooms],
    }


def _script(name: str) -> Path:
    found = next((home / name for home in _HOMES if (home / name).exists()), None) or shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is missing. Install RabbitMQ; on Debian: apt-get install rabbitmq-server")
    return Path(found)
