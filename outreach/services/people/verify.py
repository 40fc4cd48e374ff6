"""E-mail addresses checked before anything is sent: form, domain, desks, mailboxes for minutes, and a verifier.

No message goes out and no mailbox is asked for: whether a domain takes mail for any name (catch-all), and whether one
mailbox exists, only a verifier of the team's own can tell.
Sources: RFC 5321 §5.1 (MX, else A or AAAA), RFC 7505 (`MX 0 .`: no mail at all).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from operator import attrgetter
from typing import Any

import structlog

from outreach.clock import Clock
from outreach.content.addresses import normalise
from outreach.content.mailbox_kinds import is_desk, is_for_minutes
from outreach.content.suggestions import did_you_mean
from outreach.domain.lead import AddressKind
from outreach.domain.verdict import AddressVerifier, Verdict, Verified
from outreach.errors import Unavailable, UsageError
from outreach.name_servers import Resolver
from outreach.store import verdicts
from outreach.store.session import Store

log = structlog.get_logger()

GROUP = "outreach.verifiers"
"""Entry points of packages that bring a verifier."""

FRESH = timedelta(days=90)
"""How long a verdict is good for: people move, domains lapse."""

_CHUNK = 500
_AT_ONCE = 8
_VALID = Verified(Verdict.VALID)


@dataclass(slots=True)
class Verification:
    """How many addresses got which verdict. `fresh`: left alone, as they were checked not long ago."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    fresh: int = 0
    examples: dict[Verdict, tuple[str, str]] = field(default_factory=dict)  # verdict → address and reason

    def add(self, found: Mapping[str, Verified]) -> None:
        self.verdicts.update(each.verdict for each in found.values())
        for email, each in found.items():
            self.examples.setdefault(each.verdict, (email, each.reason))


def load_verifier(name: str | None) -> AddressVerifier | None:
    """The team's own: `package.module:callable`, or the name of an entry point. Raises UsageError if there is none."""
    if name is None:
        return None
    known = entry_points(group=GROUP)
    try:
        if ":" not in name:
            return _named(name, {each.name: each for each in known})
        module, _, attribute = name.partition(":")
        found: AddressVerifier = attrgetter(attribute)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise UsageError(f"config/outreach.yaml: verifier '{name}' cannot be loaded: {error}") from None
    return found


def _named(name: str, known: Mapping[str, Any]) -> AddressVerifier:
    if name not in known:
        remedy = did_you_mean(name, known) or "Write package.module:callable."
        raise UsageError(f"config/outreach.yaml: no package brings a verifier '{name}'. {remedy}")
    found: AddressVerifier = known[name].load()
    return found


def verify(
    store: Store,
    *,
    resolver: Resolver,
    clock: Clock,
    verifier: AddressVerifier | None = None,
    lead_ids: Collection[str] = (),
    again: bool = False,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Check every live address of these leads, or of all, whose verdict is old, missing or `unknown`.

    `again`: all of them. Each chunk is written in a transaction of its own, so a stopped run goes on where it was.
    """
    now = clock.now()
    done = Verification()
    before, after = now if again else now - FRESH, ""
    with store.read() as connection:
        total = verdicts.count(connection, lead_ids)
    asking = partial(_check, verifier=verifier)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        while True:
            with store.read() as connection:
                emails = verdicts.to_ask(connection, before=before, after=after, lead_ids=lead_ids, most=_CHUNK)
            if not emails:
                break
            found = _checked(emails, asking, resolver, threads)
            rows = {(str(AddressKind.EMAIL), email): each for email, each in found.items()}
            store.write(partial(verdicts.keep, found=rows, now=now))
            done.add(found)
            on_progress(len(emails))
            after = emails[-1]
    done.fresh = total - done.verdicts.total()
    return done


def _checked(
    emails: Sequence[str], asking: Callable[..., Verified], resolver: Resolver, threads: ThreadPoolExecutor
) -> dict[str, Verified]:
    """Each domain is asked about once."""
    domains = sorted({email.rpartition("@")[2] for email in emails})
    takes = dict(zip(domains, threads.map(partial(_takes_mail, resolver), domains), strict=True))
    found = threads.map(lambda email: asking(email, takes[email.rpartition("@")[2]]), emails)
    return dict(zip(emails, found, strict=True))


def _check(email: str, of_domain: Verified, *, verifier: AddressVerifier | None) -> Verified:
    local, _, domain = email.rpartition("@")
    try:
        normalise(AddressKind.EMAIL, email)
    except ValueError as error:
        return Verified(Verdict.INVALID, str(error))
    if is_for_minutes(domain):
        return Verified(Verdict.DISPOSABLE, f"mailboxes at {domain} last for minutes")
    if of_domain.verdict is not Verdict.VALID:
        return of_domain
    if is_desk(local):
        return Verified(Verdict.ROLE, f"{local}@ is a desk, not a person")
    return _asked(verifier, email) if verifier else _VALID


def _takes_mail(resolver: Resolver, domain: str) -> Verified:
    try:
        servers = resolver.look_up(domain, "MX")
        if servers:
            refuses = all(len(server.split()) < 2 for server in servers)
            return Verified(Verdict.INVALID, f"{domain} says that it takes no mail") if refuses else _VALID
        if resolver.look_up(domain, "A") or resolver.look_up(domain, "AAAA"):
            return _VALID
    except Unavailable as error:
        return Verified(Verdict.UNKNOWN, str(error))
    return Verified(Verdict.INVALID, f"{domain} has no server for mail")


def _asked(verifier: AddressVerifier, email: str) -> Verified:
    try:
        found = verifier(email)
        return Verified(Verdict(found.verdict), found.reason) if found else _VALID
    except Exception as error:  # noqa: BLE001  # whatever a verifier of the team's own does, the others are checked
        log.warning("address_not_verified", error=type(error).__name__)
        return Verified(Verdict.UNKNOWN, f"the verifier failed: {type(error).__name__}")
