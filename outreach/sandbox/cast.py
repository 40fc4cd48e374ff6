"""Thirty sample people: what each does, and how it has to end. Their data stand in workspace/leads.csv."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from outreach.sandbox import acts
from outreach.sandbox.acts import Act

_ANNA, _DENIZ = "anna", "deniz"


@dataclass(frozen=True, slots=True)
class When:
    """`after` something reached the person (`mail 1`, `invitation`, `message 1`, `task call`), the person acts."""

    what: str
    after: timedelta
    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How it has to end. Counts by sender: with Anna LinkedIn is automatic, with Deniz it is a task for a person."""

    reason: str
    status: str
    stage: str
    mails: Mapping[str, int]
    linkedin: Mapping[str, int] | None = None  # invitations and messages by the account; None: not counted
    replies: int = 0  # reply events, and entries on the CRM's timeline
    crm_status: str = ""
    is_opted_out_in_crm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    does: tuple[When, ...] = ()
    ends: Ending


def _each(count: int) -> Mapping[str, int]:
    return {_ANNA: count, _DENIZ: count}


def _by(*, anna: int, deniz: int) -> Mapping[str, int]:
    return {_ANNA: anna, _DENIZ: deniz}


_MINUTES, _HOURS, _DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_INVITED = _by(anna=1, deniz=0)
_SILENT = Ending(reason="completed", status="new", stage="nurture", mails=_each(3), linkedin=_INVITED)
_REPLIED = Ending(
    reason="replied",
    status="responded",
    stage="responded",
    mails=_each(1),
    linkedin=_each(0),
    replies=1,
    crm_status="CONNECTED",
)
_REPLIED_LATER = replace(_REPLIED, mails=_each(2), linkedin=_INVITED)
_LEFT = Ending(reason="unsubscribed", status="do_not_contact", stage="contacted", mails=_each(1), linkedin=_each(0))
_MET = replace(_SILENT, mails=_by(anna=2, deniz=3), linkedin=_by(anna=2, deniz=0))
_REPLIED_ON_LINKEDIN = replace(_REPLIED, mails=_by(anna=1, deniz=2), linkedin=_by(anna=2, deniz=0))


def _accepts(*more: When) -> tuple[When, ...]:
    return (When("invitation", 20 * _HOURS, acts.accepts), *more)


def _talks(text: str) -> Person:
    """Answers on LinkedIn where the invitation came by itself, else on the second mail."""
    on_linkedin = When("message 1", 3 * _HOURS, acts.answers_on_linkedin(text))
    return Person(does=_accepts(on_linkedin, When("mail 2", 2 * _HOURS, acts.answers(text))), ends=_REPLIED_ON_LINKEDIN)


_AWAY_DE = "Guten Tag,\n\nich bin bis zum {day} nicht im Büro und lese keine E-Mails.\n\nLena Fischer"
_AWAY_EN = "Hello,\n\nI am out of the office until {date} with limited access to e-mail.\n\nPaul Martin"
_SELIN, _EMRE = "selin.aksoy@karadeniz-leasing.example", "emre.polat@karadeniz-leasing.example"

