"""A real worker with the tests' handler: settings come from the environment, as for ``genesis worker``."""

import os

from genesis_music.service.config import load_settings
from genesis_music.service.wiring import Wiring
from genesis_music.service.worker import Worker
from tests.service.jobs.tiny import TinyHandler

if __name__ == "__main__":
    settings = load_settings()
    wiring = Wiring(handler=TinyHandler, warm_up=lambda: None, chores=lambda _: ())
    shutdown = float(os.environ.get("SHUTDOWN_SECONDS", "1"))
    Worker(settings, wiring, shutdown_seconds=shutdown).run(settings.worker_queues, settings.worker_processes)
