"""A result's two documents, tab and analysis: kept once, as files in the store; the row has what describes them.

Both grow with the recording, the row does not (docs/capacity.md says why that matters).
"""

from __future__ import annotations

import json
from typing import Any

from genesis_music.service.platform.storage import ObjectStore

TAB, ANALYSIS = "tab.json", "analysis.json"

Json = dict[str, Any]

_GROWING = frozenset(
    {"beats", "chords", "key_regions", "measures", "progression", "sections", "time_signatures"}
)
"""Members whose length is that of the music."""


def tab_summary(tab: Json) -> Json:
    """Tab JSON without what grows: each track has the number of its notes instead of them."""
    tracks = [track | {"notes": len(track["notes"])} for track in tab["tracks"]]
    return _without_growing(tab) | {"tracks": tracks}


def analysis_summary(analysis: Json) -> Json:
    """The analysis without what grows; of the tempo its numbers without the curve."""
    tempo = {name: value for name, value in analysis["tempo"].items() if name != "curve"}
    return _without_growing(analysis) | {"tempo": tempo}


def read_documents(storage: ObjectStore, result_prefix: str) -> tuple[bytes, bytes]:
    """The tab and the analysis as JSON; raises StorageMissingError, StorageUnavailableError."""
    return storage.get(f"{result_prefix}/{TAB}"), storage.get(f"{result_prefix}/{ANALYSIS}")


def joined(head: Json, tab: bytes, analysis: bytes) -> bytes:
    """One JSON document: the members of ``head``, then ``tab`` and ``analysis`` as they are."""
    begin = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()[:-1]
    return b"".join([begin, b',"tab":', tab, b',"analysis":', analysis, b"}"])


def _without_growing(document: Json) -> Json:
    return {name: value for name, value in document.items() if name not in _GROWING}
