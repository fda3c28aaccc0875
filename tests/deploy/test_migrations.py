"""Two versions of the service run on one database while an upgrade rolls out: a migration must not break the older one.

Expand, then contract (docs/operations/handbook.md). A migration that takes something away says so with a line
``CONTRACTS = "what, and since which version nobody reads it"``: a person has then thought about it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.deploy.tools import ROOT

VERSIONS = ROOT / "src/genesis_music/service/migrations/versions"
BEFORE_THE_RULE = "0005"
"""Until then nothing was in production."""
TAKES_AWAY = {"drop_column", "drop_table", "drop_constraint", "rename_table"}
CHANGES = {"new_column_name", "type_", "nullable"}


def migrations() -> list[Path]:
    return sorted(path for path in VERSIONS.glob("[0-9]*.py") if path.name[:4] > BEFORE_THE_RULE)


def faults(source: str) -> list[str]:
    """What of a migration's way up the version before could stumble over."""
    tree = ast.parse(source)
    if any(
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CONTRACTS" for node in tree.body
    ):
        return []
    [upgrade] = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    new = {id(inner) for call in calls(upgrade) if named(call) == "create_table" for inner in calls(call)}
    return [fault for call in calls(upgrade) if id(call) not in new and (fault := fault_of(call))]


def calls(node: ast.AST) -> list[ast.Call]:
    """Every call in it, itself included."""
    return [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)]


def named(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def fault_of(call: ast.Call) -> str:
    name = named(call)
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    if name in TAKES_AWAY:
        return f"line {call.lineno}: {name} takes away what the version before may use"
    if name == "alter_column" and (changed := CHANGES & given.keys()) and given.get("nullable") != "True":
        return f"line {call.lineno}: alter_column changes {', '.join(sorted(changed))}"
    if name == "Column" and given.get("nullable") == "False" and "server_default" not in given:
        return f"line {call.lineno}: the version before does not fill a column that may not be empty"
    if name == "execute":
        words = ast.unparse(call).upper()
        taking = [word for word in ("DROP ", "RENAME ", "SET NOT NULL", "TRUNCATE ") if word in words]
        return f"line {call.lineno}: {', '.join(taking)}" if taking else ""
    return ""


@pytest.mark.parametrize("path", migrations(), ids=lambda path: path.stem)
def test_the_version_before_runs_on_the_new_tables(path: Path) -> None:
    assert faults(path.read_text()) == []


HEAD = "import sqlalchemy as sa\nfrom alembic import op\n\ndef upgrade():\n    "


@pytest.mark.parametrize(
    "step",
    [
        "op.drop_column('jobs', 'kind')",
        "op.drop_table('jobs')",
        "op.rename_table('jobs', 'tasks')",
        "op.alter_column('jobs', 'kind', new_column_name='sort')",
        "op.alter_column('jobs', 'kind', nullable=False)",
        "op.alter_column('jobs', 'kind', type_=sa.Integer())",
        "op.add_column('jobs', sa.Column('x', sa.Text(), nullable=False))",
        "op.execute('ALTER TABLE jobs DROP COLUMN kind')",
        "op.execute('ALTER TABLE jobs ALTER kind SET NOT NULL')",
    ],
)
def test_a_step_that_breaks_the_version_before_is_found(step: str) -> None:
    assert faults(HEAD + step)
    assert not faults("CONTRACTS = 'since 1.3 nobody reads it'\n" + HEAD + step)


@pytest.mark.parametrize(
    "step",
    [
        "op.add_column('jobs', sa.Column('x', sa.Text(), nullable=True))",
        "op.add_column('jobs', sa.Column('x', sa.Text(), nullable=False, server_default=''))",
        "op.create_index('ix_jobs_x', 'jobs', ['x'])",
        "op.create_table('new', sa.Column('id', sa.Uuid(), nullable=False))",
        "op.alter_column('jobs', 'kind', nullable=True)",
        "op.execute('UPDATE jobs SET kind = 1')",
    ],
)
def test_a_step_that_only_adds_is_fine(step: str) -> None:
    assert faults(HEAD + step) == []
