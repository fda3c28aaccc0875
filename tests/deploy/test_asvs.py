"""The table of OWASP ASVS 4.0.3: every number of levels 1 and 2 once, every file named is there."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.deploy.tools import ROOT

TABLE = ROOT / "docs/security/asvs.md"
THREATS = ROOT / "docs/security/threat-model.md"
STATES = ("met: ", "partly, because ", "not met, because ", "not applicable, because ")
NUMBERS = {
    "1.1": "1* 2* 3* 4* 5* 6* 7*",
    "1.2": "1* 2* 3* 4*",
    "1.4": "1* 4* 5*",
    "1.5": "1* 2* 3* 4*",
    "1.6": "1* 2* 3* 4*",
    "1.7": "1* 2*",
    "1.8": "1* 2*",
    "1.9": "1* 2*",
    "1.10": "1*",
    "1.11": "1* 2*",
    "1.12": "2*",
    "1.14": "1* 2* 3* 4* 5* 6*",
    "2.1": "1 2 3 4 5 6 7 8 9 10 11 12",
    "2.2": "1 2 3",
    "2.3": "1 2* 3*",
    "2.4": "1* 2* 3* 4* 5*",
    "2.5": "1 2 3 4 5 6 7*",
    "2.6": "1* 2* 3*",
    "2.7": "1 2 3 4 5* 6*",
    "2.8": "1 2* 3* 4* 5* 6* 7*",
    "2.9": "1* 2* 3*",
    "2.10": "1* 2* 3* 4*",
    "3.1": "1",
    "3.2": "1 2 3 4*",
    "3.3": "1 2 3* 4*",
    "3.4": "1 2 3 4 5",
    "3.5": "1* 2* 3*",
    "3.7": "1",
    "4.1": "1 2 3 5",
    "4.2": "1 2",
    "4.3": "1 2 3*",
    "5.1": "1 2 3 4 5",
    "5.2": "1 2 3 4 5 6 7 8",
    "5.3": "1 2 3 4 5 6 7 8 9 10",
    "5.4": "1* 2* 3*",
    "5.5": "1 2 3 4",
    "6.1": "1* 2* 3*",
    "6.2": "1 2* 3* 4* 5* 6*",
    "6.3": "1* 2*",
    "6.4": "1* 2*",
    "7.1": "1 2 3* 4*",
    "7.2": "1* 2*",
    "7.3": "1* 3* 4*",
    "7.4": "1 2* 3*",
    "8.1": "1* 2* 3* 4*",
    "8.2": "1 2 3",
    "8.3": "1 2 3 4 5* 6* 7*",
    "9.1": "1 2 3",
    "9.2": "1* 2* 3* 4*",
    "10.2": "1* 2*",
    "10.3": "1 2 3",
    "11.1": "1 2 3 4 5 6* 7* 8*",
    "12.1": "1 2* 3*",
    "12.2": "1*",
    "12.3": "1 2 3 4 5 6*",
    "12.4": "1 2",
    "12.5": "1 2",
    "12.6": "1",
    "13.1": "1 3 4* 5*",
    "13.2": "1 2 3 5* 6*",
    "13.3": "1 2*",
    "13.4": "1* 2*",
    "14.1": "1* 2* 3* 4*",
    "14.2": "1 2 3 4* 5* 6*",
    "14.3": "2 3",
    "14.4": "1 2 3 4 5 6 7",
    "14.5": "1 2 3 4*",
}
"""By section: the numbers of the standard's levels 1 and 2; a star: from level 2 on."""


def standard() -> dict[str, int]:
    """The level from which each number counts."""
    return {
        f"{section}.{number.rstrip('*')}": 2 if number.endswith("*") else 1
        for section, numbers in NUMBERS.items()
        for number in numbers.split()
    }


def rows() -> list[tuple[str, int, str]]:
    """Number, level and answer of every line of the table."""
    found = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| .+? \| (.+) \|$", TABLE.read_text(), re.M)
    return [(number, int(level), answer) for number, level, answer in found]


def named_paths(text: str) -> set[str]:
    """Files and folders that a text names."""
    return {
        name for name in re.findall(r"`([\w./-]+)`", text) if "/" in name and not name.startswith("/")
    } | set(re.findall(r"`([\w.-]+\.(?:md|lock|toml))`", text))


def test_the_standard_has_as_many_as_are_known() -> None:
    assert len(standard()) == 258
    assert Counter(standard().values()) == {1: 128, 2: 130}


def test_every_number_is_there_once_with_its_level() -> None:
    assert Counter(number for number, _, _ in rows()) == Counter(list(standard()))
    assert {number: level for number, level, _ in rows()} == standard()


@pytest.mark.parametrize(("number", "answer"), [(number, answer) for number, _, answer in rows()])
def test_every_line_is_answered_plainly(number: str, answer: str) -> None:
    assert answer.startswith(STATES)
    assert named_paths(answer) or not answer.startswith("met: "), "met by what?"


@pytest.mark.parametrize("path", sorted(named_paths(TABLE.read_text()) | named_paths(THREATS.read_text())))
def test_what_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()
