"""What somebody did to a lead's record in the CRM, in our words. It travels as the `data` of an event `changed`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """What was done. The value stands in the event's `reason`."""

    DO_NOT_CONTACT = "do_not_contact"
    STATUS = "status"
    STAGE = "stage"
    OWNER = "owner"
    WON = "won"
    LOST = "lost"
    DELETED = "deleted"
    ERASED = "erased"  # deleted for the sake of privacy: the person asked for it
    MERGED = "merged"
    HINT = "hint"  # something changed; what it is now has to be read


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmNews:
    """One change of one record. The record is named by `person_id`, or by `deal_id` where only the deal is known.

    `value` by change: the status value, the remote stage id, the new owner's e-mail address, the amount of a deal that
    was won or lost (digits with a point), the id of the record that survives a merge; empty for the others.
    """

    crm: str  # the connection in config/crm.yaml
    change: Change
    person_id: str = ""
    deal_id: str = ""
    value: str = ""
    is_read: bool = False  # read from the CRM and compared with what was known, not told by a webhook

    def as_data(self) -> dict[str, object]:
        """JSON for `Event.data`."""
        named = {"person_id": self.person_id, "deal_id": self.deal_id, "value": self.value}
        data: dict[str, object] = {"crm": self.crm, "change": str(self.change)}
        data |= {name: value for name, value in named.items() if value}
        return data | ({"read": True} if self.is_read else {})

    @property
    def clues(self) -> tuple[tuple[str, str], ...]:
        """The record as an address of its lead, by which leads are found and held."""
        people = ((person_kind(self.crm), self.person_id),) if self.person_id else ()
        return people or (((deal_kind(self.crm), self.deal_id),) if self.deal_id else ())


def news_from(data: Mapping[str, object]) -> CrmNews:
    """The news in an event's `data`. ValueError if there is none."""
    texts = {name: str(data.get(name) or "") for name in ("crm", "person_id", "deal_id", "value")}
    return CrmNews(change=Change(str(data.get("change"))), is_read=data.get("read") is True, **texts)


def person_kind(crm: str) -> str:
    """The kind of address that a connection's person records are to the matching of news."""
    return f"crm:{crm}"


def deal_kind(crm: str) -> str:
    """The same for its deals."""
    return f"crm_deal:{crm}"
