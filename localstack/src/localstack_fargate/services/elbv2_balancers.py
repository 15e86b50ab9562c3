"""Load balancers: provisioning to active, their interfaces in EC2, idempotent creation, deletion protection.

Source: Elastic Load Balancing API reference (CreateLoadBalancer, DeleteLoadBalancer, DescribeLoadBalancers,
SetSecurityGroups, SetSubnets, SetIpAddressType); ALB user guide, "Subnets for your load balancer".
"""

from __future__ import annotations

import random

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import ec2_interfaces, elbv2, elbv2_attributes
from localstack_fargate.services.ec2_common import backend, lacks_services, timestamp
from localstack_fargate.services.elbv2 import validation

setting("elb.active", 150)
setting("elb.interfaces_linger", 60)  # after DeleteLoadBalancer
setting("quota.load_balancers", 50)

HOSTED_ZONES = {"us-east-1": "Z35SXDOTRQ7X7K", "us-east-2": "Z3AADJGX6KTTL2", "us-west-2": "Z1H1FL5HABSF5",
                "eu-west-1": "Z32O12XQLNTSW2", "eu-central-1": "Z215JYRZR1TBD5"}
FREE_ADDRESSES = 8


def _subnets(account, region, request: dict) -> list:
    wanted = request.get("Subnets") or [m.get("SubnetId") for m in request.get("SubnetMappings") or []]
    if not wanted:
        raise validation("You must specify either subnets or subnet mappings")
    store = backend(account, region)
    known = {i: s for zone in store.subnets.values() for i, s in zone.items()}
    found = []
    for subnet_id in wanted:
        if subnet_id not in known:
            raise aws_error("SubnetNotFound", f"The subnet ID '{subnet_id}' does not exist")
        found.append(known[subnet_id])
    if len({s.vpc_id for s in found}) > 1:
        raise aws_error("InvalidConfigurationRequest", "All subnets must belong to the same VPC")
    if refused := sorted(s.availability_zone for s in found if lacks_services(account, s)):
        # The text that widdix/mastodon-on-aws#13 shows.
        raise validation(
            f"The following Availability Zones {', '.join(refused)} cannot be associated with a load balancer. "
            "Please try a different Availability Zone."
        )
    zones = [s.availability_zone for s in found]
    if len(set(zones)) < len(zones):
        raise aws_error(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if request.get("Type", "application") == "application" and len(zones) < 2:
        raise validation("At least two subnets in two different Availability Zones must be specified")
    return found


def _groups(account, region, wanted: list[str], vpc_id: str) -> list[str]:
    store = backend(account, region)
    if not wanted:
        return [store.get_default_security_group(vpc_id).id]
    for group_id in wanted:
        group = store.get_security_group_from_id(group_id)
        if group is None:
            raise aws_error("InvalidSecurityGroup", f"The security group '{group_id}' does not exist")
        if group.vpc_id != vpc_id:
            raise aws_error(
                "InvalidConfigurationRequest", f"The security group '{group_id}' is not in the VPC '{vpc_id}'"
            )
    return list(wanted)


def _check_room(store, subnets, scheme: str) -> None:
    for subnet in subnets:
        if subnet.available_ip_address_count < FREE_ADDRESSES:
            raise aws_error(
                "InvalidSubnet",
                f"Not enough IP space available in {subnet.id}. "
                f"ELB requires at least {FREE_ADDRESSES} free IP addresses in each subnet.",
            )
    vpc_id = subnets[0].vpc_id
    attached = any(g.vpc and g.vpc.id == vpc_id for g in store.internet_gateways.values())
    if scheme == "internet-facing" and not attached:
        raise aws_error("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")


@override("elbv2", "CreateLoadBalancer")
def create_load_balancer(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    store = backend(account, region)
    name = request.get("Name")
    elbv2.check_name(name, "Load balancer")
    if name.startswith("internal-"):
        raise validation(f"Load balancer name '{name}' cannot begin with 'internal-'")
    subnets = _subnets(account, region, request)
    vpc_id = subnets[0].vpc_id
    scheme = request.get("Scheme") or "internet-facing"
    kind = request.get("Type") or "application"
    groups = _groups(account, region, request.get("SecurityGroups") or [], vpc_id) if kind == "application" else []
    wanted = (scheme, kind, request.get("IpAddressType") or "ipv4", sorted(groups), sorted(s.id for s in subnets))
    for known in here.balancers.values():
        if known["LoadBalancerName"] == name:
            if known["_made"] == wanted:
                return {"LoadBalancers": [elbv2.shown(known)]}
            raise aws_error(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            )
    if len(here.balancers) >= account.settings["quota.load_balancers"]:
        raise aws_error("TooManyLoadBalancers", "You've reached the limit on your number of load balancers")
    _check_room(store, subnets, scheme)

    short = {"application": "app", "network": "net", "gateway": "gwy"}[kind]
    arn = elbv2.new_arn(account, region, f"loadbalancer/{short}/{name}")
    record = {
        "LoadBalancerArn": arn,
        "DNSName": f"{'internal-' if scheme == 'internal' else ''}{name}-{random.randrange(10**9, 2 * 10**9)}"
                   f".{region}.elb.amazonaws.com",
        "CanonicalHostedZoneId": HOSTED_ZONES.get(region, "Z35SXDOTRQ7X7K"),
        "CreatedTime": timestamp(account.clock.now()),
        "LoadBalancerName": name,
        "Scheme": scheme,
        "VpcId": vpc_id,
        "State": {"Code": "provisioning"},
        "Type": kind,
        "AvailabilityZones": _zones(subnets),
        "SecurityGroups": groups,
        "IpAddressType": wanted[2],
        "_made": wanted,
        "_attributes": elbv2_attributes.of_new_balancer(scheme),
        "_interfaces": {},
    }
    for subnet in subnets:
        record["_interfaces"][subnet.id] = _interface(account, region, record, subnet.id)
    here.balancers[arn] = record
    here.tags[arn] = {t["Key"]: t.get("Value") or "" for t in request.get("Tags") or []}

    def become_active(acct):
        from localstack_fargate.services import elbv2_targets

        record["State"] = {"Code": "active"}
        elbv2_targets.refresh(acct, region)

    account.schedule(account.settings["elb.active"], become_active)
    return {"LoadBalancers": [elbv2.shown(record)]}


def _zones(subnets) -> list[dict]:
    return [{"ZoneName": s.availability_zone, "SubnetId": s.id, "LoadBalancerAddresses": []} for s in subnets]


def _interface(account, region, record: dict, subnet_id: str) -> str:
    path = record["LoadBalancerArn"].split(":loadbalancer/")[1]
    eni = ec2_interfaces.create(
        account, region, subnet_id, description=f"ELB {path}", groups=record["SecurityGroups"],
        requester="amazon-elb", owner="amazon-elb",
    )
    return eni.id


@override("elbv2", "DescribeLoadBalancers")
def describe_load_balancers(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    listed = list(here.balancers.values())
    if arns := request.get("LoadBalancerArns"):
        for arn in arns:
            elbv2.balancer(account, region, arn)
        listed = [b for b in listed if b["LoadBalancerArn"] in arns]
    if names := request.get("Names"):
        missing = set(names) - {b["LoadBalancerName"] for b in listed}
        if missing:
            raise aws_error("LoadBalancerNotFound", f"Load balancers '[{', '.join(sorted(missing))}]' not found")
        listed = [b for b in listed if b["LoadBalancerName"] in names]
    return elbv2.paged([elbv2.shown(b) for b in listed], request, "LoadBalancers")


@override("elbv2", "DeleteLoadBalancer")
def delete_load_balancer(account, region, request, context, call_next):
    here = elbv2.region_of(account, region)
    arn = request.get("LoadBalancerArn")
    if ":loadbalancer/" not in (arn or ""):
        raise validation(f"'{arn}' is not a valid load balancer ARN")
    record = here.balancers.get(arn)
    if record is None:
        return {}
    if record["_attributes"]["deletion_protection.enabled"] == "true":
        raise aws_error(
            "OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )
    from localstack_fargate.services import elbv2_listeners, elbv2_targets

    for listener_arn in [a for a, li in here.listeners.items() if li["LoadBalancerArn"] == arn]:
        elbv2_listeners.forget(here, listener_arn)
    del here.balancers[arn]
    here.tags.pop(arn, None)
    elbv2_targets.refresh(account, region)
    interfaces = list(record["_interfaces"].values())

    def let_go(acct):
        for eni_id in interfaces:
            ec2_interfaces.release(acct, region, eni_id)

    account.schedule(account.settings["elb.interfaces_linger"], let_go)
    return {}


@override("elbv2", "SetSecurityGroups")
def set_security_groups(account, region, request, context, call_next):
    record = elbv2.balancer(account, region, request.get("LoadBalancerArn"))
    groups = _groups(account, region, request.get("SecurityGroups") or [], record["VpcId"])
    record["SecurityGroups"] = groups
    for eni_id in record["_interfaces"].values():
        ec2_interfaces.set_groups(account, region, eni_id, groups)
    record["_made"] = record["_made"][:3] + (sorted(groups),) + record["_made"][4:]
    return {"SecurityGroupIds": groups}


@override("elbv2", "SetSubnets")
def set_subnets(account, region, request, context, call_next):
    record = elbv2.balancer(account, region, request.get("LoadBalancerArn"))
    subnets = _subnets(account, region, {**request, "Type": record["Type"]})
    if subnets[0].vpc_id != record["VpcId"]:
        raise aws_error("InvalidConfigurationRequest", "The subnets must belong to the load balancer's VPC")
    before = record["_interfaces"]
    wanted = {s.id for s in subnets}
    for subnet_id in set(before) - wanted:
        ec2_interfaces.release(account, region, before.pop(subnet_id))
    for subnet_id in wanted - set(before):
        before[subnet_id] = _interface(account, region, record, subnet_id)
    record["AvailabilityZones"] = _zones(subnets)
    record["_made"] = record["_made"][:4] + (sorted(wanted),)
    return {"AvailabilityZones": record["AvailabilityZones"], "IpAddressType": record["IpAddressType"]}


@override("elbv2", "SetIpAddressType")
def set_ip_address_type(account, region, request, context, call_next):
    record = elbv2.balancer(account, region, request.get("LoadBalancerArn"))
    record["IpAddressType"] = request.get("IpAddressType")
    record["_made"] = record["_made"][:2] + (record["IpAddressType"],) + record["_made"][3:]
    return {"IpAddressType": record["IpAddressType"]}
