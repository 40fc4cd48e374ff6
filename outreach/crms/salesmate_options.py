"""How a Salesmate connection is configured, and what it therefore can do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from outreach.crm import READS_AND_WRITES, Operation
from outreach.crms.option_types import require_list, require_mapping
from outreach.crms.salesmate_values import PROVIDER
from outreach.errors import Outcome, Refused

LACKS = {
    Operation.STATUS: "a status needs `status`, with a field of contacts as its property",
    Operation.DO_NOT_CONTACT: "an opt-out needs `do_not_contact_field`",
}
_LINK = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`token`: an access key; `linkname`: the account's part of `<linkname>.salesmate.io`.

    `owner`: the address of the user who gets new contacts, the first one if left out. `pipelines`: name → its stages.
    """

    token: str = field(repr=False)
    linkname: str
    base_url: str = ""
    api_version: str = "v4"
    token_header: str = "accessToken"  # noqa: S105  # a header's name
    owner: str = ""
    pipelines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    status_property: str = ""
    do_not_contact_field: str = "emailOptOut"
    email_condition: str = "EQUALS"
    deal_contact_field: str = "deal.primaryContact.id"

    def __post_init__(self) -> None:
        if not self.token.strip():
            raise ValueError('the token is empty. Write token: "${SALESMATE_TOKEN}" and set it in the environment.')
        if not _LINK.fullmatch(self.linkname):
            raise ValueError(f"'{self.linkname}' is no linkname. Write what stands before .salesmate.io.")
        require_mapping("pipelines", self.pipelines, "{<pipeline>: [<stage>, <stage>]}")
        for name, stages in self.pipelines.items():
            require_list(f"pipelines.{name}", stages, "[<stage>, <stage>]")
        if not re.fullmatch(r"v\d{1,2}", self.api_version):
            raise ValueError(f"'{self.api_version}' is no version of the API. Write v4.")

    @property
    def can(self) -> frozenset[Operation]:
        settings = {Operation.STATUS: self.status_property, Operation.DO_NOT_CONTACT: self.do_not_contact_field}
        possible = READS_AND_WRITES | {Operation.FORGET}
        return possible - {operation for operation, setting in settings.items() if not setting}

    @property
    def contacts(self) -> str:
        """The path of contacts."""
        return f"/apis/contact/{self.api_version}"

    @property
    def deals(self) -> str:
        return f"/apis/deal/{self.api_version}"

    def pipelines_of(self, stage: str) -> list[str]:
        """The pipelines that have such a stage; none where `pipelines` is not set."""
        pipelines = [name for name, stages in self.pipelines.items() if stage in stages]
        if self.pipelines and not pipelines:
            known = ", ".join(stage for stages in self.pipelines.values() for stage in stages)
            said = f"unknown stage '{stage}'. Stages in `pipelines`: {known}"
            raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)
        return pipelines
