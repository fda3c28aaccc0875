"""Refresh tokens as a state machine: at most one is good, a spent one ends the session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from genesis_music.service.accounts.audit import Action, events_before
from genesis_music.service.accounts.client import RequestInfo
from genesis_music.service.accounts.sessions import (
    refresh_session,
    sign_out,
    sign_out_everywhere,
    start_session,
)
from genesis_music.service.accounts.tables import User, UserSession
from genesis_music.service.errors import NotSignedInError
from genesis_music.service.platform.database import utc_now
from tests.service.conftest import make_person

INFO = RequestInfo("203.0.113.9", "a browser")


def sign_in(platform, person):
    with platform.database.writing() as session:
        return start_session(session, platform.settings, session.get(User, person.id), INFO)


def is_refused(platform, token):
    with pytest.raises(NotSignedInError):
        refresh_session(platform, token, INFO)
    return True


ACTIONS = st.one_of(
    st.just("newest"), st.integers(0, 5), st.just("sign out"), st.just("everywhere"), st.just("expire")
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(st.lists(ACTIONS, min_size=1, max_size=12))
def test_whatever_happens_only_the_newest_token_of_a_living_session_is_good(sqlite_platform, actions):
    person = make_person(sqlite_platform, f"{utc_now().timestamp()}@example.com")
    identity, bystander = person.identity, sign_in(sqlite_platform, person)
    tokens, alive, bystander_alive = [person.signed_in.refresh_token], True, True
    for action in actions:
        if action == "newest":
            if alive:
                tokens.append(refresh_session(sqlite_platform, tokens[-1], INFO).refresh_token)
            else:
                assert is_refused(sqlite_platform, tokens[-1])
        elif action == "sign out":
            sign_out(sqlite_platform, identity, INFO)
            alive = False
        elif action == "everywhere":
            sign_out_everywhere(sqlite_platform, identity, INFO)
            alive = bystander_alive = False
        elif action == "expire":
            with sqlite_platform.database.writing() as session:
                ended = update(UserSession).where(UserSession.id == identity.session_id)
                session.execute(ended.values(expires_at=utc_now() - timedelta(seconds=1)))
            alive = False
        elif action < len(tokens) - 1:
            assert is_refused(sqlite_platform, tokens[action])
            alive = False
    if alive:
        refresh_session(sqlite_platform, tokens[-1], INFO)
    else:
        assert all(is_refused(sqlite_platform, token) for token in tokens)
    if bystander_alive:
        refresh_session(sqlite_platform, bystander.refresh_token, INFO)
    else:
        assert is_refused(sqlite_platform, bystander.refresh_token)


def test_a_token_that_is_used_twice_ends_its_session_but_no_other(client, platform, user):
    other_device = sign_in(platform, user)
    first = client.post("/api/v1/auth/refresh", json={"refresh_token": user.signed_in.refresh_token})
    assert first.status_code == 200
    again = client.post("/api/v1/auth/refresh", json={"refresh_token": user.signed_in.refresh_token})
    assert again.status_code == 401
    headers = {"Authorization": f"Bearer {first.json()['access_token']}"}
    assert client.get("/api/v1/account", headers=headers).status_code == 401
    next_token = {"refresh_token": first.json()["refresh_token"]}
    assert client.post("/api/v1/auth/refresh", json=next_token).status_code == 401
    assert refresh_session(platform, other_device.refresh_token, INFO)
    with platform.database.writing() as session:
        logged = [event.action for event in events_before(session, None, 10, actor_id=user.id)]
    assert logged.count(Action.REFRESH_REUSED) == 1


def test_of_many_at_once_with_one_token_at_most_one_gets_in_and_then_none(platform, user):
    def attempt(_):
        try:
            return refresh_session(platform, user.signed_in.refresh_token, INFO)
        except NotSignedInError:
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for answer in pool.map(attempt, range(8)) if answer is not None]
    assert len(answers) == 1
    assert is_refused(platform, answers[0].refresh_token), "all but one were a reuse"


def test_a_session_lives_on_while_it_is_used(client, platform, user):
    before = user.signed_in.refresh_expires_at
    renewed = refresh_session(platform, user.signed_in.refresh_token, INFO)
    assert renewed.refresh_expires_at > before
    assert renewed.session_id == user.signed_in.session_id


@pytest.mark.parametrize(
    "token",
    ["", "x", "gm_refresh_", "gm_live_" + "a" * 49, "gm_refresh_" + "a" * 49, "\0", "é" * 50, "x" * 201],
)
def test_what_is_no_refresh_token_is_refused(sqlite_platform, token):
    assert is_refused(sqlite_platform, token)


def test_without_a_token_there_is_nothing_to_refresh(client):
    assert client.post("/api/v1/auth/refresh").status_code == 401
    assert client.post("/api/v1/auth/refresh", json={}).status_code == 422


def test_only_hashes_of_tokens_are_kept(platform, user):
    with platform.database.writing() as session:
        row = session.get(UserSession, user.signed_in.session_id)
    assert user.signed_in.refresh_token not in (row.refresh_token, row.token)
    assert user.signed_in.access.token not in (row.refresh_token, row.token)
