"""The stage of the demo: a temporary workspace, servers on loopback, and the program running on a movable clock."""

from __future__ import annotations

import base64
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from outreach import app as apps
from outreach.app import App
from outreach.clock import fresh_secret
from outreach.sandbox import hubspot_server
from outreach.sandbox.arrivals import Arrivals
from outreach.sandbox.cast import BUSY, KNOWN_IN_CRM, PUT_OFF, REFUSED, email_of
from outreach.sandbox.http_host import HttpHost, free_port
from outreach.sandbox.hubspot_server import FakeHubSpot
from outreach.sandbox.mail_server import MailServer
from outreach.sandbox.providers import Providers, Secrets
from outreach.sandbox.story_clock import StoryClock
from outreach.sandbox.unipile_server import UnipileServer
from outreach.scheduler import Scheduler
from outreach.web.backing import services_of
from outreach.web.server import WebServer
from outreach.worker import Worker

_FILES = Path(__file__).with_name("workspace")
_ACCOUNT = "acc_anna"
_FIRST_NUMBER = 2647
"""Senders go by a hash of the lead's id: with this one Anna, who has connected LinkedIn, gets most of its users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that runs. Who built it closes it by the stack it was built on."""

    root: Path
    clock: StoryClock
    arrivals: Arrivals
    app: App
    scheduler: Scheduler
    web: WebServer
    mail_server: MailServer
    unipile: UnipileServer
    hubspot: FakeHubSpot
    providers: Providers


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agreed:
    """Passwords and secrets that both sides of a wire know, made afresh for each run."""

    anna: str
    deniz: str
    unipile: str
    hubspot: str
    secret_key: str
    hooks: Secrets


def build(stack: ExitStack, start: datetime) -> Stage:
    """Start everything; the stack stops it in reverse order."""
    root = Path(tempfile.mkdtemp(prefix="outreach-demo-", dir=_memory_disk()))
    stack.callback(shutil.rmtree, root, ignore_errors=True)
    clock = StoryClock(start, first_number=_FIRST_NUMBER)
    arrivals = Arrivals(clock, email_of=email_of)
    agreed = _agree()
    mail_server = _mail_server(stack, agreed, arrivals)
    unipile = UnipileServer(token=agreed.unipile, account=_ACCOUNT, on_done=arrivals.account_did, busy=set(BUSY))
    hubspot = _hubspot(agreed.hubspot)
    unipile_url = _serve(stack, HttpHost(unipile.application, name="unipile"))
    hubspot_url = _serve(stack, HttpHost(hubspot_server.served(hubspot), name="hubspot"))
    port = free_port()
    public_url = f"http://127.0.0.1:{port}"
    urls = {"SMTP": mail_server.url, "UNIPILE": unipile_url, "HUBSPOT": hubspot_url, "PUBLIC": public_url}
    _write_workspace(root, agreed, urls)
    app, scheduler, web = _program(stack, root, clock, port)
    providers = Providers(public_url, agreed.hooks, clock)
    stack.callback(providers.close)
    return Stage(
        root=root,
        clock=clock,
        arrivals=arrivals,
        app=app,
        scheduler=scheduler,
        web=web,
        mail_server=mail_server,
        unipile=unipile,
        hubspot=hubspot,
        providers=providers,
    )


def _memory_disk() -> str | None:
    """A demo need not survive a power cut, and its clock jumps as fast as the disk writes. None: the usual place."""
    disk = Path("/dev/shm")  # noqa: S108  # the folder made below it is ours alone
    return str(disk) if disk.is_dir() and os.access(disk, os.W_OK) else None


def _agree() -> _Agreed:
    return _Agreed(
        anna=fresh_secret(),
        deniz=fresh_secret(),
        unipile=fresh_secret(),
        hubspot=fresh_secret(),
        secret_key=fresh_secret(),
        hooks=Secrets(
            replies="whsec_" + base64.b64encode(fresh_secret().encode()[:32]).decode(),
            postmark_user="hook",
            postmark_password=fresh_secret(),
            unipile_header="x-hook-secret",
            unipile_value=fresh_secret(),
        ),
    )


def _mail_server(stack: ExitStack, agreed: _Agreed, arrivals: Arrivals) -> MailServer:
    server = MailServer(
        {"anna@example.com": agreed.anna, "deniz@example.com": agreed.deniz},
        arrivals.mail_came,
        refused=REFUSED,
        put_off=PUT_OFF,
        on_refusal=arrivals.mail_was_refused,
    )
    server.start()
    stack.callback(server.stop)
    return server


def _serve(stack: ExitStack, host: HttpHost) -> str:
    host.start()
    stack.callback(host.stop)
    return host.url


def _hubspot(token: str) -> FakeHubSpot:
    """It knows two of the leads already, asks once to come back later, and once loses an answer it had given."""
    hubspot = FakeHubSpot(token=token)
    for email, first_name in KNOWN_IN_CRM.items():
        hubspot.add("contacts", {"email": email, "firstname": first_name})
    hubspot.before = _Once("/contacts", 429, "RATE_LIMITS", {"retry-after": "10"})
    hubspot.after = _Once("/emails", 502, "BAD_GATEWAY", {})
    return hubspot


class _Once:
    """Answers in HubSpot's stead to the first POST whose path ends so."""

    def __init__(self, ending: str, status: int, category: str, headers: Mapping[str, str]) -> None:
        self._ending = ending
        self._status = status
        self._headers = dict(headers)
        self._body = {"status": "error", "category": category, "message": category.replace("_", " ").lower()}
        self._is_over = False

    def __call__(self, request: httpx.Request) -> httpx.Response | None:
        if self._is_over or request.method != "POST" or not request.url.path.endswith(self._ending):
            return None
        self._is_over = True
        return httpx.Response(self._status, content=json.dumps(self._body), headers=self._headers)


def _write_workspace(root: Path, agreed: _Agreed, urls: Mapping[str, str]) -> None:
    shutil.copytree(_FILES, root, dirs_exist_ok=True)
    values = {f"{name}_URL": url for name, url in urls.items()} | {
        "ANNA_PASSWORD": agreed.anna,
        "DENIZ_PASSWORD": agreed.deniz,
        "UNIPILE_TOKEN": agreed.unipile,
        "HUBSPOT_TOKEN": agreed.hubspot,
        "SECRET_KEY": agreed.secret_key,
        "REPLIES_SECRET": agreed.hooks.replies,
        "POSTMARK_PASSWORD": agreed.hooks.postmark_password,
        "UNIPILE_HOOK_SECRET": agreed.hooks.unipile_value,
    }
    lines = "".join(f'DEMO_{name}="{value}"\n' for name, value in values.items())
    env = root / ".env"
    env.write_text(lines, encoding="utf-8")
    env.chmod(0o600)


def _program(stack: ExitStack, root: Path, clock: StoryClock, port: int) -> tuple[App, Scheduler, WebServer]:
    """The program itself, as `outreach run` has it, but for the scheduler's own rhythm: here the story ticks."""
    app = apps.build(root, {}, clock=clock)
    stack.callback(app.close)
    worker = Worker(app)
    worker.start()
    stack.callback(worker.close)
    web = WebServer(services_of(app), port=port)
    web.start()
    stack.callback(web.stop)
    return app, Scheduler(app), web
