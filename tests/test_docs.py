"""The documents name every setting, benchmark key and command, and none that does not exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from doublure.cli import config
from doublure.cli.consent import consent_app
from doublure.cli.journal import journal_app
from doublure.cli.main import app
from doublure.show.settings import RoomSettings, load_room

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def benchmark_keys(script: Path) -> Iterator[str]:
    """First value of every `Target(...)` and of every row of a table `EXTRA`; fields of `Figures`."""
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        rows: list[ast.expr] = []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Target":
            rows = node.args[:1]
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXTRA":
            assert isinstance(node.value, ast.Tuple)
            rows = [row.elts[0] for row in node.value.elts if isinstance(row, ast.Tuple)]
        elif isinstance(node, ast.ClassDef) and node.name == "Figures":
            yield from (
                field.target.id
                for field in node.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            )
        for first in rows:
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def test_every_setting_is_listed_as_it_is() -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    listed = [line for line in text.splitlines() if line.startswith("| `")]
    expected = [
        f"| `{row.name}` | {row.values} | {row.unit} | {row.default} | {row.doc} |" for row in config.rows()
    ]
    assert listed == expected, "renew the table: doublure config --markdown"


def test_the_example_shows_every_setting_of_a_room() -> None:
    text = (ROOT / "examples" / "room.yaml").read_text(encoding="utf-8")
    for row in config.rows():
        if not row.name.startswith("DOUBLURE_"):
            key = row.name.rpartition(".")[2]
            assert re.search(rf"^[ #-]*{key}:", text, re.MULTILINE), row.name


def test_the_example_loads_and_its_defaults_are_the_defaults() -> None:
    file = ROOT / "examples" / "room.yaml"
    room = load_room(file)
    assert room.catalog.exists()
    assert room.rundown.exists()
    text = file.read_text(encoding="utf-8")
    # with every default written out the room is the same
    uncommented = re.sub(
        r"(?m)^# (?=(\w+): )(?!store|lexicon|persona|consent|base_url|words|reference:)", "  ", text
    )
    written = RoomSettings.model_validate(yaml.safe_load(uncommented))
    shown = RoomSettings.model_validate(yaml.safe_load(text))
    assert uncommented != text
    assert written == shown


@pytest.mark.parametrize("script", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda path: path.name)
def test_every_benchmark_key_is_explained(script: Path) -> None:
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    for key in benchmark_keys(script):
        assert f"| `{key}` |" in text, key


def test_no_benchmark_key_is_explained_that_is_gone() -> None:
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    known = {key for script in (ROOT / "benchmarks").glob("*.py") for key in benchmark_keys(script)}
    explained = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert explained == known


def test_the_readme_names_every_command() -> None:
    texts = (ROOT / "README.md").read_text(encoding="utf-8") + (DOCS / "operate.md").read_text(
        encoding="utf-8"
    )
    for command in app.registered_commands:
        assert f"doublure {command.name or command.callback.__name__}" in texts  # type: ignore[union-attr]
    consent = (DOCS / "consent.md").read_text(encoding="utf-8")
    for command in consent_app.registered_commands:
        assert f"doublure consent {command.name}" in consent
    for command in journal_app.registered_commands:
        assert f"doublure journal {command.name}" in texts


def test_the_readme_says_what_is_prohibited_and_what_ci_runs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "## Prohibited use" in readme
    assert "## Limits" in readme
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for target in ("demo", "test"):
        assert f"make {target} " in readme
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert re.search(r"^make test", ci, re.MULTILINE)


def test_links_lead_somewhere() -> None:
    for file in (ROOT / "README.md", *sorted(DOCS.glob("*.md"))):
        for target in re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8")):
            if "://" not in target and target != "docs/room.png":
                assert (file.parent / target).exists(), f"{file.name}: {target}"
