"""What the templates of the tables read from a request and from what is there.

A reader gets the call and the value of a field, and gives strings; none: nothing is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from localstack.aws.api import ServiceException
from moto.utilities.utils import get_partition

from localstack_fargate.account import Account
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import invoke


@dataclass(frozen=True)
class Call:
    """One call to be authorised."""

    account: Account
    region: str
    request: dict
    prefix: str
    """Of the service's actions."""

    @property
    def partition(self) -> str:
        return get_partition(self.region)

    def arn(self, resource: str, prefix: str | None = None) -> str:
        return f"arn:{self.partition}:{prefix or self.prefix}:{self.region}:{self.account.id}:{resource}"


READERS: dict[str, Callable[[Call, Any], list[str]]] = {}


def reader(fn: Callable[[Call, Any], Any]) -> Callable:
    """Registers a reader under its function's name; it may give one string, many, or None."""

    def read(call: Call, value: Any) -> list[str]:
        found = fn(call, value)
        return found if isinstance(found, list) else [] if found is None else [found]

    READERS[fn.__name__] = read
    return fn


def each(fn: Callable[[Call, str], str | None]) -> Callable:
    """Registers a reader that is applied to every element."""

    def read(call: Call, value: Any) -> list[str]:
        values = value if isinstance(value, list) else [] if value is None else [value]
        return [text for item in values if (text := fn(call, str(item))) is not None]

    READERS[fn.__name__] = read
    return fn


def asked(call: Call, service: str, operation: str, request: dict) -> dict:
    """What the emulator itself answers; nothing if it refuses."""
    try:
        return invoke(call.account, call.region, service, operation, request)
    except Exception as error:
        if isinstance(error, ServiceException) or hasattr(error, "error_type"):  # moto's own errors have that
            return {}
        raise


READERS["partition"] = lambda call, _: [call.partition]
READERS["region"] = lambda call, _: [call.region]
READERS["account"] = lambda call, _: [call.account.id]


@each
def last_part(call: Call, value: str) -> str:
    return value.rsplit("/", 1)[-1]


@each
def task_of_session(call: Call, value: str) -> str | None:
    """Of `ecs:<cluster>_<task>_<runtime id>`."""
    cluster, _, task = value.removeprefix("ecs:").rpartition("_")[0].rpartition("_")
    return f"{cluster}/{task}"


@reader
def record_names(call: Call, batch: Any) -> list[str]:
    """The names in a batch of changes, in lower case and without the final dot (Route 53 developer guide, "Using IAM
    policy conditions for fine-grained access control")."""
    return sorted({one["ResourceRecordSet"]["Name"].lower().rstrip(".") for one in (batch or {}).get("Changes") or []})


@reader
def record_types(call: Call, batch: Any) -> list[str]:
    return sorted({one["ResourceRecordSet"]["Type"] for one in (batch or {}).get("Changes") or []})


@reader
def record_actions(call: Call, batch: Any) -> list[str]:
    return sorted({one["Action"] for one in (batch or {}).get("Changes") or []})


@reader
def truth(call: Call, value: Any) -> str | None:
    return None if value is None else str(value).lower()


@reader
def role_arn(call: Call, value: Any) -> str | None:
    return value if ":role/" in str(value or "") and str(value).startswith("arn:") else None


@reader
def lacking(call: Call, value: Any) -> str | None:
    return None if value else "lacking"


def _only(wanted: str) -> None:
    """Registers `is_<wanted>`: the value, if it is that one."""
    READERS[f"is_{wanted}"] = lambda call, value: [value] if value == wanted else []


for _value in ("s3", "iam", "elasticloadbalancing"):
    _only(_value)


# ---- EC2

_KINDS = {
    "vpc": "vpc", "subnet": "subnet", "igw": "internet-gateway", "nat": "natgateway", "rtb": "route-table",
    "acl": "network-acl", "sg": "security-group", "sgr": "security-group-rule", "eipalloc": "elastic-ip",
    "fl": "vpc-flow-log", "eni": "network-interface", "vpce": "vpc-endpoint", "cvpn": "client-vpn-endpoint",
}  # fmt: skip