CAST: Mapping[str, Person] = {
    "elif.aydin@anadolu-pay.example": Person(
        does=(When("mail 1", 5 * _HOURS, acts.answers("Sounds good, call me on Thursday.")),), ends=_REPLIED
    ),
    "james.carter@tidewater-bank.example": Person(
        does=(
            When("mail 1", 40 * _MINUTES, acts.opens),
            When("mail 2", 4 * _HOURS, acts.answers_above_a_quote("Yes, we have that problem. What does it cost?")),
        ),
        ends=_REPLIED_LATER,
    ),
    "mehmet.demir@bogaz-fintech.example": Person(
        does=(
            When("mail 1", 90 * _MINUTES, acts.answers_above_a_quote("Merhaba, ilgimizi çekti. Salı konuşalım mı?")),
        ),
        ends=_REPLIED,
    ),
    "zeynep.kaya@marmara-sigorta.example": Person(
        does=(When("mail 2", 3 * _HOURS, acts.answers("Bu yıl gündemimizde, ayrıntıları gönderir misiniz?")),),
        ends=_REPLIED_LATER,
    ),
    "lena.fischer@nordlicht-pay.example": Person(
        does=(
            When("mail 1", 2 * _MINUTES, acts.is_away(15, _AWAY_DE, "Abwesenheitsnotiz: Audit")),
            When("mail 1", 7 * _DAYS, acts.is_asked_about),
            When("mail 2", 5 * _HOURS, acts.answers("Ich bin wieder da. Schicken Sie mir gern einen Termin.")),
        ),
        ends=_REPLIED_LATER,
    ),
    "paul.martin@rivage-credit.example": Person(
        does=(
            When("mail 1", 2 * _MINUTES, acts.is_away(10, _AWAY_EN, "Automatic reply: Audit trails")),
            When("mail 2", 26 * _HOURS, acts.answers("Back now. Could you send two dates?")),
        ),
        ends=_REPLIED_LATER,
    ),
    "oliver.hughes@copperline.example": Person(
        does=(When("mail 1", 3 * _MINUTES, acts.hard_bounce),),
        ends=Ending(reason="bounced", status="bounced", stage="contacted", mails=_each(1), linkedin=_each(0)),
    ),
    "marta.nowak@wislaledger.example": Person(
        ends=Ending(reason="bounced", status="bounced", stage="prospect", mails=_each(0), linkedin=_each(0))
    ),
    "can.yildiz@ege-odeme.example": Person(does=(When("mail 1", 1 * _HOURS, acts.opts_out_by_one_click),), ends=_LEFT),
    "sophie.bernard@lumen-assure.example": Person(
        does=(When("mail 2", 2 * _HOURS, acts.opts_out_on_the_page),),
        ends=replace(_LEFT, mails=_each(2), linkedin=_INVITED),
    ),
    "david.klein@mainkontor.example": Person(
        does=(
            When("mail 1", 6 * _HOURS, acts.writes("Please remove me from your list.", does="asks to be left alone")),
        ),
        ends=replace(_LEFT, is_opted_out_in_crm=True),
    ),
    "ayse.celik@halic-kredi.example": _talks("Merhaba Anna, tam da bunu arıyorduk. Haftaya görüşelim mi?"),
    "tom.baker@fenwick-lending.example": _talks("About two weeks, sadly. Show me."),
    "ines.garcia@puertoseguro.example": _talks("Good question. Can we talk on Friday?"),
    "burak.sahin@toros-leasing.example": _talks("Bize bir sunum yapabilir misiniz?"),
    "nina.weber@alsterbank.example": Person(does=_accepts(), ends=_MET),
    "hugo.moreau@canalfin.example": Person(does=_accepts(), ends=_MET),
    "kerem.arslan@uludag-odeme.example": Person(
        does=(When("task call", 4 * _HOURS, acts.task_is_done("not before summer")),), ends=_SILENT
    ),
    "emma.lindqvist@malarfin.example": Person(
        does=(
            When("task call", 3 * _HOURS, acts.task_is_done("wants an offer")),
            When("task call", 30 * _HOURS, acts.is_won("4800")),
        ),
        ends=Ending(reason="stopped", status="customer", stage="won", mails=_each(2), linkedin=_INVITED),
    ),
    "giulia.rossi@ponte-credito.example": Person(
        does=(
            When("mail 1", 5 * _MINUTES, acts.soft_bounce),
            When("task call", 2 * _HOURS, acts.opts_out_by_one_click),
        ),
        ends=replace(_LEFT, mails=_each(2), linkedin=_INVITED),
    ),
    "daniel.murphy@liffeypay.example": Person(
        does=(When("mail 1", 2 * _HOURS, acts.answers_twice("Call me tomorrow.")),), ends=_REPLIED
    ),
    "fatma.ozturk@kapadokya-fin.example": Person(
        does=(When("mail 1", 1 * _HOURS, acts.is_impersonated),), ends=_SILENT
    ),
    _SELIN: Person(
        does=(
            When("mail 1", 4 * _DAYS, acts.answers("Bizimle ilgilenen arkadaşım da burada, cuma uygun.")),
            When("mail 1", 4 * _DAYS + 2 * _HOURS, acts.colleague_is_parked(_EMRE)),
        ),
        ends=replace(_REPLIED, linkedin=None),
    ),
    _EMRE: Person(ends=Ending(reason="company_replied", status="new", stage="nurture", mails=_each(1))),
    "peter.jansen@grachtfonds.example": Person(
        does=(When("mail 1", 3 * _HOURS, acts.complains),), ends=replace(_LEFT, reason="complained")
    ),
    "clara.hoffmann@donauzahl.example": Person(ends=_SILENT),
    "ali.koc@trakya-finans.example": Person(ends=replace(_SILENT, linkedin=_each(0))),
    "rachel.green@brightmoor.example": Person(ends=replace(_SILENT, mails=_each(4), linkedin=_each(0))),
    "yusuf.tan@akdeniz-varlik.example": Person(
        does=(When("mail 3", 2 * _HOURS, acts.answers("Uyum tarafı tam bizim konumuz. Arayın lütfen.")),),
        ends=replace(_REPLIED, mails=_each(3)),
    ),
    "marco.conti@adriafondi.example": Person(
        does=(When("mail 1", 1 * _HOURS, acts.opens), When("mail 2", 1 * _HOURS, acts.opens)), ends=_SILENT
    ),
}

REFUSED = frozenset({"marta.nowak@wislaledger.example"})  # 550 at RCPT
PUT_OFF = frozenset({"clara.hoffmann@donauzahl.example"})  # 451 at the first try
WITHOUT_PROFILE = frozenset({"ali-koc-sample"})  # LinkedIn knows no such member
BUSY = frozenset({"marco-conti-sample"})  # LinkedIn does not answer at the first try
KNOWN_IN_CRM = {"james.carter@tidewater-bank.example": "Jim", "david.klein@mainkontor.example": "David"}


def email_of(slug: str) -> str:
    """The address of the person behind a LinkedIn profile: `ayse-celik-sample` is ayse.celik@…"""
    name = slug.removesuffix("-sample").replace("-", ".")
    return next(email for email in CAST if email.startswith(f"{name}@"))
