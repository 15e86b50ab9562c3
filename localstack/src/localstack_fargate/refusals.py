"""How each service refuses a call that it would otherwise serve: throttled, credentials that are no longer good, a
clock that is wrong, a region that is not enabled, a bucket that is elsewhere.

Sources: the common errors of each service's API reference; EC2 Developer Guide, "Error codes"; S3 API Reference, "Error
responses"; IAM User Guide, "Troubleshoot signed requests". What a region answers that is not enabled is as users report
it to aws-cli, chalice and fog-aws. That EC2 says `RequestExpired` to a wrong clock follows its guide; users also report
`AuthFailure` (unverified).
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from localstack.aws.api import CommonServiceException, RequestContext

from localstack_fargate.faults import Rule

Refusal = tuple[str, str, int]
"""Code, message, HTTP status."""

_THROTTLES: dict[str, Refusal] = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "iam": ("Throttling", "Rate exceeded", 400),
    "sts": ("Throttling", "Rate exceeded", 400),
    "elbv2": ("Throttling", "Rate exceeded", 400),
    "cloudwatch": ("Throttling", "Rate exceeded", 400),
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
    "efs": ("ThrottlingException", "Rate exceeded", 429),
    "backup": ("ThrottlingException", "Rate exceeded", 429),
    "resourcegroupstaggingapi": ("ThrottledException", "Rate exceeded", 400),
    "service-quotas": ("TooManyRequestsException", "Rate exceeded", 400),
}
_THROTTLED = ("ThrottlingException", "Rate exceeded", 400)

_FAMILIES = {
    "ec2": "ec2",
    "s3": "s3",
    "iam": "query",
    "sts": "query",
    "elbv2": "query",
    "cloudwatch": "query",
    "efs": "rest",
    "backup": "rest",
}
"""All other services are `json`."""

_EXPIRED = "The security token included in the request is expired"
_INVALID = "The security token included in the request is invalid."
_EC2_INVALID = ("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
_SCOPE = "Credential should be scoped to a valid region."

_REFUSALS: dict[str, dict[str, Refusal]] = {
    "expired": {
        "ec2": ("RequestExpired", "Request has expired.", 400),
        "s3": ("ExpiredToken", "The provided token has expired.", 400),
        "query": ("ExpiredToken", _EXPIRED, 403),
        "rest": ("ExpiredTokenException", _EXPIRED, 403),
        "json": ("ExpiredTokenException", _EXPIRED, 400),
    },
    "invalid-token": {
        "ec2": _EC2_INVALID,
        "s3": ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
        "query": ("InvalidClientTokenId", _INVALID, 403),
        "rest": ("UnrecognizedClientException", _INVALID, 403),
        "json": ("UnrecognizedClientException", _INVALID, 400),
    },
    "opt-in": {
        "ec2": _EC2_INVALID,
        "s3": ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
        "query": ("InvalidClientTokenId", _INVALID, 403),
        "rest": ("UnrecognizedClientException", _INVALID, 403),
        "json": ("UnrecognizedClientException", _INVALID, 400),
    },
    "skewed": {
        "ec2": ("RequestExpired", "Request has expired.", 400),
        "s3": (
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            403,
        ),
        "query": ("SignatureDoesNotMatch", "{skew}", 403),
        "rest": ("InvalidSignatureException", "{skew}", 403),
        "json": ("InvalidSignatureException", "{skew}", 400),
    },
    "wrong-region": {
        "ec2": _EC2_INVALID,
        "s3": (
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all "
            "future "
            "requests to this endpoint.",
            301,
        ),
        "query": ("SignatureDoesNotMatch", _SCOPE, 403),
        "rest": ("InvalidSignatureException", _SCOPE, 403),
        "json": ("InvalidSignatureException", _SCOPE, 400),
    },
}
_BUCKET_ELSEWHERE = "AuthorizationHeaderMalformed"


def of(rule: Rule, service: str, context: RequestContext) -> CommonServiceException | None:
    """What the service says to a call that such a rule strikes; None where it would not refuse."""
    if rule.kind == "opt-in" and service == "iam":  # one for all regions
        return None
    code, message, status = _default(rule, service, context)
    status = rule.status or status
    message = rule.message or message.replace("{skew}", _skew())
    return CommonServiceException(
        rule.code or code, message, status, sender_fault=status < 500 or rule.kind == "throttle"
    )


def _default(rule: Rule, service: str, context: RequestContext) -> Refusal:
    if rule.kind == "error":
        return "InternalError", "An internal error has occurred", 500
    if rule.kind == "wrong-region" and service == "s3" and rule.code == _BUCKET_ELSEWHERE:
        message = "The authorization header is malformed; the region '{}' is wrong; expecting '{}'"
        return _BUCKET_ELSEWHERE, message.format(context.region, elsewhere(context)), 400
    return usual(rule.kind, service)


def usual(kind: str, service: str) -> Refusal:
    """What a service says on such an occasion."""
    return _THROTTLES.get(service, _THROTTLED) if kind == "throttle" else _REFUSALS[kind][family(service)]


def family(service: str) -> str:
    """ec2, s3, query, rest or json: services of one family word their refusals alike."""
    return _FAMILIES.get(service, "json")


def elsewhere(context: RequestContext) -> str:
    """The region that a bucket of the wrong one is in."""
    return "us-west-2" if context.region == "eu-west-1" else "eu-west-1"


def _skew() -> str:
    """The words for a client whose clock is an hour slow."""
    now = datetime.now(timezone.utc)
    late = timedelta(minutes=15)
    signed, oldest, current = (f"{moment:%Y%m%dT%H%M%SZ}" for moment in (now - 4 * late, now - late, now))
    return f"Signature expired: {signed} is now earlier than {oldest} ({current} - 15 min.)"
