"""How a Pipedrive connection is configured, and how it logs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from outreach.consent import Consent
from outreach.crm import READS_AND_WRITES, Operation
from outreach.crms.hosts import label, origin_below
from outreach.crms.pipedrive_values import PROVIDER
from outreach.grants import Grant

LACKS = {
    Operation.STATUS: "a status needs `status`, with a field of persons as its property",
    Operation.DO_NOT_CONTACT: "an opt-out needs `do_not_contact_label`",
}
_ALWAYS = READS_AND_WRITES - frozenset(LACKS)
_SCOPES = ("base", "contacts:full", "search:read", "deals:full", "users:read")
_HOST = "https://api.pipedrive.com"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the two versions of the API are below the host."""

    v1: str
    v2: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`token`, a person's API token; or OAuth: `client_id`, `client_secret`, and a person's consent (`outreach crm
    authorize`), a `refresh_token`, or a `code` with its `redirect_uri`, which is exchanged once.

    `company`: the first part of the company's address, for links and as the host. `status_property`: a custom field of
    persons, by its key or name. `do_not_contact_label`: a label of persons.
    """

    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    redirect_uri: str = ""
    connection: str = ""
    company: str = ""
    base_url: str = ""
    v1_path: str = ""
    v2_path: str = "/api/v2"
    token_url: str = "https://oauth.pipedrive.com/oauth/token"  # noqa: S105  # an address
    status_property: str = ""
    do_not_contact_label: str = ""
    organizations: bool = True

    def __post_init__(self) -> None:
        has_grant = bool(self.client_id and self.client_secret)
        if bool(self.token.strip()) == has_grant:
            raise ValueError(
                'either a token or OAuth is needed. Write token: "${PIPEDRIVE_TOKEN}", or client_id and client_secret, '
                "and run `outreach crm authorize`."
            )
        if self.company:
            label(self.company, "company")

    @property
    def host(self) -> str:
        return self.base_url or self.web or _HOST

    @property
    def paths(self) -> Paths:
        """Where the descriptions and Pipedrive's own client have them: version 1 stands under /api below a company's
        host and with OAuth; below the host that all share, and what stands in for it, it does not.
        """
        host = urlsplit(self.host).hostname or ""
        is_of_company = bool(self.company) or (host.endswith(".pipedrive.com") and self.host != _HOST)
        v1 = "/v1" if self.token and not is_of_company else "/api/v1"
        return Paths(v1=self.v1_path or v1, v2=self.v2_path)

    @property
    def web(self) -> str:
        """Where the company's pages are; empty if we do not know."""
        return f"https://{self.company.lower()}.pipedrive.com" if self.company else ""

    @property
    def consent(self) -> Consent | None:
        """None: this connection has a token."""
        return consent_of(self) if self.client_id else None

    @property
    def can(self) -> frozenset[Operation]:
        wants = {Operation.STATUS: self.status_property, Operation.DO_NOT_CONTACT: self.do_not_contact_label}
        return _ALWAYS | {Operation.FORGET} | {operation for operation, setting in wants.items() if setting}


def consent_of(options: Options) -> Consent:
    """Pipedrive's page "OAuth authorization". The scopes are chosen where the app is made, not in the address."""
    url = urljoin(options.token_url, "authorize")
    return Consent(grant=grant_of(options), url=url, scopes=_SCOPES, names_scopes=False)


def grant_of(options: Options) -> Grant:
    def base_url_of(answer: Mapping[str, Any]) -> str:
        return "" if options.base_url else origin_below(answer, "api_domain", ("pipedrive.com",))

    return Grant(
        provider=PROVIDER,
        token_url=options.token_url,
        client_id=options.client_id,
        client_secret=options.client_secret,
        refresh_token=options.refresh_token,
        code=options.code,
        redirect_uri=options.redirect_uri,
        account=options.connection,
        is_basic=True,
        base_url_of=base_url_of,
    )
