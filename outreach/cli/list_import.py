"""What `leads import FILE` may be told: whose export it is, and who opted out there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import actor
from outreach.cli.terminal import count
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.content.lead_files import LeadFile

ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Whose export it is: lemlist, lagrowthmachine, outreach, hubspot, mautic, or a saved one.",
    ),
]
Save = Annotated[
    str | None, typer.Option("--save", metavar="NAME", help="Keep what the columns are as config/imports/NAME.yaml.")
]
OptOuts = Annotated[
    list[Path] | None,
    typer.Option(
        "--opt-outs",
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="Who unsubscribed or is blocked there: suppressed before anything else.",
    ),
]


def understand(root: Path, file: Path, *, profile: str | None, save: str | None) -> LeadFile:
    """The list with its columns, kept as a profile where that is wanted."""
    from outreach.content.field_types import slug
    from outreach.content.import_profiles import load_profile, save_profile
    from outreach.content.lead_files import open_lead_file

    given = load_profile(root, profile).columns if profile else None
    understood = open_lead_file(file, given)
    if save is not None:
        try:
            save_profile(root, slug(save), understood.columns)
        except ValueError as error:
            raise UsageError(f"--save {error}") from None
    return replace(understood, origin=profile) if profile else understood


def suppress(app: App, files: list[Path], profile: str | None) -> int:
    """Everybody in these files opted out of the other program, so they have opted out here; how many rows."""
    import sys

    from outreach.domain.suppression import SuppressionReason
    from outreach.services.hearing.suppress_list import suppress_list

    number = 0
    for file in files:
        detail = f"opted out of {profile}" if profile else f"list {file.name}"
        reason = SuppressionReason.UNSUBSCRIBED
        done = suppress_list(app.engine, file, detail=detail, by=actor(), reason=reason)
        number += done.suppressed
        for line, why in done.rejected:
            print(f"{file}:{line}: {why}", file=sys.stderr)
        print(
            f"{file}: {count(done.suppressed, 'row')} suppressed, {count(done.ended, 'enrollment')} ended, "
            f"{count(done.rejections, 'row')} rejected.",
            file=sys.stderr,
        )
    return number
