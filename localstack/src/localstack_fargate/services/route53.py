"""Route 53: hosted zones, records, and changes that take a while.

Source: Amazon Route 53 API reference (CreateHostedZone, ListHostedZonesByName, ChangeResourceRecordSets,
ListResourceRecordSets, GetChange, DeleteHostedZone); Route 53 developer guide, "DNS domain name format" (lower case,
final dot), "Choosing between alias and non-alias records", "Quotas" (five requests a second an account).

A change is PENDING for `route53.insync` AWS seconds. `route53.per_second` is the account's limit of requests.
"""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass, field

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error, guard, invoke, override
from localstack_fargate.services.ec2_common import backend

setting("route53.insync", 20)
setting("route53.per_second", 5)

_NAME_SERVERS = [f"ns-{number}.awsdns-{number:02}.com" for number in (1, 2, 3, 4)]


@dataclass
class Zone:
    id: str
    name: str
    caller_reference: str
    private: bool
    comment: str = ""
    vpcs: list[dict] = field(default_factory=list)
    records: dict[tuple[str, str, str], dict] = field(default_factory=dict)
    """By name, type and set identifier, as written."""

    def described(self) -> dict:
        config = {"PrivateZone": self.private} | ({"Comment": self.comment} if self.comment else {})
        return {
            "Id": f"/hostedzone/{self.id}",
            "Name": self.name,
            "CallerReference": self.caller_reference,
            "Config": config,
            "ResourceRecordSetCount": len(self.records),
        }


@dataclass
class State:
    zones: dict[str, Zone] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    """Also of zones that are gone: a reference is used once for ever."""
    changes: dict[str, float] = field(default_factory=dict)
    calls: list[float] = field(default_factory=list)


def state_of(account) -> State:
    return account.state("route53", State)


def normal(name: str) -> str:
    return name.lower().rstrip(".") + "."


def _order(name: str) -> list[str]:
    return list(reversed(normal(name).rstrip(".").split(".")))


def _zone(account, zone_id: str) -> Zone:
    zone = state_of(account).zones.get((zone_id or "").rsplit("/", 1)[-1])
    if zone is None:
        raise aws_error("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", 404)
    return zone


@guard("route53", "*")
def throttle(account, region, request, context):
    state, now = state_of(account), account.clock.now()
    state.calls = [time for time in state.calls if now - time < 1] + [now]
    if len(state.calls) > account.settings["route53.per_second"]:
        raise aws_error("Throttling", "Rate exceeded")


def _changed(account) -> dict:
    change = "C" + secrets.token_hex(10).upper()
    state_of(account).changes[change] = account.clock.now() + account.settings["route53.insync"]
    return _change_info(account, change)


def _change_info(account, change: str) -> dict:
    ready = state_of(account).changes[change]
    status = "INSYNC" if account.clock.now() >= ready else "PENDING"
    submitted = datetime.datetime.fromtimestamp(ready - account.settings["route53.insync"], datetime.timezone.utc)
    return {"Id": f"/change/{change}", "Status": status, "SubmittedAt": submitted}


@override("route53", "GetChange")
def get_change(account, region, request, context, call_next):
    change = request["Id"].rsplit("/", 1)[-1]
    if change not in state_of(account).changes:
        raise aws_error("NoSuchChange", f"Could not find resource with ID: {change}", 404)
    return {"ChangeInfo": _change_info(account, change)}


@override("route53", "CreateHostedZone")
def create_hosted_zone(account, region, request, context, call_next):
    state, vpc, name = state_of(account), request.get("VPC"), normal(request["Name"])
    if request["CallerReference"] in state.references:
        raise aws_error("HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.", 409)
    config = request.get("HostedZoneConfig") or {}
    if vpc:
        if vpc["VPCId"] not in backend(account, vpc["VPCRegion"]).vpcs:
            raise aws_error("InvalidVPCId", "The VPC ID is invalid.")
        seen = [zone for zone in state.zones.values() if any(one["VPCId"] == vpc["VPCId"] for one in zone.vpcs)]
        if any(zone.name == name for zone in seen):
            raise aws_error(
                "ConflictingDomainExists",
                f"The VPC {vpc['VPCId']} in region {vpc['VPCRegion']} has already been associated with a hosted zone "
                "with the same domain name.",
            )
    state.references.add(request["CallerReference"])
    zone = Zone(
        id="Z" + secrets.token_hex(10).upper(), name=name, caller_reference=request["CallerReference"],
        private=bool(vpc), comment=config.get("Comment") or "", vpcs=[dict(vpc)] if vpc else [],
    )  # fmt: skip
    zone.records[(name, "NS", "")] = {
        "Name": name, "Type": "NS", "TTL": 172800, "ResourceRecords": [{"Value": f"{one}."} for one in _NAME_SERVERS],
    }  # fmt: skip
    soa = f"{_NAME_SERVERS[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    zone.records[(name, "SOA", "")] = {"Name": name, "Type": "SOA", "TTL": 900, "ResourceRecords": [{"Value": soa}]}
    state.zones[zone.id] = zone
    answer = {"HostedZone": zone.described(), "ChangeInfo": _changed(account)}
    answer |= {"VPC": dict(vpc)} if vpc else {"DelegationSet": {"NameServers": _NAME_SERVERS}}
    return answer | {"Location": f"https://route53.amazonaws.com/2013-04-01/hostedzone/{zone.id}"}


