"""Write one message: template, values, thread and opt-out link of one touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from outreach.channel import Message
from outreach.content.message_text import with_footer, with_signature
from outreach.content.revision import Revision
from outreach.content.templates import Rendered, RenderError, Template, compiled
from outreach.domain.sender import Sender
from outreach.domain.sequence import TouchStep
from outreach.domain.touch import TouchState, touch_key
from outreach.record import record
from outreach.services.sending.attached import Files, NotStored, attachments_of
from outreach.services.sending.engine import Engine
from outreach.store.paths import Row

_EMPTY = Rendered(subject="", text="", html="", preheader="")


@record(frozen=True, slots=True, kw_only=True)
class Letter:
    """All that is known before the text is written."""

    touch: Row
    step: TouchStep
    sender: Sender
    recipient: str
    recipient_id: str
    context: Mapping[str, Any]
    siblings: Sequence[Row]


@record(frozen=True, slots=True)
class Draft:
    """A message, or what keeps it from being one (it is then not complete and must not go out)."""

    message: Message
    unwritable: str | None = None  # `missing first_name`, `subject is longer than 400 characters`, …


def write_message(engine: Engine, revision: Revision, letter: Letter) -> Draft:
    """The message of a touch; the same touch always gives the same message."""
    name = template_of(letter.step, letter.touch["variant"])
    try:
        rendered, template = _render(revision, name, letter)
    except RenderError as error:
        return Draft(_message(letter, _EMPTY), unwritable=str(error))
    if letter.step.action != "email":
        return _with_files(engine, revision, _message(letter, rendered, **_approved(template)), template)
    thread = thread_of(letter.step, letter.siblings)
    url = f"{engine.policy.public_url}/u/{engine.opt_out_token(letter.touch['id'])}"
    complete = with_footer(
        with_signature(rendered, letter.sender.signature),
        organisation_name=engine.policy.organisation,
        postal_address=engine.policy.postal_address,
        unsubscribe_url=url,
        language=template.language if template else None,
    )
    message = _message(letter, complete, **_in_thread(rendered.subject, thread), unsubscribe_url=url)
    return _with_extras(engine, revision, letter, _with_tokens(message, letter), template)


def _with_tokens(message: Message, letter: Letter) -> Message:
    """Where answers and bounces go, if not to the sender's own address; with a token they name the touch."""
    sender, touch_id = letter.sender, letter.touch["id"]
    if not sender.reply_to and not sender.return_path:
        return message
    return replace(
        message,
        reply_to=_tagged(sender.reply_to, touch_id if sender.reply_token else ""),
        envelope_from=_tagged(sender.return_path, touch_id if sender.return_token else ""),
    )


def _tagged(address: str, token: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local}+{token}{at}{domain}" if address and token else address


def _with_extras(
    engine: Engine, revision: Revision, letter: Letter, message: Message, template: Template | None
) -> Draft:
    """Files of the template, and what tells of opens and clicks where somebody has switched it on."""
    tracking = revision.sequence.tracking or engine.policy.tracking
    if engine.tracked and (tracking.opens or tracking.clicks):
        message = engine.tracked.mark(message, letter.touch["id"], tracking)
    return _with_files(engine, revision, message, template)


def _with_files(engine: Engine, revision: Revision, message: Message, template: Template | None) -> Draft:
    if template is None or not template.files:
        return Draft(message)
    try:
        attachments = attachments_of(engine.files or Files(engine.store), revision, template)
    except NotStored as error:
        return Draft(message, unwritable=str(error))
    return Draft(replace(message, attachments=attachments))


def template_of(step: TouchStep, variant: str | None) -> str | None:
    """The template of a step for the variant that was chosen."""
    if variant is None or variant == "main":
        return step.template
    return step.variants[variant]


def _render(revision: Revision, name: str | None, letter: Letter) -> tuple[Rendered, Template | None]:
    if name is None:
        return _EMPTY, None
    template = compiled(name, revision.templates)
    return template.render(letter.context, key=f"{letter.touch['lead_id']}.{letter.step.id}"), template


def thread_of(step: TouchStep, siblings: Sequence[Row]) -> list[Row]:
    """The mails sent so far in the thread this step answers in, oldest first."""
    if step.thread is None:
        return []
    sent = (TouchState.SENT, TouchState.UNKNOWN)
    mails = [row for row in siblings if row["action"] == "email" and row["state"] in sent and row["step"] != step.id]
    begin = next((place for place, row in enumerate(mails) if row["step"] == step.thread), len(mails))
    return mails[begin:]


def _message(letter: Letter, rendered: Rendered, **more: Any) -> Message:
    """`more` are fields of the message that only some channels have."""
    sender, touch = letter.sender, letter.touch
    fields = {"subject": rendered.subject, **more}
    return Message(
        key=touch_key(touch["enrollment_id"], touch["step"]),
        action=touch["action"],
        to=letter.recipient_id or letter.recipient,
        address=letter.recipient,
        text=rendered.text,
        html=rendered.html,
        to_name=_full_name(letter.context),
        from_name=sender.display_name,
        from_address=sender.email,
        message_id=touch["message_id"] or "",
        thread_id=_chat(letter),
        values=rendered.values,
        wording=rendered.wording,
        **fields,
    )


def _approved(template: Template | None) -> dict[str, str]:
    """What channels beside e-mail want to know of the template itself."""
    if template is None:
        return {}
    return {"template": template.approved_as or "", "language": template.language or ""}


def _full_name(context: Mapping[str, Any]) -> str:
    lead = context.get("lead", {})
    return " ".join(part for part in (lead.get("first_name"), lead.get("last_name")) if part)


def _chat(letter: Letter) -> str:
    """The chat an earlier message of this enrollment opened on the same channel."""
    for row in reversed(letter.siblings):
        if row["channel"] == letter.step.channel and row["thread_id"]:
            return str(row["thread_id"])
    return ""


def _in_thread(subject: str, thread: Sequence[Row]) -> dict[str, Any]:
    """Thread headers as RFC 5322 §3.6.4 has them."""
    if not thread:
        return {}
    ids = tuple(row["message_id"] for row in thread if row["message_id"])
    begun = thread[0]["subject"] or subject
    return {
        "subject": begun if begun.lower().startswith("re:") else f"Re: {begun}",
        "in_reply_to": ids[-1] if ids else "",
        "references": ids,
    }
