"""What the operator reads is what the program does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

import pytest
from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from deploy.backup.settings import BackupSettings
from genesis_music.service.config import ServiceSettings
from tests.deploy.tools import ROOT

SETTINGS = ROOT / "docs/operations/settings.md"


def rows() -> dict[str, str]:
    """The default of every variable, as the tables say."""
    found = re.findall(r"^\| `(GENESIS_\w+)` \| (.*?) \| (.+) \|$", SETTINGS.read_text(), re.M)
    assert len({name for name, _, _ in found}) == len(found), "a variable is there twice"
    return {name: default.strip("`").replace("–", "") for name, default, _ in found}


def fields(kind: type[BaseSettings]) -> Iterator[tuple[str, str]]:
    """Every variable with its default, as the code says."""
    for name, field in kind.model_fields.items():
        yield f"GENESIS_{name.upper()}", written(field.default)


def written(value: object) -> str:
    """A default as one would write it into the environment."""
    match value:
        case None | SecretStr():
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(map(str, value))
        case float():
            return f"{value:g}"
        case StrEnum():
            return value.value
        case _:
            return "" if value is PydanticUndefined else str(value)


def code() -> dict[str, str]:
    return dict(fields(BackupSettings)) | dict(fields(ServiceSettings))


def test_every_setting_is_explained_and_none_that_there_is_not() -> None:
    assert rows().keys() == code().keys()


@pytest.mark.parametrize("name", sorted(code()))
def test_the_default_is_the_one_in_the_code(name: str) -> None:
    assert rows()[name] == code()[name]


def documents() -> list[str]:
    folders = ("docs/operations", "docs/security")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in (*found, ROOT / "SECURITY.md"))


@pytest.mark.parametrize("document", documents())
def test_links_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text()
    for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
        assert ((ROOT / document).parent / link).exists(), link


@pytest.mark.parametrize("document", documents())
def test_targets_of_make_and_commands_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert target in targets, f"make {target}"
