"""A person's consent, by the authorization code of OAuth 2.0 with PKCE (RFC 6749 §4.1, RFC 7636).

`ask` makes the address a person opens; the browser comes back to the redirect address with a code, which `code_of`
takes out of it. The code is exchanged by `TokenSource.begin`. State and verifier live for one run and are kept nowhere.
PKCE is sent to every provider: who does not know it has to ignore it (RFC 6749 §3.1, §3.2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from outreach.clock import fresh_secret
from outreach.errors import UsageError
from outreach.grants import Grant

_UNSPOKEN = frozenset({"offline_access", "refresh_token", "openid"})
"""Asked for, and not always named among what was granted: that there is a refresh token says it."""

Answer = Mapping[str, str]
"""What the browser brought back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Where a person agrees, and to what. `grant` is what the tokens are kept for, and renewed with.

    `divider` stands between scopes; `names_scopes` False: the provider takes them from its own page of the app.
    `contradiction` says what in the answer does not fit the settings, such as another data centre; empty: nothing.
    """

    grant: Grant
    url: str
    scopes: tuple[str, ...]
    divider: str = " "
    names_scopes: bool = True
    params: Mapping[str, str] = field(default_factory=dict)
    contradiction: Callable[[Answer], str] = field(default=lambda _: "", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question to a person. Who knows `verifier` can use the code: it is never shown."""

    url: str
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def ask(consent: Consent, *, redirect_uri: str, scopes: Iterable[str] = ()) -> Asked:
    """The address to open. `scopes` take the place of those that are needed."""
    state, verifier = fresh_secret(), fresh_secret()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    wanted = consent.divider.join(scopes or consent.scopes)
    query = {
        "response_type": "code",
        "client_id": consent.grant.client_id,
        "redirect_uri": redirect_uri,
        **({"scope": wanted} if consent.names_scopes else {}),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **consent.params,
    }
    return Asked(url=f"{consent.url}?{urlencode(query)}", redirect_uri=redirect_uri, state=state, verifier=verifier)


def answer_of(text: str) -> dict[str, str]:
    """The parameters of an address the browser was sent to, or of the part behind its `?`."""
    query = urlsplit(text).query or text.rpartition("?")[2]
    return dict(parse_qsl(query, max_num_fields=30))


def is_ours(asked: Asked, answer: Answer) -> bool:
    """Does the answer belong to this question?"""
    return hmac.compare_digest(answer.get("state", "").encode(), asked.state.encode())


def code_of(consent: Consent, asked: Asked, answer: Answer) -> str:
    """The code, if the person agreed. Raises UsageError saying why there is none."""
    if not is_ours(asked, answer):
        raise UsageError("that answer belongs to another question: its 'state' is not ours. Run the command again.")
    if answer.get("error"):
        said = " ".join(answer[name] for name in ("error", "error_description") if answer.get(name))
        raise UsageError(f"{consent.grant.provider} says: {said[:300]}. Nothing was changed.")
    if wrong := consent.contradiction(answer):
        raise UsageError(wrong)
    if not answer.get("code"):
        raise UsageError("the answer holds no code. Paste the whole address the browser ended at.")
    return answer["code"]


def missing(consent: Consent, granted: str | None) -> tuple[str, ...]:
    """Scopes that are needed and were not granted; none where the provider does not say."""
    if granted is None:
        return ()
    known = {each.lower() for each in granted.split()}
    return tuple(each for each in consent.scopes if each.lower() not in known and each not in _UNSPOKEN)
