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
