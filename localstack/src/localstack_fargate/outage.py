"""How a fault reaches the client: refusals, HTML pages, corrupted answers, broken connections."""

from __future__ import annotations

import re
from typing import Any, Iterator

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.protocol.serializer import create_serializer
from localstack.http import Response

from localstack_fargate import refusals
from localstack_fargate.faults import REFUSALS, SPOILT, Rule

_HTML = {
    "html404": (404, "Not Found"),
    "html503": (503, "Service Temporarily Unavailable"),
}
_NAMES = re.compile(r"(Id|Ids|Arn|ARN|^arn)$")
_GARBAGE = b"}<{\xff\xfe not what any protocol says ]]>"


def install() -> None:
    """Lets a handler reach the connection its request came on, so that it can break it."""
    import rolo.serving.twisted as serving

    update = serving.update_wsgi_environment

    def update_with_connection(environ: dict, request: Any) -> None:
        update(environ, request)
        environ["localstack_fargate.connection"] = request

    serving.update_wsgi_environment = update_with_connection


def instead_of_serving(service: str, struck: list[Rule], context: RequestContext) -> Response | None:
    """Raises the error, breaks the connection or gives the answer of the first rule that keeps a call from being
    served."""
    for rule in struck:
        if rule.kind in _HTML:
            status, words = _HTML[rule.kind]
            return Response(f"<html><body><h1>{status} {words}</h1></body></html>", status=status, mimetype="text/html")
        if rule.kind == "hold" and rule.before:
            rule.hold()
        if rule.kind == "before-lost" or rule.kind == "hold" and rule.before:
            break_connection(context)
            raise CommonServiceException("ConnectionLost", f"fault {rule.kind}", 500)
        if rule.kind in SPOILT and rule.before:
            return _corrupted(rule.kind, {}, context)
        if rule.kind in REFUSALS and (refusal := refusals.of(rule, service, context)):
            if service == "s3" and rule.kind == "wrong-region":
                return _redirect(refusal, context)
            raise refusal
    return None


def hold_answer(struck: list[Rule]) -> None:
    for rule in struck:
        if rule.kind == "hold":
            rule.hold()


def corrupt(struck: list[Rule], answer: Any, context: RequestContext) -> Any:
    """The answer to a call that was executed, or what a rule makes of it."""
    for rule in struck:
        if rule.kind in SPOILT and not rule.before:
            return _corrupted(rule.kind, answer, context)
        if rule.kind == "nameless":
            answer = _without_names(answer)
    return answer


def _without_names(value: Any) -> Any:
    """A copy of an answer in which nothing has an identifier or an ARN."""
    if isinstance(value, dict):
        return {key: _without_names(item) for key, item in value.items() if not _NAMES.search(key)}
    return [_without_names(item) for item in value] if isinstance(value, list) else value


def answer_is_lost(struck: list[Rule]) -> bool:
    return any(rule.kind == "lost" for rule in struck)


def break_connection(context: RequestContext) -> None:
    """Resets the TCP connection of the call at once; whatever is answered afterwards goes nowhere."""
    from twisted.internet import reactor

    connection = context.request.environ.get("localstack_fargate.connection")
    reactor.callFromThread(lambda: connection.channel.transport.abortConnection())


def _redirect(refusal: CommonServiceException, context: RequestContext) -> Response:
    """S3 also names the right region in a header, the only place where an answer to HEAD can."""
    serializer = create_serializer(context.service, context.protocol)
    answer = serializer.serialize_error_to_response(
        refusal, context.operation, context.request.headers, context.request_id
    )
    answer.headers["x-amz-bucket-region"] = refusals.elsewhere(context)
    return answer


def _corrupted(kind: str, answer: Any, context: RequestContext) -> Response:
    if not isinstance(answer, Response):
        serializer = create_serializer(context.service, context.protocol)
        answer = serializer.serialize_to_response(
            answer or {}, context.operation, context.request.headers, context.request_id
        )
    if kind == "truncated":
        body = answer.get_data()
        corrupted = Response(_half(body, context), status=answer.status_code, mimetype=answer.mimetype)
        corrupted.headers["Content-Length"] = str(max(len(body), 2))
        return corrupted
    return Response(_GARBAGE if kind == "garbage" else b"", status=200, mimetype=answer.mimetype)


def _half(body: bytes, context: RequestContext) -> Iterator[bytes]:
    """The first half; then the connection is closed in good order, short of what its Content-Length has promised."""
    from twisted.internet import reactor

    yield body[: len(body) // 2] or b"\n"
    connection = context.request.environ.get("localstack_fargate.connection")
    reactor.callFromThread(lambda: connection.channel.transport.loseConnection())
