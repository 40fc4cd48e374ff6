"""How a Trello connection is configured, and what it therefore can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from outreach.crm import READS_AND_WRITES, Operation
from outreach.crms.option_types import require_mapping
from outreach.crms.trello_values import COLORS

_ALWAYS = READS_AND_WRITES - {Operation.OWNER, Operation.STATUS}
LACKS = {
    Operation.OWNER: "Trello tells no addresses; set `members`",
    Operation.STATUS: "a status needs `status`, with a custom field of the board as its property",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`key`: the API key of a Power-Up; `token`: what a member of the board allowed it; `board`: id or short link.

    `new_list`: where new cards go, the first list if left out. `members`: e-mail address → user name on the board, for
    owners, since Trello tells no addresses. `status_property`, `value_field`: custom fields. `won_list`, `lost_list`:
    lists that mean a deal's end.
    """

    key: str = field(repr=False)
    token: str = field(repr=False)
    board: str
    base_url: str = "https://api.trello.com/1"
    new_list: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    status_property: str = ""
    value_field: str = ""
    won_list: str = ""
    lost_list: str = ""
    do_not_contact_label: str = "Do not contact"
    label_color: str = "sky"

    def __post_init__(self) -> None:
        for name in ("key", "token", "board"):
            if not getattr(self, name).strip():
                raise ValueError(f"{name} is empty. docs/providers/trello.md says where to find it.")
        if self.label_color not in COLORS:
            raise ValueError(f"unknown label_color '{self.label_color}'. Write one of: {', '.join(COLORS)}.")
        require_mapping("members", self.members, "{anna@example.com: <user name on the board>}")

    @property
    def can(self) -> frozenset[Operation]:
        """An owner needs `members`, a status the custom field that holds it."""
        optional = {Operation.OWNER: self.members, Operation.STATUS: self.status_property}
        return _ALWAYS | {Operation.FORGET} | {operation for operation, setting in optional.items() if setting}
