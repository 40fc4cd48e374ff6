"""crm authorize: the whole way from the consent page to tokens in the vault, against a login server on loopback."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from typer.testing import CliRunner

from outreach import adapters, app, consent
from outreach.cli.program import program
from outreach.sandbox.http_host import HttpHost, free_port
from outreach.services.watching.mail_accounts import consent_of
from tests.cli.conftest import Said, Shell

SECRET = "client-secret-9"  # a sample


@dataclass
class LoginServer:
    """The consent page of every provider: it agrees at once, and knows which challenge a code was given for."""

    granted: object = "oauth everything"
    extra: dict[str, str] = field(default_factory=dict)  # beside the code
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    exchanged: list[dict[str, str]] = field(default_factory=list)
    refresh_token: str = "refresh-1"
    says: dict[str, str] = field(default_factory=dict)  # in place of a code

    def served(self) -> Starlette:
        consent = [Route(path, self.consent) for path in ("/consent", "/oauth/v2/auth", "/services/oauth2/authorize")]
        tokens = ("/token", "/oauth/v2/token", "/services/oauth2/token")
        return Starlette(
            routes=[Route("/authorize", self.consent), *consent]
            + [Route(path, self.token, methods=["POST"]) for path in tokens]
        )

    async def consent(self, request: Request) -> Response:
        asked = dict(request.query_params)
        code = f"code-{len(self.codes) + 1}"
        self.codes[code] = asked
        answer = self.says or {"code": code, **self.extra}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}", 302)

    async def token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        basic = base64.b64decode(request.headers.get("authorization", "Basic Og==").removeprefix("Basic ")).decode()
        secret = form.get("client_secret") or basic.partition(":")[2]
        asked = self.codes.pop(form["code"], {})
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (challenge, form["redirect_uri"], secret) != (
            asked.get("code_challenge"),
            asked.get("redirect_uri"),
            SECRET,
        ):
            return JSONResponse({"error": "invalid_grant", "error_description": f"not {secret}"}, 400)
        self.exchanged.append(form)
        granted = {"scopes": self.granted} if isinstance(self.granted, list) else {"scope": self.granted}
        tokens = {"access_token": "access-1", "refresh_token": self.refresh_token, "expires_in": 3600}
        where = {"api_domain": "https://www.zohoapis.eu", "instance_url": "https://a.my.salesforce.com"}
        return JSONResponse({**tokens, **where, **{name: each for name, each in granted.items() if each is not None}})


@pytest.fixture(scope="module")
def login() -> Iterator[tuple[LoginServer, str]]:
    server = LoginServer()
    host = HttpHost(server.served(), name="login")
    host.start()
    yield server, host.url
    host.stop()


@pytest.fixture
def server(login: tuple[LoginServer, str]) -> LoginServer:
    fresh = LoginServer()
    vars(login[0]).update(vars(fresh))
    return login[0]


CRMS = {
    "hubspot": "use: hubspot, authorize_url: {url}/consent, token_url: {url}/token",
    "pipedrive": "use: pipedrive, token_url: {url}/token, base_url: 'https://api.pipedrive.com'",
    "zoho": "use: zoho, region: eu, accounts_url: {url}",
    "salesforce": "use: salesforce, login_url: {url}",
}


@pytest.fixture
def team(shell: Shell, login: tuple[LoginServer, str], server: LoginServer) -> Shell:
    """A connection to each CRM that knows OAuth, with a client and without tokens."""
    lines = [f"{name}: {{{options}, client_id: c1, client_secret: {SECRET}}}" for name, options in CRMS.items()]
    shell.write("config/crm.yaml", "\n".join(lines).replace("{url}", login[1]) + "\n")
    return shell


def paste(shell: Shell, *arguments: str, browser: bool = True, change: dict[str, str] | None = None) -> Said:
    """Run it with --paste; the "browser" opens the address and pastes where it ended."""
    typed = _Typed(browser, change or {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("outreach.consent.fresh_secret", typed.secret)
        patch.setattr("typer.prompt", typed.prompt)
        command = ["--workspace", str(shell.root), "crm", "authorize", *arguments, "--paste"]
        patch.setattr("builtins.print", typed.print)
        result = CliRunner().invoke(program, command)
    return Said(result.exit_code, typed.said, typed.said + result.stderr)


class _Typed:
    """What a person does: reads the address, opens it, pastes where the browser ended."""

    def __init__(self, browser: bool, change: dict[str, str]) -> None:
        self.said, self._change, self._opens, self._number = "", change, browser, 0

    def secret(self) -> str:
        self._number += 1
        return f"sample-state-or-verifier-{self._number:020}"

    def print(self, *words: object, **_: object) -> None:
        self.said += " ".join(map(str, words)) + "\n"

    def prompt(self, *_: object, **__: object) -> str:
        address = next(line for line in self.said.splitlines() if line.startswith("http"))
        ended = httpx.get(address, follow_redirects=False).headers["location"]
        parts = urlsplit(ended)
        return f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(dict(parse_qsl(parts.query)) | self._change)}"


def kept(shell: Shell, name: str) -> str | None:
    """What the vault holds for the connection, as the adapter will look for it."""
    built = app.build(shell.root, {})
    try:
        found = adapters.consent_of(built.settings.crm[name], adapters.Place("", ""))
        assert found
        return built.vault.get(found.grant.name)
    finally:
        built.close()


@pytest.mark.parametrize("name", CRMS)
def test_a_persons_consent_becomes_tokens_that_the_connection_finds(
    team: Shell, server: LoginServer, name: str
) -> None:
    said = paste(team, name)

    assert f"{name} is authorized" in said.out, said
    text = kept(team, name)
    assert text
    assert '"refresh_token": "refresh-1"' in text
    raw = (team.root / "outreach.db").read_bytes()
    assert b"refresh-1" not in raw


@pytest.mark.parametrize("name", CRMS)
def test_no_secret_is_shown(team: Shell, server: LoginServer, name: str) -> None:
    said = paste(team, name)

    shown = said.out + said.err
    verifier = "sample-state-or-verifier-00000000000000000002"
    assert server.exchanged[0]["code_verifier"] == verifier
    for each in (SECRET, verifier, "access-1", "refresh-1", "code-1"):
        assert each not in shown


def test_the_address_asks_for_what_is_needed_with_state_and_a_challenge(team: Shell, server: LoginServer) -> None:
    said = paste(team, "hubspot")

    address = next(line for line in said.out.splitlines() if line.startswith("http"))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", "c1", "S256")
    assert asked["redirect_uri"] == "http://localhost:8765/callback"
    assert len(asked["state"]) >= 43
    assert "crm.objects.contacts.write" in asked["scope"].split()


def test_scopes_are_told_and_those_that_are_missing(team: Shell, server: LoginServer) -> None:
    server.granted = ["oauth", "crm.objects.contacts.read", "crm.objects.contacts.write"]

    said = paste(team, "hubspot")

    assert said.code == 1
    assert "Granted: oauth crm.objects.contacts.read crm.objects.contacts.write" in said.out
    assert "MISSING: sales-email-read crm.objects.owners.read crm.objects.deals.read" in said.out


def test_a_provider_that_names_no_scopes_is_taken_at_its_word(team: Shell, server: LoginServer) -> None:
    server.granted = None

    said = paste(team, "zoho")

    assert said.code == 0
    assert "does not say what it granted" in said.out


def test_scopes_of_pipedrive_are_chosen_in_its_app_and_compared_all_the_same(team: Shell, server: LoginServer) -> None:
    server.granted = "base,contacts:full,search:read,deals:full,users:read"

    said = paste(team, "pipedrive")

    assert said.code == 0
    assert "scope=" not in said.out


def test_a_wrong_state_is_refused_and_nothing_is_exchanged(team: Shell, server: LoginServer) -> None:
    said = paste(team, "hubspot", change={"state": "forged"})

    assert (said.code, server.exchanged) == (2, [])
    assert "its 'state' is not ours" in said.err
    assert kept(team, "hubspot") is None


def test_who_declines_is_told_so(team: Shell, server: LoginServer) -> None:
    server.says = {"error": "access_denied", "error_description": "The user said no"}

    said = paste(team, "salesforce")

    assert said.code == 2
    assert "salesforce says: access_denied The user said no. Nothing was changed." in said.err


def test_an_account_of_another_data_centre_is_told_with_what_to_write(team: Shell, server: LoginServer) -> None:
    server.extra = {"location": "in", "accounts-server": "https://accounts.zoho.in"}

    said = paste(team, "zoho")

    assert (said.code, server.exchanged) == (2, [])
    assert "lives in the data centre 'in', not 'eu'. Write `region: in`" in said.err


def test_a_code_that_is_declined_shows_no_secret(team: Shell, server: LoginServer) -> None:
    said = paste(team, "hubspot", change={"code": "another"})

    assert said.code != 0
    assert "invalid_grant" in said.err
    assert SECRET not in said.err + said.out


def test_a_consent_without_a_refresh_token_is_no_consent(team: Shell, server: LoginServer) -> None:
    server.refresh_token = ""

    said = paste(team, "salesforce")

    assert said.code != 0
    assert "no refresh token" in said.err
    assert kept(team, "salesforce") is None


def test_a_connection_with_a_token_of_its_own_has_nobody_to_ask(shell: Shell) -> None:
    shell.write("config/crm.yaml", "hubspot: {use: hubspot, token: t1}\nfiles: {use: csv_file, directory: d}\n")

    for name in ("hubspot", "files"):
        said = shell.run("crm", "authorize", name, "--paste")

        assert said.code == 2
        assert "nobody has to agree" in said.err
    assert "Did you mean 'hubspot'?" in shell.run("crm", "authorize", "hubspt").err


def test_a_redirect_to_another_machine_needs_paste(team: Shell) -> None:
    said = team.run("crm", "authorize", "hubspot", "--redirect-uri", "https://outreach.example.com/callback")

    assert said.code == 2
    assert "Add --paste" in said.err


def test_the_browser_comes_back_to_loopback(team: Shell, server: LoginServer) -> None:
    command = [sys.executable, "-m", "outreach", "crm", "authorize", "hubspot", "--timeout", "60"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(team.root), "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
    server.granted = None
    uri = f"http://127.0.0.1:{free_port()}/back"

    with subprocess.Popen(
        [*command, "--redirect-uri", uri], cwd=team.root, env=env, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        lines = [running.stdout.readline()]
        while not lines[-1].startswith("Waiting at"):
            assert lines[-1], lines
            lines.append(running.stdout.readline())
        assert httpx.get(f"{uri}?code=x&state=forged").status_code == 400
        address = next(line.strip() for line in lines if line.startswith("http"))
        page = httpx.get(address, follow_redirects=True)
        rest, code = running.stdout.read(), running.wait(60)

    assert (page.status_code, code) == (200, 0)
    assert "You can close this page" in page.text
    assert "hubspot is authorized" in rest
    assert kept(team, "hubspot")


def test_nobody_is_waited_for_for_ever(team: Shell) -> None:
    said = team.run(
        "crm", "authorize", "hubspot", "--timeout", "1", "--redirect-uri", f"http://127.0.0.1:{free_port()}/"
    )

    assert said.code == 2
    assert "nobody came back within 1 seconds" in said.err


def test_a_port_that_is_taken_is_said(team: Shell, login: tuple[LoginServer, str]) -> None:
    said = team.run("crm", "authorize", "hubspot", "--redirect-uri", f"{login[1]}/callback")

    assert said.code == 2
    assert "cannot be used" in said.err


def test_the_owner_of_a_mailbox_agrees_in_the_same_way(shell: Shell, login: tuple[LoginServer, str]) -> None:
    oauth = f"{{provider: google, client_id: c1, client_secret: {SECRET}, consent: true, token_url: {login[1]}/token}}"
    server = f"{{url: 'smtps://smtp.gmail.com:465', username: anna@example.com, oauth: {oauth}}}"
    shell.write(
        "config/senders.yaml",
        f"anna:\n  name: Anna\n  timezone: Europe/Istanbul\n  email: {{address: anna@example.com, smtp: {server}}}\n",
    )
    built = app.build(shell.root, {})
    email = built.settings.senders["anna"].email
    assert email
    assert email.smtp
    assert email.smtp.oauth
    found = consent_of(email.smtp.oauth)
    built.close()

    assert found
    address = consent.ask(found, redirect_uri="http://localhost:8765/callback").url
    assert address.startswith("https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=c1")
    assert "scope=https%3A%2F%2Fmail.google.com%2F" in address
    assert "access_type=offline&prompt=consent" in address
