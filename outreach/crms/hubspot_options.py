"""How a HubSpot connection is configured."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from outreach.consent import Consent
from outreach.crm import READS_AND_WRITES, Operation
from outreach.grants import Grant

ALWAYS = READS_AND_WRITES - {Operation.TAGS}
_SCOPES = (
    "oauth",
    *("crm.objects.contacts.read", "crm.objects.contacts.write", "sales-email-read", "crm.objects.owners.read"),
    *("crm.objects.deals.read", "crm.objects.deals.write", "crm.lists.read", "communication_preferences.read_write"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`token`: a service key, or the token of a private app. Or OAuth: `client_id` and `client_secret` of an app, and a
    person's consent (`outreach crm authorize`) or a `refresh_token`.

    `tags_property`: a multiple-checkbox property; without one there are no tags. `do_not_contact_property`: a checkbox
    written when the token may not change subscriptions. `reads_deleted`: whether a round of back-sync also looks
    through the records that were deleted, which costs a call for each hundred of them.
    """

    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    redirect_uri: str = ""
    connection: str = ""
    base_url: str = "https://api.hubapi.com"
    api_version: str = "2026-09"
    account_info_version: str = "2026-09"
    status_property: str = "hs_lead_status"
    tags_property: str = ""
    do_not_contact_property: str = ""
    lists_path: str = "/crm/lists/2026-09"
    reads_deleted: bool = True
    authorize_url: str = "https://app.hubspot.com/oauth/authorize"
    token_url: str = "https://api.hubapi.com/oauth/2026-09/token"  # noqa: S105  # an address

    def __post_init__(self) -> None:
        has_client = bool(self.client_id.strip() and self.client_secret.strip())
        if bool(self.token.strip()) == has_client:
            raise ValueError(
                'the token is empty. Write token: "${HUBSPOT_TOKEN}" and set it in the environment; or, instead of it, '
                "client_id and client_secret."
            )
        for version in (self.api_version, self.account_info_version):
            if not re.fullmatch(r"\d{4}-\d{2}(-beta)?", version):
                raise ValueError(f"'{version}' is no version of the HubSpot API. Write a date such as '2026-09'.")

    @property
    def can(self) -> frozenset[Operation]:
        return ALWAYS | {Operation.FORGET} | ({Operation.TAGS} if self.tags_property else frozenset())

    @property
    def consent(self) -> Consent | None:
        """HubSpot's page "Working with OAuth". None: this connection has a token."""
        return Consent(grant=grant_of(self), url=self.authorize_url, scopes=_SCOPES) if self.client_id else None


def grant_of(options: Options) -> Grant:
    return Grant(
        provider="hubspot",
        token_url=options.token_url,
        client_id=options.client_id,
        client_secret=options.client_secret,
        refresh_token=options.refresh_token,
        account=options.connection,
    )
