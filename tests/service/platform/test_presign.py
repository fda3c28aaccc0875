"""Links: the worked example of Amazon's documentation, and names that browsers must not misread."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_music.service.platform.presign import S3Credentials, content_disposition, presign_get


def test_the_example_of_amazons_documentation_gives_amazons_signature():
    # "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", Amazon S3 API Reference
    url = presign_get(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        "us-east-1",
        S3Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        86400,
        {},
        now=datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert url.endswith("X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


def test_secrets_stay_out_of_what_is_logged():
    shown = repr(S3Credentials("AKIA", "very secret", "session secret"))
    assert "AKIA" in shown
    assert "secret" not in shown.replace("S3Credentials", "")


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=80))
def test_no_file_name_breaks_out_of_the_header(filename: str):
    header = content_disposition(filename)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert header.startswith("attachment; ")


@pytest.mark.parametrize("name", ["song.mid", "Recuerdos de la Alhambra (live).gp5"])
def test_a_plain_file_name_stays_as_it_is(name: str):
    assert f'filename="{name}"' in content_disposition(name)
