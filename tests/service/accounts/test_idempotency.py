from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import func, select, update

from genesis_music.service import problems
from genesis_music.service.accounts.cleanup import delete_expired
from genesis_music.service.accounts.dependencies import CurrentUser
from genesis_music.service.accounts.idempotency import (
    ABANDONED_AFTER,
    LIFETIME,
    Idempotency,
    IdempotencyOf,
    InProgressError,
)
from genesis_music.service.accounts.tables import ApiKey, IdempotencyKey
from genesis_music.service.dependencies import PlatformOf
from genesis_music.service.errors import InvalidRequestError
from genesis_music.service.guards import guarded
from genesis_music.service.platform.database import utc_now
from tests.service.platforms import PUBLIC_URL


class Order(BaseModel):
    name: str
    fails: bool = False


class Made(BaseModel):
    number: int


class Shop:
    """An application with one route whose work must be done once."""

    def __init__(self, platform):
        app = FastAPI()
        app.state.platform = platform
        problems.install(app)

        @app.post("/api/orders", status_code=202)
        def order(body: Order, identity: CurrentUser, parts: PlatformOf, idempotency: IdempotencyOf):
            with idempotency.attempt(body.model_dump_json()) as attempt:
                if attempt.answer is not None:
                    return attempt.answer
                with parts.database.writing(identity.user_id) as session:
                    number = session.scalar(select(func.count()).select_from(ApiKey))
                    row = ApiKey(user_id=identity.user_id, name=body.name, start="", key_hash=f"{number}")
                    session.add(row)
                    session.flush()
                    if body.fails:
                        raise InvalidRequestError("no such thing")
                    answer = Made(number=number)
                    attempt.keep(session, 202, answer)
            return answer

        self.app = guarded(app, platform)


@pytest.fixture
def shop(platform):
    return Shop(platform)


@pytest.fixture
def buyer(shop):
    with TestClient(shop.app, base_url=PUBLIC_URL) as client:
        yield client


def order(buyer, user, key="key-1", **body):
    headers = user.headers | ({"Idempotency-Key": key} if key is not None else {})
    return buyer.post("/api/orders", json={"name": "x"} | body, headers=headers)


def made(platform):
    with platform.database.writing() as session:
        return session.scalar(select(func.count()).select_from(ApiKey))


def test_a_repeated_request_gets_the_first_answer_and_is_done_once(buyer, platform, user):
    first, second = order(buyer, user), order(buyer, user)
    assert (first.status_code, first.json()) == (second.status_code, second.json()) == (202, {"number": 0})
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert made(platform) == 1


def test_without_a_key_every_request_is_new(buyer, platform, user):
    assert [order(buyer, user, key=None).json()["number"] for _ in range(2)] == [0, 1]


def test_a_key_belongs_to_one_request_and_one_user(buyer, platform, user, other_user):
    order(buyer, user)
    other_request = order(buyer, user, name="y")
    assert (other_request.status_code, other_request.json()["code"]) == (422, "idempotency-key-reused")
    assert order(buyer, other_user).json() == {"number": 1}


def test_a_request_that_failed_may_be_tried_again_with_its_key(buyer, platform, user):
    assert order(buyer, user, fails=True).status_code == 422
    assert made(platform) == 0
    assert order(buyer, user).status_code == 202


def test_while_the_first_is_being_answered_the_second_is_told_to_wait(buyer, platform, user):
    with platform.database.writing() as session:
        hold = IdempotencyKey(user_id=user.id, key="key-1", request_hash="")
        session.add(hold)
    answer = order(buyer, user)
    assert answer.status_code == 422, "another request holds the key"
    order(buyer, user, key="key-2")
    with platform.database.writing() as session:
        session.execute(update(IdempotencyKey).values(status=None))
    answer = order(buyer, user, key="key-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "request-in-progress")
    assert int(answer.headers["retry-after"]) > 0


def test_of_many_at_once_exactly_one_is_done(shop, buyer, platform, user):
    gate = Barrier(6)

    def go(_):
        gate.wait()
        return order(buyer, user)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(go, range(6)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert made(platform) == 1
    assert order(buyer, user).json() == {"number": 0}


def make_older(platform, age):
    with platform.database.writing() as session:
        session.execute(update(IdempotencyKey).values(created_at=utc_now() - age))


def test_a_request_whose_server_died_can_be_repeated(buyer, platform, user):
    order(buyer, user)
    with platform.database.writing() as session:
        session.execute(update(IdempotencyKey).values(status=None, body=None))
    make_older(platform, ABANDONED_AFTER + timedelta(seconds=1))
    assert order(buyer, user).json() == {"number": 1}


def test_a_request_that_was_given_up_cannot_finish_after_all(platform, user):
    late = Idempotency(platform.database, user.id, "key-1", "POST /api/orders")
    with pytest.raises(InProgressError), late.attempt("x") as attempt:
        make_older(platform, ABANDONED_AFTER + timedelta(seconds=1))
        repetition = Idempotency(platform.database, user.id, "key-1", "POST /api/orders")
        with repetition.attempt("x") as second, platform.database.writing() as session:
            second.keep(session, 202, Made(number=2))
        with platform.database.writing() as session:
            attempt.keep(session, 202, Made(number=1))
    with repetition.attempt("x") as third:
        assert third.answer.body == b'{"number":2}'


def test_answers_are_forgotten_after_a_day(buyer, platform, user):
    order(buyer, user)
    make_older(platform, LIFETIME + timedelta(seconds=1))
    assert order(buyer, user, name="something else").json() == {"number": 1}
    make_older(platform, LIFETIME + timedelta(seconds=1))
    delete_expired(platform.database)
    with platform.database.writing() as session:
        assert session.scalars(select(IdempotencyKey)).all() == []


def test_keys_that_are_none_are_refused(buyer, user):
    for key in ("", "x" * 256, "a b", "é", "a\x7f"):
        headers = user.headers | {"Idempotency-Key": key.encode()}
        assert buyer.post("/api/orders", json={"name": "x"}, headers=headers).status_code == 422, key
