"""Where the time of a run goes: AWS seconds from one station of its critical path to the next."""

from __future__ import annotations

# (what the time until then is spent on, the operation whose last call ends it)
STATIONS = {
    "create": (
        ("from the first write until the NAT gateways are asked for", "CreateNatGateway"),
        ("until the service is", "CreateService"),
        ("until the last call", None),
    ),
    "destroy": (
        ("from the first write until the load balancer's end is asked for", "DeleteLoadBalancer"),
        ("until the NAT gateways' is", "DeleteNatGateway"),
        ("until the VPC is gone", "DeleteVpc"),
        ("until the last call", None),
    ),
}


def of(command: str, journal: list[dict], spent: dict[str, float]) -> list[tuple[str, float]]:
    """`spent`: all AWS seconds of the run, and those from its first write to its last call."""
    before = next(call for call in journal if call["mutating"])["time"]
    found = []
    for words, operation in STATIONS[command]:
        calls = [call for call in journal if operation in (None, call["operation"]) and not call["code"]]
        ended = max(call["ended"] for call in calls)
        found.append((words, ended - before))
        before = ended
    return [("outside: start, reads before the first write, end", spent["all"] - spent["from the first write"]), *found]
