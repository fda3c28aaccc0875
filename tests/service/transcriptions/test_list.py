"""The list of one's transcriptions: pages, filters, search, order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from genesis_music.service.jobs.tables import JobStatus
from genesis_music.service.platform.container import Platform
from genesis_music.service.transcriptions.repository import Sort, TranscriptionRepository
from genesis_music.service.transcriptions.tables import SourceType, Transcription
from tests.service.transcriptions.conftest import SQLITE_ONLY, Api

START = datetime(2026, 1, 1, tzinfo=UTC)
TITLES = ("Blackbird", "Black Dog", "blue", "Ärzte", "100% pure_gold", "Zebra")


def fill(platform: Platform, user_id: UUID, count: int = 30) -> list[str]:
    """Rows with repeated times, titles and tempos, so that only the id tells some of them apart."""
    chance = random.Random(7)
    with platform.database.writing(user_id) as session:
        transcriptions = TranscriptionRepository(session)
        rows = [
            transcriptions.create(
                user_id=user_id,
                title=chance.choice(TITLES),
                source_type=chance.choice(list(SourceType)),
                source_filename=chance.choice(["one.wav", "two.mp3", None]),
                status=chance.choice(list(JobStatus)),
                tempo=chance.choice([None, 80, 80, 120, 140]),
                duration_seconds=chance.choice([None, 10, 30]),
                key_signature=chance.choice(["E minor", "C major", None]),
                created_at=START + timedelta(hours=chance.randrange(count // 2)),
            )
            for _ in range(count)
        ]
        return [str(row.id) for row in rows]


def walk(api: Api, limit: int, **filters: object) -> list[dict]:
    items, cursor = [], None
    while True:
        parameters = {"limit": limit} | filters | ({"cursor": cursor} if cursor else {})
        answer = api("GET", "/transcribe", params=parameters)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return items
        assert len(page["items"]) == limit


def test_pages_hold_every_transcription_once_in_any_order(api: Api, platform: Platform) -> None:
    ids = fill(platform, api.person.id)
    for sort in Sort:
        items = walk(api, 7, sort=str(sort))
        assert sorted(item["id"] for item in items) == sorted(ids)
        assert [item["id"] for item in items] == [item["id"] for item in walk(api, 100, sort=str(sort))]
        field = {"duration": "duration_seconds"}.get(sort.field, sort.field)
        if field != "title":  # each database has its own alphabet
            values = [item[field] if item[field] is not None else -1 for item in items]
            assert values == sorted(values, reverse=sort.descending)


@SQLITE_ONLY
def test_what_is_added_and_deleted_between_pages_neither_hides_nor_repeats_others(
    api: Api, platform: Platform
) -> None:
    ids = fill(platform, api.person.id)

    @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.integers(3, 12), st.randoms(use_true_random=False))
    def pages(limit: int, chance: random.Random) -> None:
        with platform.database.writing() as session:
            session.execute(delete(Transcription).where(Transcription.title == "new"))
        seen, cursor = [], None
        while True:
            page = api(
                "GET", "/transcribe", params={"limit": limit} | ({"cursor": cursor} if cursor else {})
            ).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
            with platform.database.writing() as session:
                transcriptions = TranscriptionRepository(session)
                transcriptions.create(
                    user_id=api.person.id,
                    source_type=SourceType.FILE,
                    title="new",
                    created_at=START + timedelta(days=9),
                )
                if chance.random() < 0.3 and (row := transcriptions.find_by_id(UUID(chance.choice(ids)))):
                    transcriptions.delete(row)
        assert len(seen) == len(set(seen))
        with platform.database.writing() as session:
            rows = TranscriptionRepository(session).find_all(user_id=api.person.id)
            old = {str(row.id) for row in rows if row.title != "new"}
        assert old <= set(seen)

    pages()


def test_filters_and_search_show_what_was_asked_for(api: Api, platform: Platform) -> None:
    fill(platform, api.person.id)
    every = walk(api, 100)

    def shown(**filters: object) -> list[str]:
        return sorted(item["id"] for item in walk(api, 4, **filters))

    def expected(test) -> list[str]:
        return sorted(item["id"] for item in every if test(item))

    assert shown(status=["complete", "failed"]) == expected(lambda i: i["status"] in {"complete", "failed"})
    assert shown(source_type="url") == expected(lambda i: i["source_type"] == "url")
    assert shown(key="e MINOR") == expected(lambda i: i["key_signature"] == "E minor")
    assert shown(tempo_min=80, tempo_max=120) == expected(lambda i: i["tempo"] in {80, 120})
    moment = (START + timedelta(hours=5)).isoformat()
    assert shown(created_from=moment) == expected(
        lambda i: datetime.fromisoformat(i["created_at"]) >= START + timedelta(hours=5)
    )
    assert shown(q="BLACK") == expected(lambda i: "black" in i["title"].lower())
    assert shown(q="black dog") == expected(lambda i: i["title"] == "Black Dog")
    assert shown(q="100% pure_") == expected(lambda i: i["title"] == "100% pure_gold")
    assert shown(q="%") == expected(lambda i: "%" in i["title"])
    assert shown(q="two.mp3") == expected(lambda i: i["source_filename"] == "two.mp3")


def test_nobody_sees_anothers_list(api: Api, other_api: Api, platform: Platform) -> None:
    fill(platform, api.person.id, 3)
    assert other_api("GET", "/transcribe").json() == {"items": [], "next_cursor": None}


@SQLITE_ONLY
def test_a_senseless_question_is_refused(api: Api) -> None:
    for query in [
        {"limit": 0},
        {"limit": 10**9},
        {"limit": "x"},
        {"cursor": "AAAA"},
        {"cursor": "W10"},
        {"cursor": "x" * 5000},
        {"sort": "password"},
        {"status": "nice"},
        {"tempo_min": -1},
        {"created_from": "yesterday"},
        {"created_from": "1735689600"},
        {"created_to": "0.5"},
        {"created_from": "2026-01-01T00:00:00"},
        {"created_to": "0001-01-01T00:00:00+14:00"},
        {"created_from": "9999-12-31T23:59:59-14:00"},
        {"q": "x" * 201},
    ]:
        assert api("GET", "/transcribe", params=query).status_code == 422


def test_odd_characters_in_a_search_are_survived(api: Api) -> None:
    for words in ("\x00", "\ud7ff", "%_\\", "'; DROP TABLE users; --", "🎸" * 50):
        assert api("GET", "/transcribe", params={"q": words}).status_code in {200, 422}
