"""crm authorize: a person's consent, asked for in the browser, becomes tokens that renew themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.failures import FAILED
from outreach.cli.invocation import opened
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.consent import Asked, Consent

REDIRECT = "http://localhost:8765/callback"

Name = Annotated[str, typer.Argument(help="A connection of config/crm.yaml, or a sender whose mailbox has oauth.")]
Paste = Annotated[
    bool, typer.Option("--paste", help="Take the address the browser ended at, for machines without a browser.")
]
RedirectUri = Annotated[
    str | None,
    typer.Option("--redirect-uri", metavar="URL", help=f"As it stands in the provider's app. Left out: {REDIRECT}"),
]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="Ask for these only, in place of what is needed.")]
Timeout = Annotated[float, typer.Option("--timeout", min=1, max=3600, help="Seconds to wait for the browser.")]


def authorize(
    context: typer.Context,
    name: Name,
    *,
    paste: Paste = False,
    redirect_uri: RedirectUri = None,
    scope: Scopes = None,
    timeout: Timeout = 300,
) -> None:
    """Let a person agree in the browser, and keep the tokens that brings, encrypted."""
    import asyncio

    from outreach.cli.redirect import port_of
    from outreach.consent import ask, code_of, missing

    with opened(context) as app:
        consent, own_redirect = _consent(app, name)
        wanted = redirect_uri or own_redirect or REDIRECT
        if not paste and port_of(wanted) is None:
            raise UsageError(f"the browser ends at {wanted}, where nobody of this machine waits. Add --paste.")
        asked = ask(consent, redirect_uri=wanted, scopes=scope or ())
        print(f"Open this address, sign in and agree:\n\n{asked.url}\n")
        answer = _pasted() if paste else asyncio.run(_waited(asked, timeout))
        code = code_of(consent, asked, answer)
        granted = asyncio.run(_exchange(app, consent, asked, code))
        _go_on(app, name)
    lacking = missing(consent, granted)
    _show(name, granted, lacking)
    if lacking:
        raise typer.Exit(FAILED)


def _consent(app: App, name: str) -> tuple[Consent, str]:
    """What to agree to, and the redirect address of the settings. Raises UsageError where there is nothing to ask."""
    from outreach import adapters
    from outreach.content.suggestions import did_you_mean
    from outreach.services.watching.mail_accounts import consent_of

    connection, sender = app.settings.crm.get(name), app.settings.senders.get(name)
    if connection:
        consent = adapters.consent_of(connection, adapters.Place("config/crm.yaml", name))
        if consent is None:
            raise UsageError(f"'{name}' signs in with a token of its own, or as an application: nobody has to agree.")
        return consent, str(connection.options.get("redirect_uri") or "")
    servers = (sender.email.smtp, sender.email.imap) if sender and sender.email else ()
    oauth = next((each.oauth for each in servers if each and each.oauth), None)
    if oauth is None:
        known = [*app.settings.crm, *app.settings.senders]
        hint = did_you_mean(name, known)
        raise UsageError(f"'{name}' is no CRM connection and no sender with oauth. {hint}".strip())
    consent = consent_of(oauth)
    if consent is None:
        raise UsageError(f"the mailbox of '{name}' signs in as an application. Write `consent: true` under its oauth.")
    return consent, ""


def _pasted() -> Mapping[str, str]:
    """From the terminal or a pipe. What is typed shows: the code in it is good for once, and for us alone."""
    from outreach.consent import answer_of

    return answer_of(typer.prompt("The address the browser ended at", prompt_suffix=":\n"))


async def _waited(asked: Asked, seconds: float) -> Mapping[str, str]:
    from outreach.cli.redirect import wait_for_answer

    return await wait_for_answer(
        asked, seconds=seconds, on_listening=lambda: print(f"Waiting at {asked.redirect_uri} …", flush=True)
    )


async def _exchange(app: App, consent: Consent, asked: Asked, code: str) -> str | None:
    try:
        source = app.tokens.source(consent.grant)
        return await source.begin(code, redirect_uri=asked.redirect_uri, verifier=asked.verifier)
    finally:
        await app.close_network()


def _go_on(app: App, name: str) -> None:
    """A connection that waited for somebody to do this waits no longer."""
    from outreach.services.crm import sync

    if name in app.settings.crm:
        sync.retry(app.store, clock=app.clock, numbers=[], crm=name)


def _show(name: str, granted: str | None, lacking: tuple[str, ...]) -> None:
    print(f"{name} is authorized. Its tokens are kept encrypted in the database, and renewed by themselves.")
    print(f"Granted: {granted}" if granted else "The provider does not say what it granted. See: outreach crm check")
    if lacking:
        print(f"MISSING: {' '.join(lacking)}. Allow them in the provider's app, and run this again.")