@each
def ec2_resource(call: Call, value: str) -> str | None:
    kind = _KINDS.get(value.split("-", 1)[0])
    return kind and f"{kind}/{value}"


def _association(call: Call, value: Any) -> tuple[str | None, str | None]:
    for table in moto_backend("ec2", call.account.id, call.region).route_tables.values():
        if value in table.all_associations_ids:
            return table.id, table.associations.get(value)
    return None, None


@reader
def route_table(call: Call, value: Any) -> str | None:
    return _association(call, value)[0]


@reader
def associated_subnet(call: Call, value: Any) -> str | None:
    return _association(call, value)[1]


# ---- ECS


@reader
def cluster_name(call: Call, value: Any) -> list[str]:
    values = value if isinstance(value, list) and value else [value or "default"]
    return [str(name).rsplit("/", 1)[-1] for name in values]


def _definition(call: Call, value: Any) -> dict:
    return (
        asked(call, "ecs", "DescribeTaskDefinition", {"taskDefinition": value}).get("taskDefinition", {})
        if value
        else {}
    )


@reader
def definition(call: Call, value: Any) -> str | None:
    """ARN of the task definition, of its latest revision if the request names none."""
    known = _definition(call, value).get("taskDefinitionArn")
    return known or (value and call.arn(f"task-definition/{str(value).rsplit('/', 1)[-1]}"))


def _role_of_run(call: Call, field: str) -> str | None:
    overridden = (call.request.get("overrides") or {}).get(field)
    return overridden or _definition(call, call.request.get("taskDefinition")).get(field)


@reader
def task_role_of_run(call: Call, _: Any) -> str | None:
    return _role_of_run(call, "taskRoleArn")


@reader
def execution_role_of_run(call: Call, _: Any) -> str | None:
    return _role_of_run(call, "executionRoleArn")


@reader
def propagated(call: Call, value: Any) -> str | None:
    """`propagateTags` of RunTask, if the task's definition has tags to give."""
    if value != "TASK_DEFINITION" or call.request.get("tags"):
        return None
    wanted = {"taskDefinition": call.request.get("taskDefinition"), "include": ["TAGS"]}
    return value if asked(call, "ecs", "DescribeTaskDefinition", wanted).get("tags") else None


# ---- EFS


def _mount_target(call: Call, value: Any) -> dict:
    from localstack_fargate.services import efs

    return efs.region_of(call.account, call.region).mount_targets.get(value) or {}


@reader
def file_system(call: Call, value: Any) -> str | None:
    return _mount_target(call, value).get("FileSystemId")


@reader
def interface(call: Call, value: Any) -> str | None:
    return _mount_target(call, value).get("NetworkInterfaceId")


@each
def efs_resource(call: Call, value: str) -> str | None:
    name = value.rsplit("/", 1)[-1]
    return f"{'access-point' if name.startswith('fsap-') else 'file-system'}/{name}"


@reader
def points_or_system(call: Call, _: Any) -> str | None:
    named = call.request.get("AccessPointId") or call.request.get("FileSystemId")
    return efs_resource(call, named) if named else None


# ---- Elastic Load Balancing


@reader
def listeners(call: Call, value: Any) -> str | None:
    """What a new listener of the load balancer, or a new rule of the listener, will be called."""
    return value and value.replace(":loadbalancer/", ":listener/") + "/*"


@reader
def listener_rules(call: Call, value: Any) -> str | None:
    return value and value.replace(":listener/", ":listener-rule/") + "/*"


# ---- IAM


def _iam_arn(call: Call, resource: str) -> str:
    return f"arn:{call.partition}:iam::{call.account.id}:{resource}"


def _role(call: Call, name: Any) -> Any | None:
    return next((r for r in moto_backend("iam", call.account.id, "aws").roles.values() if r.name == name), None)


