"""Whole accounts by one name: many settings at once, over `/_emulator/<account>/profile`.

    POST /_emulator/<account>/profile  {"name": "enterprise"}

`rough` is an account as enterprises run them, with all that AWS and a security team may do done at once: what is new is
unusable for as long as AWS ever takes, found late, in pages of one item, in answers of another order and with members
that nobody knows; an organization denies what a deployment does not strictly need, wants tags and their values; others
tag, extend and change what is made. Its settings stay single settings, and may be changed one by one afterwards.
"""

from __future__ import annotations

from typing import Any

from localstack_fargate import account as accounts
from localstack_fargate.account import Account
from localstack_fargate.control import body_of, route

_GLOBAL = [
    "acm:*", "budgets:*", "cloudfront:*", "globalaccelerator:*", "health:*", "iam:*", "kms:*", "organizations:*",
    "route53:*", "s3:GetAccountPublic*", "s3:ListAllMyBuckets", "sts:*", "support:*", "tag:*", "waf:*",
]  # fmt: skip
"""What the region of a request says nothing about: AWS Organizations user guide, "Deny access to AWS based on the
region"."""

_UNTAGGED = {"Null": {"aws:RequestTag/CostCenter": "true"}}

_DENIED: dict[str, dict] = {
    "OtherRegions": {
        "NotAction": _GLOBAL, "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}},
    },
    **{
        f"{operation}WithoutTags": {
            "Action": f"ec2:{operation}", "Resource": f"arn:aws:ec2:*:*:{kind}/*", "Condition": _UNTAGGED,
        }
        for operation, kind in {
            "CreateVpc": "vpc", "CreateSubnet": "subnet", "CreateNatGateway": "natgateway",
            "AllocateAddress": "elastic-ip",
            "CreateInternetGateway": "internet-gateway", "CreateRouteTable": "route-table",
            "CreateSecurityGroup": "security-group", "CreateFlowLogs": "vpc-flow-log",
        }.items()
    },
    "OthersWithoutTags": {
        "Action": [
            "elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup", "ecs:CreateCluster",
            "ecs:CreateService", "ecs:RegisterTaskDefinition", "secretsmanager:CreateSecret",
            "backup:CreateBackupVault",
            "iam:CreateRole", "logs:CreateLogGroup", "elasticfilesystem:CreateFileSystem",
        ],
        "Resource": "*", "Condition": _UNTAGGED,
    },
    "Unencrypted": {
        "Action": "elasticfilesystem:CreateFileSystem", "Resource": "*",
        "Condition": {"Bool": {"elasticfilesystem:Encrypted": "false"}},
    },
    "PlainHttp": {"Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    "Root": {"Action": "*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}},
    "ReadsThatAreNotNeeded": {
        "Action": ["servicequotas:*", "iam:SimulatePrincipalPolicy", "backup:DescribeRegionSettings"], "Resource": "*",
    },
    "Users": {"Action": ["iam:CreateUser", "iam:CreateAccessKey", "ec2:CreateDefaultVpc"], "Resource": "*"},
    "Watchers": {
        "Action": ["guardduty:*", "config:*", "cloudtrail:*", "s3:PutAccountPublicAccessBlock",
            "ecs:PutAccountSetting*"],
        "Resource": "*",
    },
}  # fmt: skip


def _policy(statements: dict[str, dict]) -> dict:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": sid, "Effect": "Deny", **one} for sid, one in statements.items()],
    }


PROFILES: dict[str, dict[str, Any]] = {
    "enterprise": {
        "iam.propagation": 15,
        "iam.pass_role": 3,
        "ecs.inject": [
            {"name": "aws-guardduty-agent", "behaviour": "cannot-pull"},
            {"name": "vendor-sidecar"},
        ],
        "guardduty.vpc": True,
        "iam.caller": "assumed-role/AWSReservedSSO_Administrator_0123456789abcdef/operator",
        "organization.policies": [_policy({sid: one}) for sid, one in _DENIED.items()],
        "organization.tags": {"CostCenter": ["4711"], "Environment": ["production"]},
        "ec2.visible": 20,
        "tags.visible": 20,
        "page.size": 1,
        "responses.reversed": True,
        "responses.sparse": True,
        "responses.unknown": True,
        "ecs.sorted_env": True,
        "ecs.container_insights": "enhanced",
        "s3.block_public": True,
        "others.tags": {"CreatedBy": "arn:aws:sts::111122223333:assumed-role/tagger/auto", "data-class": "unknown"},
        "others.vpc": True,
    }
}


@route("profile", ("GET", "POST"))
def _profile(account: Account, request: Any) -> Any:
    if request.method == "GET":
        return PROFILES
    name = body_of(request).get("name")
    if name not in PROFILES:
        raise ValueError(f"no profile {name!r}: there is {', '.join(PROFILES)}")
    for setting, value in PROFILES[name].items():
        if setting in accounts.CHECKS:
            accounts.CHECKS[setting](value)
        elif setting not in accounts.SETTINGS:
            raise KeyError(setting)
    account.settings.update(PROFILES[name])
    return PROFILES[name]
