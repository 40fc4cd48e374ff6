"""How a HubSpot connection is configured."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from outreach.crm import READS_AND_WRITES, Operation

ALWAYS = READS_AND_WRITES - {Operation.TAGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`token`: a service key, or the token of a private app.

    `tags_property`: a multiple-checkbox property; without one there are no tags. `do_not_contact_property`: a checkbox
    written when the token may not change subscriptions. `reads_deleted`: whether a round of back-sync also looks
    through the records that were deleted, which costs a call for each hundred of them.
    """

    token: str = field(repr=False)
    base_url: str = "https://api.hubapi.com"
    api_version: str = "2026-09"
    account_info_version: str = "2026-09"
    status_property: str = "hs_lead_status"
    tags_property: str = ""
    do_not_contact_property: str = ""
    lists_path: str = "/crm/lists/2026-09"
    reads_deleted: bool = True

    def __post_init__(self) -> None:
        if not self.token.strip():
            raise ValueError('the token is empty. Write token: "${HUBSPOT_TOKEN}" and set it in the environment.')
        for version in (self.api_version, self.account_info_version):
            if not re.fullmatch(r"\d{4}-\d{2}(-beta)?", version):
                raise ValueError(f"'{version}' is no version of the HubSpot API. Write a date such as '2026-09'.")

    @property
    def can(self) -> frozenset[Operation]:
        return ALWAYS | ({Operation.TAGS} if self.tags_property else frozenset())
