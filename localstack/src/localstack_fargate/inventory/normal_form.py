"""The normal form of a listing: equal for two accounts that hold the same resources.

{"live": {...}, "tombstones": {...}}, by service and list. Identifiers become the label or the kind of what they stand
for; the account, times, IP addresses, revisions and what mere use changes are left out; lists of resources are sorted.
Duplicates are kept. Tombstones (deleted, inactive, stopped, scheduled for deletion) are what AWS goes on listing for a
while: only kind, label and state are kept.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Collection

_IDS = {
    "ec2.vpcs": ("VpcId",),
    "ec2.subnets": ("SubnetId",),
    "ec2.internet_gateways": ("InternetGatewayId",),
    "ec2.addresses": ("AllocationId",),
    "ec2.nat_gateways": ("NatGatewayId",),
    "ec2.route_tables": ("RouteTableId",),
    "ec2.security_groups": ("GroupId",),
    "ec2.network_acls": ("NetworkAclId",),
    "ec2.vpc_endpoints": ("VpcEndpointId",),
    "ec2.flow_logs": ("FlowLogId",),
    "ec2.client_vpn_endpoints": ("ClientVpnEndpointId",),
    "efs.file_systems": ("FileSystemId",),
    "efs.access_points": ("AccessPointId",),
    "elb.load_balancers": ("LoadBalancerArn",),
    "elb.load_balancers.Listeners": ("ListenerArn",),
    "elb.target_groups": ("TargetGroupArn",),
    "secrets.secrets": ("ARN",),
    "kms.keys": ("KeyId",),
    "acm.certificates": ("CertificateArn",),
    "route53.hosted_zones": ("Id",),
}
"""Where things are whose ids other things name."""
_NAMES = ("GroupName", "LoadBalancerName", "TargetGroupName", "Name", "DomainName")

_USE = {
    "AssociationId", "AttachTime", "AttachmentCount", "AttachmentId", "AvailableIpAddressCount", "ClientToken",
    "CreationToken",
    "CreatorRequestId", "DNSName", "DnsEntries", "KeyId", "LastAccessedDate", "LastChangedDate", "MacAddress",
    "NetworkInterfaceIds", "Objects", "PolicyId", "PrivateDnsName", "PrivateIp", "PrivateIpAddress",
    "PrivateIpAddresses",
    "PublicDnsName", "PublicIp", "RoleId", "RoleLastUsed", "SecretVersionsToStages", "SizeInBytes", "clientToken",
    "creationTime", "deployments", "events", "registeredBy", "revision", "statistics", "storedBytes", "taskSets",
}  # fmt: skip
"""Fields that tell nothing of what there is."""
_OF_A_TASK = ("group", "lastStatus", "desiredStatus", "taskDefinitionArn")
_ENDED = {
    "deleted", "deleting", "delete_in_progress", "deprovisioning", "draining", "expired", "failed", "inactive",
    "stopped", "stopping",
}  # fmt: skip
_STATES = ("State", "Status", "status", "LifeCycleState", "lastStatus", "FlowLogStatus", "VaultState")

_PREFIXES = "vpc subnet sg sgr igw nat rtb rtbassoc acl aclassoc eipalloc eipassoc eni eni-attach vpce fl fs fsap fsmt"
_EC2_ID = re.compile(rf"\b({'|'.join(_PREFIXES.split())})-[0-9a-f]{{8,}}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_HEX = re.compile(r"\b[0-9a-f]{16,32}\b")
_ADDRESS_V4 = re.compile(r"(?<![\d./])\d{1,3}(?:\.\d{1,3}){3}(?![\d./])")
_SECRET = re.compile(r"(:secret:[\w/+=.@-]+)-[A-Za-z0-9]{6}\b")
_REVISION = re.compile(r"(task-definition/[\w-]+):\d+")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d")


def normal(listing: dict, account: str, label_tag: str = "Name", ignored_tags: Collection[str] = ()) -> dict:
    """The normal form of what `listing.everything` says of the account.

    A resource is labelled with the tag `label_tag`, else with its name. Values of `ignored_tags` are left out.
    """
    plain = json.loads(json.dumps(listing, default=str))
    form = _Form(account, label_tag, ignored_tags, plain)
    lists = {f"{service}.{kind}": items for service, kinds in plain.items() for kind, items in kinds.items()}
    live = {path.replace(".", " "): form.clean(items, path) for path, items in lists.items()}
    return {"live": live, "tombstones": {path: sorted(ended) for path, ended in sorted(form.tombstones.items())}}


def differences(one: dict, other: dict) -> list[str]:
    """What is live in only one of two normal forms, a line each; tombstones do not count. Empty: the same."""
    lines = []
    for kind in sorted(set(one["live"]) | set(other["live"])):
        first, second = (_counted(form["live"].get(kind, [])) for form in (one, other))
        lines += [f"only in the first: {kind}: {item}" for item in sorted((first - second).elements())]
        lines += [f"only in the second: {kind}: {item}" for item in sorted((second - first).elements())]
    return lines


def _counted(items: list) -> Counter[str]:
    return Counter(json.dumps(item, sort_keys=True) for item in items)


def _tags(item: dict) -> dict[str, str]:
    tags = item.get("Tags") or item.get("tags") or []
    if isinstance(tags, dict):
        return tags
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) for tag in tags}


class _Form:
    def __init__(self, account: str, label_tag: str, ignored_tags: Collection[str], listing: dict) -> None:
        self.account, self.label_tag, self.ignored_tags = account, label_tag, ignored_tags
        self.labels = self._labels(listing)
        self.tombstones: dict[str, list[str]] = {}

    def _label(self, item: dict) -> str | None:
        name = next((item[field] for field in _NAMES if field in item), None)
        return _tags(item).get(self.label_tag) or _tags(item).get("Name") or name

    def _labels(self, listing: dict) -> dict[str, str]:
        """Label by identifier, of everything that has both."""
        found = {}
        for path, fields in _IDS.items():
            items = [listing]
            for step in path.split("."):
                inner = [item.get(step) or [] for item in items]
                items = [one for value in inner for one in (value if isinstance(value, list) else [value])]
            for item in items:
                if label := self._label(item):
                    found.update({item[field]: label for field in fields if item.get(field)})
        return found

    def clean(self, value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return self._thing(value, path)
        if isinstance(value, list):
            kept = [item for item in value if not self._is_tombstone(item, path)]
            cleaned = [self.clean(item, path) for item in kept]
            things = any(isinstance(item, (dict, list)) for item in cleaned)
            return sorted(cleaned, key=lambda item: json.dumps(item, sort_keys=True)) if things else cleaned
        return self._text(value) if isinstance(value, str) else value

    def _thing(self, item: dict, path: str) -> dict:
        if path.endswith(".Tasks"):
            item = {field: item.get(field) for field in _OF_A_TASK}
        key = item.get("Key", item.get("key"))
        if key in self.ignored_tags and len(item) == 2:
            return {"Key": key}
        return {
            self._text(field): self.clean(value, f"{path}.{field}")
            for field, value in item.items()
            if field not in _USE
            and field not in self.ignored_tags
            and not (isinstance(value, str) and _MOMENT.match(value))
        }

    def _is_tombstone(self, item: Any, path: str) -> bool:
        if not isinstance(item, dict):
            return False
        states = [item.get(field) for field in _STATES] + [(item.get("TargetHealth") or {}).get("State")]
        states = [state.get("Code", "") if isinstance(state, dict) else state for state in states]
        ended = [state for state in states if isinstance(state, str) and state.lower() in _ENDED]
        if "DeletedDate" in item:
            ended.append("scheduled for deletion")
        if ended:
            label = self._label(item) or item.get("family") or item.get("serviceName") or ""
            self.tombstones.setdefault(path, []).append(self._text(f"{label} {ended[0]}".strip()))
        return bool(ended)

    def _text(self, text: str) -> str:
        if text in self.labels:
            return f"<{self.labels[text]}>"
        text = _EC2_ID.sub(lambda found: f"<{self.labels.get(found[0], found[1])}>", text)
        text = _UUID.sub(lambda found: f"<{self.labels.get(found[0], 'uuid')}>", text)
        text = _SECRET.sub(r"\1", _REVISION.sub(r"\1", _HEX.sub("<hex>", text)))
        return _ADDRESS_V4.sub("<ip>", text).replace(self.account, "<account>")
