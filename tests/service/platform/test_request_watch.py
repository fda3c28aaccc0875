"""What every request is counted and logged by."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from genesis_music.service.platform import request_watch
from genesis_music.service.platform.request_watch import RequestWatch

SCOPE = {"type": "http", "method": "GET", "path": "/api/v1/songs"}


@pytest.fixture(autouse=True)
def logging_all(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, request_watch.log.name)


async def nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def test_whoever_has_the_answer_finds_it_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    before_each: list[list[str]] = []

    async def send(_: Message) -> None:
        before_each.append(list(caplog.messages))

    asyncio.run(RequestWatch(PlainTextResponse("done"))(SCOPE, nothing, send))
    assert before_each == [["GET none 200"]] * 2


@pytest.mark.parametrize(("error", "status"), [(ValueError("ours"), 500), (asyncio.CancelledError(), 499)])
def test_a_request_without_an_answer_is_logged_once_as_our_fault_or_as_abandoned(
    caplog: pytest.LogCaptureFixture, error: BaseException, status: int
) -> None:
    async def broken(*_: Any) -> None:
        raise error

    async def watched() -> None:
        with pytest.raises(type(error)):
            await RequestWatch(broken)(SCOPE, nothing, nothing)  # type: ignore[arg-type]

    asyncio.run(watched())
    assert caplog.messages == [f"GET none {status}"]
