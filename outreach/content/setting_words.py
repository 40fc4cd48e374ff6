"""What each key of the settings is for (outreach.yaml, senders.yaml, crm.yaml, goals.yaml), with an example."""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, tuple[str, object]]
"""Key → (what it is for, an example)."""

SENDER: Words = {
    "name": ("The name recipients see.", "Anna Yılmaz"),
    "timezone": ("Where the sender lives: an IANA zone.", "Europe/Istanbul"),
    "email": ("The mailbox.", {"address": "anna@example.com"}),
    "signature": ("Stands below every message.", "Anna Yılmaz · Example Ltd"),
    "booking_url": ("Where a meeting can be booked.", "https://cal.example.com/anna"),
    "freeze": ("Days on which this sender sends nothing.", ["2026-12-24"]),
    "ratio": ("How follow-ups and first touches share its limits.", {"follow_ups": 3, "first": 1}),
    "shares": ("How sequences share its limits; 1 each if left out.", {"founder-intro": 2}),
}

RATIO: Words = {
    "follow_ups": ("So many follow-ups …", 3),
    "first": ("… for so many first touches, where both wait.", 1),
}

RECIPIENTS: Words = {
    "person_per_7_days": ("At most so many touches of one person in 7 days.", 3),
    "company_per_7_days": ("At most so many touches of the people of one company in 7 days.", 10),
    "domain_per_day": ("At most so many mails to one domain in 24 hours; free mail providers are not counted.", 20),
}

GUARDS: Words = {
    "bounces": ("A sender with more bounces is paused; or off.", {"more_than": "5%"}),
    "complaints": ("A sender with more complaints is paused; or off.", {"more_than": "0.3%"}),
    "silence": ("A sender nobody answers is paused; or off.", {"at_least": 500}),
}

EMAIL: Words = {
    "address": ("The address of the mailbox.", "anna@example.com"),
    "use": ("The adapter; smtp if left out.", "smtp"),
    "smtp": ("The server that takes outgoing mail.", {"url": "smtps://smtp.example.com:465"}),
    "imap": ("The server that holds incoming mail.", {"url": "imaps://imap.example.com:993"}),
    "reply_to": ("Where answers go, if not to the address.", "team@example.com"),
    "reply_token": ("Each mail has a Reply-To of its own, anna+TOKEN@example.com.", True),
    "return_path": ("Where bounces go, if not to the address.", "bounces@example.com"),
    "return_token": ("Each mail has a return path of its own, bounces+TOKEN@example.com.", True),
    "dkim": ("Keys to sign with, where the relay does not sign.", [{"selector": "mail", "key_file": "dkim.pem"}]),
    "dkim_selectors": ("Selectors of a relay that signs; doctor looks for their keys.", ["google"]),
    "limits": ("How much may be sent.", {"per_day": 40, "gap": "9 minutes"}),
}

LIMITS: Words = {
    "per_hour": ("At most so many in 60 minutes.", 10),
    "per_day": ("At most so many in a day of the sender.", 40),
    "per_7_days": ("At most so many in 7 days.", 80),
    "gap": ("At least so long between two.", "9 minutes"),
    "jitter": ("And up to so much longer.", "5 minutes"),
    "ramp": ("A new account begins with few and does more each day.", {"start": 5, "step": 2}),
    **{
        name: (f"{said} Only those of this sender and action count.", most) for name, (said, most) in RECIPIENTS.items()
    },
}

RAMP: Words = {
    "start": ("How many on the first day.", 5),
    "step": ("How many more on each further day.", 2),
}

SERVER: Words = {
    "url": ("smtps:// or imaps:// is TLS; smtp+starttls:// mandatory STARTTLS.", "smtps://smtp.example.com:465"),
    "username": ("Who signs in.", "anna@example.com"),
    "password": ("From the environment.", "${ANNA_PASSWORD}"),
    "oauth": ("In place of a password.", {"provider": "google"}),
    "allow_plaintext": ("Sign in without encryption; never over the internet.", False),
    "local_hostname": ("The name we give in EHLO.", "mail.example.com"),
    "ca_file": ("Certificates to trust beside those of the system.", "config/ca.pem"),
    "connections": ("At most so many at the same time.", 4),
    "messages_per_connection": ("A new connection after so many.", 100),
    "folders": ("The folders to read.", ["INBOX", "Junk"]),
    "sent_folder": ("The folder of sent mail, if the server does not name it; none: it is not read.", "Sent Items"),
    "every": ("It is looked at so often, even if the server tells of nothing.", "2 minutes"),
    "idle": ("Let the server tell of new mail; false for one that forgets to.", True),
    "keep_sent": ("Put a copy of what is sent into the Sent folder.", True),
}

