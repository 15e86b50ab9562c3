"""One wrapper around every operation of every service, LocalStack's native ones included.

Order of one call: check against AWS's models (noted only), faults that prevent it, settle due events, guards (may
refuse), override (may replace, may call the emulator), after-hooks (may change the answer), faults that corrupt or lose
the answer. The account's lock is held from settling to the last after-hook. Calls that LocalStack makes to itself pass
straight through.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import logging
import time
from typing import Any, Callable

from localstack.aws.api import CommonServiceException, RequestContext, ServiceException
from localstack.aws.handlers.service import ServiceRequestRouter
from localstack.aws.skeleton import Skeleton

from localstack_fargate import account as accounts
from localstack_fargate import outage
from localstack_fargate.account import Account
from localstack_fargate.conformance import ledger
from localstack_fargate.faults import Rule
from localstack_fargate.journal import Entry

LOG = logging.getLogger(__name__)

_OVERRIDES: list[tuple[str, str, Callable]] = []
_GUARDS: list[tuple[str, str, Callable]] = []
_AFTERS: list[tuple[str, str, Callable]] = []
_AROUNDS: list[tuple[str, str, Callable]] = []


def _registrar(registry: list[tuple[str, str, Callable]]):
    def register(service: str, *operations: str):
        def keep(fn: Callable) -> Callable:
            registry.extend((service, operation, fn) for operation in operations)
            return fn

        return keep

    return register


override = _registrar(_OVERRIDES)
"""`@override(service, *operations)`: fn(account, region, request, context, call_next) -> response dict.

