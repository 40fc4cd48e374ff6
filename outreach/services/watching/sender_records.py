"""What other mail servers ask of a sender's domain: SPF, DKIM, DMARC, MX, and whether they speak of the same domain.

SPF: RFC 7208, at most ten terms that ask again. DKIM keys: RFC 6376 §3.6.1. DMARC: RFC 7489; the policy of the
organisation's domain holds below it. MX: RFC 5321 §5.1, null MX RFC 7505. Reverse DNS: RFC 1912 §2.1.
What nobody answers is unknown, not missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from outreach.content.addresses import organisation_domain
from outreach.content.configuration import EmailSettings
from outreach.errors import Unavailable
from outreach.mail.dkim import Key
from outreach.name_servers import Resolver

_MOST_TERMS = 10
_ASKING = re.compile(r"[+?~-]?(include|a|mx|ptr|exists|redirect)(?:[:=/]|$)", re.IGNORECASE)
_WITHIN = re.compile(r"[+?~-]?(?:include:|redirect=)(\S+)", re.IGNORECASE)
_EXPECTED = {
    "gmail.com": "_spf.google.com",
    "office365.com": "spf.protection.outlook.com",
}
"""Domain of a submission server → what its customers include (unverified)."""


class State(StrEnum):
    """How a check came out. Only `failed` is a reason to stop."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do; empty when nothing is."""

    check: str  # database, queue, smtp, imap, dns.spf, …
    subject: str  # what it is about: a sender, a domain, a path
    state: State
    said: str
    remedy: str = ""


def check_domain(resolver: Resolver, email: EmailSettings, keys: Sequence[Key]) -> list[Finding]:
    """Every finding about the domains of one mailbox, in the order people mend them."""
    domain = email.address.rpartition("@")[2]
    envelope = (email.return_path or email.address).rpartition("@")[2]
    host = email.smtp.url.partition("://")[2].partition(":")[0] if email.smtp else ""
    asked: list[tuple[str, str, Callable[[], list[Finding]]]] = [
        ("dns.mx", domain, lambda: _mx(resolver, domain)),
        ("dns.spf", envelope, lambda: _spf(resolver, envelope, host)),
        *(("dns.dkim", key.domain, lambda key=key: _dkim(resolver, key)) for key in keys),
        *(("dns.dkim", domain, lambda name=name: _relay_dkim(resolver, name, domain)) for name in email.dkim_selectors),
        ("dns.dmarc", domain, lambda: _dmarc(resolver, domain)),
        *([("dns.reverse", host, lambda: _reverse(resolver, host))] if host else []),
    ]
    found = [finding for check, subject, work in asked for finding in _answered(check, subject, work)]
    if email.use != "smtp" and not email.return_path:
        found = [_of_provider(finding) for finding in found]
    return [*found, *_alignment(domain, envelope, email, keys)]


def _of_provider(finding: Finding) -> Finding:
    """A provider's API sends with a return path of its own: SPF of the address is then no reason to stop."""
    if finding.check != "dns.spf" or finding.state is not State.FAILED:
        return finding
    said = f"{finding.said}; the provider's own return path has one"
    return Finding(finding.check, finding.subject, State.WARNING, said, finding.remedy)


def _answered(check: str, subject: str, work: Callable[[], list[Finding]]) -> list[Finding]:
    try:
        return work()
    except Unavailable as error:
        return [Finding(check, subject, State.UNKNOWN, error.said, "Look at the name servers of this machine.")]


def _mx(resolver: Resolver, domain: str) -> list[Finding]:
    servers = [record.partition(" ")[2] for record in resolver.look_up(domain, "MX")]
    if [server for server in servers if server.strip(".")]:
        return [Finding("dns.mx", domain, State.OK, ", ".join(servers))]
    said = "it says that it takes no mail" if servers else "there is no MX record"
    remedy = "Answers and bounces need one: add the MX record your mail provider names."
    return [Finding("dns.mx", domain, State.FAILED, said, remedy)]


def _spf(resolver: Resolver, domain: str, host: str) -> list[Finding]:
    records = _spf_records(resolver, domain)
    if len(records) != 1:
        said = f"there are {len(records)} SPF records, and only one may be" if records else "there is no SPF record"
        remedy = 'Add one TXT record: "v=spf1 include:<your provider> ~all".'
        return [Finding("dns.spf", domain, State.FAILED, said, remedy)]
    record = records[0]
    if re.search(r"(?:^|\s)\+?all(?:\s|$)", record):
        remedy = "End it with ~all or -all."
        return [Finding("dns.spf", domain, State.FAILED, f"it lets everybody send: {record}", remedy)]
    asking = _asking(resolver, record, _MOST_TERMS + 1)
    if asking > _MOST_TERMS:
        said = f"it asks more than {_MOST_TERMS} times, and receivers stop there"
        return [Finding("dns.spf", domain, State.FAILED, said, "Remove includes of services you do not use.")]
    return [_spf_of_provider(domain, record, host)]


def _spf_of_provider(domain: str, record: str, host: str) -> Finding:
    include = next((wanted for known, wanted in _EXPECTED.items() if host.endswith(known)), "")
    if include and include not in record:
        said = f"it does not name {include}, whose server sends for you: {record}"
        return Finding("dns.spf", domain, State.WARNING, said, f"Add include:{include} to it.")
    if "all" not in record and "redirect=" not in record:
        return Finding("dns.spf", domain, State.WARNING, f"it has no end: {record}", "End it with ~all or -all.")
    return Finding("dns.spf", domain, State.OK, record)


