"""What config/outreach.yaml, senders.yaml and crm.yaml come to: frozen values, secrets never in their repr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from pathlib import Path

from outreach.content.own_fields import FieldType
from outreach.crm import Abilities, Mode, Operation
from outreach.domain import mail_provider
from outreach.domain.cautious import CAUTIOUS
from outreach.domain.crm_mapping import CrmMapping, CrmTrigger, DealRule, FieldRule, OnErase, TieBreak
from outreach.domain.crm_news import Change
from outreach.domain.guards import DEFAULT_GUARDS, Guards
from outreach.domain.notice import NOBODY, Notify
from outreach.domain.quota import Limits
from outreach.domain.recipients import NO_CAPS, RecipientCaps
from outreach.domain.sender import Sender
from outreach.domain.sequence import Schedule, Tracking
from outreach.domain.turns import EVEN_SHARES, Shares


class UnknownPolicy(StrEnum):
    """What follows when nobody can know whether a message went out."""

    HOLD = "hold"
    RESEND_ONCE = "resend_once"


class DnsPolicy(StrEnum):
    """What follows when the records that other mail servers ask for are missing at a sender's domain."""

    PAUSE = "pause"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Who writes: named in every e-mail, because the law of most countries asks for it."""

    name: str
    postal_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    max_late: timedelta = timedelta(days=2)
    unknown: UnknownPolicy = UnknownPolicy.HOLD
    tracking: Tracking = field(default_factory=Tracking)
    dns_check: DnsPolicy = DnsPolicy.PAUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySettings:
    """What replies mean, and what follows. `classifier`: `package.module:callable`, asked before the rules."""

    classifier: str | None = None
    new_leads: bool = False
    not_now: timedelta = timedelta(days=90)
    out_of_office: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """One connection of `POST /webhooks/<name>`. `options` are the receiver's own, secrets among them."""

    name: str
    use: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSettings:
    """Signing in to a mailbox without a password. Without a refresh token or a person's consent, as the application."""

    provider: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    consent: bool = False  # `outreach crm authorize` brings the refresh token
    username: str = ""  # whose consent it is
    tenant: str = "common"  # Microsoft: the organisation's id
    token_url: str = ""  # empty: the provider's
    scope: str = ""  # empty: what sending and reading mail needs


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServerSettings:
    """How to reach one SMTP or IMAP server. The scheme of `url` says how the connection is protected."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    oauth: OAuthSettings | None = None
    allow_plaintext: bool = False
    local_hostname: str = ""  # our name in EHLO; empty: chosen by the channel
    ca_file: str = ""  # certificates to trust beside the system's
    connections: int = 4  # at the same time
    messages_per_connection: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings(MailServerSettings):
    """The mailbox replies come to, and how it is read."""

    folders: tuple[str, ...] = ("INBOX",)
    sent_folder: str = ""  # empty: the one the server calls so; `none`: it is not read
    every: timedelta = timedelta(minutes=2)  # looked at so often even if the server tells nothing
    idle: bool = True
    keep_sent: bool = False  # a copy of what we send goes into the Sent folder


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimSettings:
    """One key that mail is signed with. The key is PEM, in the settings or in a file of the workspace."""

    selector: str
    domain: str = ""  # empty: that of the sender's address
    private_key: str = field(default="", repr=False)
    key_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSettings:
    """The mailbox of a sender. `smtp` is there whenever `use` is `smtp`."""

    address: str
    use: str = "smtp"
    smtp: MailServerSettings | None = None
    imap: ImapSettings | None = None
    reply_to: str = ""  # where answers go, if not to `address`
    reply_token: bool = False  # anna+TOKEN@… as Reply-To: an answer names its touch even without thread headers
    return_path: str = ""  # where bounces go, if not to `address`
    return_token: bool = False  # the same token in the return path (VERP)
    dkim: tuple[DkimSettings, ...] = ()
    dkim_selectors: tuple[str, ...] = ()  # of a relay that signs itself: what `doctor` looks for
    limits: Limits = field(default_factory=Limits)
    options: Mapping[str, object] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """One more way a sender reaches people. `limits` are by action; `options` are the adapter's own."""

    name: str
    use: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    withdraw_after: timedelta | None = None  # linkedin: an invitation nobody answered is taken back when it is so old


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSettings:
    """An identity that sends. `name` is its key in the file, `display_name` what recipients see."""

    name: str
    display_name: str
    timezone: str
    signature: str = ""
    booking_url: str = ""
    email: EmailSettings | None = None
    channels: Mapping[str, ChannelSettings] = field(default_factory=dict)
    freeze: frozenset[date] = frozenset()  # days on which this sender sends nothing
    shares: Shares = EVEN_SHARES

    def sender(self) -> Sender:
        """The same in the domain's words: what the engine asks about a sender."""
        mailbox = frozenset({"email"}) if self.email else frozenset()
        return Sender(
            name=self.name,
            display_name=self.display_name,
            zone=self.timezone,
            email=self.email.address if self.email else "",
            mail_provider=_mail_provider(self.email) if self.email else "",
            reply_to=_reply_to(self.email) if self.email else "",
            reply_token=bool(self.email and self.email.reply_token),
            return_path=_return_path(self.email) if self.email else "",
            return_token=bool(self.email and self.email.return_token),
            signature=self.signature,
            booking_url=self.booking_url,
            channels=mailbox | frozenset(self.channels),
            limits=self._limits(),
            freeze=self.freeze,
            shares=self.shares,
        )

    def _limits(self) -> dict[str, Limits]:
        """By action: `email`, `sms`, `<channel>.<action>`; cautious ones where none is written for a social action."""
        cautious = {name: limit for name, limit in CAUTIOUS.items() if name.partition(".")[0] in self.channels}
        limits = {
            action if action == channel.name else f"{channel.name}.{action}": limit
            for channel in self.channels.values()
            for action, limit in channel.limits.items()
        }
        return cautious | limits | ({"email": self.email.limits} if self.email else {})


