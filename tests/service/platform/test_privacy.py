"""No address, token or password survives in a log line or report, whatever shape it comes in."""

import ipaddress
import json
import logging
import signal
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.service.platform import context, privacy
from genesis_music.service.platform.logs import EcsFormatter, PrivacyFilter
from genesis_music.service.platform.privacy import Masker, mask_event, mask_text, mask_value
from genesis_music.service.platform.tokens import AccessTokens, SecretKind, new_secret, signing_keys
from genesis_music.service.platform.webhook_signing import new_webhook_secret

ACCESS = AccessTokens(signing_keys(["k" * 40]), issuer="https://genesis.example", audience="genesis")
JWT = ACCESS.issue(user_id="1", session_id="2", role="user").token
API_KEY = new_secret(SecretKind.API_KEY).token

TEXTS = [
    ("mail to Ann.Lee+tab@mail.example.co.uk now", "mail to [e-mail] now"),
    ("<ann@example.com>, (bob@example.org)", "<[e-mail]>, ([e-mail])"),
    ('"ann lee"@example.com', "[e-mail]"),
    ("ann%40example.com", "[e-mail]"),
    ("анна@пример.example and ann@localhost", "[e-mail] and [e-mail]"),
    ("ann@[192.0.2.7]", "[e-mail]"),
    (f"key {API_KEY}.", "key [secret]."),
    (f"token={JWT}&page=2", "token=[secret]&page=2"),
    (f"saw {JWT}!", "saw [secret]!"),
    ("Authorization: Bearer abc.def", "Authorization: [secret]"),
    ("sent bearer abcdef, then", "sent bearer [secret], then"),
    ("proxy says Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== again", "proxy says Basic [secret] again"),
    ("Cookie: sid=1; theme=dark\nHost: x", "Cookie: [secret]\nHost: x"),
    ("{'password': 'open sesame', 'page': 2}", "{'password': [secret], 'page': 2}"),
    ('{"new_password": "a\\"b c", "page": 2}', '{"new_password": [secret], "page": 2}'),
    ("password=hunter2 user=7", "password=[secret] user=7"),
    ("GET /x?X-Amz-Signature=ab12&X-Amz-Date=1", "GET /x?X-Amz-Signature=[secret]&X-Amz-Date=1"),
    ("redis://default:s3cret@cache:6379/0", "redis://[secret]@cache:6379/0"),
    ("postgresql://u:p%40ss@db/genesis", "postgresql://[secret]@db/genesis"),
    ("AKIAIOSFODNN7EXAMPLE", "[secret]"),
    ("$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA", "[secret]"),
    ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "[secret]"),
    ("from 203.0.113.77:4711", "from 203.0.113.0:4711"),
    ("from [2001:db8:1:2:3::4]:443", "from [2001:db8:1::]:443"),
    ("::ffff:203.0.113.77", "::"),
]
IDS = [str(number) for number in range(len(TEXTS))]  # the texts hold new keys every time

HARMLESS = [
    "measure 12 in 4/4, key=C major, time_signature=(4, 4)",
    "at 12:34:56 on 2026-11-22T15:45:18.123Z std::vector Foo::Bar",
    "job 0b0f7a3e-56c2-4c4e-9f0c-2a9d2f6f3c11 took 3.25 s at 44100 Hz",
    "needs authorization, then a cookie, then tries again",
    "Basic Pitch and basic transcription, keySignature: 3",
    "@decorator, handle @guitar, 5 @ 3",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    'File "/app/genesis_music/pipeline/hear.py", line 12, in hear',
    "GET /api/v1/transcribe?cursor=abc&limit=20 200",
]


@pytest.mark.parametrize(("text", "masked"), TEXTS, ids=IDS)
def test_what_is_private_is_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(("text", "masked"), TEXTS, ids=IDS)
def test_masking_twice_changes_nothing_more(text: str, masked: str) -> None:
    assert mask_text(masked) == masked


def test_fields_named_like_secrets_are_masked_whatever_they_hold() -> None:
    event = {
        "password": ["a", {"b": "c"}],
        "X-Api-Key": 12345,
        "headers": [("Cookie", "sid=1"), (b"authorization", b"Bearer x"), ("Accept", "text/html")],
        "refresh_token": None,
        "otp": 123456,
        "time_signature": [4, 4],
        "user": {"name": "ann@example.com", "nested": {"ann@example.com": 1}},
    }
    assert mask_value(event) == {
        "password": "[secret]",
        "X-Api-Key": "[secret]",
        "headers": [["Cookie", "[secret]"], ["authorization", "[secret]"], ["Accept", "text/html"]],
        "refresh_token": "[secret]",
        "otp": "[secret]",
        "time_signature": [4, 4],
        "user": {"name": "[e-mail]", "nested": {"[e-mail]": 1}},
    }


