"""How many rules a security group may have, what each weighs, and how many groups an interface may have.

Sources: Amazon VPC user guide, "Amazon VPC quotas" (60 rules a direction, for IPv4 and IPv6 separately; 5 groups an
interface; the two multiplied never more than 1,000; a prefix list counts with its maximum number of entries) and
"Security group size"; ECS API reference, AwsVpcConfiguration, and EFS API reference, CreateMountTarget (5 groups,
whatever the quota). The code with which Elastic Load Balancing refuses a sixth group is unverified.
"""

from moto.ec2.models.security_groups import SecurityGroupBackend

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error, guard
from localstack_fargate.services.ec2_common import backend

setting("quota.rules_per_group", 60)
setting("quota.groups_per_interface", 5)

_PRODUCT = 1000
_FIVE = 5

# moto counts to 60 whatever the quota, and a prefix list as nothing.
SecurityGroupBackend._verify_group_will_respect_rule_count_limit = lambda *args, **kwargs: None


def groups_per_interface(account) -> int:
    return min(account.settings["quota.groups_per_interface"], _PRODUCT // account.settings["quota.rules_per_group"])


def _of_list(store, list_id: str) -> tuple[int, int]:
    """The weight of a prefix list for IPv4 and IPv6."""
    known = store.managed_prefix_lists.get(list_id)
    weight = int(known.max_entries or 1) if known else 1
    return (0, weight) if known and known.address_family == "IPv6" else (weight, 0)


def _of_rule(store, rule) -> tuple[int, int]:
    if rule.prefix_list_id:
        return _of_list(store, rule.prefix_list_id)
    if rule.source_group:
        return 1, 1
    return (0, 1) if (rule.ip_range or {}).get("CidrIpv6") else (1, 0)


def _asked(store, permission: dict) -> list[tuple[int, int]]:
    lists = [_of_list(store, entry["PrefixListId"]) for entry in permission.get("PrefixListIds") or []]
    return (
        [(1, 0)] * len(permission.get("IpRanges") or [])
        + [(0, 1)] * len(permission.get("Ipv6Ranges") or [])
        + [(1, 1)] * len(permission.get("UserIdGroupPairs") or [])
        + lists
    )


@guard("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def limit_rules(account, region, request, context):
    store = backend(account, region)
    group = store.get_security_group_from_id(request.get("GroupId") or "")
    if group is None:
        return
    rules = group.egress_rules if context.operation.name.endswith("Egress") else group.ingress_rules
    there = [_of_rule(store, rule) for rule in rules]
    asked = [weight for permission in request.get("IpPermissions") or [] for weight in _asked(store, permission)]
    limit = account.settings["quota.rules_per_group"]
    if any(sum(weight[family] for weight in there + asked) > limit for family in (0, 1)):
        raise aws_error(
            "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."
        )


@guard("ec2", "CreateNetworkInterface", "ModifyNetworkInterfaceAttribute")
def limit_groups(account, region, request, context):
    if len(request.get("Groups") or []) > groups_per_interface(account):
        raise aws_error(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        )


@guard("elbv2", "CreateLoadBalancer", "SetSecurityGroups")
def limit_groups_of_balancers(account, region, request, context):
    limit = groups_per_interface(account)
    if len(request.get("SecurityGroups") or []) > limit:
        raise aws_error(
            "InvalidConfigurationRequest", f"A load balancer cannot have more than '{limit}' security groups"
        )


@guard("efs", "CreateMountTarget", "ModifyMountTargetSecurityGroups")
def limit_groups_of_mount_targets(account, region, request, context):
    if len(request.get("SecurityGroups") or []) > _FIVE:
        raise aws_error("SecurityGroupLimitExceeded", "You can specify up to five security groups.")


@guard("ecs", "CreateService", "UpdateService", "RunTask")
def limit_groups_of_tasks(account, region, request, context):
    awsvpc = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    if len(awsvpc.get("securityGroups") or []) > _FIVE:
        raise aws_error("InvalidParameterException", "securityGroups can have at most 5 items.")
