"""Commands that stay: run (every role in one process), worker, scheduler, web."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import invocation

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.web.server import WebServer

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

Host = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Listen there instead of web.host.")]
Port = Annotated[int | None, typer.Option(metavar="NUMBER", help="Listen there instead of web.port.", min=0, max=65535)]
Threads = Annotated[int, typer.Option(metavar="NUMBER", help="Threads of this worker.", min=1, max=256)]


def add_to(program: typer.Typer) -> None:
    program.command("run")(run)
    program.command("worker")(worker)
    program.command("scheduler")(scheduler)
    program.command("web")(web)


def run(context: typer.Context, *, host: Host = None, port: Port = None, threads: Threads = 8) -> None:
    """Every role in one process: scheduler, worker and web. Ctrl-C finishes what is on the wire, then ends."""
    with _role(context) as (app, roles, stop):
        _start_worker(app, roles, threads)
        _start_scheduler(app, roles)
        server = _start_web(app, roles, host, port)
        typer.echo(f"Running. Dashboard: {server.url}  Stop: Ctrl-C", err=True)
        stop.wait()
        typer.echo("Stopping: finishing what is on the wire.", err=True)


def worker(context: typer.Context, *, threads: Threads = 8) -> None:
    """Sends, and understands what comes in. Any number may run, on any number of machines."""
    with _role(context) as (app, roles, stop):
        _start_worker(app, roles, threads)
        stop.wait()


def scheduler(context: typer.Context) -> None:
    """Decides what is due. Any number may run; one leads, another takes over within seconds."""
    with _role(context) as (app, roles, stop):
        _start_scheduler(app, roles)
        stop.wait()


def web(context: typer.Context, *, host: Host = None, port: Port = None) -> None:
    """Webhooks, opt-out pages and the dashboard."""
    with _role(context) as (app, roles, stop):
        server = _start_web(app, roles, host, port)
        typer.echo(f"Listening at {server.url}  Stop: Ctrl-C", err=True)
        stop.wait()


@contextmanager
def _role(context: typer.Context) -> Iterator[tuple[App, ExitStack, threading.Event]]:
    """The program, a stack that ends what was started in reverse order, and the event of a signal to stop."""
    from outreach import app
    from outreach.cli.logs import everything

    everything()
    stop = _until_signalled()
    built = app.build(invocation(context).root, os.environ)
    with ExitStack() as roles:
        roles.callback(built.close)
        built.check_files()
        built.prove_crms()
        yield built, roles, stop


def _until_signalled() -> threading.Event:
    """Set by the first SIGINT or SIGTERM; the second one ends the process at once, as it would without us."""
    stop = threading.Event()

    def note(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in _SIGNALS:
        signal.signal(number, note)
    return stop


def _start_worker(app: App, roles: ExitStack, threads: int) -> None:
    from outreach.worker import Worker

    started = Worker(app, threads=threads)
    started.start()
    roles.callback(started.close)
    _start_mailboxes(app, roles)


def _start_mailboxes(app: App, roles: ExitStack) -> None:
    if not app.mailboxes:
        return
    from outreach.mailboxes import Mailboxes

    started = Mailboxes(app)
    started.start()
    roles.callback(started.close)


def _start_scheduler(app: App, roles: ExitStack) -> None:
    from outreach.scheduler import Scheduler

    started = Scheduler(app)
    started.start()
    roles.callback(started.close)


def _start_web(app: App, roles: ExitStack, host: str | None, port: int | None) -> WebServer:
    from outreach.web.backing import services_of
    from outreach.web.server import WebServer

    at = app.settings.web
    server = WebServer(services_of(app), host=host or at.host, port=at.port if port is None else port)
    server.start()
    roles.callback(server.stop)
    return server
