"""Compares measured figures with what they may be: ``benchmarks/budget.json``.

    python -m benchmarks.budget service build/service.json

Ends with 1 when one is over its budget, or was not measured. A budget is about twice what a quiet machine needs: it
finds what has become much worse, not what is a little slower today.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BUDGET = Path(__file__).with_name("budget.json")
EVERY = "*"


@dataclass(frozen=True)
class Limit:
    """What one figure may be; ``where`` are the keys that lead to it, ``*`` stands for each element of a list."""

    what: str
    where: tuple[str, ...]
    at_most: float | None = None
    at_least: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a value is within the budget."""
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    @property
    def text(self) -> str:
        """The limit for people."""
        return f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"


def limits(part: str) -> list[Limit]:
    """The limits of a part of the budget.

    Raises:
        KeyError: there is no such part.
    """
    return [
        Limit(**entry | {"where": tuple(entry["where"])}) for entry in json.loads(BUDGET.read_text())[part]
    ]


def figures(measured: Any, where: Sequence[str]) -> Iterator[float]:
    """Every figure at a place; none where it was not measured."""
    if not where:
        if isinstance(measured, int | float):
            yield float(measured)
        return
    if where[0] == EVERY:
        for one in measured if isinstance(measured, list) else ():
            yield from figures(one, where[1:])
    elif isinstance(measured, dict) and where[0] in measured:
        yield from figures(measured[where[0]], where[1:])


def compare(part: str, measured: Any) -> list[str]:
    """Print each limit with its worst figure; return those that do not hold."""
    broken = []
    for limit in limits(part):
        found = list(figures(measured, limit.where))
        worst = (min if limit.at_least is not None else max)(found, default=None)
        good = worst is not None and limit.holds(worst)
        said = "not measured" if worst is None else f"{worst:g}"
        print(f"{'ok  ' if good else 'OVER'} {said:>12}  {limit.text:<14} {limit.what}")
        broken += [] if good else [limit.what]
    return broken


def main() -> None:
    """Compare; the exit status says whether everything holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=sorted(json.loads(BUDGET.read_text())))
    parser.add_argument("results", type=Path)
    arguments = parser.parse_args()
    sys.exit(1 if compare(arguments.part, json.loads(arguments.results.read_text())) else 0)


if __name__ == "__main__":
    main()
