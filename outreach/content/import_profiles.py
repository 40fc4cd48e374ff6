"""Whose export a list is: which of its columns hold what, where a header alone does not say it.

How sure the names are stands beside each profile: *documented* (the maker's own pages name them), *read in source*, or
*unverified*. They change, and none was compared with an account of ours. HubSpot writes its headers in the language of
the export. Columns that a profile does not name are guessed as in any other list.
A team's own profile is `config/imports/<name>.yaml`, as `leads import --save` writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from outreach.content.lead_columns import FIELDS, Column, is_field, slug_of
from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import read
from outreach.errors import ConfigError, Problem

FOLDER = Path("config/imports")


@dataclass(frozen=True, slots=True)
class Profile:
    """`columns`: header → field; headers are compared as `slug_of` has them. An empty field leaves a column out."""

    name: str
    columns: Mapping[str, str] = field(default_factory=dict)


# Names documented: developer.lemlist.com, "Lead" and "Export campaign leads" (states such as emailsUnsubscribed,
# emailsBounced). companyDomain, jobTitle and phone are names of a lead in a client of its API (n8n's node, version 2).
# Unverified: companyWebsite, state, status, lastState, unsubscribed.
_LEMLIST = {
    "_id": "",
    "firstName": "first_name",
    "lastName": "last_name",
    "companyName": "company",
    "linkedinUrl": "linkedin",
    "picture": "",
    "icebreaker": "fields.icebreaker",
    "campaignId": "",
    "campaignName": "fields.campaign",
    "companyDomain": "domain",
    "companyWebsite": "domain",
    "jobTitle": "title",
    "state": "state_elsewhere",
    "status": "state_elsewhere",
    "lastState": "state_elsewhere",
    "unsubscribed": "opted_out",
    "isUnsubscribed": "opted_out",
}
# Names documented for its API (proEmail, persoEmail, linkedinUrl, twitter, companyName, companyUrl, jobTitle); those of
# its CSV export are unverified.
_LA_GROWTH_MACHINE = {
    "proEmail": "email",
    "persoEmail": "email",
    "professionalEmail": "email",
    "personalEmail": "email",
    "companyName": "company",
    "companyUrl": "domain",
    "companyWebsite": "domain",
    "linkedinUrl": "linkedin",
    "jobTitle": "title",
    "twitter": "x",
    "gender": "fields.gender",
    "profilePicture": "",
    "crm_id": "fields.crm_id",
    "audience": "fields.audience",
    "status": "state_elsewhere",
    "leadStatus": "state_elsewhere",
    "doNotContact": "opted_out",
}
# Documented: the field "Opted Out" (support.outreach.io, "Reinstate opted out prospects"). All others unverified.
_OUTREACH = {
    "Prospect First Name": "first_name",
    "Prospect Last Name": "last_name",
    "Prospect Email": "email",
    "Emails": "email",
    "Work Phones": "phone",
    "Mobile Phones": "phone",
    "Home Phones": "phone",
    "Account": "company",
    "Account Name": "company",
    "Website URL": "domain",
    "LinkedIn URL": "linkedin",
    "Stage": "fields.stage_elsewhere",
    "Stage Name": "fields.stage_elsewhere",
    "Opted Out": "opted_out",
    "Email Opted Out": "opted_out",
    "Emails Opted Out": "opted_out",
    "Opted Out At": "opted_out",
    "Prospect ID": "",
}
# Documented: the columns of "Export unsubscribes and bounces" (Portal …, Global …; knowledge.hubspot.com), and internal
# names such as hs_email_optout. The labels of a contact export are those of the account: unverified.
_HUBSPOT = {
    "Record ID": "",
    "Contact ID": "",
    "Additional email addresses": "email",
    "Company Name": "company",
    "Associated Company": "fields.associated_company",
    "Website URL": "domain",
    "LinkedIn Bio": "fields.linkedin_bio",
    "hs_linkedin_url": "linkedin",
    "Lifecycle Stage": "fields.lifecycle_stage",
    "Lead Status": "fields.lead_status",
    "Original Source": "source",
    "HubSpot Score": "score",
    "Preferred language": "language",
    "Unsubscribed from all email": "opted_out",
    "Opted out of email": "opted_out",
    "hs_email_optout": "opted_out",
    "Email hard bounce reason": "bounced",
    "Portal Unsubscribe": "opted_out",
    "Portal Spam Report": "complained",
    "Portal Bounce": "bounced",
    "Global Bounce": "bounced",
    "Legal basis for processing contact's data": "fields.legal_basis",
}
# Read in source: a contact export has `id` and the aliases of the fields (Lead::getProfileFields), at once or by mail
# (ContactExportSchedulerModel), and the name of the stage since pull request 11552. It has no opt-outs (issue 11679):
# those come with a report that shows the reason of "do not contact", whose columns are named by whoever makes it:
# unverified.
_MAUTIC = {
    "id": "",
    "title": "fields.salutation",
    "position": "title",
    "points": "score",
    "mobile": "phone",
    "phone": "phone",
    "companyname": "company",
    "companywebsite": "domain",
    "website": "domain",
    "preferred_locale": "language",
    "stage": "fields.stage_elsewhere",
    "dnc": "opted_out",
    "do_not_contact": "opted_out",
    "doNotContact": "opted_out",
    "dnc_reason": "state_elsewhere",
    "utmtags": "fields.utm_tags",
}
_BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "lemlist": _LEMLIST,
    "lagrowthmachine": _LA_GROWTH_MACHINE,
    "outreach": _OUTREACH,
    "hubspot": _HUBSPOT,
    "mautic": _MAUTIC,
}
NAMES = tuple(_BUILT_IN)


def load_profile(root: Path, name: str) -> Profile:
    """The team's own, else the one that comes along. Raises ConfigError when there is none, or it is wrong."""
    path = root / FOLDER / f"{name}.yaml"
    if path.is_file():
        return Profile(name, _read(path))
    if name not in _BUILT_IN:
        known = sorted({*NAMES, *(each.stem for each in (root / FOLDER).glob("*.yaml"))})
        remedy = did_you_mean(name, known) or f"There are {', '.join(known)}."
        raise ConfigError(Problem("--profile", 0, 0, f"there is no profile '{name}'.", remedy))
    return Profile(name, {slug_of(header): each for header, each in _BUILT_IN[name].items()})


def save_profile(root: Path, name: str, columns: Sequence[Column]) -> Path:
    """Keep what the columns of a list were understood as, to be mended and used again; an older one is replaced."""
    path = root / FOLDER / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "# Header of a column: what it holds. An empty value leaves the column out.\n"
    written = {column.header: column.field for column in columns if column.header.strip()}
    body = yaml.safe_dump({"columns": written}, allow_unicode=True, sort_keys=False)
    path.write_text(head + body, encoding="utf-8")
    return path


def _read(path: Path) -> Mapping[str, str]:
    file = read(path, name=(FOLDER / path.name).as_posix())
    data = file.data.get("columns") if isinstance(file.data, dict) and set(file.data) == {"columns"} else None
    if not isinstance(data, dict):
        raise ConfigError(Problem(file.name, 1, 1, "holds one key, 'columns'.", "Write `columns: {E-posta: email}`."))
    columns = {str(header): str(each or "") for header, each in data.items()}
    problems = [
        file.problem(
            ("columns", header),
            f"'{each}' is no field of a lead.",
            did_you_mean(each, FIELDS) or "Write `fields.<name>` for a field of your own.",
        )
        for header, each in columns.items()
        if not is_field(each)
    ]
    if problems:
        raise ConfigError(*problems)
    return {slug_of(header): each for header, each in columns.items()}
