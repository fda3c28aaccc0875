"""Access tokens cannot be forged, bent or kept; opaque secrets are recognised and never stored."""

import base64
import hashlib
import hmac
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from genesis_music.errors import SettingsError
from genesis_music.service.platform.tokens import (
    SECRET_PATTERN,
    AccessTokens,
    ExpiredTokenError,
    SecretKind,
    TokenError,
    hash_secret,
    is_well_formed,
    new_secret,
    same_secret,
    signing_keys,
)

OLD, NEW = "o" * 40, "n" * 40
NOW = 1_800_000_000
GOOD_HEADER = {"alg": "HS256", "kid": signing_keys([NEW])[0].key_id, "typ": "at+jwt"}
GOOD_CLAIMS = {
    "iss": "https://genesis.example",
    "aud": "genesis",
    "sub": "user-1",
    "sid": "session-1",
    "role": "user",
    "jti": "abc",
    "iat": NOW,
    "exp": NOW + 900,
}


def tokens(*secrets: str, now: float = NOW, audience: str = "genesis") -> AccessTokens:
    return AccessTokens(
        signing_keys(secrets or (NEW,)),
        issuer="https://genesis.example",
        audience=audience,
        clock=lambda: now,
    )


def part(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def signed(header: object = GOOD_HEADER, claims: object = GOOD_CLAIMS, secret: str = NEW) -> str:
    """A token signed by hand, so that anything can be in it."""
    body = f"{part(header)}.{part(claims)}"
    signature = hmac.digest(secret.encode(), body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def issued(service: AccessTokens) -> str:
    return service.issue(user_id="user-1", session_id="session-1", role="user").token


def test_a_token_says_who_signed_in_and_until_when() -> None:
    access = tokens().issue(user_id="user-1", session_id="session-1", role="admin")
    claims = tokens().verify(access.token)
    assert (claims.user_id, claims.session_id, claims.role) == ("user-1", "session-1", "admin")
    assert (claims.issued_at, claims.expires_at) == (NOW, NOW + 900)
    assert access.expires_at == NOW + 900
    assert access.token not in repr(access)


def test_no_two_tokens_have_the_same_id() -> None:
    service = tokens()
    assert len({service.verify(issued(service)).token_id for _ in range(100)}) == 100


def test_a_token_made_by_hand_with_the_right_key_passes() -> None:
    assert tokens().verify(signed()).user_id == "user-1"


@pytest.mark.parametrize(
    ("seconds", "good"), [(0, True), (899, True), (904, True), (905, False), (10**6, False)]
)
def test_a_token_ends_after_its_life_and_five_seconds(seconds: int, good: bool) -> None:
    token, later = issued(tokens()), tokens(now=NOW + seconds)
    if good:
        later.verify(token)
    else:
        with pytest.raises(ExpiredTokenError, match="refresh"):
            later.verify(token)


def test_a_token_from_the_future_is_refused() -> None:
    token = issued(tokens(now=NOW + 60))
    with pytest.raises(TokenError):
        tokens().verify(token)
    tokens(now=NOW + 56).verify(token)


def test_keys_rotate_without_signing_anybody_out() -> None:
    token = issued(tokens(OLD))
    assert tokens(NEW, OLD).verify(token).user_id == "user-1"
    fresh = issued(tokens(NEW, OLD))
    assert tokens(NEW).verify(fresh).user_id == "user-1", "the newest key signs"
    with pytest.raises(TokenError):
        tokens(NEW).verify(token)


def header(**changes: object) -> dict[str, object]:
    return {name: value for name, value in (GOOD_HEADER | changes).items() if value != "absent"}


def claims(**changes: object) -> dict[str, object]:
    return {name: value for name, value in (GOOD_CLAIMS | changes).items() if value != "absent"}


FORGED = {
    "no algorithm": f"{part(header(alg='none'))}.{part(GOOD_CLAIMS)}.",
    "no algorithm, other case": f"{part(header(alg='nOnE'))}.{part(GOOD_CLAIMS)}.",
    "no signature": signed().rpartition(".")[0] + ".",
    "another key": signed(secret=OLD),
    "another algorithm": signed(header(alg="HS512")),
    "a public-key algorithm": jwt.encode(
        header(alg="ES256"), dict(GOOD_CLAIMS), ECKey.generate_key("P-256"), algorithms=["ES256"]
    ),
    "its own key": signed(header(jwk={"kty": "oct", "k": part(OLD)}), secret=OLD),
    "a key from an address": signed(header(jku="https://evil.example/keys")),
    "an unknown critical extension": signed(header(crit=["b64"], b64=False)),
    "no key id": signed(header(kid="absent")),
    "an unknown key id": signed(header(kid="0" * 16)),
    "a path as key id": signed(header(kid="../../dev/null"), secret=""),
    "a list as key id": signed(header(kid=["a"])),
    "another type": signed(header(typ="JWT")),
    "no type": signed(header(typ="absent")),
    "another issuer": signed(claims=claims(iss="https://evil.example")),
    "another audience": signed(claims=claims(aud="other")),
    "many audiences": signed(claims=claims(aud=["genesis", "other"])),
    "no audience": signed(claims=claims(aud="absent")),
    "no end": signed(claims=claims(exp="absent")),
    "a text as end": signed(claims=claims(exp="9999999999")),
    "true as end": signed(claims=claims(exp=True)),
    "a fraction as end": signed(claims=claims(exp=NOW + 900.5)),
    "infinity as end": signed(claims=json.dumps(claims(exp=float("inf")))),
    "nobody": signed(claims=claims(sub="absent")),
    "an empty user": signed(claims=claims(sub="")),
    "a number as user": signed(claims=claims(sub=1)),
    "no session": signed(claims=claims(sid="absent")),
    "a list of roles": signed(claims=claims(role=["admin"])),
    "no claims at all": signed(claims={}),
    "claims that are a list": signed(claims=[1]),
    "claims that are no JSON": signed(claims="{"),
    "deeply nested claims": signed(claims="[" * 900),
    "a header that is a list": signed(header=[1]),
    "nothing": "",
    "dots": "..",
    "four parts": signed() + ".x",
    "five parts (encrypted)": "a.b.c.d.e",
    "spaces": f" {signed()} ",
    "a line break": signed() + "\n",
    "not ASCII": signed() + "é",
    "half a character": "\ud800.a.b",
    "far too long": signed(claims=claims(sub="u" * 10_000)),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(name: str) -> None:
    with pytest.raises(TokenError) as refusal:
        tokens().verify(FORGED[name])
    assert not isinstance(refusal.value, ExpiredTokenError)
    assert refusal.value.status == 401


@given(st.text())
def test_any_text_is_refused_in_the_same_way(text: str) -> None:
    with pytest.raises(TokenError):
        tokens().verify(text)


@given(st.integers(0, len(signed()) - 1), st.sampled_from("ABCabc019-_."))
def test_no_character_of_a_token_can_be_changed(index: int, character: str) -> None:
    token = signed()
    changed = token[:index] + character + token[index + 1 :]
    decoded = [base64.urlsafe_b64decode(piece + "==") for piece in token.split(".")]
    try:
        same = [base64.urlsafe_b64decode(piece + "==") for piece in changed.split(".")] == decoded
    except ValueError:
        same = False
    if not same:
        with pytest.raises(TokenError):
            tokens().verify(changed)


def test_a_key_must_be_long_and_does_not_show() -> None:
    with pytest.raises(SettingsError, match="openssl rand"):
        signing_keys(["short"])
    with pytest.raises(SettingsError, match="No secret"):
        signing_keys([])
    (key,) = signing_keys([NEW])
    assert NEW not in repr(key)
    assert key.key_id not in hashlib.sha256(NEW.encode()).hexdigest(), "the id is no plain hash of the secret"
    assert isinstance(OctKey.import_key(key.secret), OctKey)


@pytest.mark.parametrize("kind", SecretKind)
def test_a_secret_is_recognised_and_only_its_hash_is_kept(kind: SecretKind) -> None:
    secret = new_secret(kind)
    assert re.fullmatch(rf"{kind.value}_[0-9A-Za-z]{{49}}", secret.token)
    assert SECRET_PATTERN.search(f"curl -H 'X-API-Key: {secret.token}' …")[0] == secret.token
    assert secret.sha256 == hash_secret(secret.token) == hashlib.sha256(secret.token.encode()).hexdigest()
    assert is_well_formed(secret.token, kind)
    assert secret.token not in repr(secret)


def test_secrets_do_not_repeat() -> None:
    assert len({new_secret(SecretKind.SHARE).token for _ in range(1000)}) == 1000


def test_one_kind_of_secret_never_passes_for_another() -> None:
    for kind in SecretKind:
        for other in SecretKind:
            token = new_secret(kind).token.replace(kind.value, other.value)
            assert is_well_formed(token, other) == (kind is other)


@given(st.integers(8, 56), st.sampled_from("0Aaz9"))
def test_a_mistyped_secret_is_told_without_asking_anybody(index: int, character: str) -> None:
    token = "gm_live_qUk91DAF7gadMTpoYAz3ydt0SKWH8N6IV0pqW1kW32E2duCHd"
    assert is_well_formed(token, SecretKind.API_KEY)
    changed = token[:index] + character + token[index + 1 :]
    assert is_well_formed(changed, SecretKind.API_KEY) == (changed == token)


@given(st.text())
def test_any_text_can_be_hashed_and_compared(text: str) -> None:
    assert not is_well_formed(text, SecretKind.API_KEY)
    assert same_secret(hash_secret(text), hash_secret(text))
    assert not same_secret(hash_secret(text), hash_secret(text + "x"))
