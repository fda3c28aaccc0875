import pytest

from genesis_music.service.accounts.client import client_address, site_of
from genesis_music.service.accounts.rate_limits import ADDRESS_FACTOR, SIGN_IN, SIGN_IN_ACCOUNT
from tests.service.conftest import client_of, make_person, with_settings


@pytest.fixture
def limited(sqlite_platform):
    return with_settings(sqlite_platform, rate_limits_enabled=True, rate_limit_per_minute=5)


@pytest.fixture
def client(limited):
    with client_of(limited) as speaking:
        yield speaking


def is_refusal(answer, name):
    document = answer.json()
    assert (answer.status_code, document["code"], document["limit"]) == (429, "too-many-requests", name)
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) == document["retry_after_seconds"] > 0
    assert f'"{name}";r=0' in answer.headers["ratelimit"]
    return True


def test_every_answer_tells_the_tightest_limit(client, limited):
    person = make_person(limited, "ada@example.com")
    first = client.get("/api/v1/account", headers=person.headers)
    assert first.headers["ratelimit-policy"] == '"user";q=5;w=60'
    assert '"user";r=4' in first.headers["ratelimit"]
    for missing in (
        client.get("/api/v1/account"),
        client.get("/api/v1/nothing"),
        client.put("/api/v1/account"),
    ):
        assert missing.headers["ratelimit-policy"] == f'"address";q={5 * ADDRESS_FACTOR};w=60'
    assert "ratelimit" not in client.get("/health/live").headers


def test_a_user_is_limited_over_all_devices_and_keys(client, limited):
    person = make_person(limited, "ada@example.com")
    key = client.post("/api/v1/account/api-keys", json={"name": "x"}, headers=person.headers).json()["key"]
    answers = [client.get("/api/v1/account", headers={"X-API-Key": key}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert is_refusal(answers[-1], "user")
    other = make_person(limited, "ben@example.com")
    assert client.get("/api/v1/account", headers=other.headers).status_code == 200


def test_an_address_is_limited_before_its_request_is_looked_at(client):
    answers = [client.get("/api/v1/account") for _ in range(5 * ADDRESS_FACTOR + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {401}
    assert is_refusal(answers[-1], "address")
    assert "content-security-policy" in answers[-1].headers and "x-request-id" in answers[-1].headers


def test_guessing_a_password_stops_from_wherever_and_for_unknown_addresses_too(limited):
    many = with_settings(limited, rate_limit_per_minute=10_000, trusted_proxies=("10.0.0.0/8",))
    with client_of(many, address="10.1.2.3") as client:
        for email in ("ada@example.com", "nobody@example.com"):
            body = {"email": email, "password": "guess"}
            answers = [
                client.post("/api/v1/auth/sign-in", json=body, headers={"X-Forwarded-For": f"203.0.113.{n}"})
                for n in range(SIGN_IN_ACCOUNT.limit + 1)
            ]
            assert {answer.status_code for answer in answers[:-1]} == {401}
            assert is_refusal(answers[-1], "sign-in-account")


def test_trying_many_accounts_from_one_address_stops(limited):
    many = with_settings(limited, rate_limit_per_minute=10_000)
    with client_of(many) as client:
        for number in range(SIGN_IN.limit):
            client.post("/api/v1/auth/sign-in", json={"email": f"n{number}@example.com", "password": "\0"})
        answer = client.post("/api/v1/auth/sign-in", json={"email": "x@example.com", "password": "guess"})
    assert is_refusal(answer, "sign-in")


def test_without_redis_requests_pass(limited, redis_server):
    with client_of(limited) as client:
        redis_server.pause()
        try:
            assert client.get("/api/v1/auth/options").status_code == 200
        finally:
            redis_server.resume()


def test_the_embedded_service_has_no_limits(embedded_platform):
    unlimited = with_settings(embedded_platform, rate_limits_enabled=True, rate_limit_per_minute=1)
    with client_of(unlimited) as client:
        assert [client.get("/api/v1/account").status_code for _ in range(10)] == [200] * 10


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.5", "203.0.113.7"),
        ("127.0.0.1", "10.0.0.5", "10.0.0.5"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7, nonsense", "127.0.0.1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("somewhere", "203.0.113.7", "somewhere"),
    ],
)
def test_only_trusted_proxies_are_believed_about_addresses(peer, forwarded, expected):
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert client_address(scope, ("127.0.0.1", "10.0.0.0/8")) == expected


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("somewhere", "somewhere"),
    ],
)
def test_a_network_of_ipv6_addresses_counts_as_one(address, site):
    assert site_of(address) == site
