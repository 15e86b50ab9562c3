"""The emulator's HTTP interface, on LocalStack's own port.

    GET              /_emulator/health
    GET              /_emulator/requests            how many were checked: `conformance/ledger.py`
    GET|POST         /_emulator/<account>/clock     {"scale": 60, "paused": true, "advance": 30}
    GET|POST         /_emulator/<account>/settings  {"nat.available": 105, ...}
    GET|POST|DELETE  /_emulator/<account>/faults    one rule or a list of rules, see `faults.py`
    GET|DELETE       /_emulator/<account>/journal   ?since=<n>
    GET              /_emulator/<account>/authorizations   ?since=<n>, what the calls of the journal needed
    POST             /_emulator/<account>/reset

Services add their own routes with `route`. A request that makes no sense gets 400 and {"error": "..."}.
"""

from __future__ import annotations

import json
import os
from typing import Any, Callable

from localstack_fargate import account as accounts
from localstack_fargate.account import Account

_ROUTES: dict[str, tuple[tuple[str, ...], Callable[[Account, Any], Any]]] = {}
_SHARED: dict[str, Callable[[], Any]] = {}


def route(path: str, methods: tuple[str, ...] = ("GET",)):
    """Registers `fn(account, request) -> JSON value` at /_emulator/<account>/<path>; the account's lock is held."""

    def register_route(fn: Callable[[Account, Any], Any]):
        _ROUTES[path] = (methods, fn)
        return fn

    return register_route


def shared_route(path: str):
    """Registers `fn() -> JSON value` at /_emulator/<path>, for all accounts together."""

    def register_route(fn: Callable[[], Any]):
        _SHARED[path] = fn
        return fn

    return register_route


def body_of(request: Any) -> Any:
    """The JSON body of a control request, {} when empty."""
    raw = request.get_data()
    return json.loads(raw) if raw else {}


def register(plain: bool) -> None:
    """Adds the routes to LocalStack; when plain, only the health route."""
    from localstack.services.edge import ROUTER

    def health(request: Any):
        return _answer({"status": "ok", "plain": plain, "instance": os.environ.get("EMULATOR_INSTANCE")})

    ROUTER.add("/_emulator/health", health, methods=["GET"])
    if plain:
        return

    for path, fn in _SHARED.items():
        ROUTER.add(f"/_emulator/{path}", lambda request, fn=fn: _answer(fn()), methods=["GET"])
    for path, (methods, fn) in _ROUTES.items():
        ROUTER.add(f"/_emulator/<account_id>/{path}", _endpoint(fn), methods=list(methods))


def _endpoint(fn: Callable[[Account, Any], Any]):
    def serve(request: Any, account_id: str):
        account = accounts.get(account_id)
        try:
            with account.lock:
                account.settle()
                return _answer(fn(account, request))
        except (ValueError, TypeError, KeyError) as error:
            return _answer({"error": str(error)}, status=400)

    return serve


def _answer(value: Any, status: int = 200):
    from localstack.http import Response

    return Response(json.dumps(value, default=str), status=status, mimetype="application/json")


@route("clock", ("GET", "POST"))
def _clock(account: Account, request: Any) -> dict:
    clock = account.clock
    if request.method == "POST":
        wanted = body_of(request)
        if unknown := set(wanted) - {"scale", "paused", "advance"}:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        if "scale" in wanted:
            clock.set_scale(float(wanted["scale"]))
        if "paused" in wanted:
            clock.pause() if wanted["paused"] else clock.resume()
        if "advance" in wanted:
            clock.advance(float(wanted["advance"]))
            account.settle()
    return {
        "now": clock.now(),
        "scale": clock.scale,
        "paused": clock.paused,
        "next": account.next_due(),
        "errors": account.errors,
    }


@route("settings", ("GET", "POST"))
def _settings(account: Account, request: Any) -> dict:
    if request.method == "POST":
        wanted = body_of(request)
        if unknown := set(wanted) - set(accounts.SETTINGS):
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        for name in wanted.keys() & accounts.CHECKS.keys():
            accounts.CHECKS[name](wanted[name])
        account.settings.update(wanted)
    return account.settings


@route("faults", ("GET", "POST", "DELETE"))
def _faults(account: Account, request: Any) -> list:
    if request.method == "DELETE":
        account.faults.clear()
    elif request.method == "POST":
        wanted = body_of(request)
        for rule in wanted if isinstance(wanted, list) else [wanted]:
            account.faults.add(rule)
    return account.faults.listing()


@route("journal", ("GET", "DELETE"))
def _journal(account: Account, request: Any) -> list:
    if request.method == "DELETE":
        account.journal.clear()
        return []
    return account.journal.since(int(request.args.get("since", 0)))


@route("authorizations")
def _authorizations(account: Account, request: Any) -> list:
    return account.journal.authorizations(int(request.args.get("since", 0)))


@route("reset", ("POST",))
def _reset(account: Account, request: Any) -> dict:
    from localstack_fargate.backends import forget

    account.faults.clear()
    account.reset()
    forget(account.id)
    return {"reset": account.id}
