"""What the caller may do: with the setting `iam.caller_policy` (a policy document, or a list of them), all else is
refused.

What the organization denies (`organization.policies`) is refused in any case.

Off by default: the caller is then the account's root, who may do everything; what each call would need is recorded all
the same (control `authorizations`). `iam.caller` makes the caller somebody else: `user/NAME` or
`assumed-role/NAME/SESSION`. Sources: IAM user guide, "Policy evaluation logic", "IAM and AWS STS quotas"; "Troubleshoot
access denied error messages"; each service's API reference (the error code).
"""

from __future__ import annotations

import json
import re
from typing import Any

from localstack_fargate import organization, policy
from localstack_fargate.account import Account, setting
from localstack_fargate.authorization import owned
from localstack_fargate.authorization.needs import Need, NoRule, needs_of
from localstack_fargate.authorization.readers import Call
from localstack_fargate.middleware import after, aws_error, guard, override
from localstack_fargate.services import iam

_POLICY_SIZE = 6_144  # characters without white space, of one managed policy
_POLICIES = 10  # managed policies attached to one user or role


def documents(account: Account) -> list[Any]:
    """The caller's policies; none: the caller may do everything."""
    return policy.listed(account.settings["iam.caller_policy"])


def _check_documents(value: Any) -> None:
    if len(policy.listed(value)) > _POLICIES:
        raise ValueError(f"Cannot exceed quota for PoliciesPerRole: {_POLICIES}")
    for document in policy.listed(value):
        try:
            policy.check_identity_policy(document)
        except policy.Malformed as malformed:
            raise ValueError(str(malformed)) from None
        text = document if isinstance(document, str) else json.dumps(document)
        if len(re.sub(r"\s", "", text)) > _POLICY_SIZE:
            raise ValueError(f"Cannot exceed quota for PolicySize: {_POLICY_SIZE}")


def _check_caller_name(value: Any) -> None:
    if value is not None and not re.match(r"^(user/[\w+=,.@-]+|assumed-role/[\w+=,.@-]+/[\w+=,.@-]+)$", str(value)):
        raise ValueError("a caller is user/NAME or assumed-role/NAME/SESSION")


setting("iam.caller_policy", None, _check_documents)
setting("iam.caller", None, _check_caller_name)


def caller_arn(account: Account) -> str:
    name = account.settings["iam.caller"] or "root"
    return f"arn:aws:{'sts' if name.startswith('assumed-role/') else 'iam'}::{account.id}:{name}"


def user_id(account: Account) -> str:
    """`aws:userid`, shortened to the caller's name; of the root user the account's number."""
    name = account.settings["iam.caller"]
    return name.rsplit("/", 1)[-1] if name else account.id


def principal_arn(account: Account) -> str:
    """The user or role whose policies count: for a session the role."""
    name = account.settings["iam.caller"] or "root"
    lasting = re.sub(r"^assumed-(role/[^/]+)/.*", r"\1", name)
    return f"arn:aws:iam::{account.id}:{lasting}"


@after("sts", "GetCallerIdentity")
def _name_caller(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    return response | {"Arn": caller_arn(account)} if account.settings["iam.caller"] else response


@guard("*", "*")
def _check_caller(account: Account, region: str, request: dict, context: Any) -> None:
    if getattr(context, "from_inside", False):
        return
    service, operation = context.service.service_name, context.operation.name
    entry, given = context.emulator_entry, documents(account)
    try:
        needs = needs_of(account, region, service, operation, request)
    except NoRule as unknown:
        entry.authorizations = [{"action": str(unknown), "resource": None, "allowed": not given, "keys": {}}]
        if given:
            raise _denied(
                service, f"the emulator has no rule for {service} {operation}: see localstack_fargate/authorization"
            ) from None
        return
    decided = [(need, _decide(account, region, given, need)) for need in needs]
    entry.authorizations = [_noted(need, decision) for need, decision in decided]
    refused = [(need, decision) for need, decision in decided if decision != "allowed"]
    unknown = [
        need for need in needs if need.action == "iam:PassRole" and not iam.may_be_passed(account, need.resource)
    ]
    if unknown:
        raise _denied(service, _words(account, unknown[0], "implicitDeny"))
    if (service, operation) == ("s3", "DeleteObjects"):
        context.emulator_refused = {
            need.resource.partition(":::")[2]: _words(account, need, decision) for need, decision in refused
        }
    elif refused:
        raise _denied(service, _words(account, *refused[0]))


def refusal(account: Account, region: str, need: Need, entry: Any) -> str | None:
    """The same for what is no call of an API: noted with the call it belongs to. Why it is refused; None if it is not.
    """
    decision = _decide(account, region, documents(account), need)
    entry.authorizations.append(_noted(need, decision))
    return None if decision == "allowed" else _words(account, need, decision)


@override("s3", "DeleteObjects")
def _delete_the_allowed(account: Account, region: str, request: dict, context: Any, call_next: Any) -> Any:
    """Each object is judged by itself, and reported in the answer (S3 API reference, DeleteObjects)."""
    refused = getattr(context, "emulator_refused", {})
    if not refused:
        return call_next(request)
    kept, errors = [], []
    for one in request["Delete"]["Objects"]:
        words = refused.get(f"{request['Bucket']}/{one['Key']}")
        if words is None:
            kept.append(one)
        else:
            names = {name: one[name] for name in ("Key", "VersionId") if one.get(name)}
            errors.append(names | {"Code": "AccessDenied", "Message": words})
    answer = call_next(request | {"Delete": request["Delete"] | {"Objects": kept}}) if kept else {}
    return answer | {"Errors": [*(answer.get("Errors") or []), *errors]}


def _noted(need: Need, decision: str) -> dict:
    return {"action": need.action, "resource": need.resource, "allowed": decision == "allowed", "keys": need.keys}


def _decide(account: Account, region: str, given: list[Any], need: Need) -> str:
    if not given and not account.settings["organization.policies"]:
        return "allowed"
    call = Call(account, region, {}, need.action.split(":")[0])
    context = {
        "aws:RequestedRegion": [region],
        "aws:PrincipalAccount": [account.id],
        "aws:PrincipalArn": [principal_arn(account)],
        "aws:userid": [user_id(account)],
        "aws:ResourceAccount": [need.resource.split(":")[4] or account.id] if need.resource != "*" else [account.id],
        "aws:SecureTransport": ["true"],
    }
    tags = owned.keys_of(call, need.resource) if need.owned else {}
    context = context | tags | need.keys
    if organization.denies(account, need, context):
        return "deniedByOrganization"
    return policy.decide(given, need.action, need.resource, context)[0] if given else "allowed"


def _words(account: Account, need: Need, decision: str) -> str:
    why = f"because no identity-based policy allows the {need.action} action"
    if decision == "explicitDeny":
        why = "with an explicit deny in an identity-based policy"
    if decision == "deniedByOrganization":
        why = "with an explicit deny in a service control policy"
    who = f"User: {caller_arn(account)} is not authorized to perform: {need.action}"
    return f"{who} on resource: {need.resource} {why}"


_QUERY_PROTOCOL = ("iam", "sts", "elbv2", "s3", "sns", "cloudwatch")


def _denied(service: str, message: str) -> Exception:
    if service == "ec2":
        return aws_error("UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403)
    if service in _QUERY_PROTOCOL:
        return aws_error("AccessDenied", message, 403)
    return aws_error("AccessDeniedException", message, 403 if service in ("efs", "backup") else 400)
