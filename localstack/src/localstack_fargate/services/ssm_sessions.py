"""Sessions of Systems Manager with ports of Fargate tasks; those of ExecuteCommand can be resumed too.

Source: Systems Manager API reference (StartSession, ResumeSession, TerminateSession, DescribeSessions); user guide,
"Start a session" (port forwarding, to a remote host too), "Specify an idle session timeout value". A session's id
begins with the caller's `aws:userid` (the same, "Sample IAM policies for Session Manager"), here shortened to a name.

Settings: `ssm.idle_minutes`, after which a session without traffic ends, by the wall times the account's scale.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from localstack_fargate import access
from localstack_fargate import account as accounts
from localstack_fargate.account import Account, setting
from localstack_fargate.middleware import aws_error, invoke, override
from localstack_fargate.services.ec2_common import timestamp
from localstack_fargate.services.ecs import exec_channel, exec_rules, model, port_agent
from localstack_fargate.services.ecs.session_encryption import Encryption

setting("ssm.idle_minutes", 20)

PORT, HOST = "AWS-StartPortForwardingSession", "AWS-StartPortForwardingSessionToRemoteHost"


@dataclass
class Session:
    id: str
    target: str
    document: str
    reason: str | None
    owner: str
    region: str
    task: Any
    agent: port_agent.Agent
    entry: Any
    started: float
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    ended: float | None = None

    def view(self) -> dict:
        shown = {"SessionId": self.id, "Target": self.target, "DocumentName": self.document, "Owner": self.owner}
        shown |= {"Status": "Connected" if self.ended is None else "Terminated", "StartDate": timestamp(self.started)}
        shown |= {"Reason": self.reason} if self.reason else {}
        return shown | ({"EndDate": timestamp(self.ended)} if self.ended is not None else {})


def _sessions(account: Account) -> dict[str, Session]:
    return account.state("ssm.sessions", dict)


def _not_connected(target: str) -> Exception:
    return aws_error("TargetNotConnected", f"{target} is not connected.")


def _task(account: Account, region: str, target: str) -> Any:
    """The task of `ecs:<cluster>_<task>_<runtime id>`, whose container and agent run."""
    cluster, _, rest = target.removeprefix("ecs:").rpartition("_")[0].rpartition("_")
    runtime = target.rpartition("_")[2]
    for task in model.of(account, region).tasks.values():
        if target.startswith("ecs:") and task.id == rest and task.cluster.name == cluster:
            running = [c for c in task.containers if c.runtime_id == runtime and c.status == "RUNNING"]
            agents = task.exec_enabled and not account.settings["ecs.exec_agent_stopped"]
            if running and agents and task.status == "RUNNING" and task.desired == "RUNNING":
                return task
    raise _not_connected(target)


def _serves(account: Account, task: Any, host: str | None, port: int) -> bool:
    """Whether anything listens there: a running container's mapped port, or a listener of a load balancer."""
    if host is None:
        mapped = [m for c in task.containers if c.status == "RUNNING" for m in c.definition.get("portMappings") or []]
        return any(mapping.get("containerPort") == port for mapping in mapped)
    for balancer in invoke(account, task.region, "elbv2", "DescribeLoadBalancers", {})["LoadBalancers"]:
        if balancer["DNSName"] == host:
            named = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
            listeners = invoke(account, task.region, "elbv2", "DescribeListeners", named)["Listeners"]
            return any(listener["Port"] == port for listener in listeners)
    return False


