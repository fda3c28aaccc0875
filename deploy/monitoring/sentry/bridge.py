#!/usr/bin/env python3
"""Sentry's alerts to the Alertmanager: takes the webhook of an internal integration and posts it as an alert.

Needs Python alone. From the environment: ``SENTRY_SECRET_FILE`` (the integration's client secret),
``ALERTMANAGER_URL``, ``GENESIS_ENVIRONMENT``, ``PORT``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LARGEST_BYTES = 1024 * 1024
RUNBOOK = "docs/operations/runbooks/SentryIssue.md"
_SEVERITIES = {"fatal": "critical", "critical": "critical", "info": "info"}


def alert_of(resource: str, body: dict[str, Any], environment: str) -> dict[str, Any] | None:
    """The alert that a webhook speaks of; ``None`` when it speaks of none (an installation, a comment)."""
    data, action = body.get("data", {}), str(body.get("action", ""))
    if resource == "event_alert":
        event = data.get("event", {})
        tags = dict(event.get("tags") or [])
        level, summary, link = event.get("level"), event.get("title"), event.get("web_url")
        where = {name: tags[name] for name in ("process", "stage", "release") if tags.get(name)}
    elif resource == "metric_alert" and action != "resolved":
        level, summary, link = action, data.get("description_title"), data.get("web_url")
        where = {}
    else:
        return None
    labels = {
        "alertname": "SentryIssue",
        "severity": _SEVERITIES.get(str(level), "warning"),
        "subject": "errors",
        "environment": environment,
        **where,
    }
    about = {"summary": f"Sentry: {summary}.", "runbook_url": RUNBOOK}
    return {"labels": labels, "annotations": about, "generatorURL": link or ""}


class Bridge(BaseHTTPRequestHandler):
    """Answers Sentry. Who does not know the secret is refused."""

    secret: bytes
    alertmanager_url: str
    environment: str

    def do_POST(self) -> None:
        """Take one webhook."""
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= LARGEST_BYTES:
            self._answer(413)
            return
        body = self.rfile.read(length)
        signed = hmac.new(self.secret, body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signed, self.headers.get("Sentry-Hook-Signature", "")):
            self._answer(401)
            return
        alert = alert_of(self.headers.get("Sentry-Hook-Resource", ""), json.loads(body), self.environment)
        if alert is not None:
            self._post(alert)
        self._answer(204)

    def _post(self, alert: dict[str, Any]) -> None:
        request = urllib.request.Request(
            f"{self.alertmanager_url}/api/v2/alerts",
            data=json.dumps([alert]).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=5).close()

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def main() -> None:
    """Serve until told to stop."""
    needed = ("SENTRY_SECRET_FILE", "ALERTMANAGER_URL")
    if missing := [name for name in needed if not os.environ.get(name)]:
        sys.exit(f"set {', '.join(missing)}")
    Bridge.secret = Path(os.environ["SENTRY_SECRET_FILE"]).read_bytes().strip()
    Bridge.alertmanager_url = os.environ["ALERTMANAGER_URL"].rstrip("/")
    Bridge.environment = os.environ.get("GENESIS_ENVIRONMENT", "production")
    ThreadingHTTPServer(("", int(os.environ.get("PORT", "9096"))), Bridge).serve_forever()


if __name__ == "__main__":
    main()