def _spf_records(resolver: Resolver, domain: str) -> list[str]:
    return [text for text in resolver.look_up(domain, "TXT") if text.lower().split(" ")[0] == "v=spf1"]


def _asking(resolver: Resolver, record: str, room: int) -> int:
    """How many terms ask the name servers again, those of included records too; no more than `room`."""
    count = 0
    for term in record.split()[1:]:
        count += bool(_ASKING.match(term))
        within = _WITHIN.fullmatch(term)
        if within and "%" not in term and count < room:
            inner = _spf_records(resolver, within.group(1))
            count += _asking(resolver, inner[0], room - count) if inner else 0
        if count >= room:
            return room
    return count


def _dkim(resolver: Resolver, key: Key) -> list[Finding]:
    name = f"{key.selector}._domainkey.{key.domain}"
    kind = "ed25519" if key.algorithm.startswith(b"ed") else "rsa"
    remedy = f'Add the TXT record {name}: "v=DKIM1; k={kind}; p={key.public}".'
    written = _public_key(resolver, name)
    if written is None:
        return [Finding("dns.dkim", name, State.FAILED, "there is no key", remedy)]
    if written != key.public:
        said = "the key was withdrawn" if not written else "it is another key than the one we sign with"
        return [Finding("dns.dkim", name, State.FAILED, said, remedy)]
    return [Finding("dns.dkim", name, State.OK, f"{kind} key of ours")]


def _relay_dkim(resolver: Resolver, selector: str, domain: str) -> list[Finding]:
    name = f"{selector}._domainkey.{domain}"
    if _public_key(resolver, name):
        return [Finding("dns.dkim", name, State.OK, "the relay's key")]
    remedy = "Switch DKIM on at the provider and add the record it names."
    return [Finding("dns.dkim", name, State.FAILED, "there is no key", remedy)]


def _public_key(resolver: Resolver, name: str) -> str | None:
    for record in resolver.look_up(name, "TXT"):
        tags = dict(tag.strip().partition("=")[::2] for tag in record.split(";") if "=" in tag)
        tags = {tag.strip(): value for tag, value in tags.items()}
        if "p" in tags:
            return re.sub(r"\s", "", tags["p"])
    return None


def _dmarc(resolver: Resolver, domain: str) -> list[Finding]:
    for name in dict.fromkeys((domain, organisation_domain(domain))):
        records = [text for text in resolver.look_up(f"_dmarc.{name}", "TXT") if text.lower().startswith("v=dmarc1")]
        if len(records) > 1:
            said = f"there are {len(records)} DMARC records, and only one may be"
            return [Finding("dns.dmarc", domain, State.FAILED, said, "Remove all but one.")]
        if records:
            return [Finding("dns.dmarc", domain, State.OK, records[0])]
    remedy = f'Add the TXT record _dmarc.{domain}: "v=DMARC1; p=none" is a beginning.'
    return [Finding("dns.dmarc", domain, State.FAILED, "there is no DMARC record", remedy)]


def _reverse(resolver: Resolver, host: str) -> list[Finding]:
    """The server's address has a name, and the name that address; the one it sends from may be another: a warning."""
    addresses = resolver.look_up(host, "A") or resolver.look_up(host, "AAAA")
    if not addresses:
        return [Finding("dns.reverse", host, State.WARNING, "the server has no address", "Look at the SMTP url.")]
    address = addresses[0]
    names = resolver.look_up(address, "PTR")
    kind = "AAAA" if ":" in address else "A"
    if any(address in resolver.look_up(name, kind) for name in names):
        return [Finding("dns.reverse", host, State.OK, f"{address} is {names[0]}")]
    said = f"{address} is called {', '.join(names)}, which has another address" if names else f"{address} has no name"
    remedy = "If this server delivers by itself, ask its network for a PTR record that names it."
    return [Finding("dns.reverse", host, State.WARNING, said, remedy)]


def _alignment(domain: str, envelope: str, email: EmailSettings, keys: Sequence[Key]) -> list[Finding]:
    """DMARC passes when SPF or DKIM passes for the domain of From, or one below the same organisation's."""
    ours = organisation_domain(domain)
    signing = [key.domain for key in keys] + ([domain] if email.dkim_selectors else [])
    if any(organisation_domain(each) == ours for each in signing):
        return [Finding("dns.alignment", domain, State.OK, "the signature speaks of the same domain")]
    if signing or organisation_domain(envelope) != ours:
        said = f"mail comes from {domain}, and the return path is at {envelope}"
        remedy = f"Use a return_path at {ours}, or sign for {ours}."
        state = State.OK if organisation_domain(envelope) == ours else State.FAILED
        return [Finding("dns.alignment", domain, state, said, "" if state is State.OK else remedy)]
    said = "only SPF speaks of the same domain; whether the relay signs for it cannot be seen from here"
    remedy = "Write the relay's selectors as dkim_selectors: bulk mail needs DKIM too."
    return [Finding("dns.alignment", domain, State.WARNING, said, remedy)]
