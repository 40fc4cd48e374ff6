"""How a Salesforce connection is configured, and how it logs in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from outreach.consent import Consent
from outreach.crm import READS_AND_WRITES, Operation
from outreach.crms.hosts import label, origin_below
from outreach.crms.salesforce_values import OBJECTS, PROVIDER
from outreach.grants import Grant, GrantKind, signed_assertion

DEALS = frozenset({Operation.STAGE, Operation.DEAL})
LACKS = dict.fromkeys(DEALS, "opportunities belong to contacts; set `object: Contact`") | {
    Operation.TAGS: "tags need `tags_property`",
    Operation.STATUS: "a status of contacts needs `contact_status_property`",
}
_SCOPES = ("api", "refresh_token")
_JWT_LIFE = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One of three grants: a `private_key` in PEM with `username`; client credentials, with `client_secret` and
    `my_domain`; else a person's consent (`outreach crm authorize`), a `refresh_token`, or a `code` with its
    `redirect_uri`.

    `object`: what new people become, Lead or Contact. `status_property`: a field of leads, and of contacts if somebody
    made it there too (`…__c`); `contact_status_property` names another one. `tags_property`: a multi-select picklist.
    `external_id_field`: an own field of that kind. `share`: how much of the organisation's daily calls may be used
    before this connection waits.
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    redirect_uri: str = ""
    connection: str = ""
    private_key: str = field(default="", repr=False)
    username: str = ""
    my_domain: str = ""
    login_url: str = "https://login.salesforce.com"
    base_url: str = ""
    version: str = "68.0"
    object: str = "Lead"
    external_id_field: str = ""
    status_property: str = "Status"
    contact_status_property: str = ""
    tags_property: str = ""
    unknown_company: str = "[not provided]"
    task_status: str = "Completed"
    closing_days: int = 30
    saves_duplicates: bool = False
    share: float = 0.9

    def __post_init__(self) -> None:
        if not self.client_id.strip():
            raise ValueError("client_id is empty. Write the consumer key of the External Client App.")
        if self.private_key and not self.username:
            raise ValueError("a private_key needs the user it signs for. Write username.")
        if self.private_key:
            signed_assertion({}, self.private_key)
        if self.object not in OBJECTS.values():
            raise ValueError(f"unknown object '{self.object}'. Write Lead or Contact.")
        if not re.fullmatch(r"\d{2,3}\.0", str(self.version)):  # written without quotes it is a number
            raise ValueError(f"'{self.version}' is no version of the API. Write 68.0.")
        if self.external_id_field and not re.fullmatch(r"\w{1,80}", self.external_id_field):
            raise ValueError(f"'{self.external_id_field}' is no field. Write Outreach_Id__c.")
        for part in self.my_domain.split(".") if self.my_domain else ():
            label(part, "my_domain")

    @property
    def host(self) -> str:
        return self.base_url or (f"https://{self.my_domain.lower()}.my.salesforce.com" if self.my_domain else "")

    @property
    def kind(self) -> GrantKind:
        if self.private_key:
            return GrantKind.JWT_BEARER
        is_application = self.client_secret and self.host and not (self.refresh_token or self.code)
        return GrantKind.CLIENT_CREDENTIALS if is_application else GrantKind.REFRESH

    @property
    def consent(self) -> Consent | None:
        """Salesforce's page "OAuth 2.0 Web Server Flow". None: nobody has to agree."""
        url = f"{self.login_url}/services/oauth2/authorize"
        return Consent(grant=grant_of(self), url=url, scopes=_SCOPES) if self.kind is GrantKind.REFRESH else None

    @property
    def status(self) -> dict[str, str]:
        """Object → its status field; contacts have none but one that somebody made."""
        of_contacts = self.status_property if self.status_property.endswith("__c") else ""
        return {"Lead": self.status_property, "Contact": self.contact_status_property or of_contacts}

    @property
    def can(self) -> frozenset[Operation]:
        missing = frozenset() if self.object == "Contact" else DEALS
        missing |= frozenset() if self.tags_property else {Operation.TAGS}
        possible = READS_AND_WRITES | {Operation.FORGET}
        return possible - missing - (frozenset() if self.status[self.object] else {Operation.STATUS})


def grant_of(options: Options) -> Grant:
    def base_url_of(answer: Mapping[str, Any]) -> str:
        return "" if options.base_url else origin_below(answer, "instance_url", ("salesforce.com", "force.com"))

    def assertion(now: datetime) -> str:
        claims = {"iss": options.client_id, "sub": options.username, "aud": options.login_url}
        return signed_assertion(claims | {"exp": int((now + _JWT_LIFE).timestamp())}, options.private_key)

    kind = options.kind
    login = options.host if kind is GrantKind.CLIENT_CREDENTIALS else options.login_url
    return Grant(
        provider=PROVIDER,
        token_url=f"{login}/services/oauth2/token",
        client_id=options.client_id,
        client_secret=options.client_secret,
        kind=kind,
        refresh_token=options.refresh_token,
        code=options.code,
        redirect_uri=options.redirect_uri,
        account=options.connection,
        assertion=assertion,
        base_url_of=base_url_of,
    )
