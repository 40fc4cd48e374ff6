"""The shape of the house, as far as no linter holds it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "outreach"
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
ADAPTERS = ("channels", "receivers", "crms")


def _modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def test_every_package_file_is_empty() -> None:
    written = [str(path) for path in PACKAGE.rglob("__init__.py") if path.read_text("utf-8").strip()]

    assert written == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [str(path) for path in _modules() if path.stem in VAGUE] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for path in _modules() if path.name != "__init__.py" and not ast.get_docstring(_tree(path))]

    assert silent == []


def test_functions_fit_on_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in _modules()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
    ]

    assert long == []


def test_files_hold_one_topic() -> None:
    long = [path.name for path in _modules() if path.read_text("utf-8").count("\n") > 450]

    assert long == []


@pytest.mark.parametrize("folder", ADAPTERS)
def test_providers_do_not_know_each_other(folder: str) -> None:
    """`smtp.py` may use `smtp_codes.py`; it may not use `unipile.py`. A file without a provider is for all of them."""
    files = {path.stem: path for path in (PACKAGE / folder).glob("*.py") if path.stem != "__init__"}
    named = re.compile(r"^    provider: ClassVar", re.M)
    providers = {stem.partition("_")[0] for stem, path in files.items() if named.search(path.read_text())}
    crossing = [
        f"{stem} → {module}"
        for stem, path in files.items()
        for module in _imports(path)
        if module.startswith(f"outreach.{folder}.")
        and (family := module.split(".")[2].partition("_")[0]) in providers
        and family != stem.partition("_")[0]
    ]

    assert crossing == []


def test_the_lock_has_a_hash_for_every_package_and_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")

    requirements = re.split(r"\n(?=\S)", lock.strip())

    assert [text.split()[0] for text in requirements if "--hash=sha256:" not in text] == []
    assert "://" not in lock


def test_the_lock_holds_everything_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.M))

    wanted = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]

    names = {re.split(r"[\[><=!~ ]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names - locked == set()


def test_make_help_lists_what_a_developer_types() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    listed = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.M))

    assert {"help", "setup", "format", "lint", "types", "test", "demo", "bench", "check", "lock"} <= listed


def test_a_skipped_test_fails_a_run_without_skips(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makepyfile("import pytest\n\ndef test_left_out():\n    pytest.skip('no reason')\n")

    result = pytester.runpytest_subprocess("--no-skips", "-p", "no:cacheprovider")

    result.assert_outcomes(failed=1)
