"""What the sweep does for pipelines: sequences of stages, giving up, scores, and the clean-up."""

from __future__ import annotations

from outreach.services.pipeline.cleanup import clean_by_schedule
from outreach.services.pipeline.give_up import give_up
from outreach.services.pipeline.score import score_by_schedule
from outreach.services.pipeline.stage_sequences import enroll_entered
from outreach.services.sending.engine import Engine


def keep_pipeline(engine: Engine) -> None:
    """Each part asks first whether there is anything to do, or whether its time has come."""
    enroll_entered(engine)
    give_up(engine)
    score_by_schedule(engine)
    clean_by_schedule(engine)
