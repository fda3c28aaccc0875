"""File names, titles, and options as they come from users."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from genesis_music.service.errors import InvalidRequestError, MalformedRequestError
from genesis_music.service.transcriptions.names import clean_filename, title_of
from genesis_music.service.transcriptions.options import TranscriptionOptions, stored_options
from genesis_music.service.transcriptions.paging import Cursor, decode_cursor
from genesis_music.service.transcriptions.repository import Sort
from genesis_music.service.transcriptions.schemas import LinkRequest, RetabRequest, RetryRequest
from genesis_music.service.transcriptions.tus_routes import parse_metadata
from genesis_music.settings import Settings


@given(st.text(max_size=600))
def test_any_file_name_becomes_one_harmless_line(name: str) -> None:
    cleaned = clean_filename(name)
    assert len(cleaned) <= 255
    assert cleaned.isprintable()
    assert "/" not in cleaned
    assert "\\" not in cleaned
    assert 0 < len(title_of(cleaned)) <= 300


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\song.mp3", "song.mp3"),
        ("a\r\nSet-Cookie: x=1.mp3", "a Set-Cookie: x=1.mp3"),
        ("Cafe\u0301.wav", "Café.wav"),
        ("\u202egnp.mp3", "gnp.mp3"),
        ("/", ""),
    ],
)
def test_paths_and_control_characters_are_left_out(name: str, cleaned: str) -> None:
    assert clean_filename(name) == cleaned


def test_a_file_name_of_ten_thousand_characters_is_cut() -> None:
    assert len(clean_filename("x" * 10_000 + ".mp3")) <= 255


def test_options_without_anything_are_the_pipelines_defaults() -> None:
    assert TranscriptionOptions().settings() == Settings()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tuning", "klingon"),
        ("capo", 13),
        ("capo", -1),
        ("instrument", "theremin"),
        ("quantise", "1/7"),
        ("swing", "maybe"),
        ("tempo", 5),
        ("tempo", float("nan")),
        ("time_signature", "4/5"),
        ("start", -1),
        ("start", float("inf")),
        ("engine", "../../model.onnx"),
        ("denoise", "yes"),
        ("separate", "/etc"),
        ("min_confidence", 2),
        ("colour", "red"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        TranscriptionOptions(**{field: value})
    assert caught.value.errors()[0]["loc"][0] == field


def test_the_end_must_lie_after_the_start() -> None:
    with pytest.raises(ValidationError):
        TranscriptionOptions(start=5, end=4)


def test_options_are_the_same_after_they_were_stored() -> None:
    options = TranscriptionOptions(
        tuning="dadgad", capo="auto", separate=True, tempo=90, time_signature="6/8", end=9
    )
    assert stored_options(options.model_dump(mode="json") | {"of_an_older_version": 1}) == options


def test_only_what_a_request_names_changes() -> None:
    before = TranscriptionOptions(tuning="dadgad", capo=3, end=9)
    after = before.changed_by(RetabRequest(capo=0))
    assert after == TranscriptionOptions(tuning="dadgad", capo=0, end=9)


@given(
    st.one_of(st.integers(-(2**31) + 1, 2**31 - 1), st.text(max_size=50).filter(lambda t: "\0" not in t)),
    st.uuids(),
)
def test_a_cursor_comes_back_as_it_was(value: str | int, id_) -> None:
    cursor = Cursor(Sort.TITLE, value, id_)
    assert decode_cursor(cursor.encode(), Sort.TITLE) == cursor
    with pytest.raises(InvalidRequestError):
        decode_cursor(cursor.encode(), Sort.NEWEST)


@given(st.text(max_size=100))
def test_a_cursor_that_we_did_not_write_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        decode_cursor(text, Sort.NEWEST)


def test_metadata_of_tus_is_read() -> None:
    assert parse_metadata("filename cG9yY2gub2dn,capo Mg==,is_confidential") == {
        "filename": "porch.ogg",
        "capo": "2",
    }
    assert parse_metadata("") == {}


@pytest.mark.parametrize("header", ["filename !!!", "a b c", "capo Mg==,capo Mg=="])
def test_damaged_metadata_is_refused(header: str) -> None:
    with pytest.raises(MalformedRequestError):
        parse_metadata(header)


@pytest.mark.parametrize("kind", [LinkRequest, RetryRequest, RetabRequest])
def test_json_has_to_be_of_the_right_types(kind: type[BaseModel]) -> None:
    url = {"url": "https://youtu.be/x"} if kind is LinkRequest else {}
    assert kind(**url, tempo=90, capo="auto").model_dump(exclude_unset=True) == url | {
        "tempo": 90,
        "capo": "auto",
    }
    for wrong in ({"capo": "2"}, {"capo": True}, {"tempo": "90"}, {"tuning": 5}):
        with pytest.raises(ValidationError):
            kind(**url, **wrong)
