r"""Text tab as people type and read it: high string on top, chord names above, beats counted below.

A sixteenth note is one column wide where there is room for it. Symbols: ``h`` hammer-on, ``p`` pull-off,
``b`` bend (``7b9``: bend fret 7 until it sounds like fret 9), ``r`` release, ``/`` and ``\`` slide,
``~`` vibrato, ``x`` dead note, ``*`` harmonic, ``PM`` palm mute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from genesis_music.formats.written import Page, one_line, string_names
from genesis_music.score import Measure, TabNote, TechniqueKind, Track, Transcription
from genesis_music.tablature.tunings import pitch_name

WIDTH_COLUMNS = 80
COLUMNS_PER_QUARTER = 4

_LEGEND = {
    "h": "hammer-on",
    "p": "pull-off",
    "b": "bend",
    "r": "release",
    "/": "slide up",
    "\\": "slide down",
    "~": "vibrato",
    "x": "dead note",
    "*": "harmonic",
}


def write_ascii(page: Page) -> bytes:
    """Turn a transcription into a text tab, UTF-8."""
    return _render(page, WIDTH_COLUMNS).encode("utf-8", "replace")


def render_ascii(transcription: Transcription, *, width_columns: int = WIDTH_COLUMNS) -> str:
    """Turn a transcription into a text tab of at most ``width_columns`` columns (one event may be wider)."""
    return _render(Page(transcription), width_columns)


def _render(page: Page, width_columns: int) -> str:
    transcription = page.transcription
    parts = [_head(transcription)]
    for track in transcription.tracks:
        parts.append(_track_head(track))
        parts += _systems(track, page, width_columns)
        parts += _unplayable(track, flats=transcription.harmony.key.uses_flats)
    parts += [f"Note: {one_line(warning)}" for warning in transcription.warnings]
    parts += _legend(transcription)
    return "\n\n".join(parts) + "\n"


def _head(transcription: Transcription) -> str:
    tempo_map = transcription.tempo_map
    facts = (
        f"Tempo: {tempo_map.tempo_bpm:.0f}",
        f"Time: {tempo_map.time_signature}",
        f"Key: {transcription.harmony.key}",
        f"Difficulty: {transcription.difficulty.level:g}/10",
        *(["Feel: swing"] if transcription.swing_ratio is not None else []),
    )
    return f"{one_line(transcription.source.title)}\n{'   '.join(facts)}"


def _track_head(track: Track) -> str:
    tuning = " ".join(reversed(string_names(track.tuning)))
    capo = f"fret {track.capo}" if track.capo else "none"
    return f"{one_line(track.name)}\nTuning: {tuning} ({one_line(track.tuning.name)})   Capo: {capo}"


def _legend(transcription: Transcription) -> list[str]:
    """Explain the symbols that this tab uses."""
    tokens = "".join(token for track in transcription.tracks for token in _tokens(track).values())
    notes = (note for track in transcription.tracks for note in track.notes)
    used = [f"{symbol} {meaning}" for symbol, meaning in _LEGEND.items() if symbol in tokens]
    if any(_has(note, TechniqueKind.PALM_MUTE) for note in notes):
        used.append("PM palm mute")
    return ["   ".join(used)] if used else []


def _unplayable(track: Track, *, flats: bool) -> list[str]:
    lost = [note for note in track.notes if note.string is None]
    if not lost:
        return []
    names = (pitch_name(note.note.pitch_midi, flats=flats) for note in lost)
    places = ", ".join(
        f"{name} in bar {note.written.measure}" for name, note in zip(names, lost, strict=True)
    )
    return [f"Not playable on this instrument: {places}"]


# ---------------------------------------------------------------- one measure


@dataclass(frozen=True, slots=True)
class _Cell:
    """One moment of a measure: text above, one equally wide token per string, the beat below."""

    rows: tuple[str, ...]
    width: int
    heading: str
    chord: str
    muted: bool
    beat: str


def _measure_cells(
    measure: Measure, notes: Sequence[TabNote], page: Page, tokens: Mapping[str, str], strings: int
) -> list[_Cell]:
    chords = page.chords.get(measure.number, {})
    section = page.sections.get(measure.number)
    heading = f"{measure.number} [{one_line(section.label)}]" if section else str(measure.number)
    at = {
        position: tuple(group)
        for position, group in groupby(notes, key=lambda note: note.written.position_quarters)
    }
    beats = _beat_positions(measure)
    moments = sorted({*at, *chords, *beats})
    cells = []
    for position, following in zip(moments, [*moments[1:], measure.length_quarters], strict=True):
        here = at.get(position, ())
        rows = ["" for _ in range(strings)]
        for note in here:
            if note.string is not None:
                rows[note.string - 1] = tokens[note.id]
        gap = round((following - position) * COLUMNS_PER_QUARTER)
        width = max(gap, max(len(row) for row in rows) + 1, 1)
        label = one_line(chords[position].label) if position in chords else ""
        cells.append(
            _Cell(
                tuple(row.ljust(width, "-") for row in rows),
                width,
                heading if position == 0 else "",
                label,
                any(_has(note, TechniqueKind.PALM_MUTE) for note in here),
                beats.get(position, ""),
            )
        )
    return cells


def _beat_positions(measure: Measure) -> dict[Fraction, str]:
    beat = measure.time_signature.beat_quarters
    count = int(-(-measure.length_quarters // beat))
    return {beat * index: str(index + 1) for index in range(count)}


def _has(note: TabNote, kind: TechniqueKind) -> bool:
    return any(technique.kind is kind for technique in note.techniques)


def _tokens(track: Track) -> dict[str, str]:
    """What stands on the string for every note, by its id."""
    previous: dict[int, int] = {}
    tokens = {}
    for note in track.notes:
        if note.string is None or note.fret is None:
            continue
        tokens[note.id] = _token(note, note.fret, previous.get(note.string, 0))
        previous[note.string] = note.fret
    return tokens


def _token(note: TabNote, fret: int, previous_fret: int) -> str:
    kinds = {technique.kind for technique in note.techniques}
    token = "x" if TechniqueKind.DEAD_NOTE in kinds else str(fret)
    if TechniqueKind.BEND in kinds:
        token += _bend(note, fret)
    if TechniqueKind.HARMONIC in kinds:
        token += "*"
    if TechniqueKind.VIBRATO in kinds:
        token += "~"
    if TechniqueKind.HAMMER_ON in kinds:
        return "h" + token
    if TechniqueKind.PULL_OFF in kinds:
        return "p" + token
    if TechniqueKind.SLIDE in kinds:
        return ("\\" if fret < previous_fret else "/") + token
    return token


def _bend(note: TabNote, fret: int) -> str:
    """``b9`` for a bend from fret 7 by two semitones; ``b9r7`` when the contour comes back down."""
    marked = next(t.semitones for t in note.techniques if t.kind is TechniqueKind.BEND)
    height = marked if marked is not None else max((point.semitones for point in note.note.bend), default=0.0)
    released = bool(note.note.bend) and note.note.bend[-1].semitones < height / 2
    return f"b{fret + round(height)}" + (f"r{fret}" if released else "")


# ---------------------------------------------------------------- systems


def _systems(track: Track, page: Page, width: int) -> Iterator[str]:
    labels = _string_labels(track)
    tokens = _tokens(track)
    by_measure = _by_measure(track.notes)
    measures = (
        _measure_cells(measure, by_measure.get(measure.number, ()), page, tokens, len(labels))
        for measure in page.transcription.tempo_map.measures
    )
    room = width - len(labels[0]) - 2
    for system in _wrap(measures, room):
        yield _system_text(system, labels)


def _by_measure(notes: Iterable[TabNote]) -> dict[int, list[TabNote]]:
    measures: dict[int, list[TabNote]] = {}
    for note in sorted(notes, key=lambda n: n.written.position_quarters):
        measures.setdefault(note.written.measure, []).append(note)
    return measures


def _string_labels(track: Track) -> list[str]:
    """Names of the strings, top line first; the thin string of a guitar is lower case, as players write."""
    names = [name.rstrip("-0123456789") for name in string_names(track.tuning)]
    if len(names) >= 6:
        names[0] = names[0].lower()
    longest = max(len(name) for name in names) if names else 1
    return [name.ljust(longest) for name in names] or [" "]


def _wrap(measures: Iterable[list[_Cell]], room: int) -> Iterator[list[list[_Cell]]]:
    """Fill systems with whole measures; a measure wider than a system continues on the next one."""
    system: list[list[_Cell]] = []
    used = 0
    for cells in measures:
        for piece in _pieces(cells, room):
            width = sum(cell.width for cell in piece) + 2
            if system and used + width > room:
                yield system
                system, used = [], 0
            system.append(piece)
            used += width
    if system:
        yield system


def _pieces(cells: list[_Cell], room: int) -> Iterator[list[_Cell]]:
    piece: list[_Cell] = []
    for cell in cells:
        if piece and sum(c.width for c in piece) + cell.width + 2 > room:
            yield piece
            piece = []
        piece.append(cell)
    yield piece


def _system_text(system: list[list[_Cell]], labels: Sequence[str]) -> str:
    indent = len(labels[0]) + 2
    cells = [(column + indent, cell) for column, cell in _columns(system)]
    lines = [
        _place((column, cell.heading) for column, cell in cells),
        _place((column, cell.chord) for column, cell in cells),
        _palm_mutes(cells),
    ]
    lines = [line for line in lines if line]
    for index, label in enumerate(labels):
        bars = ("-" + "".join(cell.rows[index] for cell in measure) for measure in system)
        lines.append(f"{label}|{'|'.join(bars)}|")
    lines.append(_place((column, cell.beat) for column, cell in cells))
    return "\n".join(lines)


def _columns(system: list[list[_Cell]]) -> Iterator[tuple[int, _Cell]]:
    column = 0
    for measure in system:
        for cell in measure:
            yield column, cell
            column += cell.width
        column += 2


def _place(texts: Iterable[tuple[int, str]]) -> str:
    """Put texts at their columns; one that would touch its neighbour moves right."""
    line = ""
    for column, text in texts:
        if text:
            line = line.ljust(column) if len(line) < column or not line else line + " "
            line += text
    return line


def _palm_mutes(cells: Sequence[tuple[int, _Cell]]) -> str:
    line = ""
    for muted, run in groupby(cells, key=lambda placed: placed[1].muted):
        if muted:
            columns = [column for column, _ in run]
            line = line.ljust(columns[0]) + "PM".ljust(columns[-1] - columns[0] + 1, "-")
    return line
