"""Where the time of a run goes: AWS seconds from one station of its critical path to the next."""

from __future__ import annotations

# (what the time until then is spent on, the operations whose last call ends it; none: the last call of all)
STATIONS = {
    "create": (
        ("from the first write until the NAT gateways are asked for", ("CreateNatGateway",)),
        ("until the service is", ("CreateService",)),
        ("until the last call", ()),
    ),
    "destroy": (
        ("from the first write until NAT gateways and load balancer go", ("DeleteNatGateway", "DeleteLoadBalancer")),
        ("until the VPC is gone", ("DeleteVpc",)),
        ("until the last call", ()),
    ),
}


def of(command: str, journal: list[dict], spent: dict[str, float]) -> list[tuple[str, float]]:
    """`spent`: all AWS seconds of the run, and those from its first write to its last call."""
    before = next(call for call in journal if call["mutating"])["time"]
    found = []
    for words, operations in STATIONS[command]:
        ended = max(
            call["ended"]
            for call in journal
            if not call["code"] and (not operations or call["operation"] in operations)
        )
        found.append((words, ended - before))
        before = ended
    return [("outside: start, reads before the first write, end", spent["all"] - spent["from the first write"]), *found]
