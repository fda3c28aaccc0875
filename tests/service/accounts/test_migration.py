from uuid import UUID

import pytest
from sqlalchemy import text

from genesis_music.service.platform.database import Database
from genesis_music.service.platform.migrate import current_revision, migrate

USER_ID = UUID(int=7)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    else:
        url, _ = request.getfixturevalue("postgres").create_database()
    opened = Database(url)
    yield opened
    opened.close()


def rows(database, table):
    with database.reading() as session:
        return session.execute(text(f"SELECT count(*) FROM {table}")).scalar()


def test_accounts_survive_the_way_up_and_down(database):
    migrate(database.primary, "0001")
    values = {"id": USER_ID if database.primary.dialect.name == "postgresql" else USER_ID.hex}
    now = "CURRENT_TIMESTAMP"
    with database.writing() as session:
        user = f"INSERT INTO users VALUES (:id, 'ada@example.com', 'x', 'user', {now}, {now})"
        session.execute(text(user), values)
        likes = "INSERT INTO user_preferences VALUES (:id, 'standard', 'both', 'beginner', 'dark', true)"
        session.execute(text(likes), values)
    for revision in ("0002a", "0001", "0002a"):
        migrate(database.primary, revision)
        assert current_revision(database.primary) == revision
        assert (rows(database, "users"), rows(database, "user_preferences")) == (1, 1)


def test_results_become_revisions_and_survive_the_way_down(database):
    migrate(database.primary, "0003")
    user, done, begun = (UUID(int=number) for number in (7, 8, 9))
    sqlite = database.primary.dialect.name == "sqlite"
    with database.writing() as session:
        session.execute(text(INSERT_USER), {"id": user.hex if sqlite else user})
        for id_, prefix, revision in ((done, "results/x/y-1", 3), (begun, None, 0)):
            values = {"id": id_, "user": user, "prefix": prefix, "revision": revision}
            if sqlite:
                values |= {"id": id_.hex, "user": user.hex}
            session.execute(text(INSERT_TRANSCRIPTION), values)
    for _ in range(2):
        migrate(database.primary, "0004")
        with database.reading() as session:
            found = session.execute(text("SELECT number, kind, document, prefix FROM revisions")).all()
            counts = session.execute(text("SELECT revision FROM transcriptions ORDER BY id")).scalars().all()
        assert found == [(0, "machine", "results/x/y-1/tab.json", "results/x/y-1")]
        assert counts == [1, 0]
        migrate(database.primary, "0003")
        assert (rows(database, "users"), rows(database, "transcriptions")) == (1, 2)


INSERT_USER = (
    "INSERT INTO users (id, email, password_hash, role, created_at, updated_at) "
    "VALUES (:id, 'ada@example.com', 'x', 'user', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
)
INSERT_TRANSCRIPTION = (
    "INSERT INTO transcriptions "
    "(id, user_id, title, source_type, options, status, progress, result_prefix, revision, created_at) "
    "VALUES (:id, :user, 'x', 'file', '{}', 'complete', 100, :prefix, :revision, CURRENT_TIMESTAMP)"
)
