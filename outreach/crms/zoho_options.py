"""How a Zoho CRM connection is configured, and how it logs in. Each region is a world of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from outreach.consent import Consent
from outreach.crm import READS_AND_WRITES, Operation
from outreach.crms.hosts import origin_below
from outreach.crms.zoho_values import PEOPLE, PROVIDER
from outreach.grants import Grant

REGIONS = {
    "us": ("accounts.zoho.com", "www.zohoapis.com", "crm.zoho.com"),
    "eu": ("accounts.zoho.eu", "www.zohoapis.eu", "crm.zoho.eu"),
    "in": ("accounts.zoho.in", "www.zohoapis.in", "crm.zoho.in"),
    "au": ("accounts.zoho.com.au", "www.zohoapis.com.au", "crm.zoho.com.au"),
    "jp": ("accounts.zoho.jp", "www.zohoapis.jp", "crm.zoho.jp"),
    "cn": ("accounts.zoho.com.cn", "www.zohoapis.com.cn", "crm.zoho.com.cn"),
    "ca": ("accounts.zohocloud.ca", "www.zohoapis.ca", "crm.zohocloud.ca"),
    "sa": ("accounts.zoho.sa", "www.zohoapis.sa", "crm.zoho.sa"),
    "uk": ("accounts.zoho.uk", "www.zohoapis.uk", "crm.zoho.uk"),
}
_API_HOSTS = tuple(api.removeprefix("www.") for _, api, _ in REGIONS.values())
TRIGGERS = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")
SCOPES = (
    *("ZohoCRM.modules.ALL", "ZohoCRM.modules.notes.ALL", "ZohoCRM.settings.ALL", "ZohoCRM.users.READ"),
    "ZohoCRM.org.READ",
)
DEALS = frozenset({Operation.STAGE, Operation.DEAL})
LACKS = dict.fromkeys(DEALS, "deals belong to contacts; set `module: Contacts`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """OAuth: `client_id`, `client_secret`, and a person's consent (`outreach crm authorize`), a `refresh_token`, or a
    `code` with its `redirect_uri`, exchanged once.

    `region`: where the account lives. `module`: what new people become, Leads or Contacts. `status_property` is a field
    of leads, and of contacts unless `contact_status_property` names another. `triggers`: which automations of Zoho run
    after a write; left out all, an empty list none. `unknown_company`: leads must have a company.
    """

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    redirect_uri: str = ""
    connection: str = ""
    region: str = "us"
    base_url: str = ""
    accounts_url: str = ""
    version: str = "v8"
    module: str = "Leads"
    status_property: str = "Lead_Status"
    contact_status_property: str = ""
    triggers: tuple[str, ...] | None = None
    unknown_company: str = "-"
    closing_days: int = 30

    def __post_init__(self) -> None:
        if not (self.client_id.strip() and self.client_secret.strip()):
            raise ValueError("Write client_id and client_secret, and run `outreach crm authorize`.")
        if self.region not in REGIONS:
            raise ValueError(f"unknown region '{self.region}'. Write one of: {', '.join(REGIONS)}.")
        if self.module not in PEOPLE:
            raise ValueError(f"unknown module '{self.module}'. Write Leads or Contacts.")
        if wrong := [one for one in self.triggers or () if one not in TRIGGERS]:
            raise ValueError(f"unknown trigger '{wrong[0]}'. Write some of: {', '.join(TRIGGERS)}.")
        if not self.version.startswith("v") or not self.version[1:].replace(".", "").isdigit():
            raise ValueError(f"'{self.version}' is no version of the API. Write v8.")

    @property
    def status(self) -> dict[str, str]:
        """Module → its status field."""
        return {"Leads": self.status_property, "Contacts": self.contact_status_property or self.status_property}

    @property
    def can(self) -> frozenset[Operation]:
        possible = READS_AND_WRITES | {Operation.FORGET}
        return possible if self.module == "Contacts" else possible - DEALS

    @property
    def host(self) -> str:
        return self.base_url or f"https://{REGIONS[self.region][1]}"

    @property
    def accounts(self) -> str:
        """Where people of this region sign in."""
        return self.accounts_url or f"https://{REGIONS[self.region][0]}"

    @property
    def consent(self) -> Consent:
        return consent_of(self)

    @property
    def web(self) -> str:
        """Where people see the records."""
        return f"https://{REGIONS[self.region][2]}/crm"


def consent_of(options: Options) -> Consent:
    """Zoho's page "Authorization Request". A consent of another data centre brings a code that is of no use here."""

    def contradiction(answer: Mapping[str, str]) -> str:
        lives_in = answer.get("location", options.region).lower()
        if lives_in == options.region:
            return ""
        known = f"Write `region: {lives_in}`" if lives_in in REGIONS else f"Known: {', '.join(REGIONS)}"
        return (
            f"this account lives in the data centre '{lives_in[:20]}', not '{options.region}'. {known}, and try again."
        )

    return Consent(
        grant=grant_of(options),
        url=f"{options.accounts}/oauth/v2/auth",
        scopes=SCOPES,
        divider=",",
        params={"access_type": "offline", "prompt": "consent"},
        contradiction=contradiction,
    )


def grant_of(options: Options) -> Grant:

    def base_url_of(answer: Mapping[str, Any]) -> str:
        return "" if options.base_url else origin_below(answer, "api_domain", _API_HOSTS)

    return Grant(
        provider=PROVIDER,
        token_url=f"{options.accounts}/oauth/v2/token",
        client_id=options.client_id,
        client_secret=options.client_secret,
        refresh_token=options.refresh_token,
        code=options.code,
        redirect_uri=options.redirect_uri,
        account=options.connection,
        base_url_of=base_url_of,
    )
