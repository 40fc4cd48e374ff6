"""What each key of each file is for, in the words an editor shows while somebody types, with an example."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.content import setting_words as settings
from outreach.content.setting_words import Words
from outreach.domain.action import ACTIONS

HTTP_STEP = "http.name"
"""Stands for every `http.<name>`."""

SEQUENCE: Words = {
    "name": ("The name commands know it by: small letters, digits, - and _.", "founder-intro"),
    "description": ("What it is for, in a sentence for colleagues.", "First contact with fintech founders"),
    "pipeline": ("The pipeline whose stages it moves leads to; a file in config/pipelines.", "default"),
    "senders": ("Who writes. A lead keeps its sender for the whole conversation.", ["anna", "deniz"]),
    "schedule": ("When touches may go out: the name of a schedule, or one written here.", "office-hours"),
    "enter": ("Who may enter.", {"when": "lead.score >= 20", "per_company": 2}),
    "stop_on": (
        "What ends it. reply, unsubscribe and complaint always do.",
        ["reply", "bounce", "unsubscribe", "complaint", "meeting", "company_reply"],
    ),
    "stages": ("The stage a lead moves to when something happens.", {"first_touch": "contacted", "reply": "responded"}),
    "goal": ("What counts as success in reports.", "meeting"),
    "holdout": ("The share of leads that are never contacted, only measured.", "5%"),
    "review": ("Which messages wait until a person has read them.", "first 20"),
    "tracking": ("Whether opens and clicks are counted; neither is if left out.", {"opens": True, "clicks": True}),
    "match_provider": ("Prefer senders whose mailbox is at the same provider as the lead's.", True),
    "steps": ("What happens, in order.", [{"id": "intro", "email": "founders/intro"}]),
}

ENTER: Words = {
    "when": ("Only leads for whom this is true.", "lead.score >= 20 and 'customer' not in lead.tags"),
    "per_company": ("At most so many people of one company inside at once.", 2),
    "auto": ("Whoever begins to match is enrolled, without anybody asking.", True),
    "every": ("How often everybody is asked, with auto.", "15 minutes"),
    "max_per_day": ("At most so many enrollments a day, with auto.", 50),
    "verified": ("Only leads whose e-mail address `leads verify` found valid.", True),
    "customers": ("People with the status customer too, who are kept out of every other sequence.", True),
}

SCHEDULE: Words = {
    "timezone": ("lead, sender, or an IANA zone.", "Europe/Istanbul"),
    "days": ("Days of the week.", "mon-fri"),
    "hours": ("From when to when, in quotes; the whole day is 00:00-24:00.", "09:00-17:30"),
    "holidays": ("Whose public holidays are kept: lead, none, or a country.", "TR"),
    "extra_holidays": ("Further days on which nothing goes out.", ["2026-12-24"]),
}

STEP: Words = {
    "id": ("The name of the step. It stays the same for ever: another id is another step.", "intro"),
    "email": ("Send the mail of this template: its path below templates/, without .md.", "founders/intro"),
    **{name: (action.what, action.example) for name, action in ACTIONS.items()},
    HTTP_STEP: ("Send the request of that name, with the text of this template or without one.", "hooks/lead"),
    "task": ("A task for a person.", "call"),
    "wait": ("Go on later: after a while, or at a moment.", "until monday 09:00"),
    "wait_for": ("Go on when something happens, or when at_most is over.", "linkedin.accepted"),
    "if": ("Branch on an expression.", "lead.pain_point == 'compliance'"),
    "split": ("Divide people over paths by weight; the steps of each path stand under its name.", {"a": 50, "b": 50}),
    "stage": ("Move the lead to this stage.", "nurture"),
    "score": ("Points to add to the lead's score, or to take away.", 10),
    "tag": ("Add this tag to the lead.", "warm"),
    "set": ("Write these values on the lead.", {"pain_point": "compliance"}),
    "note": ("A note on the lead; of a task: what to do.", "Ask about the audit in March"),
    "enroll": ("Finish here and go on in this sequence.", "nurture"),
    "at_least": ("Not before so long at this step; needed where sequences lead back to each other.", "90 days"),
    "stop": ("End here, for this reason.", "not a fit"),
    "variants": ("Other templates to try beside the step's own, by name.", {"story": "founders/intro-story"}),
    "winner": ("Give everybody the variant that is surely better, as soon as one is.", "auto"),
    "thread": ("The step whose mail this one answers, with its subject.", "intro"),
    "sender": ("Somebody else than the lead's own sender.", "anna"),
    "on_failure": ("What follows when the provider refuses for good: stop, skip or task.", "skip"),
    "assignee": ("Who is to do it; otherwise the lead's sender.", "anna"),
    "within": ("When its time is over; then the sequence goes on.", "2 days"),
    "or": ("When the time is over: skip the task, or wait for it all the same.", "skip"),
    "jitter": ("Up to so much later, so that not everybody is written to at the same minute.", "3 hours"),
    "at_most": ("How long to wait for it.", "7 days"),
    "then": ("The steps if so.", [{"tag": "keen"}]),
    "else": ("The steps if not.", [{"tag": "quiet"}]),
}

PIPELINE: Words = {
    "name": ("The name sequences know it by.", "default"),
    "stages": ("The stages in order.", [{"name": "prospect"}, {"name": "won", "kind": "won"}]),
    "moves": ("The allowed moves of a stage; left out: any move forward.", {"prospect": ["contacted", "lost"]}),
}

STAGE: Words = {
    "name": ("The name of the stage.", "contacted"),
    "kind": ("open, won, lost, or parked (handed over to marketing).", "open"),
    "stale_after": ("How long a lead may stay before it counts as stale.", "30 days"),
    "give_up_after": ("How long nobody answers, with nothing planned, before the lead is given up.", "90 days"),
    "give_up_to": ("The parked or lost stage it then goes to; left out: the first one allowed.", "nurture"),
    "requires": ("What a lead must have to enter.", ["source"]),
    "entering": ("What entering it does.", {"task": "call"}),
}

CLEANUP: Words = {
    "every": ("How often the list is looked through.", "1 day"),
    "rules": ("What is proposed for each finding.", {"bounced": {"action": "lose", "auto": True}}),
}

CLEANUP_RULE: Words = {
    "action": ("What is done: task, park, lose, or none.", "park"),
    "auto": ("Without asking anybody.", True),
    "after": ("Of `never_answered`: how long ago the last message was.", "90 days"),
}

SCORING: Words = {
    "qualified_at": ("The score from which on a lead moves to its qualified stage, once.", 50),
    "stages": ("By pipeline: the stage it moves to; left out: `qualified`.", {"investglass": "first_contact"}),
    "every": ("How often all scores are recalculated; events count at once.", "1 hour"),
    "rules": ("What gives or takes points.", [{"add": 10, "if": "company.size > 50"}, {"add": 25, "when": "replied"}]),
}

RULE: Words = {
    "add": ("Points to give, or to take where it is below zero.", 25),
    "if": ("Only where this holds: an expression over lead, company, events and now.", "company.size > 50"),
    "when": ("Only where this happened.", "replied"),
    "decay": ("How long until what happened counts half.", "half in 30 days"),
    "times": ("How many happenings count, the last ones.", 3),
}

ENTERING: Words = {
    "task": ("A task for the lead's owner.", "call"),
    "sequence": ("The sequence the lead is put into, once it is in no other.", "welcome"),
    "crm": ("What is written to the CRMs.", ["stage", "tags"]),
    "notify": ("Who gets a mail about it: owner, team, a sender, or an address.", "owner"),
}

TESTS: Words = {
    "sequence": ("The sequence that is tested.", "founder-intro"),
    "cases": ("The tests.", [{"name": "a reply ends it"}]),
}

CASE: Words = {
    "name": ("What it promises.", "a reply on the second day ends it"),
    "lead": ("Whom it is about.", {"email": "ayse@example.com", "first_name": "Ayşe"}),
    "start": ("When the lead is enrolled, on the clock of its zone.", "2026-03-02 10:00"),
    "happens": ("What happens from outside.", [{"after": "2 days", "reply": "Call me"}]),
    "expect": ("Every touch in order, then how it ends.", [{"finished": "replied"}]),
    "only": ("Check just the touches that are listed.", True),
    "limits": ("Keep to caps, gaps and jitter, too.", True),
    "holdout": ("Keep to the hold-out group, too.", True),
}

BY_MODEL: Mapping[str, Words] = {
    "SequenceModel": SEQUENCE,
    "EnterModel": ENTER,
    "ScheduleModel": SCHEDULE,
    "PipelineModel": PIPELINE,
    "StageModel": STAGE,
    "EnteringModel": ENTERING,
    "CleanupModel": CLEANUP,
    "CleanupRuleModel": CLEANUP_RULE,
    "ScoringModel": SCORING,
    "RuleModel": RULE,
    "SenderModel": settings.SENDER,
    "EmailModel": settings.EMAIL,
    "LimitsModel": settings.LIMITS,
    "RampModel": settings.RAMP,
    "RatioModel": settings.RATIO,
    "RecipientsModel": settings.RECIPIENTS,
    "GuardsModel": settings.GUARDS,
    "SmtpModel": settings.SERVER,
    "ImapModel": settings.SERVER,
    "OAuthModel": settings.OAUTH,
    "DkimModel": settings.DKIM,
    "TrackingModel": settings.TRACKING,
    "ChannelModel": settings.CHANNEL,
    "OutreachModel": settings.OUTREACH,
    "OrganisationModel": settings.ORGANISATION,
    "DefaultsModel": settings.DEFAULTS,
    "RepliesModel": settings.REPLIES,
    "WebModel": settings.WEB,
    "ReportsModel": settings.REPORTS,
    "NotifyModel": settings.NOTIFY,
    "NotifyEmailModel": settings.NOTIFY_EMAIL,
    "GoalModel": settings.GOAL,
    "WebhookModel": settings.WEBHOOK,
    "CrmModel": settings.CRM,
    "FieldModel": settings.FIELD,
    "StatusModel": settings.STATUS,
    "DealModel": settings.DEAL,
    "RateModel": settings.RATE,
    "CaseModel": CASE,
}
"""The words of a model, by its name; steps share `STEP`."""
