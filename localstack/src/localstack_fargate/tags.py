"""What each service refuses in tags: more than fifty, `aws:` keys, twice the same key, characters outside its set.

Sources: the service API references (errors of CreateX and TagResource) and AWS General Reference, "Tag naming limits
and requirements": all but EC2 take letters, digits, spaces and _ . : / = + - @ only; EC2 takes any character.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any, Callable, Iterator

from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, guard, invoke

LIMIT = 50
_KEY_LENGTH, _VALUE_LENGTH = 128, 256
_PUNCTUATION = set("_.:/=+-@")


@dataclass(frozen=True)
class Codes:
    """Error codes of one service, and whether it restricts characters."""

    too_many: str
    reserved: str
    malformed: str
    duplicate: str
    any_character: bool = False


_CODES = {
    "ec2": Codes("TagLimitExceeded", "InvalidParameterValue", "InvalidParameterValue", "InvalidParameterValue", True),
    "iam": Codes("LimitExceeded", "InvalidInput", "ValidationError", "InvalidInput"),
    "s3": Codes("BadRequest", "InvalidTag", "InvalidTag", "InvalidTag"),
    "ecs": Codes(*["InvalidParameterException"] * 4),
    "efs": Codes(*["BadRequest"] * 4),
    "elbv2": Codes("TooManyTags", "ValidationError", "ValidationError", "DuplicateTagKeys"),
    "secretsmanager": Codes(*["InvalidParameterException"] * 4),
    "logs": Codes("TooManyTagsException", *["InvalidParameterException"] * 3),
    "kms": Codes("LimitExceededException", "TagException", "TagException", "TagException"),
    "ecr": Codes("TooManyTagsException", *["InvalidTagParameterException"] * 3),
    "ssm": Codes("TooManyTagsError", *["ValidationException"] * 3),
    "sns": Codes("TagLimitExceeded", *["InvalidParameter"] * 3),
    "cloudwatch": Codes(*["ValidationError"] * 4),
    "events": Codes("LimitExceededException", *["ValidationException"] * 3),
    "backup": Codes("LimitExceededException", *["InvalidParameterValueException"] * 3),
}

_CARRIERS = {
    ("iam", "Create*"), ("iam", "Tag*"),
    ("ecs", "Create*"), ("ecs", "RegisterTaskDefinition"), ("ecs", "RunTask"), ("ecs", "TagResource"),
    ("efs", "Create*"), ("efs", "TagResource"),
    ("elbv2", "Create*"), ("elbv2", "AddTags"),
    ("secretsmanager", "CreateSecret"), ("secretsmanager", "TagResource"),
    ("logs", "CreateLogGroup"), ("logs", "TagResource"), ("logs", "TagLogGroup"),
    ("kms", "CreateKey"), ("kms", "TagResource"),
    ("ecr", "CreateRepository"), ("ecr", "TagResource"),
    ("ssm", "PutParameter"), ("ssm", "AddTagsToResource"),
    ("sns", "CreateTopic"), ("sns", "TagResource"),
    ("cloudwatch", "PutMetricAlarm"), ("cloudwatch", "TagResource"),
    ("events", "PutRule"), ("events", "TagResource"),
    ("backup", "CreateBackup*"), ("backup", "StartBackupJob"), ("backup", "TagResource"),
    ("s3", "PutBucketTagging"), ("s3", "CreateBucket"),
    ("ec2", "CreateTags"), ("ec2", "Create*"), ("ec2", "AllocateAddress"), ("ec2", "RunInstances"),
}  # fmt: skip


def as_pairs(tags: Any) -> list[tuple[str, str]]:
    """Tags in any of AWS's spellings (map, Key/Value, key/value, TagKey/TagValue) as pairs."""
    if isinstance(tags, dict):
        return [(str(key), str(value or "")) for key, value in tags.items()]
    pairs = []
    for tag in tags or []:
        fields = {name.lower().removeprefix("tag"): value for name, value in tag.items()}
        pairs.append((str(fields.get("key", "")), str(fields.get("value") or "")))
    return pairs