@override("ssm", "StartSession")
def _start(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    document, parameters = request.get("DocumentName"), request.get("Parameters") or {}
    if document not in (PORT, HOST):
        raise aws_error("InvalidDocument", f"Document with name {document} does not exist.")
    one = {name: (values or [""])[0] for name, values in parameters.items()}
    known = {"portNumber", "localPortNumber"} | ({"host"} if document == HOST else set())
    port = one.get("portNumber", "")
    if set(one) - known or not port.isdigit() or not 0 < int(port) < 65536 or (document == HOST and not one.get("host")):
        raise aws_error("InvalidParameters", "The parameters do not match those of the document.")
    task = _task(account, region, request["Target"])
    rule = port_agent.rule_of(account)
    listens = rule.listens and _serves(account, task, one.get("host"), int(port))
    name = f"{access.user_id(account)}-{uuid.uuid4().hex[:17]}"
    fault = "altered" if rule.altered else None
    encryption = (
        Encryption(account, task, request["Target"], name, rule.kms_key, fault) if rule.kms_key else None
    )
    agent = port_agent.Agent(port_agent.Rule(**{**vars(rule), "listens": listens}), int(port), encryption)
    session = Session(
        name, request["Target"], document, request.get("Reason"), access.caller_arn(account), region, task, agent,
        context.emulator_entry, account.clock.now(),
    )  # fmt: skip
    _sessions(account)[name] = session
    return _answer(account, session, context)


def _answer(account: Account, session: Session, context: Any) -> dict:
    host = context.request.host
    address = f"ws://{host}/_emulator/{account.id}/port/{session.id}?role=publish_subscribe"
    return {"SessionId": session.id, "StreamUrl": address, "TokenValue": session.token}


def _found(account: Account, request: dict) -> Session:
    session = _sessions(account).get(request["SessionId"])
    if session is None:
        raise aws_error("DoesNotExistException", f"Session with id {request['SessionId']} does not exist.")
    return session


@override("ssm", "ResumeSession")
def _resume(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    """A session that has ended gets no token (`aws/session-manager-plugin`, `ResumeSessionHandler`)."""
    if (command := exec_rules.session_of(account, request["SessionId"])) is not None:
        return exec_channel.resumed(account, request["SessionId"], command, context.request.host)
    session = _found(account, request)
    _note_end(account, session)
    if session.ended is not None:
        return {"SessionId": session.id}
    session.token = uuid.uuid4().hex
    return _answer(account, session, context)


@override("ssm", "TerminateSession")
def _terminate(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    session = _found(account, request)
    session.agent.end("")
    _note_end(account, session)
    return {"SessionId": session.id}


@override("ssm", "DescribeSessions")
def _describe(account: Account, region: str, request: dict, context: Any, call_next: Any) -> dict:
    all_sessions = list(_sessions(account).values())
    for session in all_sessions:
        _note_end(account, session)
    active = request["State"] == "Active"
    shown = [session.view() for session in all_sessions if (session.ended is None) == active]
    for wanted in request.get("Filters") or []:
        if (key := wanted["key"]) in ("Target", "Owner", "SessionId", "Status"):
            shown = [one for one in shown if one[key] == wanted["value"]]
    return {"Sessions": shown}


def _note_end(account: Account, session: Session) -> None:
    if session.ended is None and (why := _over(account, session)) is not None:
        session.agent.end(why)
    if session.ended is None and session.agent.ended is not None:
        session.ended = account.clock.now()


def _over(account: Account, session: Session) -> str | None:
    """Why the session has to end, if it has."""
    if session.agent.ended is not None:
        return session.agent.ended
    if session.task.status != "RUNNING" or session.task.desired != "RUNNING":
        return "The task has stopped."
    idle = (time.monotonic() - session.agent.used) * account.clock.scale
    if idle > account.settings["ssm.idle_minutes"] * 60:
        return f"SessionId: {session.id} : session timed out due to inactivity."
    return None


def register() -> None:
    """Adds the WebSocket of port sessions to LocalStack."""
    from localstack.services.edge import ROUTER

    ROUTER.add("/_emulator/<account_id>/port/<session>", _serve, methods=["WEBSOCKET"])


def _serve(request: Any, account_id: str, session: str) -> Any:
    def find(account: Account) -> Session | None:
        return _sessions(account).get(session)

    def speak(connection: Any, found: Session) -> None:
        account = accounts.get(account_id)

        def watch() -> str | None:
            # Whoever holds the lock is heard of at the next look.
            if not account.lock.acquire(blocking=False):
                return None
            try:
                account.settle()
                _note_end(account, found)
                return found.agent.ended
            finally:
                account.lock.release()

        found.agent.serve(connection, found.token, watch)

    return exec_channel.serve(request, account_id, session, find, speak)
