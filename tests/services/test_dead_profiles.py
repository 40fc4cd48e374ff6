"""A dead address stands in its own way alone: the person may be reached by another channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from outreach.errors import Outcome, Refused
from outreach.testing.field import FILES, Field

_FILES = {
    "config/senders.yaml": FILES["config/senders.yaml"] + "  linkedin: {use: memory}\n",
    "sequences/two-mails.yaml": """
name: two-mails
pipeline: default
senders: [anna]
schedule: always
steps:
  - id: connect
    linkedin.invite: note
    on_failure: skip
  - id: intro
    email: intro
""",
    "templates/note.md": "Hi {{ lead.first_name | default('there') }}",
}
_PROFILE = "https://www.linkedin.com/in/ada-sample"


def test_a_profile_that_does_not_exist_does_not_stop_the_mails(
    make_field: Callable[[Mapping[str, str]], Field],
) -> None:
    field = make_field(_FILES)
    lead_id = field.add_lead("ada@example.com", first_name="Ada")
    field.add_address(lead_id, "linkedin", _PROFILE)
    refusal = Refused("memory", "no such profile", outcome=Outcome.REJECTED_RECIPIENT)
    field.memory("anna", "linkedin").will_for(_PROFILE, refusal, before_look=True)

    field.enroll(lead_id)
    field.settle()

    assert [message.to for message in field.memory().sent] == ["ada@example.com"]
    assert field.enrollment(lead_id)["reason"] == "completed"


def test_a_profile_that_does_not_exist_is_not_tried_again(make_field: Callable[[Mapping[str, str]], Field]) -> None:
    again = _FILES["sequences/two-mails.yaml"] + "  - id: again\n    linkedin.message: note\n    on_failure: skip\n"
    field = make_field(_FILES | {"sequences/two-mails.yaml": again})
    lead_id = field.add_lead("ada@example.com", first_name="Ada")
    field.add_address(lead_id, "linkedin", _PROFILE)
    linkedin = field.memory("anna", "linkedin")
    linkedin.will(Refused("memory", "no such profile", outcome=Outcome.REJECTED_RECIPIENT), before_look=True)

    field.enroll(lead_id)
    field.settle()

    assert linkedin.sent == []
    assert field.counts() == {"failed": 1, "sent": 1, "skipped": 1}
