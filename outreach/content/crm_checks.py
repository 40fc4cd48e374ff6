"""What config/crm.yaml says about pipelines: each one and each stage must exist."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.content.configuration_files import Configuration
from outreach.content.suggestions import did_you_mean
from outreach.domain.pipeline import Pipeline
from outreach.errors import Problem


def check_crm(configuration: Configuration, pipelines: Mapping[str, Pipeline], problems: list[Problem]) -> None:
    """Compare the stage mapping of every connection with the pipelines."""
    connections = configuration.settings.crm if configuration.settings else {}
    file = configuration.crm_file
    for name, connection in connections.items():
        for pipeline in connection.status.pipelines if connection.status else ():
            if pipeline not in pipelines:
                path, remedy = (name, "status", "pipelines", pipeline), did_you_mean(pipeline, pipelines)
                problems.append(file.key_problem(path, f"unknown pipeline '{pipeline}'.", remedy))
        for pipeline, stages in connection.stages.items():
            found = pipelines.get(pipeline)
            if found is None:
                remedy = did_you_mean(pipeline, pipelines)
                problems.append(file.key_problem((name, "stages", pipeline), f"unknown pipeline '{pipeline}'.", remedy))
                continue
            known = [stage.name for stage in found.stages]
            for stage in stages:
                if stage not in known:
                    message = f"unknown stage '{stage}' of the pipeline '{pipeline}'."
                    path = (name, "stages", pipeline, stage)
                    problems.append(file.key_problem(path, message, did_you_mean(stage, known)))
