"""Suites that run only when they are asked for by name, because they take minutes or programs of their own."""

from __future__ import annotations

from pathlib import Path

import pytest


def only_by_name(suite: str, config: pytest.Config) -> bool | None:
    """What ``pytest_ignore_collect`` of that suite's folder answers."""
    asked = any(suite in Path(argument.split("::")[0]).parts for argument in config.args)
    return None if asked else True
