"""Clients, tags and waiting, as a script would have them."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

NAME = "prod"
STEM = f"ce-{NAME}"
REGION = "us-east-1"
SERVICES = ("sts", "ec2", "iam", "efs", "ecs", "elbv2", "logs", "s3", "secretsmanager")


class Aws:
    """One client a service, made before the first call, and the account's number."""

    def __init__(self, threads: int, poll_seconds: float) -> None:
        self.poll_seconds = poll_seconds
        config = Config(max_pool_connections=threads, retries={"mode": "standard", "max_attempts": 5})
        self.clients = {service: boto3.client(service, region_name=REGION, config=config) for service in SERVICES}

    def __getattr__(self, service: str) -> Any:
        return self.clients[service]

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            time.sleep(self.poll_seconds)

    def patiently(self, codes: tuple[str, ...], call: Callable[..., Any], **arguments: Any) -> Any:
        """Calls again while AWS answers one of these codes: what it needs has not spread yet, or still goes."""
        while True:
            try:
                return call(**arguments)
            except ClientError as error:
                if error.response["Error"]["Code"] not in codes:
                    raise
            time.sleep(self.poll_seconds)


def side_by_side(threads: int, calls: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda call: call(), calls))


def tags(address: str, title: str | None = None) -> dict[str, str]:
    """The tags of ce-aws, without its digests: so the two stacks can be compared."""
    name = title or address.replace("/", " ")
    return {"Name": f"ce-{NAME} {name}", "ce-aws:deployment": NAME, "ce-aws:address": address,
            "ce-aws:digest": "-", "ce-aws:run": "-"}  # fmt: skip


def tag_list(address: str, title: str | None = None) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags(address, title).items()]


def ecs_tags(address: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags(address).items()]


def ec2_tags(sort: str, address: str, title: str | None = None) -> list[dict]:
    return [{"ResourceType": sort, "Tags": tag_list(address, title)}]


def document(statements: list[dict]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def file_system_arn(account: str, file_system: str) -> str:
    return f"arn:aws:elasticfilesystem:{REGION}:{account}:file-system/{file_system}"
