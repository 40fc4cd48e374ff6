"""Where a stand-in gives out access tokens (RFC 6749): by refresh token, code, client credentials or assertion."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

CLIENT_ID = "client-sample-1"
CLIENT_SECRET = "client-secret-sample-1"  # noqa: S105  # sample data, as are all of these
REFRESH_TOKEN = "refresh-sample-0"  # noqa: S105
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass
class TokenDesk:
    """`valid` are the access tokens that are taken now. `rotates`: a refresh token is good for one use.

    `accepts`: decides on an assertion. `declines`: what is answered instead of a token, with its status.
    """

    lifetime: int | None = 3600
    is_basic: bool = False
    rotates: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    accepts: Callable[[str], bool] = lambda assertion: False
    declines: tuple[int, dict[str, str]] | None = None
    refresh_token: str = REFRESH_TOKEN
    codes: set[str] = field(default_factory=lambda: {"code-sample-1"})
    valid: set[str] = field(default_factory=set)
    given: int = 0

    def expire(self) -> None:
        """No access token given so far is taken any more."""
        self.valid.clear()

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return _declined("invalid_request")
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        if self.declines:
            return httpx.Response(self.declines[0], json=self.declines[1])
        if form.get("grant_type") != _JWT and not self._knows_client(request, form):
            return _declined("invalid_client")
        if not self._takes(form):
            return _declined("invalid_grant")
        return httpx.Response(200, json=self._token(form))

    def _knows_client(self, request: httpx.Request, form: dict[str, str]) -> bool:
        if self.is_basic:
            pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            return request.headers.get("authorization") == f"Basic {pair}" and "client_secret" not in form
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)

    def _takes(self, form: dict[str, str]) -> bool:
        match form.get("grant_type"):
            case "refresh_token":
                return form.get("refresh_token") == self.refresh_token
            case "authorization_code":
                is_known = form.get("code") in self.codes and bool(form.get("redirect_uri"))
                self.codes.discard(form.get("code", ""))
                return is_known
            case "client_credentials":
                return True
            case kind if kind == _JWT:
                return self.accepts(form.get("assertion", ""))
        return False

    def _token(self, form: dict[str, str]) -> dict[str, Any]:
        self.given += 1
        access_token = f"access-sample-{self.given}"
        self.valid.add(access_token)
        answer: dict[str, Any] = {"access_token": access_token, "token_type": "Bearer", **self.extra}
        if self.lifetime is not None:
            answer["expires_in"] = self.lifetime
        if form["grant_type"] == "authorization_code" or (self.rotates and form["grant_type"] == "refresh_token"):
            self.refresh_token = answer["refresh_token"] = f"refresh-sample-{self.given}"
        return answer


def _declined(error: str) -> httpx.Response:
    return httpx.Response(400, json={"error": error, "error_description": "declined by the stand-in"})
