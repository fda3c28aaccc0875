"""What the row keeps of a result's two documents: what describes them as a whole. They are files in the store.

Both grow with the recording, the row does not (docs/capacity.md says why that matters).
"""

from __future__ import annotations

from typing import Any

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


def _without_growing(document: Json) -> Json:
    return {name: value for name, value in document.items() if name not in _GROWING}
