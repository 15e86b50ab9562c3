"""Every tagged resource of an account, as (ARN, tags): what the Resource Groups Tagging API lists.

IAM roles are not among them: AWS does not list those either. Each service is asked through its own operations, so what
it hides or shows is hidden or shown here.
"""

from __future__ import annotations

from typing import Any, Iterator

from localstack_fargate.account import Account
from localstack_fargate.middleware import invoke
from localstack_fargate.pagination import everything
from localstack_fargate.tags import as_pairs

Tagged = tuple[str, dict[str, str]]

_EC2 = (
    ("DescribeVpcs", "Vpcs", "VpcId", "vpc"),
    ("DescribeSubnets", "Subnets", "SubnetId", "subnet"),
    ("DescribeInternetGateways", "InternetGateways", "InternetGatewayId", "internet-gateway"),
    ("DescribeNatGateways", "NatGateways", "NatGatewayId", "natgateway"),
    ("DescribeRouteTables", "RouteTables", "RouteTableId", "route-table"),
    ("DescribeNetworkAcls", "NetworkAcls", "NetworkAclId", "network-acl"),
    ("DescribeSecurityGroups", "SecurityGroups", "GroupId", "security-group"),
    ("DescribeSecurityGroupRules", "SecurityGroupRules", "SecurityGroupRuleId", "security-group-rule"),
    ("DescribeAddresses", "Addresses", "AllocationId", "elastic-ip"),
    ("DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId", "vpc-endpoint"),
    ("DescribeNetworkInterfaces", "NetworkInterfaces", "NetworkInterfaceId", "network-interface"),
    ("DescribeFlowLogs", "FlowLogs", "FlowLogId", "vpc-flow-log"),
    ("DescribeClientVpnEndpoints", "ClientVpnEndpoints", "ClientVpnEndpointId", "client-vpn-endpoint"),
)


def all_tagged(account: Account, region: str) -> list[Tagged]:
    """Sorted by ARN; resources without tags are left out."""
    found = [
        (arn, dict(as_pairs(tags)))
        for collect in (_ec2, _elbv2, _ecs, _efs, _logs, _secrets, _s3, _kms, _ssm, _ecr, _backup, _acm)
        for arn, tags in collect(account, region)
    ]
    return sorted((arn, tags) for arn, tags in found if tags)


