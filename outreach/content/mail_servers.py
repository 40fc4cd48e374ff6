"""Mail servers in config/senders.yaml: where they are, how to sign in, and the keys mail is signed with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from outreach.content.configuration import DkimSettings, ImapSettings, MailServerSettings, OAuthSettings
from outreach.content.field_types import Elapsed, Line, Positive, Secret, WebUrl, split_url
from outreach.content.model_reading import FileModel

_TENANT = re.compile(r"[A-Za-z0-9.-]{1,100}")
_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62})")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_OFTEN_ENOUGH = timedelta(seconds=20)


def _server_url(protocol: str) -> Callable[[str], str]:
    def check(url: str) -> str:
        parts = split_url(url)
        if parts.scheme not in (f"{protocol}s", f"{protocol}+starttls", protocol) or not parts.hostname:
            raise ValueError(
                f"is not the address of an {protocol.upper()} server. "
                f"Write {protocol}s://host (TLS), {protocol}+starttls://host, or {protocol}:// for this machine."
            )
        if parts.username or parts.password:
            raise ValueError("must not hold a user name. Write it as username and password beside the url.")
        return url.strip()

    return check


def is_loopback(host: str) -> bool:
    """Is this host the machine itself? By its name or number alone, without asking anybody."""
    try:
        return host.lower() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _tenant(tenant: str) -> str:
    if not _TENANT.fullmatch(tenant):
        raise ValueError("is no tenant. Write its id or its domain.")
    return tenant


class OAuthModel(FileModel):
    provider: Literal["google", "microsoft"]
    client_id: Line
    client_secret: Secret
    refresh_token: Secret = ""
    consent: bool = False
    tenant: Annotated[str, AfterValidator(_tenant)] = "common"
    token_url: WebUrl = ""
    scope: Line | None = None

    @model_validator(mode="after")
    def _has_a_proof(self) -> Self:
        if self.refresh_token or self.consent:
            return self
        if self.provider == "google":
            said = "Write the one that Google gave when you agreed, or `consent: true` and run outreach crm authorize."
            raise ValueError(f"has no refresh_token. {said}")
        if self.tenant == "common":
            said = "Write one: an application needs its tenant; or `consent: true`, and run outreach crm authorize."
            raise ValueError(f"has neither refresh_token nor tenant. {said}")
        return self

    def settings(self, username: str | None) -> OAuthSettings:
        return OAuthSettings(
            username=username or "",
            consent=self.consent,
            provider=self.provider,
            client_id=self.client_id,
            client_secret=self.client_secret,
            refresh_token=self.refresh_token,
            tenant=self.tenant,
            token_url=self.token_url,
            scope=self.scope or "",
        )


class MailServerModel(FileModel):
    """A mail server and how to sign in to it."""

    url: str
    username: Line | None = None
    password: Secret | None = None
    oauth: OAuthModel | None = None
    allow_plaintext: bool = False

    @model_validator(mode="after")
    def _signs_in_safely(self) -> Self:
        parts = split_url(self.url)
        if parts.scheme in ("smtp", "imap") and not is_loopback(parts.hostname or "") and not self.allow_plaintext:
            raise ValueError(
                f"uses {parts.scheme}://, which sends everything in the clear. Write {parts.scheme}s:// or "
                f"{parts.scheme}+starttls://, or add allow_plaintext: true."
            )
        if self.password and self.oauth:
            raise ValueError("has a password and oauth. Write one of them.")
        if bool(self.username) != bool(self.password or self.oauth):
            raise ValueError("has only one of username and password. Write both, or none of them.")
        return self

    def settings(self) -> MailServerSettings:
        return MailServerSettings(
            url=self.url,
            username=self.username,
            password=self.password,
            oauth=self.oauth.settings(self.username) if self.oauth else None,
            allow_plaintext=self.allow_plaintext,
        )


class SmtpModel(MailServerModel):
    url: Annotated[str, AfterValidator(_server_url("smtp"))]
    local_hostname: Line | None = None
    ca_file: Line | None = None
    connections: Positive = 4
    messages_per_connection: Positive = 100

    def settings(self) -> MailServerSettings:
        return replace(
            super().settings(),
            local_hostname=self.local_hostname or "",
            ca_file=self.ca_file or "",
            connections=self.connections,
            messages_per_connection=self.messages_per_connection,
        )


class ImapModel(MailServerModel):
    url: Annotated[str, AfterValidator(_server_url("imap"))]
    ca_file: Line | None = None
    folders: list[Line] = Field(default=["INBOX"], min_length=1, max_length=20)
    sent_folder: Line | None = None
    every: Elapsed = timedelta(minutes=2)
    idle: bool = True
    keep_sent: bool = False

    def settings(self) -> ImapSettings:
        return ImapSettings(
            url=self.url,
            username=self.username,
            password=self.password,
            oauth=self.oauth.settings(self.username) if self.oauth else None,
            allow_plaintext=self.allow_plaintext,
            ca_file=self.ca_file or "",
            folders=tuple(dict.fromkeys(self.folders)),
            sent_folder=self.sent_folder or "",
            every=max(self.every, _OFTEN_ENOUGH),
            idle=self.idle,
            keep_sent=self.keep_sent,
        )


def _selector(text: str) -> str:
    if not _SELECTOR.fullmatch(text):
        raise ValueError("is no selector. Write the part before ._domainkey, such as mail2026.")
    return text


def _domain(text: str) -> str:
    if not _DOMAIN.fullmatch(text):
        raise ValueError("is no domain. Write example.com.")
    return text.lower()


Selector = Annotated[str, AfterValidator(_selector)]


class DkimModel(FileModel):
    """One key that mail is signed with, where the relay does not sign."""

    selector: Selector
    domain: Annotated[str, AfterValidator(_domain)] | None = None
    private_key: Secret | None = None
    key_file: Line | None = None

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if bool(self.private_key) == bool(self.key_file):
            raise ValueError("needs one of private_key and key_file.")
        return self

    def settings(self) -> DkimSettings:
        return DkimSettings(
            selector=self.selector,
            domain=self.domain or "",
            private_key=self.private_key or "",
            key_file=self.key_file or "",
        )


def as_list(value: object) -> object:
    return [value] if isinstance(value, Mapping) else value
