"""How containers behave, by image: what the test chose over HTTP, otherwise a healthy one.

    GET|POST|DELETE /_emulator/<account>/images
    {"*core5*": {"behaviour": "exit", "exit_code": 1, "after": 30, "log": ["Traceback ..."]}}

A glob is matched against the image; a glob with `#` against `image#container`, for images used by two containers. An
image that is pulled by its digest is known by its tags as well: those that stand for it, and the Docker labels in
`LABELS`. The last matching glob posted wins. `after` is AWS seconds since the container's start. A change reaches
containers that are already running: "unhealthy" makes them stop answering now, "run" heals them.
"""

from __future__ import annotations

import fnmatch
import hashlib
from dataclasses import dataclass

from localstack_fargate import registry

KINDS = {
    "run": "starts, answers after a few seconds; a non-essential container does its work and exits 0",
    "missing": "the image does not exist",
    "denied": "the registry answers 403 (the Marketplace subscription is missing)",
    "exit": "never answers, and exits with `exit_code` (1) `after` (5) seconds",
    "unhealthy": "runs, but never answers",
    "healthy-then-dies": "answers, and `after` (60) seconds stops answering, or exits if `exit_code` is given",
    "out-of-memory": "answers, and is killed for its memory `after` (60) seconds",
    "slow": "answers only `after` (180) seconds",
    "ignores-sigterm": "runs, and does not stop before it is killed",
}
LABELS: list[str] = []
"""Docker labels whose value is the image's name with its tag. Filled by plugins."""

START_LINES: dict[str, list[str]] = {}
"""What a container writes when it starts, by its name. Filled by plugins."""

_AFTER = {"exit": 5.0, "out-of-memory": 60.0, "healthy-then-dies": 60.0, "slow": 180.0}


@dataclass(frozen=True)
class Behaviour:
    kind: str = "run"
    exit_code: int | None = None
    after: float | None = None
    log: tuple[str, ...] = ()

    @property
    def delay(self) -> float:
        return self.after if self.after is not None else _AFTER.get(self.kind, 3.0)


def parse(wanted: dict) -> Behaviour:
    """Raises ValueError for what no behaviour has."""
    if unknown := set(wanted) - {"behaviour", "exit_code", "after", "log"}:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    kind = wanted.get("behaviour", "run")
    if kind not in KINDS:
        raise ValueError(f"behaviour {kind!r} is none of {', '.join(KINDS)}")
    after = wanted.get("after")
    return Behaviour(
        kind,
        None if wanted.get("exit_code") is None else int(wanted["exit_code"]),
        None if after is None else float(after),
        tuple(wanted.get("log") or ()),
    )


def show(behaviour: Behaviour) -> dict:
    return {
        "behaviour": behaviour.kind,
        "exit_code": behaviour.exit_code,
        "after": behaviour.after,
        "log": list(behaviour.log),
    }


def chosen(account) -> dict[str, Behaviour]:
    return account.state("ecs.images", dict)


def names(account, definition: dict) -> list[str]:
    """What the image of a container definition is known by."""
    image, given = definition["image"], definition.get("dockerLabels") or {}
    place = registry.look_up(account, image) if "@" in image else None
    return [image, *(given[label] for label in LABELS if given.get(label)), *(place.tagged if place else [])]


def behaviour_of(account, known_by: list[str], container: str) -> Behaviour:
    found = Behaviour()
    for glob, behaviour in chosen(account).items():
        subjects = [f"{image}#{container}" if "#" in glob else image for image in known_by]
        if any(fnmatch.fnmatchcase(subject, glob) for subject in subjects):
            found = behaviour
    return found


def is_missing(account, image: str) -> bool:
    """Whether it names a digest that its repository, one of the emulator's, does not hold."""
    place = registry.look_up(account, image)
    return place is not None and place.digest is not None and place.image is None


def digest_of(account, image: str) -> str:
    place = registry.look_up(account, image)
    if place and place.image:
        return place.image.digest
    return image.partition("@")[2] or "sha256:" + hashlib.sha256(image.encode()).hexdigest()


def start_lines(name: str, behaviour: Behaviour) -> list[str]:
    """What the container writes when it starts, and, if it fails by design, why."""
    lines = list(START_LINES.get(name, ["Starting.", "Ready."]))
    return lines + list(behaviour.log or _FAILURE_LINES.get(behaviour.kind, ()))


_FAILURE_LINES = {
    "exit": ("Fatal error during start-up, giving up.",),
    "unhealthy": ("Start-up is stuck: still waiting for a dependency.",),
    "slow": ("Start-up takes longer than usual.",),
}
