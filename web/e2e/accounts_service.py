"""A service with accounts for the browser tests, on SQLite and a Redis of its own: PORT FOLDER [worker]."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

from genesis_music.service.platform.child import ChildProcess
from genesis_music.service.platform.database import Database
from genesis_music.service.platform.migrate import migrate
from genesis_music.service.platform.redis_server import embedded_redis
from genesis_music.service.serve import serve_production


def main(port: int, folder: Path, has_worker: bool) -> None:
    """Serve until told to stop; without a worker songs wait for their turn."""
    url = f"sqlite:///{folder / 'genesis.sqlite'}"
    database = Database(url)
    migrate(database.primary)
    database.close()
    with ExitStack() as stack:
        os.environ |= {
            "GENESIS_MODE": "production",
            "GENESIS_DATABASE_URL": url,
            "GENESIS_REDIS_URL": stack.enter_context(embedded_redis(folder / "redis")),
            "GENESIS_STORAGE_URL": (folder / "files").as_uri(),
            "GENESIS_SECRET_KEYS": "a key of the browser tests that is long enough",
            "GENESIS_DATA_DIR": str(folder),
        }
        os.environ.setdefault("GENESIS_PUBLIC_URL", f"http://127.0.0.1:{port}")
        if has_worker:
            stack.callback(ChildProcess([sys.executable, "-m", "genesis_music.service.worker"]).kill)
        serve_production("127.0.0.1", port, processes=1)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), has_worker="worker" in sys.argv[3:])