def carried(request: dict) -> Iterator[list[tuple[str, str]]]:
    """The tag lists of a request, one for each thing that is tagged."""
    for name in ("Tags", "tags", "BackupVaultTags", "BackupPlanTags", "RecoveryPointTags"):
        if request.get(name):
            yield as_pairs(request[name])
    for specification in request.get("TagSpecifications") or []:
        yield as_pairs(specification.get("Tags"))
    for holder in (request.get("Tagging"), request.get("CreateBucketConfiguration")):
        if isinstance(holder, dict):
            yield as_pairs(holder.get("TagSet") or holder.get("Tags"))


def check(service: str, pairs: list[tuple[str, str]]) -> None:
    """Raises the service's own error when it would not take these tags."""
    codes = _CODES[service]
    if len(pairs) > LIMIT:
        raise aws_error(codes.too_many, f"The number of tags exceeds the maximum of {LIMIT} for a resource")
    seen = set()
    for key, value in pairs:
        folded = key.lower() if service == "iam" else key
        if folded in seen:
            raise aws_error(codes.duplicate, f"Duplicate tag key '{key}' specified.")
        seen.add(folded)
        if key.lower().startswith("aws:"):
            raise aws_error(codes.reserved, f"Tag keys starting with 'aws:' are reserved for internal use: '{key}'")
        if not 1 <= len(key) <= _KEY_LENGTH:
            raise aws_error(codes.malformed, f"Tag key '{key}' must have 1 to {_KEY_LENGTH} characters")
        if len(value) > _VALUE_LENGTH:
            raise aws_error(
                codes.malformed, f"Tag value of '{key}' exceeds the maximum length of {_VALUE_LENGTH} characters"
            )
        if not codes.any_character and not (is_common(key) and is_common(value)):
            raise aws_error(
                codes.malformed,

                f"The tag '{key}={value}' must satisfy regular expression pattern: "
                f"[\\p{{L}}\\p{{Z}}\\p{{N}}_.:/=+\\-@]*",
            )


def is_common(text: str) -> bool:
    """Whether all services take these characters."""
    return all(char in _PUNCTUATION or unicodedata.category(char)[0] in "LZN" for char in text)


def _check_request(account: Account, region: str, request: dict, context: Any) -> None:
    service, operation = context.service.service_name, context.operation.name
    for pairs in carried(request):
        check(service, pairs)
        if reader := _PRESENT.get((service, operation)):
            present = as_pairs(reader(account, region, request))
            total = {key for key, _ in present if not key.startswith("aws:")} | {key for key, _ in pairs}
            if len(total) > LIMIT:
                raise aws_error(
                    _CODES[service].too_many, f"The number of tags exceeds the maximum of {LIMIT} for a resource"
                )


for _service, _operation in sorted(_CARRIERS):
    guard(_service, _operation)(_check_request)


def _reader(operation: str, field: str, out: str, given: str) -> Callable[[Account, str, dict], Any]:
    def read(account: Account, region: str, request: dict) -> Any:
        service, called = operation.split(":")
        return invoke(account, region, service, called, {field: request[given]}).get(out)

    return read


def _of_elb(account: Account, region: str, request: dict) -> Any:
    answer = invoke(account, region, "elbv2", "DescribeTags", {"ResourceArns": request["ResourceArns"]})
    return max((entry["Tags"] for entry in answer["TagDescriptions"]), key=len, default=[])


_PRESENT: dict[tuple[str, str], Callable[[Account, str, dict], Any]] = {
    ("iam", "TagRole"): _reader("iam:ListRoleTags", "RoleName", "Tags", "RoleName"),
    ("ecs", "TagResource"): _reader("ecs:ListTagsForResource", "resourceArn", "tags", "resourceArn"),
    ("efs", "TagResource"): _reader("efs:ListTagsForResource", "ResourceId", "Tags", "ResourceId"),
    ("elbv2", "AddTags"): _of_elb,
    ("secretsmanager", "TagResource"): _reader("secretsmanager:DescribeSecret", "SecretId", "Tags", "SecretId"),
    ("logs", "TagResource"): _reader("logs:ListTagsForResource", "resourceArn", "tags", "resourceArn"),
}
"""How to read the tags a resource already has, for the operations that add to them."""
