"""Passwords: what is refused and why, and that stored hashes are safe and slow."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pwdlib.hashers.argon2 import Argon2Hasher

from genesis_music.service.platform.passwords import (
    LONGEST_PASSWORD,
    WeakPasswordError,
    check_password,
    hash_password,
    verify_password,
)

EMAIL = "ann.lee@harbour-music.example"
GOOD = "copper lantern drifts"
slow = settings(max_examples=25, deadline=None)  # a hash takes 20 ms on purpose


def weakness(password: str) -> str | None:
    try:
        check_password(password, EMAIL, "Annabel Leigh")
    except WeakPasswordError as error:
        assert error.status == 422
        assert error.extra == {"weakness": error.weakness}
        return error.weakness.value
    return None


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "дождь над гаванью 7",
        "雨が降る港の朝に歩く",
        "7Yk#pQ2v!mZ9",
        "🎸" * 4 + "mellow-otter-piano",
        "x8" + "k" * 3 + "Vq2!mmP",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    assert weakness(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too-short"),
        ("Xk9#mQ2!v", "too-short"),
        ("a" * 129, "too-long"),
        ("ﷺ" * 100, "too-long"),
        ("pass\x00word lantern", "unreadable"),
        ("lantern \ud800 drifts", "unreadable"),
        ("line\nbreak lantern", "unreadable"),
        ("my harbour is calm", "personal"),
        ("HARBOUR-tide-91!x", "personal"),
        ("ann.lee rocks 4ever", "personal"),
        ("annabel plays tabs", "personal"),
        ("ＬＥＩＧＨ lantern tide", "personal"),
        ("password123", "leaked"),
        ("Password1!", "leaked"),
        ("QWERTYUIOP", "leaked"),
        ("1234567890", "leaked"),
        ("iloveyou2026", "leaked"),
        ("aaaaaaaaaaaaaaaa", "guessable"),
        ("abcabcabcabcabc", "guessable"),
        ("p4ssw0rdp4ssw0rd", "guessable"),
        ("drowssapdrowssap", "guessable"),
        ("zxcvbnm,./asdfghjkl", "guessable"),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(password: str, why: str) -> None:
    assert weakness(password) == why


def test_short_names_do_not_rule_out_every_word_they_are_in() -> None:
    check_password("plain copper lantern", "an@io.example", "Al La")


def test_a_long_hostile_password_costs_little() -> None:
    for part in ("aB3", "@4$5", "qwe", "2026", "password", "a1!"):
        weakness((part * 64)[:LONGEST_PASSWORD])


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_is_either_taken_or_refused_with_a_reason(password: str) -> None:
    weakness(password)


def test_one_persons_words_do_not_rule_out_another_persons_password() -> None:
    assert weakness("stratocaster brook") is None
    check_password("stratocaster brook", "someone@example.org", "Bo Diddley")
    with pytest.raises(WeakPasswordError):
        check_password("stratocaster brook", "stratocaster@example.org")
    assert weakness("stratocaster brook") is None


@given(st.text(min_size=1, max_size=LONGEST_PASSWORD).filter(str.isprintable))
@slow
def test_a_password_verifies_against_its_hash_and_no_other_does(password: str) -> None:
    try:
        stored = hash_password(password)
    except WeakPasswordError:
        return
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify_password(password, stored).ok
    assert not verify_password(password + "x", stored).ok
    assert not verify_password(password, None).ok


def test_the_same_password_is_stored_differently_each_time() -> None:
    assert hash_password(GOOD) != hash_password(GOOD)


def test_a_password_is_the_same_on_every_keyboard() -> None:
    assert verify_password("cafe\u0301 lantern", hash_password("caf\u00e9 lantern")).ok


@pytest.mark.parametrize(
    "stored", ["", "plain", "$argon2id$v=19$m=1", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$" + "9" * 999]
)
def test_a_damaged_hash_lets_nobody_in(stored: str) -> None:
    assert not verify_password(GOOD, stored).ok


@pytest.mark.parametrize("password", ["", "x" * 10_000_000, "\x00", "\ud800"])
def test_a_hostile_password_lets_nobody_in(password: str) -> None:
    assert not verify_password(password, hash_password(GOOD)).ok


def test_an_unknown_user_costs_as_much_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    original = Argon2Hasher.verify

    def counted(self: Argon2Hasher, password: str, stored: str) -> bool:
        compared.append(stored)
        return original(self, password, stored)

    monkeypatch.setattr(Argon2Hasher, "verify", counted)
    known = hash_password(GOOD)
    for password, stored in ((GOOD, known), (GOOD, None), ("x" * 999, known), ("", None)):
        verify_password(password, stored)
    assert len({stored.rsplit("$", 2)[0] for stored in compared}) == 1, "same algorithm and cost each time"
    assert len(compared) == 4


def test_a_hash_with_older_parameters_is_replaced_at_sign_in() -> None:
    older = Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    verification = verify_password(GOOD, older)
    assert verification.ok
    assert verification.new_hash is not None
    assert verify_password(GOOD, verification.new_hash).ok
    assert verify_password(GOOD, verification.new_hash).new_hash is None
    assert verify_password("wrong", older).new_hash is None
