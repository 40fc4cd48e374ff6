"""The names expressions and templates may use: six roots, and what each of them holds."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.content.suggestions import did_you_mean
from outreach.domain.event import EventKind

LEAD = frozenset(
    {
        "id",
        "name",
        "first_name",
        "last_name",
        "title",
        "email",
        "linkedin",
        "phone",
        "x",
        "whatsapp",
        "telegram",
        "language",
        "timezone",
        "country",
        "owner",
        "source",
        "status",
        "pipeline",
        "stage",
        "score",
        "tags",
        "fields",
        "created_at",
    }
)
COMPANY = frozenset({"id", "name", "domain", "fields"})
SENDER = frozenset({"id", "name", "first_name", "email", "linkedin", "phone", "timezone", "signature", "booking_url"})
ENROLLMENT = frozenset({"id", "sequence", "step", "entered_at"})
EVENTS = frozenset(EventKind) - {EventKind.UNKNOWN, EventKind.OWN}

KNOWN: Mapping[str, frozenset[str]] = {
    "lead": LEAD,
    "company": COMPANY,
    "sender": SENDER,
    "enrollment": ENROLLMENT,
    "events": frozenset(str(kind) for kind in EVENTS),
    "now": frozenset(),
}
ROOTS = frozenset(KNOWN)
_OPEN = frozenset({"lead", "company"})  # a team may give these fields of its own


def unknown_name(
    path: tuple[str | int, ...], *, fields: frozenset[str] | None, local_names: frozenset[str]
) -> str | None:
    """What is wrong with a dotted name, or None. `fields`: the team's own fields, None if they are not known."""
    root = str(path[0])
    if root in local_names:
        return None
    if root not in ROOTS:
        return f"Unknown name '{root[:40]}'. {_hint(root, local_names)}"
    if len(path) < 2 or root == "now":
        return None
    return _unknown_member(root, path[1:], fields)


def _hint(root: str, local_names: frozenset[str]) -> str:
    holders = [f"{name}.{root}" for name, members in KNOWN.items() if root in members]
    if holders:
        return f"Did you mean '{holders[0]}'?"
    return did_you_mean(root, ROOTS | local_names)


def _unknown_member(root: str, rest: tuple[str | int, ...], fields: frozenset[str] | None) -> str | None:
    member = str(rest[1]) if rest[0] == "fields" and len(rest) > 1 else str(rest[0])
    known = KNOWN[root] | _own(root, fields)
    if member in known or (root in _OPEN and fields is None):
        return None
    return (
        f"Unknown name '{root}.{member[:40]}'. {did_you_mean(f'{root}.{member}', [f'{root}.{name}' for name in known])}"
    )


def _own(root: str, fields: frozenset[str] | None) -> set[str]:
    """The team's fields of this root: `size` and `lead.size` belong to the lead, `company.size` to the company."""
    own = set()
    for field in fields or ():
        holder, dot, name = field.partition(".")
        if (holder if dot else "lead") == root:
            own.add((name if dot else field).removeprefix("fields."))
    return own
