"""An account of the emulator of its own for each run."""

from __future__ import annotations

import itertools
import json
import os
import urllib.request

_NUMBERS = itertools.count(300_000_000_000)
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

SETTLE_TIMES = (
    "ecs.activating", "ecs.container_stop", "ecs.deactivating", "ecs.deprovisioning", "ecs.eni_release",
    "ecs.initialising", "ecs.provisioning", "ecs.pull", "ecs.scheduler", "ecs.service_drain",
    "efs.access_point_available", "efs.access_point_deleted", "efs.available", "efs.backup_policy", "efs.deleted",
    "efs.mount_target_available", "efs.mount_target_deleted", "efs.updated", "elb.active", "elb.interfaces_linger",
    "elb.registration", "endpoint.available", "endpoint.deleted", "endpoint.gateway_available", "iam.pass_role",
    "iam.propagation", "nat.available", "nat.deleted", "s3.policy_propagation",
)  # fmt: skip
"""What takes time by itself. `ecs.poll` stays: how often the scheduler looks is no time that something settles."""

KEPT_FOREVER = ("ecs.stopped_kept", "ecs.inactive_kept", "nat.listed")
"""On a clock that runs 600 times as fast, what is listed for an hour is gone after six seconds."""

INSTANT = 600
"""Scale of an account in which nothing settles slowly: health checks of containers, every 10 to 60 s, pass at once."""


class Account:
    def __init__(self, scale: float) -> None:
        self.id = str(next(_NUMBERS))
        self.scale = scale
        self.post("reset", {})
        self.post("clock", {"scale": scale})

    @classmethod
    def without_settle_times(cls, fault: dict) -> Account:
        """`fault`: how long each call takes; `latency` in seconds of the wall clock."""
        account = cls(INSTANT)
        account.post("settings", dict.fromkeys(SETTLE_TIMES, 0) | dict.fromkeys(KEPT_FOREVER, 10**9))
        if fault["kind"] == "latency":
            fault = fault | {"seconds": fault["seconds"] * INSTANT}
        account.post("faults", fault)
        return account

    def environment(self, program_scale: float) -> dict[str, str]:
        """For a program whose own clock, for polls and leases, runs so many times as fast as the wall's."""
        return os.environ | {"AWS_ACCESS_KEY_ID": self.id, "CE_AWS_TIME_SCALE": f"{program_scale:g}"}

    def get(self, what: str):
        with _DIRECT.open(self._url(what)) as answer:
            return json.load(answer)

    def post(self, what: str, body: object):
        with _DIRECT.open(self._url(what), json.dumps(body).encode()) as answer:
            return json.load(answer)

    def take_journal(self) -> list[dict]:
        """The calls since it was last taken."""
        calls = self.get("journal")
        request = urllib.request.Request(self._url("journal"), method="DELETE")
        _DIRECT.open(request).close()
        return calls

    @property
    def control_bucket(self) -> str:
        """Where ce-aws keeps leases and run history."""
        return f"ce-aws-{self.id}-us-east-1"

    def _url(self, what: str) -> str:
        return f"{os.environ['AWS_ENDPOINT_URL']}/_emulator/{self.id}/{what}"
