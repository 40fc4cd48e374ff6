"""Commands about scores: scoring simulate, run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from outreach.cli.invocation import opened
from outreach.cli.terminal import AsJson, count, print_json, print_table, progress
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.domain.scoring import Scoring
    from outreach.services.simulating.simulate_scores import ScoreSimulation

commands = typer.Typer(help="Scores: what the rules would change, and change it.", no_args_is_help=True)

_WIDEST = 40


def add_to(program: typer.Typer) -> None:
    program.add_typer(commands, name="scoring")


@commands.command("simulate")
def simulate(context: typer.Context, *, as_json: AsJson = False) -> None:
    """What config/scoring.yaml makes of the present list; nothing is written."""
    from outreach.services.simulating.simulate_scores import simulate_scores

    with opened(context) as app, progress("Scoring") as bar:
        found = simulate_scores(app.engine, _rules(app), bar.add)
    print_json(found.to_json()) if as_json else _show(found)


def _rules(app: App) -> Scoring:
    if app.workspace.scoring is None:
        raise UsageError("there is no config/scoring.yaml. Write one: docs/howto/score-leads.md shows how.")
    return app.workspace.scoring


def _show(found: ScoreSimulation) -> None:
    from outreach.services.simulating.simulate_scores import STEP

    steps = sorted({*found.before, *found.after})
    most = max([*found.before.values(), *found.after.values()], default=1)
    rows = [
        (
            f"{step} to {step + STEP - 1}",
            found.before[step],
            found.after[step],
            "█" * round(found.after[step] * _WIDEST / most),
        )
        for step in steps
    ]
    print_table(("score", "before", "after", ""), rows)
    print()
    print_table(("rule", "leads"), found.by_rule.most_common())
    print()
    print(f"{count(found.leads, 'lead')}: {found.changed:,} scores would change, {found.qualifying:,} would qualify.")
    for each in found.movers:
        print(f"  {each.score:5d}  {each.lead_id}  {each.name or '-'}: {each.stage} of {each.pipeline}")


@commands.command("run")
def run(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Recalculate every score now, and move up who has reached the threshold. The scheduler does so by itself."""
    from outreach.services.pipeline.score import score_all

    with opened(context) as app, progress("Scoring") as bar:
        _rules(app)
        done = score_all(app.engine, bar.add)
    if as_json:
        print_json({"leads": done.leads, "changed": done.changed, "qualified": list(done.qualified)})
        return
    print(f"{count(done.leads, 'lead')}: {done.changed:,} scores changed, {len(done.qualified):,} qualified.")