`call_next(request)` does what the emulator did before this override, in the end what the emulator does; the request may
be changed first. A later registration wraps an earlier one. Service and operations are globs in all three decorators.
"""

guard = _registrar(_GUARDS)
"""`@guard(service, *operations)`: fn(account, region, request, context); raises `aws_error(...)` to refuse."""

after = _registrar(_AFTERS)
"""`@after(service, *operations)`: fn(account, region, request, response, context) -> response. Only after success."""

around = _registrar(_AROUNDS)
"""`@around(service, *operations)`: fn(account, region, request, context) -> context manager, entered before the
account's lock is taken: for what depends on which calls are under way at the same time. Entering may raise
`aws_error(...)`."""


def aws_error(code: str, message: str, status: int = 400, sender_fault: bool = True) -> CommonServiceException:
    """An AWS error, to be raised; it is serialised in the protocol of the service."""
    return CommonServiceException(code, message, status_code=status, sender_fault=sender_fault)


def _matching(registry: list[tuple[str, str, Callable]], service: str, operation: str) -> list[Callable]:
    return [
        fn
        for wanted_service, wanted_operation, fn in registry
        if fnmatch.fnmatchcase(service, wanted_service) and fnmatch.fnmatchcase(operation, wanted_operation)
    ]


@functools.cache
def _registered(service: str, operation: str) -> tuple[list[Callable], list[Callable], list[Callable]]:
    guards, overrides, afters = (_matching(registry, service, operation) for registry in (_GUARDS, _OVERRIDES, _AFTERS))
    return guards, overrides, afters


def install() -> None:
    """Wraps every dispatch table that LocalStack adds to its router from now on."""
    add_skeleton = ServiceRequestRouter.add_skeleton

    def add_wrapped(self: ServiceRequestRouter, skeleton: Skeleton) -> None:
        service = skeleton.service.service_name
        wrapped = {
            operation: functools.partial(_serve, service, operation, handler)
            for operation, handler in skeleton.dispatch_table.items()
        }
        add_skeleton(self, Skeleton(skeleton.service, wrapped))

    ServiceRequestRouter.add_skeleton = add_wrapped
    outage.install()


def _serve(service: str, operation: str, handler: Callable, context: RequestContext, request: dict | None) -> Any:
    request = request if request is not None else {}
    if context.is_internal_call:
        return handler(context, request)
    account = accounts.get(context.account_id)
    with account.lock:
        entry = account.journal.add(account.clock.now(), service, operation, request, context)
        struck = account.faults.struck(service, operation, entry.request, entry.n)
    context.emulator_entry = entry
    ledger.note(account, entry, request, context)
    entry.fault = "+".join(rule.kind for rule in struck) or None
    with contextlib.ExitStack() as waits:
        for rule in struck:
            if rule.kind == "latency":
                time.sleep(account.clock.wall_seconds(rule.seconds))
            elif rule.kind == "lockstep":
                waits.enter_context(rule.one_round())
        try:
            return _answer(account, entry, struck, handler, context, request)
        finally:
            entry.ended, entry.wall_ended = account.clock.now(), time.time()


def _answer(
    account: Account, entry: Entry, struck: list[Rule], handler: Callable, context: RequestContext, request: dict
) -> Any:
    """Performs the call, or what a fault makes of it; notes the outcome."""
    service, operation = entry.service, entry.operation
    try:
        if answer := outage.instead_of_serving(service, struck, context):
            entry.status, entry.code = answer.status_code, entry.fault
            return answer
        with contextlib.ExitStack() as stack:
            for surround in _matching(_AROUNDS, service, operation):
                stack.enter_context(surround(account, context.region, request, context))
            with account.lock:
                account.settle()
                response = perform(service, operation, handler, account, context, request)
        entry.status = 200
        outage.hold_answer(struck)
        response = outage.corrupt(struck, response, context)
    except Exception as error:
        _note_failure(entry, error)
        if outage.answer_is_lost(struck):
            outage.break_connection(context)
        raise
    if outage.answer_is_lost(struck):
        outage.break_connection(context)
    return response


def perform(
    service: str, operation: str, handler: Callable, account: Account, context: RequestContext, request: dict
) -> Any:
    """Guards, overrides, emulator and after-hooks of one operation, without faults or journal."""
    guards, overrides, afters = _registered(service, operation)
    original, snapshot = request, _copy(request)

    def emulator(wanted: dict) -> Any:
        if wanted is original and wanted == snapshot:
            return handler(context, wanted)
        return handler(_with_request(context, wanted), wanted)

    call: Callable[[dict], Any] = emulator
    for replacement in overrides:
        call = functools.partial(_overridden, replacement, account, context, call)
    for refuse in guards:
        refuse(account, context.region, request, context)
    response = call(request)
    for change in afters:
        response = change(account, context.region, request, response, context)
    return response


def _overridden(fn: Callable, account: Account, context: RequestContext, call_next: Callable, request: dict) -> Any:
    return fn(account, context.region, request, context, call_next)


def _with_request(context: RequestContext, request: dict) -> RequestContext:
    """The same call with other parameters: moto reads the HTTP request, so that has to be rewritten."""
    from localstack.aws.forwarder import create_aws_request_context

    fresh = create_aws_request_context(
        service_name=context.service.service_name,
        action=context.operation.name,
        protocol=context.protocol,
        parameters=request,
        region=context.region,
    )
    headers = fresh.request.headers
    headers["Authorization"] = context.request.headers.get("Authorization", "")
    headers["x-moto-account-id"] = context.account_id
    fresh.account_id, fresh.request_id = context.account_id, context.request_id
    fresh.partition, fresh.trace_context = context.partition, context.trace_context
    fresh.service_request = request
    return fresh


def invoke(account: Account, region: str, service: str, operation: str, request: dict) -> Any:
    """Calls an operation from inside the emulator, as the account itself: with guards and overrides, without faults or
    journal.

    Its context has `from_inside` set to True.
    """
    from localstack.aws.forwarder import create_aws_request_context
    from localstack.services.plugins import SERVICE_PLUGINS
    from localstack.utils.aws.request_context import mock_aws_request_headers

    context = create_aws_request_context(service, operation, parameters=request, region=region)
    context.account_id, context.from_inside = account.id, True
    context.request.headers["Authorization"] = mock_aws_request_headers(
        service, aws_access_key_id=account.id, region_name=region
    )["Authorization"]
    context.request.headers["x-moto-account-id"] = account.id
    handler = SERVICE_PLUGINS.require(service).skeleton.dispatch_table[operation]
    with account.lock:
        return perform(service, operation, handler, account, context, request)


def _copy(value: Any) -> Any:
    """Copies the containers of a request, not its leaves (they may be streams)."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item) for item in value]
    return value


def _note_failure(entry: Entry, error: Exception) -> None:
    if isinstance(error, ServiceException):
        entry.code = getattr(error, "code", None) or type(error).__name__
        entry.status = getattr(error, "status_code", None) or 400
        entry.error = error.message
    elif isinstance(error, NotImplementedError):
        entry.code, entry.status, entry.error = "InternalFailure", 501, str(error)
    elif hasattr(error, "error_type"):  # moto's own errors
        entry.code, entry.status, entry.error = error.error_type, getattr(error, "code", 400), str(error)
    else:
        LOG.exception("%s.%s failed", entry.service, entry.operation)
        entry.code, entry.status, entry.error = "InternalError", 500, f"{type(error).__name__}: {error}"
