"""Which record is meant by an address that several may have."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.crm import Found
from outreach.errors import Outcome, Refused


def the_one(provider: str, found: Sequence[Found], email: str) -> Found | None:
    """The only one; None if there is none. Refused, with their ids, if there are several: a person has to say which."""
    if len(found) > 1:
        ids = ", ".join(one.person_id for one in found)
        raise Refused(provider, f"{len(found)} records have {email}: {ids}", outcome=Outcome.AMBIGUOUS)
    return found[0] if found else None