DKIM: Words = {
    "selector": ("The part before ._domainkey.", "mail2026"),
    "domain": ("The domain that signs; that of the address if left out.", "example.com"),
    "private_key": ("The key as PEM, from the environment.", "${DKIM_KEY}"),
    "key_file": ("A file of the workspace that holds it.", "config/dkim.pem"),
}

OAUTH: Words = {
    "provider": ("google or microsoft.", "google"),
    "client_id": ("The id of your application.", "123.apps.example.com"),
    "client_secret": ("Its secret, from the environment.", "${OAUTH_SECRET}"),
    "refresh_token": ("What access is renewed with, from the environment.", "${ANNA_REFRESH_TOKEN}"),
    "consent": ("The owner of the mailbox agrees by `outreach crm authorize`.", True),
    "tenant": ("Microsoft: the organisation; needed without a refresh token.", "example.com"),
    "token_url": ("Where tokens come from, if not from the provider.", "https://login.example.com/token"),
    "scope": ("What is asked for, if not sending and reading mail.", "https://mail.google.com/"),
}

TRACKING: Words = {
    "opens": ("An invisible image in the HTML part. What it tells is unreliable.", True),
    "clicks": ("Links lead over this installation.", True),
}

CHANNEL: Words = {
    "use": ("The adapter: a short name or a dotted path.", "unipile"),
    "limits": ("How much may be done, by action.", {"invite": {"per_day": 15, "per_7_days": 80}}),
    "withdraw_after": ("Of linkedin: when an invitation that nobody answered is taken back.", "21 days"),
}

OUTREACH: Words = {
    "database_url": ("SQLite for one machine, PostgreSQL for several.", "sqlite:///outreach.db"),
    "broker_url": ("The queue; null: in this process.", "redis://127.0.0.1:6379/0"),
    "redis_url": ("Another name of broker_url.", "redis://127.0.0.1:6379/0"),
    "public_url": ("Where this is reached from outside, for opt-out links.", "https://outreach.example.com"),
    "organisation": ("Who writes: named in every mail.", {"name": "Example Ltd", "postal_address": "1 Example St"}),
    "defaults": ("What holds where nothing else is said.", {"max_late": "2 days"}),
    "fields": ("Fields of your own with their types: text, number, date, yes_no.", {"renewal_on": "date"}),
    "verifier": ("Asked by `leads verify` about e-mail addresses: package.module:callable.", "acme.mail:verify"),
    "replies": ("What replies mean, and what follows from it.", {"new_leads": True, "not_now": "60 days"}),
    "schedules": (
        "Schedules by name, for sequences to use.",
        {"evenings": {"days": "mon-thu", "hours": "17:00-20:00"}},
    ),
    "webhooks": ("Connections of POST /webhooks/<name>.", {"replies": {"use": "standard", "secrets": ["${SECRET}"]}}),
    "recipients": ("How often one person, company and domain is written to, by all senders.", {"person_per_7_days": 3}),
    "guards": ("When a sender pauses by its own numbers.", {"bounces": {"more_than": "5%"}}),
    "notify": ("Who of the team is told when something needs a person.", {"slack": {"url": "${SLACK_URL}"}}),
    "web": ("Where the web role listens.", {"host": "127.0.0.1", "port": 8080}),
    "reports": ("What reports take as given, and whom they are mailed to.", {"sector_cycle": "84 days"}),
    "secret_key": ("What links are signed with; made and kept in the database if left out.", "${OUTREACH_KEY}"),
}

ORGANISATION: Words = {
    "name": ("The name of the organisation.", "Example Ltd"),
    "postal_address": ("Its postal address, which the law of most countries asks for.", "1 Example St, Istanbul"),
}

DEFAULTS: Words = {
    "max_late": ("What an outage made later than this waits for a person.", "2 days"),
    "tracking": ("Whether opens and clicks are counted, where a sequence does not say it.", {"clicks": True}),
    "dns_check": ("What follows when the records of a sender's domain are missing: pause, warn or off.", "pause"),
    "unknown": ("What follows when nobody can know whether a message went out: hold or resend_once.", "hold"),
}

