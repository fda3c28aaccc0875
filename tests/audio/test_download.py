"""Links."""

import pytest

from genesis_music.audio.download import check_link
from genesis_music.errors import DownloadError


@pytest.mark.parametrize(
    "url",
    [
        "http://youtube.com/watch?v=x",
        "file:///etc/passwd",
        "https://youtube.com@evil.example/x",
        "https://evil.example/youtube.com",
        "https://youtube.com.evil.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://user:pw@youtube.com/",
        "https://youtube.com:8443/",
        "https://youtube.com\\@evil.example/",
        "https://",
        "-o/tmp/x",
        "ytsearch:blues",
        "https://youtube.com/\nx",
    ],
)
def test_a_link_that_is_not_plainly_to_an_allowed_host_is_refused(url: str) -> None:
    with pytest.raises(DownloadError):
        check_link(url)


@pytest.mark.parametrize("url", ["https://www.youtube.com/watch?v=abc", "https://youtu.be/abc"])
def test_a_youtube_link_is_accepted(url: str) -> None:
    check_link(url)
