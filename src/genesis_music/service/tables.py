"""All tables in one place, for migrations and whoever needs to know every one."""

from genesis_music.service.accounts import tables as accounts
from genesis_music.service.jobs import tables as jobs
from genesis_music.service.platform.database import Base
from genesis_music.service.transcriptions import revision_tables as revisions
from genesis_music.service.transcriptions import tables as transcriptions

__all__ = ["METADATA", "accounts", "jobs", "revisions", "transcriptions"]

METADATA = Base.metadata
