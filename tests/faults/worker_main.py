"""A real worker that listens quickly: settings come from the environment, as for ``genesis worker``."""

from genesis_music.service.config import load_settings
from genesis_music.service.wiring import Wiring
from genesis_music.service.worker import Worker
from tests.faults.quick import QuickHandler

if __name__ == "__main__":
    settings = load_settings()
    wiring = Wiring(handler=QuickHandler, warm_up=lambda: None)
    Worker(settings, wiring, shutdown_seconds=5.0).run(settings.worker_queues, settings.worker_processes)
