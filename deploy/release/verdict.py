"""Is the canary as good as what runs? Asks Prometheus about both and says it with the exit status.

    python3 verdict.py --prometheus http://127.0.0.1:9090 --namespace genesis [--time UNIX_SECONDS]

0 healthy, 1 sick, 2 too few requests to tell, 3 Prometheus does not answer. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

WINDOW = "5m"
LEAST_REQUESTS = 50
"""Fewer within the window say nothing."""
LEAST_ERRORS = 3
"""One or two may be chance."""
WORST_ERROR_SHARE, WORST_ERROR_RATIO = 0.01, 2.0
"""Sick above both: so many of its answers are errors, and so many times as many as of the stable servers'."""
WORST_SECONDS, WORST_SLOWNESS = 0.5, 1.5
"""Sick above both: the 95th percentile of its times, and how many times as long as the stable servers'."""
TIMEOUT_SECONDS = 10.0

Ask = Callable[[str], float]


class Verdict(IntEnum):
    """What the exit status says."""

    HEALTHY = 0
    SICK = 1
    UNKNOWN = 2
    NO_ANSWER = 3


class NoAnswerError(Exception):
    """Prometheus does not answer, or not what was asked."""


@dataclass(frozen=True)
class Track:
    """What one kind of servers did within the window; ``p95_seconds`` is NaN when nobody asked."""

    requests: float
    errors: float
    p95_seconds: float

    @property
    def error_share(self) -> float:
        """Errors of ours among all answers, 0 to 1."""
        return self.errors / self.requests if self.requests else 0.0


def look(ask: Ask, namespace: str, name: str) -> Track:
    """Ask about ``stable`` or ``canary``; the probes of the cluster are no users."""
    where = f'namespace="{namespace}",track="{name}",route!~"/health.*"'
    errors = f'sum(increase(genesis_http_requests_total{{{where},status=~"5.."}}[{WINDOW}]))'
    buckets = f"sum by (le) (rate(genesis_http_request_seconds_bucket{{{where}}}[{WINDOW}]))"
    return Track(
        requests=_number(ask(f"sum(increase(genesis_http_requests_total{{{where}}}[{WINDOW}]))")),
        errors=_number(ask(errors)),
        p95_seconds=ask(f"histogram_quantile(0.95, {buckets})"),
    )


def judge(stable: Track, canary: Track) -> tuple[Verdict, str]:
    """Compare; the reason is for people."""
    if _fails(stable, canary):
        return Verdict.SICK, f"{canary.error_share:.1%} errors, stable {stable.error_share:.1%}"
    if canary.requests < LEAST_REQUESTS:
        return Verdict.UNKNOWN, f"{canary.requests:.0f} requests, {LEAST_REQUESTS} are needed"
    if _is_slow(stable, canary):
        return Verdict.SICK, f"95 % within {canary.p95_seconds:.2f} s, stable {stable.p95_seconds:.2f} s"
    return Verdict.HEALTHY, f"{canary.requests:.0f} requests, {canary.error_share:.1%} errors"


def _fails(stable: Track, canary: Track) -> bool:
    share, usual = canary.error_share, stable.error_share
    return canary.errors >= LEAST_ERRORS and share > max(WORST_ERROR_SHARE, WORST_ERROR_RATIO * usual)


def _is_slow(stable: Track, canary: Track) -> bool:
    usual = 0.0 if math.isnan(stable.p95_seconds) else stable.p95_seconds
    return canary.p95_seconds > max(WORST_SECONDS, WORST_SLOWNESS * usual)


def _number(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def prometheus(url: str, time: str = "") -> Ask:
    """Return what asks a Prometheus; no data is NaN.

    Raises:
        NoAnswerError: from the call, when there is no answer.
    """

    def ask(query: str) -> float:
        parameters = {"query": query} | ({"time": time} if time else {})
        address = f"{url}/api/v1/query?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
                found = json.load(answer)["data"]["result"]
            return float(found[0]["value"][1]) if found else math.nan
        except (urllib.error.URLError, OSError, ValueError, KeyError, TypeError) as error:
            raise NoAnswerError(f"{url}: {error}") from error

    return ask


def main() -> Verdict:
    """Look, judge, say."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--prometheus", required=True, metavar="URL")
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--time", default="", help="look at this moment instead of now")
    arguments = parser.parse_args()
    ask = prometheus(arguments.prometheus, arguments.time)
    try:
        verdict, reason = judge(*(look(ask, arguments.namespace, name) for name in ("stable", "canary")))
    except NoAnswerError as error:
        verdict, reason = Verdict.NO_ANSWER, str(error)
    print(f"{verdict.name.lower().replace('_', ' ')}: {reason}", flush=True)
    return verdict


if __name__ == "__main__":
    sys.exit(main())
