"""Where a mailbox is: Google, Microsoft, or somewhere else. By its domain alone, without asking anybody.

Domains of companies tell nothing; there the field `mail_provider` of a lead (`google`, `microsoft`) says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GOOGLE, MICROSOFT = "google", "microsoft"
FIELD = "mail_provider"

_DOMAINS = {"gmail.com": GOOGLE, "googlemail.com": GOOGLE, "msn.com": MICROSOFT, "windowslive.com": MICROSOFT}
_NAMES = {"hotmail": MICROSOFT, "outlook": MICROSOFT, "live": MICROSOFT}
"""With a domain in many countries: `outlook.de`, `hotmail.co.uk`."""
_SERVERS = {
    "gmail.com": GOOGLE,
    "googlemail.com": GOOGLE,
    "office365.com": MICROSOFT,
    "outlook.com": MICROSOFT,
}


def of_lead(address: str, fields: Mapping[str, Any] | None) -> str:
    """`google`, `microsoft`, or empty: not known."""
    named = str((fields or {}).get(FIELD) or "").strip().lower()
    if named in (GOOGLE, MICROSOFT):
        return named
    domain = address.rpartition("@")[2].lower()
    return _DOMAINS.get(domain) or _NAMES.get(domain.partition(".")[0], "")


def of_server(host: str) -> str:
    """By the name of a submission server; empty: another one."""
    return next((provider for domain, provider in _SERVERS.items() if _is_below(host.lower(), domain)), "")


def _is_below(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")
