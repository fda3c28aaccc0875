"""Write what nginx sends with the web application's files, from the service's own headers and page policy.

The page behind nginx and the page behind `genesis serve` are the same: so are their headers. What belongs to one
installation (where its recordings are, its Sentry, its analytics) stands as ``${NAME}``; `deploy/nginx/start.sh` fills
it in. ``python scripts/nginx_headers.py deploy/nginx`` writes the files; a test checks that they are the present ones.
"""

import sys
from pathlib import Path

from genesis_music.service.config import ServiceSettings
from genesis_music.service.page_policy import PagePolicy
from genesis_music.service.platform.headers import FIXED_HEADERS, HSTS

STORAGE, SENTRY, ANALYTICS_ID = "https://storage.invalid", "https://sentry.invalid", "G-ANALYTICS"
WRITTEN_BY = "# Written by `make nginx-headers` from the service's code: change it there.\n"


def files() -> dict[str, str]:
    """Name and content of each file."""
    return {
        "page-policy.conf.template": WRITTEN_BY + _policies(),
        "page-headers.conf": WRITTEN_BY + _headers(b"$page_policy", ""),
        "problem-headers.conf": WRITTEN_BY + _headers(_FIXED[_POLICY], " always"),
        "hsts.conf": WRITTEN_BY + _line(*HSTS, " always"),
    }


_FIXED = dict(FIXED_HEADERS)
_POLICY = b"content-security-policy"


def _headers(policy: bytes, when: str) -> str:
    values = _FIXED | {_POLICY: policy}
    return "".join(_line(name, values[name], when) for name in values)


def _line(name: bytes, value: bytes, when: str) -> str:
    return f'add_header {name.decode().title()} "{value.decode()}"{when};\n'


def _policies() -> str:
    """Maps: is there analytics; then, by that and by the file that is sent, the policy of a page or a worker's script.

    By the file and not by its type: an answer 304 has none, and browsers take its headers for the page they keep.
    """
    plain, measured = _policy(""), _policy(ANALYTICS_ID)
    return (
        'map "${GENESIS_ANALYTICS_ID}" $analytics {\n  default on;\n  "" off;\n}\n'
        'map "$analytics $uri" $page_policy {\n'
        f'  default "{plain}";\n'
        f'  "~^off .*[.]html$" "{plain} ${{PAGE_SCRIPTS}}";\n'
        f'  "~^on .*[.]html$" "{measured} ${{PAGE_SCRIPTS}}";\n'
        f'  "~^on " "{measured}";\n'
        "}\n"
    )


def _policy(analytics_id: str) -> str:
    """The policy without inline scripts; their hashes go to its end, where `script-src` stands."""
    settings = ServiceSettings.model_construct(
        storage_url=f"s3://bucket?endpoint={STORAGE}",
        web_sentry_dsn=f"{SENTRY}/1",
        analytics_id=analytics_id,
    )
    policy = PagePolicy(settings).header()
    assert policy.rpartition("; ")[2].startswith("script-src "), policy
    return policy.replace(STORAGE, "${STORAGE_ORIGIN}").replace(SENTRY, "${SENTRY_ORIGIN}")


if __name__ == "__main__":
    for name, content in files().items():
        (Path(sys.argv[1]) / name).write_text(content)
