"""The results for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def print_tables(results: Mapping[str, Any]) -> None:
    """Print what was measured."""
    for row in results.get("endpoints", {}).get("endpoints", ()):
        times = f"{row['p50_ms']:>8g} {row['p95_ms']:>8g} {row['p99_ms']:>8g}"
        print(f"{row['name']:42} {row['requests']:>6} {row['failures']:>4} {times}")
    for part in ("endpoints", "queue", "sockets", "uploads", "song"):
        _print_part(part, results.get(part, {}))
    for row in results.get("start", ()):
        _print_part(f"start, {row['folder']} folder", row)


def _print_part(title: str, values: Mapping[str, Any]) -> None:
    if not values:
        return
    print(f"\n{title}")
    for name, value in values.items():
        if isinstance(value, Mapping):
            print(f"  {name.replace('_', ' '):28}", *(f"{key} {number:g} " for key, number in value.items()))
        elif not isinstance(value, list):
            print(f"  {name.replace('_', ' '):28} {value}")