def _ec2(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for operation, result, identity, kind in _EC2:
        for item in invoke(account, region, "ec2", operation, {}).get(result) or []:
            tags = item.get("Tags")
            if tags and item.get(identity):
                yield f"arn:aws:ec2:{region}:{account.id}:{kind}/{item[identity]}", tags


def _elbv2(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    balancers = [lb["LoadBalancerArn"] for lb in everything(account, region, "elbv2", "DescribeLoadBalancers", {})]
    arns = list(balancers)
    arns += [group["TargetGroupArn"] for group in everything(account, region, "elbv2", "DescribeTargetGroups", {})]
    for balancer in balancers:
        for listener in everything(account, region, "elbv2", "DescribeListeners", {"LoadBalancerArn": balancer}):
            arns.append(listener["ListenerArn"])
            rules = invoke(account, region, "elbv2", "DescribeRules", {"ListenerArn": listener["ListenerArn"]})["Rules"]
            arns += [rule["RuleArn"] for rule in rules if not rule.get("IsDefault")]
    for start in range(0, len(arns), 20):
        answer = invoke(account, region, "elbv2", "DescribeTags", {"ResourceArns": arns[start : start + 20]})
        for entry in answer["TagDescriptions"]:
            yield entry["ResourceArn"], entry["Tags"]


def _ecs(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    def described(operation: str, result: str, field: str, arns: list[str], size: int, **more: Any) -> Iterator[dict]:
        for start in range(0, len(arns), size):
            request = {field: arns[start : start + size], "include": ["TAGS"], **more}
            yield from invoke(account, region, "ecs", operation, request)[result]

    clusters = everything(account, region, "ecs", "ListClusters", {})
    for cluster in described("DescribeClusters", "clusters", "clusters", clusters, 100):
        yield cluster["clusterArn"], cluster.get("tags")
        of_cluster = {"cluster": cluster["clusterArn"]}
        services = everything(account, region, "ecs", "ListServices", of_cluster)
        for service in described("DescribeServices", "services", "services", services, 10, **of_cluster):
            yield service["serviceArn"], service.get("tags")
        tasks = everything(account, region, "ecs", "ListTasks", of_cluster)
        tasks += everything(account, region, "ecs", "ListTasks", of_cluster | {"desiredStatus": "STOPPED"})
        for task in described("DescribeTasks", "tasks", "tasks", sorted(set(tasks)), 100, **of_cluster):
            yield task["taskArn"], task.get("tags")
    for status in ("ACTIVE", "INACTIVE"):
        for arn in everything(account, region, "ecs", "ListTaskDefinitions", {"status": status}):
            request = {"taskDefinition": arn, "include": ["TAGS"]}
            yield arn, invoke(account, region, "ecs", "DescribeTaskDefinition", request).get("tags")


def _efs(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for system in everything(account, region, "efs", "DescribeFileSystems", {}):
        arn = f"arn:aws:elasticfilesystem:{region}:{account.id}:file-system/{system['FileSystemId']}"
        yield arn, system.get("Tags")
    for point in everything(account, region, "efs", "DescribeAccessPoints", {}):
        yield point["AccessPointArn"], point.get("Tags")


def _logs(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for group in everything(account, region, "logs", "DescribeLogGroups", {}):
        arn = group["arn"].removesuffix(":*")
        yield arn, invoke(account, region, "logs", "ListTagsForResource", {"resourceArn": arn}).get("tags")


def _secrets(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for secret in everything(account, region, "secretsmanager", "ListSecrets", {"IncludePlannedDeletion": True}):
        yield secret["ARN"], secret.get("Tags")


def _s3(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    from localstack.services.s3.models import s3_stores

    store = s3_stores[account.id][region]
    for name, bucket in store.buckets.items():
        if bucket.bucket_region == region:
            yield f"arn:aws:s3:::{name}", bucket_tags(account, name)


def bucket_tags(account: Account, name: str) -> dict[str, str]:
    """Tags of a bucket; LocalStack keeps them beside the bucket, by its ARN."""
    from localstack.services.s3.models import s3_stores

    listed = s3_stores[account.id]["us-east-1"].TAGS.list_tags_for_resource(f"arn:aws:s3:::{name}")
    return dict(as_pairs(listed.get("Tags")))


def _kms(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for key in everything(account, region, "kms", "ListKeys", {}):
        yield key["KeyArn"], invoke(account, region, "kms", "ListResourceTags", {"KeyId": key["KeyId"]}).get("Tags")


def _ssm(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for parameter in everything(account, region, "ssm", "DescribeParameters", {}):
        request = {"ResourceType": "Parameter", "ResourceId": parameter["Name"]}
        arn = f"arn:aws:ssm:{region}:{account.id}:parameter/{parameter['Name'].lstrip('/')}"
        yield arn, invoke(account, region, "ssm", "ListTagsForResource", request).get("TagList")


def _ecr(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for repository in everything(account, region, "ecr", "DescribeRepositories", {}):
        arn = repository["repositoryArn"]
        yield arn, invoke(account, region, "ecr", "ListTagsForResource", {"resourceArn": arn}).get("tags")


def _backup(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for vault in everything(account, region, "backup", "ListBackupVaults", {}):
        arn = vault["BackupVaultArn"]
        yield arn, invoke(account, region, "backup", "ListTags", {"ResourceArn": arn}).get("Tags")


def _acm(account: Account, region: str) -> Iterator[tuple[str, Any]]:
    for certificate in everything(account, region, "acm", "ListCertificates", {}):
        arn = certificate["CertificateArn"]
        yield arn, invoke(account, region, "acm", "ListTagsForCertificate", {"CertificateArn": arn}).get("Tags")
