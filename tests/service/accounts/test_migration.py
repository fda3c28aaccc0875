from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from genesis_music.service.platform.database import Database
from genesis_music.service.platform.migrate import _alone, current_revision, migrate, newest_revision
from tests.service.servers import until

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


@pytest.fixture
def busy(postgres, monkeypatch):
    """Tables of before the newest migrations; a connection of somebody who uses one of them for long."""
    monkeypatch.setattr("genesis_music.service.platform.migrate.LOCK_SECONDS", 1)
    url, _ = postgres.create_database()
    opened = Database(url)
    migrate(opened.primary, "0004")
    with opened.primary.connect() as somebody:
        somebody.execute(text("LOCK TABLE transcriptions IN ACCESS SHARE MODE"))
        yield opened, somebody
    opened.close()


def test_a_migration_waits_for_a_table_in_use_without_holding_others_up(busy, caplog):
    database, somebody = busy
    with ThreadPoolExecutor(1) as pool:
        migrating = pool.submit(migrate, database.primary)
        until(lambda: "tries again" in caplog.text)
        with database.reading() as session:  # in between others get their turn
            assert session.execute(text("SELECT count(*) FROM transcriptions")).scalar() == 0
        somebody.rollback()
        migrating.result(60)
    assert current_revision(database.primary) == newest_revision()


def test_a_migration_that_never_gets_its_turn_says_so_and_can_be_tried_again(busy, monkeypatch):
    database, somebody = busy
    monkeypatch.setattr("genesis_music.service.platform.migrate.TRIES", 2)
    with pytest.raises(OperationalError, match="lock timeout"):
        migrate(database.primary)
    somebody.rollback()
    migrate(database.primary)
    assert current_revision(database.primary) == newest_revision()


def test_a_step_may_take_its_time_and_requests_afterwards_may_not(postgres):
    url, _ = postgres.create_database()
    database = Database(url)

    def limits():
        with database.primary.connect() as connection:
            return [
                connection.execute(text(f"SHOW {kind}_timeout")).scalar() for kind in ("statement", "lock")
            ]

    before = limits()
    with database.primary.connect() as connection, _alone(connection):
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "0"
        assert connection.connection.driver_connection.patience_seconds > 3600
    assert limits() == before == ["15s", "0"]
    with database.primary.connect() as connection:
        assert connection.connection.driver_connection.patience_seconds < 60
    database.close()


INSERT_USER = (
    "INSERT INTO users (id, email, password_hash, role, created_at, updated_at) "
    "VALUES (:id, 'ada@example.com', 'x', 'user', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
)
INSERT_TRANSCRIPTION = (
    "INSERT INTO transcriptions "
    "(id, user_id, title, source_type, options, status, progress, result_prefix, revision, created_at) "
    "VALUES (:id, :user, 'x', 'file', '{}', 'complete', 100, :prefix, :revision, CURRENT_TIMESTAMP)"
)
