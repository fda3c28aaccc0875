from dataclasses import replace

from lxml import html

from genesis_music.formats.html import render_html
from genesis_music.score import SourceInfo
from tests.transcriptions import rich_transcription


def test_a_notebook_shows_title_chips_and_tab() -> None:
    root = html.fromstring(render_html(rich_transcription()))
    assert root.findtext("h3") == rich_transcription().source.title
    assert "D major" in [chip.text for chip in root.iter("span")]
    assert "e|---" in root.findtext("pre")


def test_a_hostile_title_stays_text() -> None:
    source = SourceInfo("<script>alert(1)</script><img src=x onerror=alert(1)>", 1.0, 44100, "")
    root = html.fromstring(render_html(replace(rich_transcription(), source=source)))
    assert not list(root.iter("script", "img"))
