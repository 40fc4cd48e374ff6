"""From the settings of a mailbox to what its adapters are given: grants for XOAUTH2."""

from __future__ import annotations

from outreach.content.configuration import OAuthSettings
from outreach.oauth import Grant, GrantKind

_GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"  # unverified; `token_url` replaces it
_GOOGLE_SCOPE = ""  # a refresh token carries the scopes that were agreed to
_MICROSOFT_TOKENS = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"  # unverified, as above
_MICROSOFT_SCOPE = (
    "https://outlook.office.com/SMTP.Send https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
)
_MICROSOFT_APP_SCOPE = "https://outlook.office365.com/.default"


def grant_of(oauth: OAuthSettings) -> Grant:
    """What the access tokens of a mailbox are asked for with; the same for sending and reading, so one is enough."""
    if oauth.provider == "google":
        url, scope = _GOOGLE_TOKENS, _GOOGLE_SCOPE
    else:
        url = _MICROSOFT_TOKENS.format(tenant=oauth.tenant)
        scope = _MICROSOFT_SCOPE if oauth.refresh_token else _MICROSOFT_APP_SCOPE
    return Grant(
        provider=oauth.provider,
        token_url=oauth.token_url or url,
        client_id=oauth.client_id,
        client_secret=oauth.client_secret,
        kind=GrantKind.REFRESH if oauth.refresh_token else GrantKind.CLIENT_CREDENTIALS,
        refresh_token=oauth.refresh_token,
        scope=oauth.scope or scope,
    )
