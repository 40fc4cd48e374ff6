"""From the settings of a mailbox to what its adapters are given: grants for XOAUTH2.

Addresses and parameters are those of the providers' own libraries (google-auth-oauthlib 1.5, msal 1.39) and pages:
Google, "Using OAuth 2.0 for Web Server Applications"; Microsoft, "Authenticate an IMAP, POP or SMTP connection using
OAuth". `token_url` replaces where tokens are asked for.
"""

from __future__ import annotations

from outreach.consent import Consent
from outreach.content.configuration import OAuthSettings
from outreach.grants import Grant, GrantKind

_GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"
_GOOGLE_SCOPE = ""  # a refresh token carries the scopes that were agreed to
_MICROSOFT_TOKENS = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
_GOOGLE_CONSENT = "https://accounts.google.com/o/oauth2/v2/auth"
_GOOGLE_PARAMS = {"access_type": "offline", "prompt": "consent"}
_GOOGLE_MAIL = "https://mail.google.com/"  # SMTP and IMAP take no narrower one
_MICROSOFT_CONSENT = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize"
_MICROSOFT_SCOPE = (
    "https://outlook.office.com/SMTP.Send https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
)
_MICROSOFT_APP_SCOPE = "https://outlook.office365.com/.default"


def grant_of(oauth: OAuthSettings) -> Grant:
    """What the access tokens of a mailbox are asked for with; the same for sending and reading, so one is enough."""
    is_person = bool(oauth.refresh_token) or oauth.consent
    if oauth.provider == "google":
        url, scope = _GOOGLE_TOKENS, _GOOGLE_SCOPE
    else:
        url = _MICROSOFT_TOKENS.format(tenant=oauth.tenant)
        scope = _MICROSOFT_SCOPE if is_person else _MICROSOFT_APP_SCOPE
    return Grant(
        provider=oauth.provider,
        token_url=oauth.token_url or url,
        client_id=oauth.client_id,
        client_secret=oauth.client_secret,
        kind=GrantKind.REFRESH if is_person else GrantKind.CLIENT_CREDENTIALS,
        refresh_token=oauth.refresh_token,
        scope=oauth.scope or scope,
        account=oauth.username.lower() if oauth.consent else "",
    )


def consent_of(oauth: OAuthSettings) -> Consent | None:
    """What the owner of a mailbox agrees to; None where the application signs in as itself."""
    grant = grant_of(oauth)
    if grant.kind is not GrantKind.REFRESH:
        return None
    if oauth.provider == "google":
        scopes = tuple((oauth.scope or _GOOGLE_MAIL).split())
        return Consent(grant=grant, url=_GOOGLE_CONSENT, scopes=scopes, params=_GOOGLE_PARAMS)
    url = _MICROSOFT_CONSENT.format(tenant=oauth.tenant)
    return Consent(grant=grant, url=url, scopes=tuple(grant.scope.split()), params={"prompt": "select_account"})
