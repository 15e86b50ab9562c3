"""Access logs: the bucket must exist in the region and let Elastic Load Balancing write to the right keys.

    POST /_emulator/<account>/access-logs   delivers one file with these requests, as if its interval had just ended
        {"balancer": "ce-prod", "region": "us-east-1", "ended": -60,
         "requests": [{"at": -90, "client": "10.0.0.7:4711", "request": "GET http://x:80/ HTTP/1.1", "status": 200}]}

Turning logs on writes a test object, as AWS does; a policy that is seconds old may not count yet
(`s3.policy_propagation`). Source: ALB user guide, "Enable access logs for your Application Load Balancer" (bucket
policy with the principal logdelivery.elasticloadbalancing.amazonaws.com; only SSE-S3 is supported).
"""

from __future__ import annotations

import gzip
import itertools
from datetime import datetime, timezone

from localstack_fargate import policy
from localstack_fargate.account import setting
from localstack_fargate.control import body_of, route
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


def write(owner: str, region: str, bucket: str, key: str, content: str | bytes) -> None:
    """Puts an object as the service does, past the account's own policies."""
    from localstack.aws.connect import connect_to

    s3 = connect_to(aws_access_key_id=owner, region_name=region).s3
    s3.put_object(Bucket=bucket, Key=key, Body=content.encode() if isinstance(content, str) else content)


_NUMBERS = itertools.count()


def file_key(account, region: str, balancer: dict, folder: str, ended: float) -> str:
    """ALB user guide, "Access log files": the folder is the day of the delivery, the name has the interval's end."""
    delivered, end = (datetime.fromtimestamp(stamp, timezone.utc) for stamp in (account.clock.now(), ended))
    full_name = balancer["LoadBalancerArn"].split(":loadbalancer/")[1].replace("/", ".")
    name = f"{account.id}_elasticloadbalancing_{region}_{full_name}_{end:%Y%m%dT%H%MZ}_10.0.0.9_{next(_NUMBERS):08x}"
    return f"{folder}AWSLogs/{account.id}/elasticloadbalancing/{region}/{delivered:%Y/%m/%d}/{name}.log.gz"


def entry(account, balancer: dict, request: dict) -> str:
    """ALB user guide, "Access log entries": the fields in their order."""

    def shown(stamp: float) -> str:
        return datetime.fromtimestamp(stamp, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    answered = account.clock.now() + request.get("at", 0)
    status, target = request.get("status", 200), request.get("target", "10.0.2.10:3000")
    took = "0.001 0.010 0.000" if target != "-" else "0.000 -1 -1"
    target_status = request.get("target_status", status if target != "-" else "-")
    line = request["request"].replace("\\", "\\x5C").replace('"', "\\x22")
    name, error = balancer["LoadBalancerArn"].split(":loadbalancer/")[1], request.get("error", "-")
    return (
        f"http {shown(answered)} {name} {request.get('client', '10.0.0.7:4711')} {target} {took} {status} "
        f'{target_status} 100 200 "{line}" "{request.get("agent", "curl/8.5.0")}" - - arn:aws:tg "Root=1-0" "-" "-" 0 '
        f'{shown(answered - 0.011)} "forward" "-" "{error}" "{target}" "{target_status}" "-" "-" TID_0'
    )


@route("access-logs", ("POST",))
def _deliver(account, request) -> dict:
    from localstack_fargate.services import elbv2

    wanted = body_of(request)
    region = wanted.get("region", "us-east-1")
    balancers = elbv2.region_of(account, region).balancers.values()
    balancer = next(one for one in balancers if one["LoadBalancerName"] == wanted["balancer"])
    name, prefix = (balancer["_attributes"][f"access_logs.s3.{part}"] for part in ("bucket", "prefix"))
    _, owner = _bucket(account, region, name)
    ended = account.clock.now() + wanted.get("ended", 0)
    key = file_key(account, region, balancer, f"{prefix}/" if prefix else "", ended)
    lines = "".join(entry(account, balancer, one) + "\n" for one in wanted["requests"])
    write(owner, region, name, key, gzip.compress(lines.encode()))
    return {"key": key}


def _deliver_later(account, region, balancer, name, owner, folder) -> None:
    from botocore.exceptions import ClientError

    from localstack_fargate.services import elbv2

    def deliver(acct):
        attributes = balancer["_attributes"]
        alive = balancer["LoadBalancerArn"] in elbv2.region_of(acct, region).balancers
        key = file_key(acct, region, balancer, folder, acct.clock.now())
        try:
            write(owner, region, name, key, gzip.compress(b""))
        except ClientError:  # the bucket is gone: AWS drops the log
            return
        if alive and attributes["access_logs.s3.enabled"] == "true" and attributes["access_logs.s3.bucket"] == name:
            acct.schedule(acct.settings["elb.log_interval"] or 300, deliver)

    account.schedule(account.settings["elb.log_interval"], deliver)
