"""What the settings say, in the words of those who take it: options for adapters, and the engine's policy."""

from __future__ import annotations

from typing import Any

from outreach import adapters
from outreach.content.configuration import CrmSettings, ImapSettings, SenderSettings, Settings
from outreach.services.sending.engine import Policy

_SMTP_OPTIONS = (
    "url",
    "username",
    "password",
    "allow_plaintext",
    "local_hostname",
    "ca_file",
    "connections",
    "messages_per_connection",
)
_IMAP_OPTIONS = (
    "url",
    "username",
    "password",
    "folders",
    "sent_folder",
    "allow_plaintext",
    "ca_file",
    "idle",
)


def policy_of(configured: Settings) -> Policy:
    organisation = configured.organisation
    return Policy(
        max_late=configured.defaults.max_late,
        resend_unknown_once=configured.defaults.unknown == "resend_once",
        organisation=organisation.name if organisation else "",
        postal_address=organisation.postal_address if organisation else "",
        public_url=configured.public_url.rstrip("/"),
        tracking=configured.defaults.tracking,
        recipients=configured.recipients,
        guards=configured.guards,
        snooze=configured.replies.out_of_office,
        not_now=configured.replies.not_now,
        new_leads_from_replies=configured.replies.new_leads,
    )


def account_of(each: SenderSettings, channel: str) -> tuple[str, dict[str, Any]] | None:
    """(adapter, its options) of the account a sender has on a channel; None if it has none."""
    if channel == "email" and each.email:
        server = each.email.smtp
        own = {name: value for name in _SMTP_OPTIONS if (value := getattr(server, name))} if server else {}
        return each.email.use, {**each.email.options, **own}
    account = each.channels.get(channel)
    return (account.use, dict(account.options)) if account else None


def crm_options(each: CrmSettings, configured: Settings) -> dict[str, Any]:
    """The adapter's options; a relative `directory` is meant from the workspace."""
    options = adapters.own_options(each)
    if "directory" in options:
        options["directory"] = str(configured.root / str(options["directory"]))
    return options


def imap_options(server: ImapSettings) -> dict[str, Any]:
    return {name: value for name in _IMAP_OPTIONS if (value := getattr(server, name)) is not None}
