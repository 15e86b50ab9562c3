"""Access logs: the bucket must exist in the region and let Elastic Load Balancing write to the right keys.

Turning logs on writes a test object, as AWS does; a policy that is seconds old may not count yet
(`s3.policy_propagation`). Source: ALB user guide, "Enable access logs for your Application Load Balancer" (bucket
policy with the principal logdelivery.elasticloadbalancing.amazonaws.com; only SSE-S3 is supported).
"""

from __future__ import annotations

from localstack_fargate import policy
from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error
from localstack_fargate.services import s3_settings

setting("elb.log_interval", 0)  # AWS: 300, one object every five minutes; 0: none

PRINCIPAL = "logdelivery.elasticloadbalancing.amazonaws.com"
TEST_OBJECTS = {
    "access_logs": "ELBAccessLogTestFile",
    "connection_logs": "ELBConnectionLogTestFile",
    "health_check_logs": "ELBHealthCheckLogTestFile",
}


def require_grant(account, region: str, balancer: dict, logs: str, attributes: dict[str, str]) -> None:
    """Refuses as AWS does unless the test object can be written, and writes it."""
    name, prefix = attributes[f"{logs}.s3.bucket"], attributes[f"{logs}.s3.prefix"].strip("/")
    bucket, owner = _bucket(account, region, name)
    folder = f"{prefix}/" if prefix else ""
    key = f"{folder}AWSLogs/{account.id}/{TEST_OBJECTS[logs]}"
    age = None if bucket is None else s3_settings.policy_age(account, bucket)
    if age is not None and age < account.settings["s3.policy_propagation"]:
        transient = age < account.settings["s3.policy_propagation"] / 2
        raise _refused("S3Bucket validation transient issue" if transient else _denied(name))
    encrypted_otherwise = bucket is not None and _algorithm(bucket) not in (None, "AES256")
    if bucket is None or bucket.bucket_region != region or encrypted_otherwise or not _granted(
        account, region, bucket, f"arn:aws:s3:::{name}/{key}"
    ):
        raise _refused(_denied(name))
    write(owner, region, name, key, f"Enable AccessLog for ELB: {balancer['LoadBalancerName']}")
    if logs == "access_logs" and account.settings["elb.log_interval"] > 0:
        _deliver_later(account, region, balancer, name, owner, folder)


def _denied(name: str) -> str:
    return f"Access Denied for bucket: {name}. Please check S3bucket permission"


def _refused(message: str):
    return aws_error("InvalidConfigurationRequest", message)


def _bucket(account, region: str, name: str):
    from localstack.services.s3.models import s3_stores

    owner = s3_stores[account.id][region].global_bucket_map.get(name)
    return (s3_stores[owner][region].buckets.get(name), owner) if owner else (None, None)


def _algorithm(bucket) -> str | None:
    rule = bucket.encryption_rule or {}
    return (rule.get("ApplyServerSideEncryptionByDefault") or {}).get("SSEAlgorithm")


def _granted(account, region: str, bucket, resource: str) -> bool:
    if not bucket.policy:
        return False
    applying = [s for s in policy.statements(bucket.policy) if _names_delivery(s.get("Principal"))]
    context = {
        "aws:SecureTransport": ["true"],
        "aws:SourceAccount": [account.id],
        "aws:SourceArn": [f"arn:aws:elasticloadbalancing:{region}:{account.id}:loadbalancer/*"],
        "s3:x-amz-acl": ["bucket-owner-full-control"],
    }
    documents = [{"Version": "2012-10-17", "Statement": [s]} for s in applying]
    return policy.decide(documents, "s3:PutObject", resource, context)[0] == "allowed"


def _names_delivery(principal) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    return PRINCIPAL in policy.listed(principal.get("Service")) or "*" in policy.listed(principal.get("AWS"))


def write(owner: str, region: str, bucket: str, key: str, text: str) -> None:
    """Puts an object as the service does, past the account's own policies."""
    from localstack.aws.connect import connect_to

    s3 = connect_to(aws_access_key_id=owner, region_name=region).s3
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode())


def _deliver_later(account, region, balancer, name, owner, folder) -> None:
    from botocore.exceptions import ClientError

    from localstack_fargate.services import elbv2

    def deliver(acct):
        attributes = balancer["_attributes"]
        alive = balancer["LoadBalancerArn"] in elbv2.region_of(acct, region).balancers
        stamp = int(acct.clock.now())
        key = f"{folder}AWSLogs/{acct.id}/elasticloadbalancing/{region}/{stamp}_{balancer['LoadBalancerName']}.log.gz"
        try:
            write(owner, region, name, key, "")
        except ClientError:  # the bucket is gone: AWS drops the log
            return
        if alive and attributes["access_logs.s3.enabled"] == "true" and attributes["access_logs.s3.bucket"] == name:
            acct.schedule(acct.settings["elb.log_interval"] or 300, deliver)

    account.schedule(account.settings["elb.log_interval"], deliver)