def test_what_contains_itself_or_has_no_text_is_survived() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("ann@example.com")

    loop: dict[str, Any] = {"broken": Broken()}
    loop["self"] = loop
    masked = json.dumps(mask_event(loop, {}))
    assert "without text: RuntimeError" in masked
    assert "ann@" not in masked


def test_names_of_recordings_are_masked_where_wished() -> None:
    text = "storing /data/Für_Anna.mp3 and upload.WAV of 3.mp3x"
    assert mask_text(text) == text
    assert Masker(file_names=True).text(text) == "storing /data/[file name] and [file name] of 3.mp3x"
    assert Masker(file_names=True).value({"filename": "Love song.mp3", "name": "x"}) == {
        "filename": "[file name]",
        "name": "x",
    }


PIECES = "a|@|a@|token|token |token:|:|a:|1.|eyJ|eyJ.|password='|\\|://|\"|gm_|cookie|-----BEGIN |%40|=.mp3|a.mp3| |'"
PIECES += '|bearer |whsec_|$argon2|://a@|[|authorization:|a.b@|\\u0040|&#64;|sig=|password="'


@pytest.mark.parametrize("piece", PIECES.split("|"))
def test_no_line_keeps_us_busy(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a second here when its time grows with the length takes minutes when it grows with its square."""
    monkeypatch.setattr(privacy, "_LONGEST_TEXT", 10**6)
    text = (piece * 200_000)[:200_000]
    signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, 20)
    try:
        Masker(file_names=True).text(text)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def give_up(*_: object) -> None:
    raise AssertionError("still masking one line after 20 s of work")


SURROUNDINGS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + " .,:;=&?/\\'\"()[]{}<>|!#\n"), max_size=12
)
EMAILS = st.emails().filter(lambda address: len(address.partition("@")[0]) > 2)
TOKENS = st.sampled_from([JWT, API_KEY, new_webhook_secret(), new_secret(SecretKind.REFRESH).token])


class Weird:
    """An argument that shows a secret only when it is turned into text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


SHAPES: dict[str, Callable[[logging.Logger, str], None]] = {
    "message": lambda log, text: log.warning(text),
    "argument": lambda log, text: log.warning("got %s", text),
    "repr of an argument": lambda log, text: log.warning("got %r", text),
    "bytes": lambda log, text: log.warning("got %r", text.encode()),
    "mapping": lambda log, text: log.warning("got %(a)s", {"a": text}),
    "several arguments": lambda log, text: log.warning("%s %d %s", text, 3, [text]),
    "wrong number of arguments": lambda log, text: log.warning("%s %s", text),  # noqa: PLE1206
    "object": lambda log, text: log.warning("got %s", Weird(text)),
    "object as message": lambda log, text: log.warning(Weird(text)),
    "extra": lambda log, text: log.warning("x", extra={"who": text}),
    "nested extra": lambda log, text: log.warning("x", extra={"who": {"is": [{"it": (text,)}]}}),
    "name of an extra": lambda log, text: log.warning("x", extra={"who": {text: 1}}),
    "object in an extra": lambda log, text: log.warning("x", extra={"who": Weird(text)}),
    "exception": lambda log, text: failing(log, ValueError(text)),
    "exception in an exception": lambda log, text: failing(log, ValueError("x"), cause=KeyError(text)),
    "group of exceptions": lambda log, text: failing(log, ExceptionGroup(text, [OSError(text)])),
    "note of an exception": lambda log, text: failing(log, ValueError("x"), note=text),
    "stack": lambda log, text: log.warning(text, stack_info=True),
}


def failing(log: logging.Logger, error: Exception, *, cause: Exception | None = None, note: str = "") -> None:
    try:
        if note:
            error.add_note(note)
        raise error from cause  # noqa: TRY301
    except Exception:
        log.exception("failed")


class Lines(logging.Handler):
    """Keeps what a handler would write."""

    def __init__(self, formatter: logging.Formatter, *filters: logging.Filter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        for each in filters:
            self.addFilter(each)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def ecs() -> EcsFormatter:
    return EcsFormatter(version="1.2.3", environment="test")


def lines_of(handler: Lines, write: Callable[[logging.Logger], None]) -> list[str]:
    log = logging.Logger("genesis.test")
    log.addHandler(handler)
    write(log)
    return handler.lines


HANDLERS: dict[str, Callable[[], Lines]] = {
    "JSON": lambda: Lines(ecs()),
    "plain with the filter": lambda: Lines(
        logging.Formatter("%(asctime)s %(levelname)s %(message)s %(who)s", defaults={"who": ""}),
        PrivacyFilter(),
    ),
}


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("shape", SHAPES)
@given(secret=EMAILS | TOKENS, before=SURROUNDINGS, after=SURROUNDINGS)
@settings(max_examples=10, deadline=None)
def test_no_address_or_token_survives_in_any_shape(
    handler: str, shape: str, secret: str, before: str, after: str
) -> None:
    lines = lines_of(HANDLERS[handler](), lambda log: SHAPES[shape](log, f"{before} {secret} {after}"))
    assert len(lines) == 1, "the line is not lost either"
    assert secret not in lines[0]


@given(EMAILS, SURROUNDINGS, SURROUNDINGS)
def test_no_address_survives_glued_to_anything(secret: str, before: str, after: str) -> None:
    assert secret not in mask_text(before + secret + after)


@given(TOKENS, SURROUNDINGS, SURROUNDINGS)
def test_no_token_survives_glued_to_anything(secret: str, before: str, after: str) -> None:
    assert secret not in mask_text(before + secret + after)


@given(
    st.sampled_from(["password", "API-Key", "client_secret", "X-Auth-Token"]),
    st.text("abcXYZ019!$", min_size=4),
    st.sampled_from(["{}={}", "{}: {}", '"{}": "{}"', "'{}': '{}'", "{}={}&x=1", "({!r}, {!r})"]),
)
def test_no_password_survives_beside_its_name(name: str, value: str, form: str) -> None:
    masked = mask_text(form.format(name, value))
    assert value not in masked.replace("[secret]", "")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_keeps_its_network_only(address: ipaddress.IPv4Address) -> None:
    network = ipaddress.ip_network((address, 24), strict=False)
    assert mask_text(f"client={address}, next") == f"client={network.network_address}, next"


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_keeps_its_network_only(address: ipaddress.IPv6Address) -> None:
    network = ipaddress.ip_network((address, 48), strict=False)
    for form in (str(address), address.exploded, str(address).upper()):
        assert mask_text(f"client {form}.") in (
            f"client {network.network_address}.",
            f"client {network.network_address}",
        )


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
@settings(deadline=None)
def test_any_extra_field_becomes_one_line_of_json(value: Any) -> None:
    (line,) = lines_of(Lines(ecs()), lambda log: log.info("x", extra={"value": value}))
    assert "\n" not in line
    json.loads(line)


def test_a_line_has_the_fields_of_ecs() -> None:
    tokens = (context.request_id.set("request-1"), context.trace_id.set("a" * 32))
    try:
        (line,) = lines_of(Lines(ecs()), lambda log: failing(log, ValueError("bad")))
    finally:
        context.request_id.reset(tokens[0])
        context.trace_id.reset(tokens[1])
    fields = json.loads(line)
    assert fields["@timestamp"].endswith("Z")
    assert fields["log.level"] == "error"
    assert fields["message"] == "failed"
    assert fields["http.request.id"] == "request-1"
    assert fields["trace.id"] == "a" * 32
    assert (fields["error.type"], fields["error.message"]) == ("ValueError", "bad")
    assert "Traceback" in fields["error.stack_trace"]
    assert fields["service.name"] == "genesis-music"
    assert "labels" not in fields


def test_extra_fields_become_labels() -> None:
    (line,) = lines_of(Lines(ecs()), lambda log: log.info("x", extra={"job_id": "7", "seconds": 1.5}))
    assert json.loads(line)["labels"] == {"job_id": "7", "seconds": 1.5}


def test_the_access_log_of_uvicorn_is_masked_and_still_works() -> None:
    from uvicorn.logging import AccessFormatter

    handler = Lines(AccessFormatter("%(client_addr)s %(request_line)s", use_colors=False), PrivacyFilter())
    arguments = ("203.0.113.77:5000", "GET", f"/share?token={API_KEY}&mail=ann@example.com", "1.1", 200)
    (line,) = lines_of(handler, lambda log: log.info('%s - "%s %s HTTP/%s" %d', *arguments))
    assert line == "203.0.113.0:5000 GET /share?token=[secret][e-mail] HTTP/1.1"
