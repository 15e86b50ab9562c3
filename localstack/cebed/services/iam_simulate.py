"""IAM's policy simulator, evaluated from the documents themselves.

Source: IAM API Reference, SimulatePrincipalPolicy, SimulateCustomPolicy and EvaluationResult.
"""

from __future__ import annotations

from typing import Any, Callable

from cebed import policy
from cebed.account import Account
from cebed.backends import moto_backend
from cebed.middleware import aws_error, override
from cebed.services import iam_boundary


@override("iam", "SimulatePrincipalPolicy")
def _simulate_principal(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    entity = _entity_of(account, request.get("PolicySourceArn", ""))
    answer = _simulate(_documents_of(entity) + _given(request), request)
    for result in answer["EvaluationResults"]:
        _bound(account, entity, result, _values(request))
    return answer


def _bound(account: Account, entity: Any, result: dict, values: dict[str, list[str]]) -> None:
    """What the boundary makes of a decision."""
    allowed = iam_boundary.allows(account, entity, result["EvalActionName"], result["EvalResourceName"], values)
    if allowed is None:
        return
    result["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
    if not allowed and result["EvalDecision"] == "allowed":
        result["EvalDecision"] = "implicitDeny"


@override("iam", "SimulateCustomPolicy")
def _simulate_custom(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return _simulate(_given(request), request)


def _given(request: dict) -> list[tuple[str, str]]:
    return [(f"PolicyInputList.{n}", text) for n, text in enumerate(request.get("PolicyInputList") or [], 1)]


def _entity_of(account: Account, arn: str) -> Any:
    """The role, user or group."""
    backend = moto_backend("iam", account.id, "aws")
    kind, _, path = arn.partition(":")[2].rpartition(":")[2].partition("/")
    collections = {"role": backend.roles, "user": backend.users, "group": backend.groups}
    if kind not in collections:
        raise aws_error("InvalidInput", f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    entity = next((e for e in collections[kind].values() if e.arn == arn), None)
    if entity is None:
        raise aws_error("NoSuchEntity", f"The {kind} with name {path.rsplit('/', 1)[-1]} cannot be found.", 404)
    return entity


def _documents_of(entity: Any) -> list[tuple[str, Any]]:
    """(name, document) of every policy of the role, user or group."""
    attached = [(attached.arn.rsplit("/", 1)[-1], attached.document) for attached in entity.managed_policies.values()]
    return list(entity.policies.items()) + attached


def _values(request: dict) -> dict[str, list[str]]:
    return {entry["ContextKeyName"]: entry.get("ContextKeyValues") or [] for entry in request.get("ContextEntries") or []}


def _simulate(documents: list[tuple[str, Any]], request: dict) -> dict:
    for _, document in documents:
        try:
            policy.statements(document)
        except policy.Malformed as malformed:
            raise aws_error("InvalidInput", str(malformed)) from None
    values = _values(request)
    resources = request.get("ResourceArns") or ["*"]
    results = [_of_action(documents, action, resources, values) for action in request.get("ActionNames") or []]
    return {"EvaluationResults": results, "IsTruncated": False}


_RESTRICTION = ["allowed", "implicitDeny", "explicitDeny"]


def _of_action(documents: list[tuple[str, Any]], action: str, resources: list[str], values: dict) -> dict:
    """One result: the most restrictive of those of all resources, with each of them inside."""
    each = [policy.decide((text for _, text in documents), action, resource, values) for resource in resources]
    decision, deciding = max(each, key=lambda one: _RESTRICTION.index(one[0]))
    result = {
        "EvalActionName": action,
        "EvalResourceName": "*" if len(resources) > 1 else resources[0],
        "EvalDecision": decision,
        "MatchedStatements": _matched(documents, deciding),
        "MissingContextValues": [],
    }
    if resources != ["*"]:
        result["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": decision,
                "MatchedStatements": _matched(documents, deciding),
                "MissingContextValues": [],
            }
            for resource, (decision, deciding) in zip(resources, each)
        ]
    return result


def _matched(documents: list[tuple[str, Any]], deciding: list[int]) -> list[dict]:
    return [{"SourcePolicyId": documents[n][0], "SourcePolicyType": "IAM Policy"} for n in deciding]