@override("route53", "GetHostedZone")
def get_hosted_zone(account, region, request, context, call_next):
    zone = _zone(account, request["Id"])
    answer = {"HostedZone": zone.described()}
    return answer | ({"VPCs": zone.vpcs} if zone.private else {"DelegationSet": {"NameServers": _NAME_SERVERS}})


@override("route53", "ListHostedZones")
def list_hosted_zones(account, region, request, context, call_next):
    zones = [zone.described() for zone in state_of(account).zones.values()]
    return {"HostedZones": zones, "Marker": "", "IsTruncated": False, "MaxItems": "100"}


@override("route53", "ListHostedZonesByName")
def list_hosted_zones_by_name(account, region, request, context, call_next):
    """From the name on, in the order of reversed labels."""
    name, most = request.get("DNSName"), int(request.get("MaxItems") or 100)
    zones = sorted(state_of(account).zones.values(), key=lambda zone: (_order(zone.name), zone.id))
    zones = [zone for zone in zones if not name or _order(zone.name) >= _order(name)]
    answer = {"HostedZones": [zone.described() for zone in zones[:most]], "IsTruncated": len(zones) > most}
    return answer | {"MaxItems": str(most)} | ({"DNSName": normal(name)} if name else {})


@override("route53", "DeleteHostedZone")
def delete_hosted_zone(account, region, request, context, call_next):
    zone = _zone(account, request["Id"])
    if any(kind not in ("NS", "SOA") or name != zone.name for name, kind, _ in zone.records):
        raise aws_error(
            "HostedZoneNotEmpty",
            "The specified hosted zone contains non-required resource record sets and so cannot be deleted.",
        )
    del state_of(account).zones[zone.id]
    return {"ChangeInfo": _changed(account)}


@override("route53", "ListResourceRecordSets")
def list_resource_record_sets(account, region, request, context, call_next):
    zone, most = _zone(account, request["HostedZoneId"]), int(request.get("MaxItems") or 300)
    name, kind = request.get("StartRecordName"), request.get("StartRecordType") or ""
    keys = sorted(zone.records, key=lambda key: (_order(key[0]), key[1], key[2]))
    if name:
        keys = [key for key in keys if (_order(key[0]), key[1]) >= (_order(name), kind)]
    answer = {"ResourceRecordSets": [zone.records[key] for key in keys[:most]], "MaxItems": str(most)}
    if len(keys) > most:
        return answer | {"IsTruncated": True, "NextRecordName": keys[most][0], "NextRecordType": keys[most][1]}
    return answer | {"IsTruncated": False}


@override("route53", "ChangeResourceRecordSets")
def change_resource_record_sets(account, region, request, context, call_next):
    """All or nothing."""
    zone = _zone(account, request["HostedZoneId"])
    records, errors = dict(zone.records), []
    for change in request["ChangeBatch"]["Changes"]:
        error = _apply(account, region, zone, records, change["Action"], _normal_record(change["ResourceRecordSet"]))
        errors += [error] if error else []
    if errors:
        raise aws_error("InvalidChangeBatch", "[" + ", ".join(errors) + "]")
    zone.records = records
    return {"ChangeInfo": _changed(account)}


def _normal_record(record: dict) -> dict:
    record = {**record, "Name": normal(record["Name"])}
    if alias := record.get("AliasTarget"):
        record["AliasTarget"] = {**alias, "DNSName": normal(alias["DNSName"])}
    return record


def _apply(account, region, zone: Zone, records: dict, action: str, record: dict) -> str | None:
    """Does one change; or says why AWS refuses it."""
    name, kind = record["Name"], record["Type"]
    key, shown = (name, kind, record.get("SetIdentifier") or ""), f"[name='{name}', type='{kind}']"
    if name != zone.name and not name.endswith(f".{zone.name}"):
        return f"RRSet with DNS name {name} is not permitted in zone {zone.name}"
    if action == "DELETE":
        if key not in records:
            return f"Tried to delete resource record set {shown} but it was not found"
        if records[key] != record:
            return (
                f"Tried to delete resource record set {shown} but the values provided do not match the current values"
            )
        del records[key]
        return None
    if action == "CREATE" and key in records:
        return f"Tried to create resource record set {shown} but it already exists"
    others = {other for owner, other, _ in records if owner == name and other != kind}
    if others and ("CNAME" in others or kind == "CNAME"):
        return f"RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records"
    alias = record.get("AliasTarget")
    if alias and not _leads_somewhere(account, region, alias):
        return (
            f"Tried to create an alias that targets {alias['DNSName']}, type {kind} in zone {alias['HostedZoneId']}, "
            "but the alias target name does not lie within the target zone"
        )
    records[key] = record
    return None


def _leads_somewhere(account, region, alias: dict) -> bool:
    """Whether there is a load balancer of that name, in the zone that the alias says."""
    wanted = alias["DNSName"].removeprefix("dualstack.")
    balancers = invoke(account, region, "elbv2", "DescribeLoadBalancers", {}).get("LoadBalancers") or []
    return any(
        (normal(one["DNSName"]), one["CanonicalHostedZoneId"]) == (wanted, alias["HostedZoneId"]) for one in balancers
    )
