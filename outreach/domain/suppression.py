"""Who must not be contacted, why, and how wide that reaches."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache


class Scope(StrEnum):
    """How wide a suppression reaches. The value beside it is an address, a domain, a company id or a lead id."""

    ADDRESS = "address"  # value: "<kind>:<normalised address>"
    DOMAIN = "domain"
    COMPANY = "company"
    LEAD = "lead"


class SuppressionReason(StrEnum):
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    BY_HAND = "by_hand"
    CRM = "crm"
    ERASED = "erased"
    REFUSED = "refused"


DEAD = frozenset({SuppressionReason.BOUNCED, SuppressionReason.REFUSED})
"""Reasons about an address and not about its owner: nothing can be delivered there."""


def address_value(kind: str, value: str) -> str:
    return f"{kind}:{value}"


_LEAD, _ADDRESS = Scope.LEAD, Scope.ADDRESS  # looking a member up by its class costs more than the rest of a key


def keys_of(
    *, lead_id: str, company_id: str | None, addresses: Iterable[tuple[str, str]]
) -> frozenset[tuple[Scope, str]]:
    """Every (scope, value) that would suppress this lead; `addresses` are (kind, normalised value)."""
    keys = {(_LEAD, lead_id)}
    if company_id:
        keys.add((Scope.COMPANY, company_id))
    for kind, value in addresses:
        keys.add((_ADDRESS, f"{kind}:{value}"))
        if kind == "email":
            keys.update(_of_domain(value.rpartition("@")[2]))
    return frozenset(keys)


@lru_cache(maxsize=4096)
def _of_domain(domain: str) -> tuple[tuple[Scope, str], ...]:
    """The domain and those above it."""
    labels = domain.split(".")
    return tuple((Scope.DOMAIN, ".".join(labels[start:])) for start in range(max(len(labels) - 1, 1)))
