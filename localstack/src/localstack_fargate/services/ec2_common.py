"""What every EC2 behaviour shares: moto's store, tags, filters, pages and errors.

The network resources stay in moto's EC2 backend (so that calls the emulator does not change still see them); the
emulator keeps its own facts in attributes of moto's objects and writes the answers itself.
"""

import random
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error

# Ids of availability zones in which neither Fargate, EFS nor load balancers are to be had.
setting("zones.unsupported", ["usw1-az2", "apne1-az3", "cnn1-az3"])


def backend(account, region: str):
    """moto's EC2 store of one account and region."""
    from moto.ec2.models import ec2_backends

    return ec2_backends[account.id][region]


def lacks_services(account, subnet) -> bool:
    """Whether the subnet lies in a zone that lacks what most services need."""
    return subnet.availability_zone_id in account.settings["zones.unsupported"]


def new_id(prefix: str) -> str:
    """An id in EC2's long form: the prefix and 17 hexadecimal digits."""
    return f"{prefix}-0{random.getrandbits(64):016x}"


def timestamp(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


def dependency(message: str):
    return aws_error("DependencyViolation", message)


def tag_list(store, resource_id: str) -> list[dict]:
    return [{"Key": k, "Value": v} for k, v in store.tags.get(resource_id, {}).items()]


def tags_of_request(request: dict, resource_type: str) -> dict[str, str]:
    """The tags of `TagSpecifications` for the one resource type that the operation makes."""
    tags = {}
    for spec in request.get("TagSpecifications") or []:
        if spec.get("ResourceType") != resource_type:
            raise aws_error(
                "InvalidParameterValue",
                f"'{spec.get('ResourceType')}' is not a valid taggable resource type for this operation.",
            )
        for tag in spec.get("Tags") or []:
            tags[tag["Key"]] = tag.get("Value") or ""
    return tags


def matches(pattern: str, value: Any) -> bool:
    """EC2's filter comparison: case-sensitive, `*` any run of characters, `?` any one."""
    if isinstance(value, bool):
        value = str(value).lower()
    regex = re.escape(str(pattern)).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, str(value), re.DOTALL) is not None


def filtered(items: Iterable[dict], filters, fields: dict[str, Callable[[dict], Any]], tags: str | None = "Tags"):
    """The items that pass every filter (values of one filter are alternatives), as the EC2 API reference describes.

    `fields` maps a filter's name to a function from the item to one value or a list of values; `tags` is the item's
    key that holds its tags (None: the kind has no tag filters).
    """
    kept = list(items)
    for rule in filters or []:
        name, wanted = rule.get("Name"), rule.get("Values") or []
        kept = [item for item in kept if _passes(item, name, wanted, fields, tags)]
    return kept


def _passes(item: dict, name: str, wanted: list, fields: dict, tags: str | None) -> bool:
    if name in fields:
        values = fields[name](item)
    elif tags and name.startswith("tag:"):
        values = [t["Value"] for t in item.get(tags) or [] if t["Key"] == name[4:]]
    elif tags and name == "tag-key":
        values = [t["Key"] for t in item.get(tags) or []]
    elif tags and name == "tag-value":
        values = [t["Value"] for t in item.get(tags) or []]
    else:
        raise aws_error("InvalidParameterValue", f"The filter '{name}' is invalid")
    if not isinstance(values, (list, tuple, set)):
        values = [values]
    return any(matches(w, v) for v in values if v is not None for w in wanted)


def at(*path: str) -> Callable[[dict], Any]:
    """A filter field: walks keys, spreading over lists on the way."""

    def read(item: dict):
        found = [item]
        for key in path:
            step = [entry.get(key) for entry in found if isinstance(entry, dict)]
            found = []
            for value in step:
                found.extend(value) if isinstance(value, list) else found.append(value)
        return found

    return read


def chosen(items: dict[str, Any] | list[dict], ids, key: str, code: str, message: str):
    """The items with the wanted ids, or all; an unknown id is an error, as in every EC2 Describe."""
    listed = list(items.values()) if isinstance(items, dict) else list(items)
    if not ids:
        return listed
    known = {item[key]: item for item in listed}
    for wanted in ids:
        if wanted not in known:
            raise aws_error(code, message.format(wanted))
    return [known[i] for i in dict.fromkeys(ids)]


def page(request: dict, key: str, items: list[dict]) -> dict:
    """One page in EC2's manner: `MaxResults` and `NextToken` in, `NextToken` out."""
    start = int(request.get("NextToken") or 0)
    end = start + int(request.get("MaxResults") or len(items))
    return {key: items[start:end], **({"NextToken": str(end)} if end < len(items) else {})}


def free_address(store, subnet) -> str:
    """The next unused address of a subnet; the first four and the last are AWS's own (VPC user guide, subnets)."""
    network = subnet.cidr
    used = {a["PrivateIpAddress"] for eni in store.enis.values() if eni.subnet.id == subnet.id
            for a in eni.private_ip_addresses}
    first, last = int(network.network_address) + 4, int(network.broadcast_address) - 1
    size = last - first + 1
    start = getattr(subnet, "emulator_cursor", 0)
    for step in range(max(size, 0)):
        address = str(type(network.network_address)(first + (start + step) % size))
        if address not in used:
            subnet.emulator_cursor = (start + step + 1) % size
            return address
    raise aws_error(
        "InsufficientFreeAddressesInSubnet",
        f"The specified subnet does not have enough free addresses to satisfy the request. subnet: {subnet.id}",
    )


def once(account, region: str, operation: str, request: dict, make: Callable[[], Any]) -> Any:
    """Client-token idempotency: the same token and parameters give the first call's result again, other parameters
    are refused (EC2 API reference, "Ensuring idempotency in Amazon EC2 API requests")."""
    token = request.get("ClientToken")
    if not token:
        return make()
    asked = {k: v for k, v in request.items() if k not in ("ClientToken", "DryRun")}
    made = account.state("ec2.tokens", dict)
    key = (region, operation, token)
    if key not in made:
        made[key] = (asked, make())
    elif made[key][0] != asked:
        raise aws_error(
            "IdempotentParameterMismatch",
            "The request uses the same client token as a previous, but non-identical request.",
        )
    return made[key][1]


def with_token(request: dict, answer: dict) -> dict:
    """The answer of a creation, which repeats the client token if one was given."""
    token = request.get("ClientToken")
    return answer | {"ClientToken": token} if token else answer


def canonical_cidr(cidr: str | None) -> str | None:
    """EC2 clears the host bits of a block: 100.68.0.18/18 becomes 100.68.0.0/18 (EC2 API reference)."""
    if not cidr:
        return cidr
    try:
        return str(ip_network(cidr, strict=False))
    except ValueError:
        raise aws_error("InvalidParameterValue", f"CIDR block {cidr} is malformed") from None
