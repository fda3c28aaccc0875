"""Which backups stay: the newest of each of the last days, weeks and months that have one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Keep:
    """How many days, weeks and months keep their newest backup; ``daily`` is at least 1."""

    daily: int
    weekly: int
    monthly: int


def daily(moments: Iterable[datetime], keep: Keep) -> set[datetime]:
    """Return the newest moment of each of the last ``keep.daily`` days that have one."""
    return _newest_of_each(moments, lambda moment: moment.strftime("%Y-%m-%d"), keep.daily)


def kept(moments: Iterable[datetime], keep: Keep) -> set[datetime]:
    """Return those of the moments of *good* backups that stay.

    Periods without a backup do not count, so nothing expires while no new backup succeeds; the newest always stays.
    """
    moments = list(moments)
    return (
        daily(moments, keep)
        | _newest_of_each(moments, lambda moment: moment.strftime("%G-%V"), keep.weekly)
        | _newest_of_each(moments, lambda moment: moment.strftime("%Y-%m"), keep.monthly)
    )


def _newest_of_each(
    moments: Iterable[datetime], period: Callable[[datetime], str], count: int
) -> set[datetime]:
    newest: dict[str, datetime] = {}
    for moment in sorted(moments):
        newest[period(moment)] = moment
    return set(sorted(newest.values(), reverse=True)[:count])