def _mail_provider(email: EmailSettings) -> str:
    if email.smtp is None:
        return ""
    host = email.smtp.url.partition("://")[2].partition(":")[0]
    return email.smtp.oauth.provider if email.smtp.oauth else mail_provider.of_server(host)


def _reply_to(email: EmailSettings) -> str:
    return email.reply_to or (email.address if email.reply_token else "")


def _return_path(email: EmailSettings) -> str:
    return email.return_path or (email.address if email.return_token else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMapping:
    """What of a lead goes into one remote field: a path such as `first_name` or `fields.title`."""

    source: str
    mode: Mode = Mode.FILL
    values: Mapping[str, str] = field(default_factory=dict)  # our value → the remote one


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMapping:
    property: str
    values: Mapping[str, str]  # our status → remote value
    pipelines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # pipeline → the same, before it


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmSettings:
    """One CRM connection. `options` are the adapter's own, such as `base_url` and `token`."""

    name: str
    use: str
    options: Mapping[str, object] = field(default_factory=dict, repr=False)
    fields: Mapping[str, FieldMapping] = field(default_factory=dict)  # remote field → ours
    status: StatusMapping | None = None
    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # pipeline → our stage → remote stage
    owners: Mapping[str, str] = field(default_factory=dict)  # our owner → e-mail address of the remote user
    deal: DealRule | None = None
    tie_break: TieBreak = TieBreak.OLDEST
    when: Mapping[CrmTrigger, tuple[Operation, ...]] = field(default_factory=dict)
    poll: timedelta | None = None  # how often to ask what changed there
    heed: frozenset[Change] = frozenset(Change)  # which changes there have an effect here
    on_erase: OnErase = OnErase.TASK
    dry_run: bool = False  # it is read only; what would be written is put aside
    rate: tuple[int, timedelta] | None = None  # calls, and in how long; None: what is documented for the system
    abilities: Abilities | None = None  # what the adapter can do with these options; None: it was not asked

    def mapping(self) -> CrmMapping:
        """The same in the domain's words."""
        return CrmMapping(
            name=self.name,
            fields=tuple(
                FieldRule(
                    remote=remote,
                    source=ours.source,
                    is_overwriting=ours.mode is Mode.OVERWRITE,
                    values=ours.values,
                )
                for remote, ours in self.fields.items()
            ),
            status_property=self.status.property if self.status else "",
            statuses=self.status.values if self.status else {},
            pipeline_statuses=self.status.pipelines if self.status else {},
            stages=self.stages,
            owners=self.owners,
            deal=self.deal,
            tie_break=self.tie_break,
            when={trigger: tuple(map(str, operations)) for trigger, operations in self.when.items()},
            poll=self.poll,
            heed=self.heed,
            on_erase=self.on_erase,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """What reports take as given, and to whom they go. `weekly` is (weekday, Monday is 0; time), in the team's zone."""

    to: tuple[str, ...] = ()
    sender: str = ""
    weekly: tuple[int, time] | None = None
    monthly: int | None = None  # the day of the month
    at: time = time(8)  # when the monthly one goes out
    segment: str = "fields.segment"  # which value of a lead is its segment
    sector_cycle: timedelta | None = None  # how long a sale takes on average in the sector
    proposal_stages: tuple[str, ...] = ("proposal", "solution_proposal")
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """Who of the team is told of what. `options` are those of the adapters that tell, secrets among them."""

    notify: Notify = NOBODY
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)  # slack, http


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    host: str = "127.0.0.1"
    port: int = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the three files and the environment say. URLs of stores may hold passwords, so they are not shown."""

    root: Path
    database_url: str = field(repr=False)
    broker_url: str | None = field(default=None, repr=False)
    public_url: str = "http://127.0.0.1:8080"
    organisation: Organisation | None = None
    defaults: Defaults = field(default_factory=Defaults)
    replies: ReplySettings = field(default_factory=ReplySettings)
    recipients: RecipientCaps = NO_CAPS  # how often one person, company and domain is written to
    guards: Guards = DEFAULT_GUARDS
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    webhooks: Mapping[str, WebhookSettings] = field(default_factory=dict)
    senders: Mapping[str, SenderSettings] = field(default_factory=dict)
    crm: Mapping[str, CrmSettings] = field(default_factory=dict)
    web: WebSettings = field(default_factory=WebSettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    notify: NotifySettings = field(default_factory=NotifySettings)
    fields: Mapping[str, FieldType] = field(default_factory=dict)  # of the team's own: `size`, `company.size`
    verifier: str | None = None  # of e-mail addresses: `package.module:callable`, or the name of an entry point
    secret_key: str | None = field(default=None, repr=False)
