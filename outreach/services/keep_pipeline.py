"""What the sweep does for pipelines: sequences of stages, giving up, scores, and the clean-up."""

from __future__ import annotations

from outreach.services.cleanup import clean_by_schedule
from outreach.services.engine import Engine
from outreach.services.give_up import give_up
from outreach.services.score import score_by_schedule
from outreach.services.stage_sequences import enroll_entered


def keep_pipeline(engine: Engine) -> None:
    """Each part asks first whether there is anything to do, or whether its time has come."""
    enroll_entered(engine)
    give_up(engine)
    score_by_schedule(engine)
    clean_by_schedule(engine)
