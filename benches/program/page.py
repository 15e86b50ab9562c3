"""Writes the tables of `docs/performance.md`; what people wrote around them stays."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from measure import ROOT

BEGIN, END = "<!-- tables: written by benches/program/run.py -->", "<!-- end of tables -->"
PRODUCT = "ce-aws"


@dataclass
class About:
    binary: Path
    runs: int
    settle_runs: int
    scale: float
    load: float
    """Load average of the machine before anything was measured."""

    def lines(self) -> list[str]:
        build = self.binary.parent.name
        build = f"a {build} build" if build in ("release", "dist") else f"a **{build}** build: for development only"
        commit = _git("rev-parse", "--short=10", "HEAD") + (" with changes" if _git("status", "--porcelain") else "")
        busy = "" if self.load < 0.5 * (os.cpu_count() or 1) else " (**busy**: times are for development only)"
        return [
            f"- {datetime.date.today()}, {build}, commit {commit}",
            f"- {_processor()}, {os.cpu_count()} cores, Linux {platform.release()}, load average {self.load:.1f}{busy}",
            f"- medians of {self.runs} runs; with AWS-like settle times of {self.settle_runs}, on a clock that runs"
            f" {self.scale:g} times as fast as the wall's",
        ]


def write(path: Path, figures: dict, about: About) -> None:
    tables = "\n\n".join([
        "\n".join(about.lines()),
        "## Goals\n\n" + _goals(figures),
        "## Calls and rounds\n\n" + _counts(figures["counts"]),
        *(f"## At {latency} ms a call\n\n{_times(of_it)}" for latency, of_it in figures["times"].items()),
        "## With AWS-like settle times\n\n" + _settling(figures["settling"]),
        "## What the peer leaves otherwise\n\n" + "\n".join(f"- {line}" for line in figures["differences"]),
    ])  # fmt: skip
    text = path.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}")


def _goals(figures: dict) -> str:
    counts, times, settling = figures["counts"][PRODUCT], figures["times"], figures["settling"]
    rows = []

    def at_most(what: str, goal: float, measured: float, unit: str = "", peer: float | None = None) -> None:
        ratio = "" if peer is None else f"{measured / peer:.2f}"
        shown = "" if peer is None else f"{peer:.4g}{unit}"
        met = "met" if measured <= goal else "**missed**"
        rows.append([what, f"at most {goal:g}{unit}", f"{measured:.4g}{unit}", shown, ratio, met])

    for command, goal in (("plan", 6), ("create", 3), ("destroy", 3)):
        ours = times[60][PRODUCT][command].wall
        best = min(one[command].wall for name, one in times[60].items() if name != PRODUCT)
        met = "met" if best / ours >= goal else "**missed**"
        rows.append([f"{command} at 60 ms a call, against the better peer", f"{goal} times as fast", f"{ours:.2f} s",
                     f"{best:.2f} s", f"{best / ours:.2f}", met])  # fmt: skip
    for command, goal in (("create", 1.02), ("destroy", 1.05)):
        least = settling[command].seconds
        ours, peer = (
            statistics.median(run["all"] for run in of_it[command]) / least for of_it in settling["seconds"].values()
        )
        at_most(f"{command}, divided by its critical path of {least:g} s", goal, ours, "", peer)
    fewest = {command: min(one[command]["calls"] for name, one in figures["counts"].items() if name != PRODUCT)
              for command in ("plan", "create")}  # fmt: skip
    at_most("calls of a plan of an unchanged stack", 55, counts["plan"]["calls"], "", fewest["plan"])
    at_most("rounds of it, with GetCallerIdentity", 4, counts["plan"]["rounds"], "", _peer_rounds(figures, "plan"))
    at_most("calls of a first apply", 140, counts["create"]["calls"], "", fewest["create"])
    at_most("rounds before its first write", 8, counts["create"]["rounds_before_first_write"])
    at_most("rounds of a first apply", 24, counts["create"]["rounds"], "", _peer_rounds(figures, "create"))
    at_most("rounds of a destroy", 16, counts["destroy"]["rounds"], "", _peer_rounds(figures, "destroy"))
    memory = max(one.memory for one in times[60][PRODUCT].values())
    best = min(max(one.memory for one in of_it.values()) for name, of_it in times[60].items() if name != PRODUCT)
    at_most("peak memory of any command", 40, memory, " MiB", best)
    at_most("start (`--version`)", 20, figures["start"]["figures"].wall * 1000, " ms")
    worst = max(settling["lags"], key=lambda row: row[3] / max(3, 0.05 * row[1]))
    at_most(f"longest lag: {worst[0]}", round(max(3, 0.05 * worst[1]), 1), worst[3], " s")
    return _table(["", "goal", "measured", "peer", "ratio", ""], rows)


def _peer_rounds(figures: dict, command: str) -> int:
    return min(one[command]["rounds"] for name, one in figures["counts"].items() if name != PRODUCT)


def _counts(counts: dict) -> str:
    head = ["", "", "calls", "polls", "quota questions", "control bucket", "rounds", "before the first write"]
    rows = [
        [name, command, one["calls"], sum(one["polls"].values()), one["quota_questions"], one["beside"], one["rounds"],
         one["rounds_before_first_write"] if one["writes"] else ""]
        for name, of_it in counts.items() for command, one in of_it.items()
    ]  # fmt: skip
    return _table(head, rows)


def _times(times: dict) -> str:
    rows = [
        [name, command, f"{one.wall:.2f}", f"{one.cpu:.2f}", f"{one.memory:.0f}"]
        for name, of_it in times.items() for command, one in of_it.items()
    ]  # fmt: skip
    return _table(["", "", "wall, s", "user and system, s", "peak memory, MiB"], rows)


def _settling(settling: dict) -> str:
    rows = []
    for name, of_it in settling["seconds"].items():
        for command, runs in of_it.items():
            least = settling[command].seconds
            whole, work = (statistics.median(run[part] for run in runs) for part in ("all", "from the first write"))
            rows.append([name, command, f"{least:.1f}", f"{whole:.1f}", f"{whole / least:.3f}", f"{work / least:.3f}"])
    head = ["", "", "critical path, AWS s", "measured, AWS s", "ratio", "ratio from the first write"]
    paths = "\n".join(
        f"- critical path of {command}: " + "; ".join(settling[command].steps) for command in ("create", "destroy")
    )
    spent = [
        [name, command, words, f"{statistics.median(dict(run)[words] for run in runs):.1f}"]
        for (name, command), runs in settling["stations"].items() for words, _ in runs[0]
    ]  # fmt: skip
    where = _table(["", "", "where the time goes", "AWS s"], spent)
    lags = [[kind, *(f"{value:.1f}" for value in values)] for kind, *values in settling["lags"]]
    seen = _table(["kind", "took, AWS s", "median lag", "longest lag"], lags)
    words = "Lag: from when something had settled to the first look after it."
    return "\n\n".join([_table(head, rows), paths, where, words, seen])


def plain(figures: object) -> object:
    """What JSON can hold."""
    if isinstance(figures, dict):
        return {" ".join(key) if isinstance(key, tuple) else str(key): plain(one) for key, one in figures.items()}
    if isinstance(figures, (list, tuple)):
        return [plain(one) for one in figures]
    return plain(vars(figures)) if hasattr(figures, "__dict__") else figures


def _table(head: list[str], rows: list[list]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
