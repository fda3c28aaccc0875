"""What happened in a run: one line of JSON per report, and a plot of it as SVG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

WIDTH, HEIGHT, MARGIN = 760, 300, 40
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd")
SHARES = ("onset_f1", "offset_f1", "string")
Report = dict[str, float]


def write_report(log: Path, report: Report) -> None:
    """Append a report, numbers to five digits."""
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps({name: float(f"{value:.5g}") for name, value in report.items()}) + "\n")


def mean_report(reports: Sequence[Report]) -> Report:
    """The mean of every number in reports of the same kind."""
    return {name: sum(report[name] for report in reports) / len(reports) for name in reports[0]}


def read_reports(log: Path) -> list[Report]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


def forget_after(log: Path, step: int) -> None:
    """Take back what was reported after the checkpoint from which training goes on."""
    kept = [report for report in read_reports(log) if report["step"] <= step]
    log.unlink(missing_ok=True)
    for report in kept:
        write_report(log, report)


def plot(log: Path, picture: Path) -> None:
    """Loss (relative to its highest) and the validation scores over the steps."""
    reports = read_reports(log)
    losses = [(report["step"], report["loss"]) for report in reports if "loss" in report]
    if not losses:
        return
    highest = max(loss for _, loss in losses)
    lines = {f"loss / {highest:.3g}": [(step, loss / highest) for step, loss in losses]}
    lines |= {name: [(r["step"], r[name]) for r in reports if name in r] for name in SHARES}
    picture.write_text(_svg(lines, losses[-1][0]), "utf-8")


def _svg(lines: dict[str, Sequence[tuple[float, float]]], last_step: float) -> str:
    across, down = (WIDTH - 2 * MARGIN) / max(last_step, 1), HEIGHT - 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif">'
    ]
    parts.append('<rect width="100%" height="100%" fill="white"/>')
    for tenth in range(0, 11, 2):
        y = HEIGHT - MARGIN - down * tenth / 10
        parts.append(f'<path d="M{MARGIN} {y:.0f}H{WIDTH - MARGIN}" stroke="#ddd"/>')
        parts.append(f'<text x="8" y="{y + 4:.0f}" font-size="11">{tenth / 10}</text>')
    for index, ((name, points), colour) in enumerate(zip(lines.items(), COLOURS, strict=True)):
        path = " ".join(f"{MARGIN + s * across:.1f},{HEIGHT - MARGIN - v * down:.1f}" for s, v in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<text x="{MARGIN + 170 * index}" y="20" font-size="12" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{WIDTH - MARGIN}" y="{HEIGHT - 12}" font-size="11" text-anchor="end">')
    parts.append(f"{last_step:.0f} steps</text></svg>\n")
    return "\n".join(parts)
