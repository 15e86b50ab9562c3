"""Security groups: create answers, the default group, rules, filters and who still uses a group.

Sources: Amazon EC2 API reference (CreateSecurityGroup, DeleteSecurityGroup, DescribeSecurityGroups,
DescribeSecurityGroupRules); VPC user guide, "Default security groups for your VPCs".
"""

from localstack_fargate.account import setting
from localstack_fargate.middleware import after, aws_error, guard, override
from localstack_fargate.services import ec2_interfaces
from localstack_fargate.services.ec2_common import (
    at,
    backend,
    canonical_cidr,
    chosen,
    dependency,
    filtered,
    page,
    tag_list,
    tags_of_request,
)

setting("quota.security_groups_per_region", 2500)


def all_groups(store) -> list:
    return [group for groups in store.groups.values() for group in groups.values()]


def is_default(group) -> bool:
    return group.name == "default" and group.vpc_id is not None


def add_self_rule(store, group) -> None:
    """The default group admits what comes from itself; moto leaves this rule out."""
    if not group.ingress_rules and not getattr(group, "emulator_self_rule", False):
        source = {"GroupId": group.id, "UserId": store.account_id, "OwnerId": store.account_id}
        group.ingress_rules.append(_rule(store, group, "-1", None, None, source_group=source))
    group.emulator_self_rule = True


def _rule(store, group, protocol, low, high, *, egress=False, **source):
    from moto.ec2.models.security_groups import SecurityGroupRule

    source.setdefault("ip_range", None)
    return SecurityGroupRule(store, protocol, group.id, low, high, is_egress=egress, **source)


def complete_default_groups(store) -> None:
    for group in all_groups(store):
        if is_default(group) and not getattr(group, "emulator_self_rule", False):
            add_self_rule(store, group)


def describe_rule(store, rule) -> dict:
    everything = rule.ip_protocol == "-1"
    answer = {
        "SecurityGroupRuleId": rule.id,
        "GroupId": rule.group_id,
        "GroupOwnerId": store.account_id,
        "IsEgress": bool(rule.is_egress),
        "IpProtocol": rule.ip_protocol,
        "FromPort": -1 if everything or rule.from_port is None else int(rule.from_port),
        "ToPort": -1 if everything or rule.to_port is None else int(rule.to_port),
        "SecurityGroupRuleArn":
            f"arn:aws:ec2:{store.region_name}:{store.account_id}:security-group-rule/{rule.id}",
        "Tags": tag_list(store, rule.id),
    }
    description = rule.ip_range.get("Description") or rule.source_group.get("Description")
    if description:
        answer["Description"] = description
    if cidr := rule.ip_range.get("CidrIp"):
        answer["CidrIpv4"] = cidr
    if cidr := rule.ip_range.get("CidrIpv6"):
        answer["CidrIpv6"] = cidr
    if rule.prefix_list_id:
        answer["PrefixListId"] = rule.prefix_list_id
    if rule.source_group:
        referenced = {"GroupId": rule.source_group.get("GroupId"), "UserId": store.account_id}
        group = store.get_security_group_from_id(referenced["GroupId"])
        if group is not None:
            referenced["VpcId"] = group.vpc_id
        answer["ReferencedGroupInfo"] = referenced
    return answer


def describe_permissions(store, rules) -> list[dict]:
    """`IpPermissions`: the rules of one protocol and port range are shown as one entry."""
    merged: dict[tuple, dict] = {}
    for rule in rules:
        key = (rule.ip_protocol, rule.from_port, rule.to_port)
        entry = merged.setdefault(
            key,
            {"IpProtocol": rule.ip_protocol, "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [],
             "UserIdGroupPairs": []},
        )
        if rule.ip_protocol != "-1" and rule.from_port is not None:
            entry["FromPort"], entry["ToPort"] = int(rule.from_port), int(rule.to_port)
        shown = describe_rule(store, rule)
        text = {"Description": shown["Description"]} if "Description" in shown else {}
        if "CidrIpv4" in shown:
            entry["IpRanges"].append({"CidrIp": shown["CidrIpv4"], **text})
        elif "CidrIpv6" in shown:
            entry["Ipv6Ranges"].append({"CidrIpv6": shown["CidrIpv6"], **text})
        elif "PrefixListId" in shown:
            entry["PrefixListIds"].append({"PrefixListId": shown["PrefixListId"], **text})
        elif "ReferencedGroupInfo" in shown:
            pair = {"GroupId": shown["ReferencedGroupInfo"]["GroupId"], "UserId": store.account_id, **text}
            entry["UserIdGroupPairs"].append(pair)
    return list(merged.values())


