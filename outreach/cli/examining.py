"""The command doctor."""

from __future__ import annotations

from typing import Annotated

import typer

from outreach.cli.failures import FAILED
from outreach.cli.invocation import opened
from outreach.cli.terminal import AsJson, print_json

_SHOWN = {"ok": "ok", "warning": "warning", "failed": "FAILED", "unknown": "unknown"}


def add_to(program: typer.Typer) -> None:
    program.command("doctor")(doctor)


def doctor(
    context: typer.Context,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody outside: no login, no DNS.")] = False,
    as_json: AsJson = False,
) -> None:
    """Look whether everything is as it should be: database, queue, logins, DNS, webhooks, clock, disk, versions."""
    from outreach.examination import examine
    from outreach.services.watching.plain import plain

    with opened(context) as app:
        findings = []
        for found in examine(app, with_network=not offline):
            findings.append(found)
            if not as_json:
                about = f"{found.check} {found.subject}".rstrip()
                print(f"{_SHOWN[found.state]:<8} {about}: {found.said}")
                if found.remedy and found.state != "ok":
                    print(f"{'':<8} → {found.remedy}")
    if as_json:
        print_json(plain(findings))
    if any(found.state == "failed" for found in findings):
        raise typer.Exit(FAILED)