@reader
def role(call: Call, value: Any) -> str:
    known = _role(call, value)
    return known.arn if known else _iam_arn(call, f"role{call.request.get('Path') or '/'}{value}")


@reader
def user(call: Call, value: Any) -> str | None:
    return value and _iam_arn(call, f"user/{value}")


@reader
def boundary(call: Call, _: Any) -> str | None:
    known = _role(call, call.request.get("RoleName"))
    return call.request.get("PermissionsBoundary") or (getattr(known, "permissions_boundary_arn", None) or None)


@reader
def service_linked(call: Call, value: Any) -> str | None:
    from localstack.services.iam.resources.service_linked_roles import SERVICE_LINKED_ROLES

    name = SERVICE_LINKED_ROLES.get(value, {}).get("role_name", "AWSServiceRoleFor*")
    return value and _iam_arn(call, f"role/aws-service-role/{value}/{name}")


@reader
def lacked_role(call: Call, value: Any) -> str | None:
    return None if _role(call, value) else value


# ---- S3


@reader
def bucket_tags(call: Call, value: Any) -> str | None:
    return "tags" if isinstance(value, dict) and value.get("Tags") else None


@reader
def missing_object(call: Call, value: Any) -> str | None:
    from localstack_fargate.services.s3_buckets import bucket

    found = bucket(call.request.get("Bucket", ""))
    present = found is None or getattr(found.objects.get(value), "etag", None)
    return None if present else value


def _doomed(value: Any, versioned: bool) -> list[str]:
    objects = (value or {}).get("Objects") or []
    return [one.get("Key", "") for one in objects if bool(one.get("VersionId")) == versioned]


@reader
def keys(call: Call, value: Any) -> list[str]:
    return _doomed(value, versioned=False)


@reader
def versioned_keys(call: Call, value: Any) -> list[str]:
    return _doomed(value, versioned=True)


# ---- keys, secrets, logs, images


@reader
def key(call: Call, value: Any) -> str | None:
    """ARN of a key, also of the one behind an alias."""
    if not value:
        return None
    known = asked(call, "kms", "DescribeKey", {"KeyId": value}).get("KeyMetadata", {}).get("Arn")
    return known or (value if value.startswith("arn:") else call.arn(f"key/{value}", "kms"))


@reader
def alias(call: Call, value: Any) -> str | None:
    name = str(value or "").rsplit(":", 1)[-1]
    return name if name.startswith("alias/") else None


@reader
def session_target(call: Call, value: Any) -> str | None:
    """The container that a session's data key is bound to."""
    return (value or {}).get("aws:ssm:TargetId")


@reader
def backup_key(call: Call, _: Any) -> str:
    return key(call, call.request.get("EncryptionKeyArn")) or call.arn("key/*", "kms")


def _secret(call: Call, value: Any) -> dict:
    return asked(call, "secretsmanager", "DescribeSecret", {"SecretId": value}) if value else {}


@reader
def secret(call: Call, value: Any) -> str | None:
    known = _secret(call, value).get("ARN")
    return known or (value if str(value).startswith("arn:") else call.arn(f"secret:{value}-??????"))


@reader
def secret_key(call: Call, _: Any) -> str | None:
    """ARN of the key of one's own that encrypts the secret; its default key asks nothing of the caller."""
    named = call.request.get("KmsKeyId") or _secret(call, call.request.get("SecretId")).get("KmsKeyId")
    return None if not named or named.endswith("alias/aws/secretsmanager") else key(call, named)


@reader
def log_group(call: Call, value: Any) -> str | None:
    """Some operations name a group by `logGroupIdentifier`, a name or an ARN."""
    identifier = call.request.get("logGroupIdentifier") or ""
    return value or (identifier.split(":log-group:")[-1].removesuffix(":*") or None)


@reader
def registry(call: Call, value: Any) -> str:
    return value or call.account.id
