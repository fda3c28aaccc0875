"""This suite runs only when it is asked for by name: ``make test-deploy``."""

from __future__ import annotations

import pytest

from tests.named import only_by_name


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    return only_by_name("deploy", config)
