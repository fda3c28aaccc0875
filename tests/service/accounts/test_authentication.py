def test_fixture(client, user):
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200
def test_embedded(embedded_client):
    assert embedded_client.get("/health/ready").status_code == 200
    assert embedded_client.get("/health/ready", headers={"host": "evil.example"}).status_code == 403
