"""Write what the web application's types are generated from: the API's document, with the tab's schema in it.

python scripts/openapi.py FILE
"""

from __future__ import annotations

import json
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

from genesis_music.service.app import with_routes

TAB_SCHEMA = "formats/schema/genesis.tab-1.schema.json"


def document() -> dict[str, Any]:
    """The OpenAPI document with the tab JSON's schema among its components (``Tab``, ``TabNote`` …)."""
    api = with_routes(None).openapi()
    text = files("genesis_music").joinpath(TAB_SCHEMA).read_text("utf-8")
    tab = json.loads(re.sub(r"#/\$defs/(\w+)", lambda ref: f"#/components/schemas/{_named(ref[1])}", text))
    parts = {_named(name): part for name, part in tab.pop("$defs").items()}
    api["components"]["schemas"] |= parts | {"Tab": {k: v for k, v in tab.items() if not k.startswith("$")}}
    return api


def _named(part: str) -> str:
    return "Tab" + "".join(word.capitalize() for word in part.split("_"))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document(), indent=1) + "\n", "utf-8")