def describe_group(store, group) -> dict:
    answer = {
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": store.account_id,
        "SecurityGroupArn": group.arn,
        "IpPermissions": describe_permissions(store, group.ingress_rules),
        "IpPermissionsEgress": describe_permissions(store, group.egress_rules),
        "Tags": tag_list(store, group.id),
    }
    if group.vpc_id:
        answer["VpcId"] = group.vpc_id
    return answer


def _permission_fields(prefix: str, key: str) -> dict:
    return {
        f"{prefix}cidr": at(key, "IpRanges", "CidrIp"),
        f"{prefix}ipv6-cidr": at(key, "Ipv6Ranges", "CidrIpv6"),
        f"{prefix}from-port": at(key, "FromPort"),
        f"{prefix}to-port": at(key, "ToPort"),
        f"{prefix}group-id": at(key, "UserIdGroupPairs", "GroupId"),
        f"{prefix}user-id": at(key, "UserIdGroupPairs", "UserId"),
        f"{prefix}prefix-list-id": at(key, "PrefixListIds", "PrefixListId"),
        f"{prefix}protocol": at(key, "IpProtocol"),
    }


GROUP_FIELDS = {
    "description": at("Description"),
    "group-id": at("GroupId"),
    "group-name": at("GroupName"),
    "owner-id": at("OwnerId"),
    "vpc-id": at("VpcId"),
    **_permission_fields("ip-permission.", "IpPermissions"),
    **_permission_fields("egress.ip-permission.", "IpPermissionsEgress"),
}


@override("ec2", "DescribeSecurityGroups")
def describe_security_groups(account, region, request, context, call_next):
    store = backend(account, region)
    complete_default_groups(store)
    listed = chosen(
        [describe_group(store, g) for g in all_groups(store)],
        request.get("GroupIds"),
        "GroupId",
        "InvalidGroup.NotFound",
        "The security group '{}' does not exist",
    )
    if names := request.get("GroupNames"):
        listed = [g for g in listed if g["GroupName"] in names and g.get("VpcId") == store.default_vpc.id]
        if len(listed) < len(set(names)):
            raise aws_error("InvalidGroup.NotFound", f"The security group '{names[0]}' does not exist in default VPC")
    return page(request, "SecurityGroups", filtered(listed, request.get("Filters"), GROUP_FIELDS))


@override("ec2", "DescribeSecurityGroupRules")
def describe_security_group_rules(account, region, request, context, call_next):
    store = backend(account, region)
    complete_default_groups(store)
    for rule in request.get("Filters") or []:
        if rule["Name"] == "group-id":
            for group_id in rule.get("Values") or []:
                ec2_interfaces.require_group(store, group_id)
    listed = chosen(
        [describe_rule(store, r) for g in all_groups(store) for r in g.ingress_rules + g.egress_rules],
        request.get("SecurityGroupRuleIds"),
        "SecurityGroupRuleId",
        "InvalidSecurityGroupRuleId.NotFound",
        "The security group rule ID '{}' does not exist",
    )
    fields = {"group-id": at("GroupId"), "security-group-rule-id": at("SecurityGroupRuleId")}
    return page(request, "SecurityGroupRules", filtered(listed, request.get("Filters"), fields))


@override("ec2", "CreateSecurityGroup")
def create_security_group(account, region, request, context, call_next):
    store = backend(account, region)
    tags = tags_of_request(request, "security-group")
    name = request.get("GroupName") or ""
    if name.startswith("sg-"):
        raise aws_error("InvalidParameterValue", "Invalid value for groupName. Group names may not start with 'sg-'.")
    if vpc_id := request.get("VpcId"):
        _require_vpc(store, vpc_id)
    if len(all_groups(store)) >= account.settings["quota.security_groups_per_region"]:
        raise aws_error("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")
    if any(g.name == name and g.vpc_id == (vpc_id or store.default_vpc.id) for g in all_groups(store)):
        raise aws_error(
            "InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc_id}'"
        )
    group = store.create_security_group(name, request.get("Description"), vpc_id=vpc_id, tags=tags)
    return {"GroupId": group.id, "SecurityGroupArn": group.arn, "Tags": tag_list(store, group.id)}


