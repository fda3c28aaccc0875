import pytest
from starlette.websockets import WebSocketDisconnect

from genesis_music.service.accounts.local_user import LOCAL_USER_ID, ensure_local_user
from genesis_music.service.accounts.tables import User
from tests.service.conftest import client_of, with_settings

PREFERENCES = "/api/v1/account/preferences"


def test_the_local_user_needs_no_sign_in(embedded_client):
    account = embedded_client.get("/api/v1/account").json()
    assert (account["id"], account["role"]) == (str(LOCAL_USER_ID), "admin")
    changed = embedded_client.patch(PREFERENCES, json={"guitar_tuning": "dadgad"})
    assert changed.json()["guitar_tuning"] == "dadgad"
    assert embedded_client.get("/api/v1/account/export").json()["account"]["email"] == "local@localhost"
    assert embedded_client.get("/api/v1/auth/options").json() == {
        "sign_in_required": False,
        "sign_up_open": False,
        "password_reset": False,
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("auth/sign-up", {"email": "ada@example.com", "password": "orange tides 47 below"}),
        ("auth/sign-in", {"email": "ada@example.com", "password": "x"}),
        ("auth/refresh", None),
        ("auth/sign-out", None),
        ("auth/sign-out-everywhere", None),
        ("auth/forgot-password", {"email": "ada@example.com"}),
        ("auth/reset-password", {"token": "x", "new_password": "y"}),
        ("account/password", {"current_password": "x", "new_password": "y"}),
        ("account/deletion", {"password": "x"}),
        ("account/api-keys", {"name": "x"}),
    ],
)
def test_what_needs_accounts_says_that_there_are_none(embedded_client, path, body):
    answer = embedded_client.post(f"/api/v1/{path}", json=body)
    assert (answer.status_code, answer.json()["code"], answer.json()["mode"]) == (409, "conflict", "embedded")


def test_starting_again_keeps_the_local_user(embedded_platform):
    assert ensure_local_user(embedded_platform.database) == LOCAL_USER_ID
    with embedded_platform.database.reading() as session:
        assert session.query(User).count() == 1


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "",
        "localhost.evil:8000",
        "[::1",
        "192.168.0.1",
    ],
)
def test_a_page_whose_name_points_to_this_machine_gets_nothing(embedded_client, host):
    answer = embedded_client.get("/api/v1/account", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000", "tabs.lan"])
def test_this_machine_is_reached_by_its_names(embedded_platform, host):
    with client_of(with_settings(embedded_platform, public_url="http://tabs.lan")) as client:
        assert client.get("/api/v1/account", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost", "", "127.0.0.1:8000"],
)
def test_another_page_cannot_change_anything(embedded_client, origin):
    answer = embedded_client.patch(PREFERENCES, json={"theme": "dark"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert embedded_client.get(PREFERENCES).json()["theme"] == "system"
    with (
        pytest.raises(WebSocketDisconnect),
        embedded_client.websocket_connect("/", headers={"Origin": origin}),
    ):
        pass


def test_the_services_own_and_allowed_pages_can(embedded_platform):
    allowed = with_settings(embedded_platform, cors_origins=("http://localhost:5173",))
    with client_of(allowed) as client:
        for origin in ("http://127.0.0.1:8000", "http://localhost:5173"):
            answer = client.patch(PREFERENCES, json={"theme": "dark"}, headers={"Origin": origin})
            assert answer.status_code == 200, origin
        preflight = {"Origin": "http://localhost:5173", "Access-Control-Request-Method": "PATCH"}
        answer = client.options(PREFERENCES, headers=preflight)
        assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
        stranger = client.options(PREFERENCES, headers=preflight | {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers
