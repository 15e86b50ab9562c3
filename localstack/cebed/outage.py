"""How a fault reaches the client: errors in each service's own words, HTML pages, broken connections."""

from __future__ import annotations

from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from cebed.faults import Rule

_THROTTLES: dict[str, tuple[str, str, int]] = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "iam": ("Throttling", "Rate exceeded", 400),
    "sts": ("Throttling", "Rate exceeded", 400),
    "elbv2": ("Throttling", "Rate exceeded", 400),
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
    "ecs": ("ThrottlingException", "Rate exceeded", 400),
    "efs": ("ThrottlingException", "Rate exceeded", 429),
    "ecr": ("ThrottlingException", "Rate exceeded", 400),
    "kms": ("ThrottlingException", "Rate exceeded", 400),
    "logs": ("ThrottlingException", "Rate exceeded", 400),
    "secretsmanager": ("ThrottlingException", "Rate exceeded", 400),
    "ssm": ("ThrottlingException", "Rate exceeded", 400),
    "backup": ("ThrottlingException", "Rate exceeded", 429),
    "resourcegroupstaggingapi": ("ThrottledException", "Rate exceeded", 400),
    "service-quotas": ("TooManyRequestsException", "Rate exceeded", 400),
}
_HTML = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"


def install() -> None:
    """Lets a handler reach the connection its request came on, so that it can break it."""
    import rolo.serving.twisted as serving

    update = serving.update_wsgi_environment

    def update_with_connection(environ: dict, request: Any) -> None:
        update(environ, request)
        environ["cebed.connection"] = request

    serving.update_wsgi_environment = update_with_connection


def instead_of_serving(service: str, struck: list[Rule], context: RequestContext) -> Response | None:
    """Raises the error, breaks the connection or gives the page of the first rule that keeps a call from being served."""
    for rule in struck:
        if rule.kind == "html503":
            return Response(_HTML, status=503, mimetype="text/html")
        if rule.kind == "hold" and rule.before:
            rule.hold()
        if rule.kind == "before-lost" or rule.kind == "hold" and rule.before:
            break_connection(context)
            raise CommonServiceException("ConnectionLost", f"fault {rule.kind}", 500)
        if rule.kind == "throttle":
            code, message, status = _THROTTLES.get(service, ("ThrottlingException", "Rate exceeded", 400))
            raise CommonServiceException(
                rule.code or code, rule.message or message, rule.status or status, sender_fault=True
            )
        if rule.kind == "error":
            status = rule.status or 500
            raise CommonServiceException(
                rule.code or "InternalError",
                rule.message or "An internal error has occurred",
                status,
                sender_fault=status < 500,
            )
    return None


def hold_answer(struck: list[Rule]) -> None:
    for rule in struck:
        if rule.kind == "hold":
            rule.hold()


def answer_is_lost(struck: list[Rule]) -> bool:
    return any(rule.kind == "lost" for rule in struck)


def break_connection(context: RequestContext) -> None:
    """Resets the TCP connection of the call at once; whatever is answered afterwards goes nowhere."""
    from twisted.internet import reactor

    connection = context.request.environ.get("cebed.connection")
    reactor.callFromThread(lambda: connection.channel.transport.abortConnection())
