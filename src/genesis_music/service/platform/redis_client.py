"""One way to open a Redis connection: bounded time-outs and retries, so that a server that hangs cannot hang
the service.
"""

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

CONNECT_TIMEOUT_SECONDS = 1.0
ANSWER_TIMEOUT_SECONDS = 2.0
RETRIES = 1


def connect_redis(url: str, answer_seconds: float = ANSWER_TIMEOUT_SECONDS) -> Redis:
    """Return a thread-safe client with a connection pool for `redis://`, `rediss://` or `unix://` URLs.

    Nothing is sent yet: a server that is away shows itself at the first command, as a RedisError within about 3 s.
    """
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=answer_seconds,
        retry=Retry(
            ExponentialWithJitterBackoff(base=0.05, cap=0.5),
            RETRIES,
            supported_errors=(RedisConnectionError,),
        ),
        health_check_interval=30,
    )
