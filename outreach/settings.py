"""Files and environment → frozen Settings. The only module that is handed the process's environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from outreach.content.configuration import Settings
from outreach.content.configuration_files import read_configuration
from outreach.content.crm_abilities import CrmCan
from outreach.content.workspace import senders_in_use
from outreach.errors import ConfigError


def load(root: Path, environ: Mapping[str, str], *, crm_can: CrmCan | None = None) -> Settings:
    """Settings of the workspace at `root`: config/outreach.yaml, senders.yaml, crm.yaml, `.env`, then `environ`.

    Raises ConfigError with every problem of every file. Every variable that is named must be set, except for senders
    that no sequence file uses. `crm_can` tells what the adapters of CRMs can do, so that a mapping they cannot is a
    problem as well.
    """
    root = root.resolve()
    read = read_configuration(root, environ, used_senders=senders_in_use(root), crm_can=crm_can)
    if read.problems or read.settings is None:
        raise ConfigError(*read.problems)
    return read.settings
