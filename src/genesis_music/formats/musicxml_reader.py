"""Read MusicXML (``.musicxml``, ``.xml``, compressed ``.mxl``), for turning a score into tab.

Files come from anywhere, so the parser resolves no entities, loads nothing from disk or network, and refuses
archives that unpack to more than a score can be. A part with a tab staff gives strings and frets; notes that
a notation staff repeats are merged with it. Grace notes, cue notes and percussion are left out; repeats
are not played out.
"""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from pathlib import Path

from lxml import etree

from genesis_music.errors import ScoreError
from genesis_music.formats.checks import checked
from genesis_music.formats.musicxml_parts import Part, read_part
from genesis_music.formats.reading import (
    MAX_FILE_BYTES,
    Bar,
    ImportedScore,
    TempoCurve,
    build_notes,
    build_tempo_map,
    read_limited,
)
from genesis_music.formats.written import key_of_fifths
from genesis_music.score import Key, Track

_DAMAGE = (
    ValueError,
    ArithmeticError,
    LookupError,
    RuntimeError,  # an encrypted archive
    NotImplementedError,  # a compression that Python lacks
    OSError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    etree.LxmlError,
)
"""What damaged or hostile content makes the parsers and the checks raise."""

_CONTAINER = "META-INF/container.xml"


def read_musicxml(path: Path) -> ImportedScore:
    """Read a MusicXML score, compressed or not.

    Raises:
        ScoreError: it cannot be read, is damaged, too large, or no partwise MusicXML.
    """
    content = read_limited(path)
    try:
        return checked(_score(_root(content), path.stem))
    except _DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScoreError(f"{path.name} is not a MusicXML file that can be used: {reason}") from error


def _root(content: bytes) -> etree._Element:
    if content.startswith(b"PK"):
        content = _unpack(content)
    root = _parse(content)
    if root.tag != "score-partwise":
        raise ValueError(f"its root is <{root.tag}>; save it as partwise MusicXML")
    return root


def _parse(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    root = etree.fromstring(content, parser)
    if root is None:
        raise ValueError("it is empty")
    return root


def _unpack(content: bytes) -> bytes:
    """Return the score inside a compressed file, which its container names."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        container = _parse(_member(archive, _CONTAINER))
        rootfile = container.find(".//{*}rootfile")
        if rootfile is None:
            raise ValueError("its container names no score")
        return _member(archive, rootfile.get("full-path", ""))


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"it unpacks to more than {MAX_FILE_BYTES // 2**20} MB")
    return content


def _score(root: etree._Element, stem: str) -> ImportedScore:
    names = {part.get("id"): (part.findtext("part-name") or "").strip() for part in root.iter("score-part")}
    programs = {part.get("id"): part.findtext(".//midi-program") for part in root.iter("score-part")}
    parts = [
        read_part(element, names.get(element.get("id"), ""), programs.get(element.get("id")))
        for element in root.findall("part")
    ]
    if not parts:
        raise ValueError("it has no parts")
    curve = TempoCurve(change for part in parts for change in part.tempi)
    tempo_map = build_tempo_map(_bars(parts), curve)
    tracks = tuple(
        Track(
            part.name or f"Part {index}",
            part.instrument,
            part.tuning,
            part.capo,
            build_notes(part.notes, tempo_map, curve, f"p{index}"),
        )
        for index, part in enumerate(parts, start=1)
        if part.notes or len(parts) == 1
    )
    return ImportedScore(_title(root) or stem, tempo_map, tracks, _key(parts))


def _bars(parts: list[Part]) -> list[Bar]:
    """All parts have the same bars; a part that stops early does not shorten the piece."""
    longest = max(parts, key=lambda part: len(part.bars))
    return list(longest.bars)


def _title(root: etree._Element) -> str:
    return (root.findtext("work/work-title") or root.findtext("movement-title") or "").strip()


def _key(parts: list[Part]) -> Key | None:
    found = next((part.key for part in parts if part.key is not None), None)
    return None if found is None else key_of_fifths(*found)
