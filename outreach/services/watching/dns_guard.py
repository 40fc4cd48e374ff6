"""Before a sender's first mail, and once a day: are the records there that other mail servers ask for?

What is missing pauses the sender, or is only said, as the workspace wants it. Somebody who resumes the sender all the
same is believed until something else goes missing. Answers that nobody gave stop nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from outreach.content.configuration import DnsPolicy, EmailSettings, Settings
from outreach.content.field_types import split_url
from outreach.content.mail_servers import is_loopback
from outreach.errors import ConfigError, Unavailable
from outreach.name_servers import Resolver
from outreach.services.hearing.stop import Target, Width, pause
from outreach.services.sending.engine import Engine
from outreach.services.watching.dkim_keys import keys_of
from outreach.services.watching.sender_records import Finding, State, check_domain
from outreach.store.tables import facts

log = structlog.get_logger()

EVERY = timedelta(days=1)
EVERY_WHILE_WRONG = timedelta(hours=1)
EVERY_WHILE_SILENT = timedelta(minutes=10)
_BY = "dns check"


def sends_outside(email: EmailSettings) -> bool:
    """Does this mailbox reach other people's servers? Not in memory, and not by a server on this machine."""
    if email.use == "memory":
        return False
    url = email.smtp.url if email.smtp else str(email.options.get("base_url", ""))
    return not (url and is_loopback(split_url(url).hostname or ""))


def guard(engine: Engine, settings: Settings, resolver: Resolver) -> list[str]:
    """Check the senders whose turn it is; those that were paused for it now."""
    if settings.defaults.dns_check is DnsPolicy.OFF:
        return []
    paused = []
    asked = _UntilSilent(resolver)
    for name, each in settings.senders.items():
        if each.email and sends_outside(each.email) and _is_due(engine, name, each.email):
            findings = findings_of(settings, name, each.email, asked)
            if _judge(engine, settings.defaults.dns_check, name, each.email, findings):
                paused.append(name)
    return paused


class _UntilSilent:
    """Once nobody answers, nobody is asked again: waiting for each record would hold up everything else."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._silence: Unavailable | None = None

    def look_up(self, name: str, kind: str) -> tuple[str, ...]:
        if self._silence is not None:
            raise self._silence
        try:
            return self._resolver.look_up(name, kind)
        except Unavailable as error:
            self._silence = error
            raise


def findings_of(settings: Settings, name: str, email: EmailSettings, resolver: Resolver) -> list[Finding]:
    """What is said of the domains of one sender, its signing keys included."""
    try:
        keys = keys_of(settings.root, name, email)
    except ConfigError as error:
        return [Finding("dkim", name, State.FAILED, str(error))]
    return check_domain(resolver, email, keys)


def _is_due(engine: Engine, name: str, email: EmailSettings) -> bool:
    known = _known(engine, name)
    if known is None or known.get("address") != email.address:
        return True
    every = EVERY_WHILE_SILENT if known.get("is_unknown") else EVERY_WHILE_WRONG if known["failed"] else EVERY
    return datetime.fromisoformat(known["at"]) + every <= engine.clock.now()


def _judge(engine: Engine, policy: DnsPolicy, name: str, email: EmailSettings, findings: list[Finding]) -> bool:
    """Remember, say, and pause where something is missing that was not missing before; was it paused?"""
    failed = [each for each in findings if each.state is State.FAILED]
    known = _known(engine, name) or {}
    before = set(known.get("failed", ())) if known.get("address") == email.address else set()
    is_unknown = any(each.state is State.UNKNOWN for each in findings)
    names = sorted({f"{each.check} {each.subject}" for each in failed} | (before if is_unknown else set()))
    row = {"at": engine.clock.now().isoformat(), "address": email.address, "failed": names, "is_unknown": is_unknown}
    engine.store.write(lambda connection: _remember(connection, name, row))
    for each in failed:
        log.warning("dns_record_missing", sender=name, check=each.check, said=each.said, remedy=each.remedy)
    if policy is not DnsPolicy.PAUSE or not set(names) - before:
        return False
    reason = "; ".join(f"{each.check}: {each.said}" for each in failed)[:400]
    said = f"{reason}. See: outreach doctor"
    pause(engine, Target(width=Width.SENDER, value=name), reason=said, by=_BY, is_news=True)
    return True


def _fact(name: str) -> str:
    return f"dns:{name}"


def _known(engine: Engine, name: str) -> Mapping[str, Any] | None:
    with engine.store.read() as connection:
        found = connection.execute(select(facts.c.value).where(facts.c.name == _fact(name))).scalar()
    return dict(found) if found else None


def _remember(connection: Connection, name: str, row: Mapping[str, Any]) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(facts).values(name=_fact(name), value=dict(row))
    connection.execute(statement.on_conflict_do_update(index_elements=[facts.c.name], set_={"value": dict(row)}))
