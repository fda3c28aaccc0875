from tests.service.servers import postgres, redis_server, s3_server

__all__ = ["postgres", "redis_server", "s3_server"]
