"""Reads everything that the stack consists of: what a plan needs, and where a destruction begins.

Lists first, side by side; then what the lists do not say: tags, attributes, policies and settings.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from aws import NAME, REGION, STEM, Aws, side_by_side

ROLES = ("task", "execution", "flow-log")
BUCKETS = ("alb-logs", "access-logs")
OF_A_BUCKET = (
    "get_bucket_encryption", "get_public_access_block", "get_bucket_ownership_controls",
    "get_bucket_lifecycle_configuration", "get_bucket_logging", "get_bucket_notification_configuration",
    "get_bucket_policy", "get_bucket_tagging",
)  # fmt: skip


def read(aws: Aws, account: str, threads: int) -> dict[str, Any]:
    """Answers by name; None where there is nothing."""
    first = _calls_without_ids(aws, account)
    found = dict(zip(first, side_by_side(threads, [partial(_answer, call) for call in first.values()])))
    then = _calls_with_ids(aws, found)
    found |= dict(zip(then, side_by_side(threads, [partial(_answer, call) for call in then.values()])))
    return found


def _answer(call) -> Any:
    try:
        return call()
    except ClientError as error:
        words = error.response["Error"]["Code"]
        if "NotFound" in words or "NoSuch" in words or words == "ClientException":
            return None
        raise


def _calls_without_ids(aws: Aws, account: str) -> dict[str, Any]:
    ours = [{"Name": "tag:ce-aws:deployment", "Values": [NAME]}]
    calls = {
        "vpcs": partial(aws.ec2.describe_vpcs, Filters=ours),
        "subnets": partial(aws.ec2.describe_subnets, Filters=ours),
        "gateways": partial(aws.ec2.describe_internet_gateways, Filters=ours),
        "addresses": partial(aws.ec2.describe_addresses, Filters=ours),
        "nats": partial(aws.ec2.describe_nat_gateways, Filters=ours),
        "route tables": partial(aws.ec2.describe_route_tables, Filters=ours),
        "groups": partial(aws.ec2.describe_security_groups, Filters=ours),
        "acls": partial(aws.ec2.describe_network_acls, Filters=ours),
        "flow logs": partial(aws.ec2.describe_flow_logs, Filters=ours),
        "file systems": partial(aws.efs.describe_file_systems, CreationToken=f"ce-aws-{NAME}-main"),
        "balancers": partial(aws.elbv2.describe_load_balancers, Names=[STEM]),
        "target groups": partial(aws.elbv2.describe_target_groups, Names=[f"{STEM}-ui"]),
        "clusters": partial(aws.ecs.describe_clusters, clusters=[STEM], include=["SETTINGS", "TAGS"]),
        "services": partial(aws.ecs.describe_services, cluster=STEM, services=[STEM], include=["TAGS"]),
        "tasks": partial(aws.ecs.list_tasks, cluster=STEM),
        "task definition": partial(aws.ecs.describe_task_definition, taskDefinition=STEM, include=["TAGS"]),
        "log groups": partial(aws.logs.describe_log_groups, logGroupNamePrefix=f"/ce-aws/{NAME}/"),
        "secret": partial(aws.secretsmanager.describe_secret, SecretId=f"ce-aws/{NAME}/credentials"),
    }
    for name in ROLES:
        role = f"{STEM}-{REGION}-{name}"
        calls |= {
            f"role {name}": partial(aws.iam.get_role, RoleName=role),
            f"policies of {name}": partial(aws.iam.list_role_policies, RoleName=role),
            f"attached to {name}": partial(aws.iam.list_attached_role_policies, RoleName=role),
            f"policy of {name}": partial(aws.iam.get_role_policy, RoleName=role, PolicyName="cloud-exchange"),
        }
    for name in BUCKETS:
        bucket = f"{STEM}-{account}-{REGION}-{name}"
        calls |= {f"{read} {name}": partial(getattr(aws.s3, read), Bucket=bucket) for read in OF_A_BUCKET}
    return calls


def _calls_with_ids(aws: Aws, found: dict[str, Any]) -> dict[str, Any]:
    calls: dict[str, Any] = {}
    for vpc in found["vpcs"]["Vpcs"]:
        for attribute in ("enableDnsSupport", "enableDnsHostnames"):
            calls[attribute] = partial(aws.ec2.describe_vpc_attribute, VpcId=vpc["VpcId"], Attribute=attribute)
    for system in found["file systems"]["FileSystems"]:
        of_it = {"FileSystemId": system["FileSystemId"]}
        calls |= {
            "mount targets": partial(aws.efs.describe_mount_targets, **of_it),
            "access points": partial(aws.efs.describe_access_points, **of_it),
            "file system policy": partial(aws.efs.describe_file_system_policy, **of_it),
            "backup policy": partial(aws.efs.describe_backup_policy, **of_it),
        }
    for balancer in (found["balancers"] or {}).get("LoadBalancers", []):
        arn = balancer["LoadBalancerArn"]
        calls |= {
            "balancer attributes": partial(aws.elbv2.describe_load_balancer_attributes, LoadBalancerArn=arn),
            "balancer tags": partial(aws.elbv2.describe_tags, ResourceArns=[arn]),
            "listeners": partial(aws.elbv2.describe_listeners, LoadBalancerArn=arn),
        }
    for group in (found["target groups"] or {}).get("TargetGroups", []):
        arn = group["TargetGroupArn"]
        calls |= {
            "target group attributes": partial(aws.elbv2.describe_target_group_attributes, TargetGroupArn=arn),
            "target group tags": partial(aws.elbv2.describe_tags, ResourceArns=[arn]),
            "target health": partial(aws.elbv2.describe_target_health, TargetGroupArn=arn),
        }
    for group in found["log groups"]["logGroups"]:
        arn = group["arn"].removesuffix(":*")
        calls[f"tags of {arn}"] = partial(aws.logs.list_tags_for_resource, resourceArn=arn)
    if tasks := (found["tasks"] or {}).get("taskArns"):
        calls["described tasks"] = partial(aws.ecs.describe_tasks, cluster=STEM, tasks=tasks)
    return calls
