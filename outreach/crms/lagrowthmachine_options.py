"""How a La Growth Machine connection is configured, and the statuses and fields that leads have there."""

from __future__ import annotations

from dataclasses import dataclass, field

from outreach.crm import Operation

PROVIDER = "lagrowthmachine"
STATUSES = (
    *("PAUSED", "RESUME", "STOPPED", "CONVERTED", "SUBSCRIBED", "UNSUBSCRIBED", "NOT_ACTIVATED", "ALREADY_EQUIPPED"),
    *("ENRICHED", "CONTACTED", "COMPLETED_WITHOUT_REPLY", "TO_QUALIFY", "OUT_OF_OFFICE", "WRONG_TIMING"),
    *("CALL_BOOKED", "INTERESTED", "NOT_INTERESTED", "WRONG_TARGET", "NEGOTIATING", "READY_TO_BUY"),
)
FIELDS = (
    *("jobTitle", "phone", "location", "industry", "gender", "bio", "profilePicture", "companyName", "companyUrl"),
    *("crm_id", "persoEmail", "linkedinUrl", "twitter", "firstname", "lastname"),
    *(f"customAttribute{number}" for number in range(1, 21)),
)
CAN = frozenset(
    {
        *(Operation.PERSON, Operation.LOG_REPLY, Operation.LOG, Operation.STATUS, Operation.DO_NOT_CONTACT),
        Operation.PULL,
    }
)
LACKS = {
    Operation.STAGE: "La Growth Machine has no deals and no stages",
    Operation.DEAL: "La Growth Machine has no deals",
    Operation.OWNER: "leads of La Growth Machine have no owner",
    Operation.TAGS: "La Growth Machine has no tags",
    Operation.FORGET: "its API deletes no leads",
}
AUTH = {"bearer": "authorization", "x-api-key": "x-api-key", "query": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`key`: the API key (Pro plan or above). `audience`: where leads go, made if it is missing. `auth_mode`: how the
    key is sent: bearer, x-api-key or query. `campaign`: whose statuses are set: `all`, or a name.
    """

    key: str = field(repr=False)
    audience: str
    base_url: str = "https://apiv2.lagrowthmachine.com/flow"
    auth_mode: str = "bearer"
    campaign: str = "all"
    unsubscribed_status: str = "UNSUBSCRIBED"
    changed_field: str = "updatedAt"
    longest_note: int = 2_000

    def __post_init__(self) -> None:
        if not self.key.strip():
            raise ValueError('the key is empty. Write key: "${LGM_KEY}" and set it in the environment.')
        if self.auth_mode not in AUTH:
            raise ValueError(f"auth_mode is '{self.auth_mode}'. Write one of {', '.join(AUTH)}.")
        if self.unsubscribed_status not in STATUSES:
            raise ValueError(f"'{self.unsubscribed_status}' is no status. Write one of {', '.join(STATUSES)}.")