REPLIES: Words = {
    "classifier": ("The team's own classifier of replies: package.module:callable.", "acme.replies:classify"),
    "new_leads": ("Whom a reply names, with an address, becomes a lead.", True),
    "not_now": ("When to write again after a reply that says later and names no day.", "90 days"),
    "out_of_office": ("How long a note without a day of return holds a sequence back.", "7 days"),
}

WEB: Words = {
    "host": ("The address to listen on.", "127.0.0.1"),
    "port": ("The port to listen on.", 8080),
}

REPORTS: Words = {
    "to": ("Who gets the reports by mail.", ["team@example.com"]),
    "sender": ("Whose mailbox sends them.", "anna"),
    "weekly": ("When the report of the week before goes out, in the team's zone.", "monday 08:00"),
    "monthly": ("The day on which the report of the month before goes out.", 1),
    "at": ("When on that day.", "08:00"),
    "segment": ("Which value of a lead is its segment.", "fields.industry"),
    "sector_cycle": ("How long a sale takes on average in your sector.", "84 days"),
    "proposal_stages": ("Stages that mean a proposal was made.", ["proposal"]),
    "currency": ("The currency of all values, as reports show it.", "EUR"),
}

GOAL: Words = {
    "name": ("What people call it.", "Q1 meetings"),
    "kpi": ("The measure, one of docs/reference/kpis.md.", "meetings"),
    "target": ("The number to reach; of shares also in percent.", 60),
    "owner": ("Who answers for it.", "anna"),
    "start": ("Its first day.", "2026-01-01"),
    "deadline": ("Its last day.", "2026-03-31"),
    "attainable_because": ("Why it can be reached.", "41 in Q4 with half the senders"),
}

NOTIFY: Words = {
    "kinds": ("Which kinds are told; every kind but reply if left out.", ["restriction", "crm_failed"]),
    "slack": ("A Slack channel: url, and kinds of its own.", {"url": "${SLACK_URL}"}),
    "email": ("Mails to colleagues.", {"to": ["team@example.com"], "sender": "anna"}),
    "http": ("A request: url and the other keys of an endpoint.", {"url": "https://hooks.example.com/outreach"}),
}

NOTIFY_EMAIL: Words = {
    "to": ("Who gets them.", ["team@example.com"]),
    "sender": ("Whose mailbox sends them.", "anna"),
    "kinds": ("Which kinds are told this way.", ["restriction"]),
}

WEBHOOK: Words = {"use": ("The receiver: a short name or a dotted path.", "standard")}

CRM: Words = {
    "use": ("The adapter: a short name or a dotted path.", "hubspot"),
    "fields": ("Remote field → what of the lead it gets.", {"firstname": {"from": "first_name"}}),
    "status": ("Where the status goes, and what it is called there.", {"property": "hs_lead_status", "values": {}}),
    "stages": ("Our stages by pipeline, and what they are called there.", {"default": {"won": "closedwon"}}),
    "owners": ("Our senders, and the owners they are there.", {"anna": "anna@example.com"}),
    "deal": ("A deal to open.", {"create_on": "meeting", "pipeline": "default", "stage": "appointmentscheduled"}),
    "tie_break": ("Which of several people with one address is meant.", "oldest"),
    "when": ("What is written at each event.", {"reply": ["person", "log_reply", "status"]}),
    "poll": ("How often it is asked what changed there.", "5 minutes"),
    "heed": ("Which changes there have an effect here; left out: all.", ["do_not_contact", "stage"]),
    "on_erase": ("What becomes of the record of somebody who is erased here.", "task"),
    "dry_run": ("Read only: crm failed shows what would be written.", True),
    "rate": ("Our share of the calls the system allows.", {"calls": 100, "per": "10 seconds"}),
}

RATE: Words = {
    "calls": ("So many calls.", 100),
    "per": ("In so long a time.", "10 seconds"),
}

FIELD: Words = {
    "from": ("The value of the lead.", "fields.title"),
    "mode": ("fill: only where nothing is there; overwrite: always.", "fill"),
    "values": ("Our value → theirs, where they differ.", {"TR": "Turkey"}),
}

STATUS: Words = {
    "property": ("The remote property.", "hs_lead_status"),
    "values": ("Our status → theirs.", {"responded": "CONNECTED"}),
    "pipelines": ("The same for one pipeline, asked before it.", {"default": {"responded": "CONNECTED"}}),
}

DEAL: Words = {
    "create_on": ("The event that opens it.", "meeting"),
    "pipeline": ("The remote pipeline.", "default"),
    "stage": ("The remote stage it begins in.", "appointmentscheduled"),
}