def _require_vpc(store, vpc_id: str) -> None:
    if vpc_id not in store.vpcs:
        raise aws_error("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")


@guard("ec2", "DeleteSecurityGroup")
def refuse_delete_in_use(account, region, request, context):
    store = backend(account, region)
    group = store.get_security_group_from_id(request.get("GroupId"))
    if group is None:
        return
    if is_default(group):
        raise aws_error(
            "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
        )
    # Only rules of the same VPC hold it; those of a peered one become stale (EC2 API reference, DeleteSecurityGroup).
    referenced = any(
        rule.source_group.get("GroupId") == group.id
        for other in all_groups(store)
        if other is not group and other.vpc_id == group.vpc_id
        for rule in other.ingress_rules + other.egress_rules
    )
    if referenced or ec2_interfaces.with_group(store, group.id):
        raise dependency(f"resource {group.id} has a dependent object")


@guard("ec2", "AuthorizeSecurityGroup*", "RevokeSecurityGroup*")
def complete_before_change(account, region, request, context):
    complete_default_groups(backend(account, region))


@override("ec2", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress")
def revoke(account, region, request, context, call_next):
    """By rule id this is done here, since moto demands the permission fields too; the answer names what went."""
    egress = context.operation.name.endswith("Egress")
    store = backend(account, region)
    group = store.get_security_group_from_id(request.get("GroupId")) if request.get("GroupId") else None
    before = list(group.egress_rules if egress else group.ingress_rules) if group else []
    ids = request.get("SecurityGroupRuleIds")
    if group is not None and ids:
        known = {r.id for r in before}
        for rule_id in ids:
            if rule_id not in known:
                raise aws_error(
                    "InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{rule_id}' does not exist"
                )
        kept = [r for r in before if r.id not in ids]
        if egress:
            group.egress_rules = kept
        else:
            group.ingress_rules = kept
    else:
        call_next(request)
    if group is None:
        return {"Return": True}
    left = {r.id for r in (group.egress_rules if egress else group.ingress_rules)}
    gone = [describe_rule(store, r) for r in before if r.id not in left]
    keys = ("SecurityGroupRuleId", "GroupId", "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4",
            "CidrIpv6", "PrefixListId", "Description")
    revoked = []
    for rule in gone:
        shown = {k: rule[k] for k in keys if k in rule}
        if "ReferencedGroupInfo" in rule:
            shown["ReferencedGroupId"] = rule["ReferencedGroupInfo"]["GroupId"]
        revoked.append(shown)
    for rule in gone:
        store.tags.pop(rule["SecurityGroupRuleId"], None)
    return {"Return": True, "RevokedSecurityGroupRules": revoked}


@override("ec2", "AuthorizeSecurityGroup*", "RevokeSecurityGroup*")
def with_canonical_blocks(account, region, request, context, call_next):
    changed = dict(request)
    if request.get("CidrIp"):
        changed["CidrIp"] = canonical_cidr(request["CidrIp"])
    if request.get("IpPermissions"):
        changed["IpPermissions"] = [_canonical(p) for p in request["IpPermissions"]]
    return call_next(changed if changed != request else request)


def _canonical(permission: dict) -> dict:
    answer = dict(permission)
    for key, field in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6")):
        if permission.get(key):
            answer[key] = [{**entry, field: canonical_cidr(entry.get(field))} for entry in permission[key]]
    return answer


@after("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def answer_authorized(account, region, request, response, context):
    store = backend(account, region)
    ids = {r.get("SecurityGroupRuleId") for r in response.get("SecurityGroupRules") or []}
    rules = [r for g in all_groups(store) for r in g.ingress_rules + g.egress_rules if r.id in ids]
    return {"Return": True, "SecurityGroupRules": [describe_rule(store, r) for r in rules]}
