"""IAM's policy simulator, evaluated from the documents themselves; of the caller, from those of `iam.caller_policy`.

Source: IAM API Reference, SimulatePrincipalPolicy, SimulateCustomPolicy and EvaluationResult.
"""

from __future__ import annotations

from typing import Any, Callable

from localstack_fargate import access, policy
from localstack_fargate.account import Account
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import iam_boundary


@override("iam", "SimulatePrincipalPolicy")
def _simulate_principal(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    if account.settings["iam.caller"] and request.get("PolicySourceArn") == access.principal_arn(account):
        own = [(f"caller-{n}", document) for n, document in enumerate(access.documents(account), 1)]
        return _simulate(own + _given(request), request)
    entity = _entity_of(account, request.get("PolicySourceArn", ""))
    values = _values(request)

    def bounded(action: str, resource: str) -> bool | None:
        return iam_boundary.allows(account, entity, action, resource, values)

    return _simulate(_documents_of(entity) + _given(request), request, bounded)


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
    attached = [
        (attached.arn.rsplit("/", 1)[-1], iam_boundary.document_of(attached))
        for attached in entity.managed_policies.values()
    ]
    return list(entity.policies.items()) + attached


def _values(request: dict) -> dict[str, list[str]]:
    return {
        entry["ContextKeyName"]: entry.get("ContextKeyValues") or [] for entry in request.get("ContextEntries") or []
    }


def _simulate(
    documents: list[tuple[str, Any]], request: dict, bounded: Callable = lambda action, resource: None
) -> dict:
    """`bounded` says whether the permissions boundary allows an action on a resource; None: there is no boundary."""
    for _, document in documents:
        try:
            policy.statements(document)
        except policy.Malformed as malformed:
            raise aws_error("InvalidInput", str(malformed)) from None
    values = _values(request)

    def one(action: str, resource: str) -> dict:
        decision, deciding = policy.decide((text for _, text in documents), action, resource, values)
        matched = [{"SourcePolicyId": documents[n][0], "SourcePolicyType": "IAM Policy"} for n in deciding]
        found = {"decision": decision, "rest": {"MatchedStatements": matched, "MissingContextValues": []}}
        allowed = bounded(action, resource)
        if allowed is not None:
            found["rest"]["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": allowed}
            if not allowed and decision == "allowed":
                found["decision"] = "implicitDeny"
        return found

    resources = request.get("ResourceArns") or ["*"]
    each = {action: [one(action, resource) for resource in resources] for action in request.get("ActionNames") or []}
    results = [_of_action(action, resources, found) for action, found in each.items()]
    return {"EvaluationResults": results, "IsTruncated": False}


_RESTRICTION = ["allowed", "implicitDeny", "explicitDeny"]


def _of_action(action: str, resources: list[str], each: list[dict]) -> dict:
    """One result: the most restrictive of those of all resources, with each of them inside."""
    worst = max(each, key=lambda found: _RESTRICTION.index(found["decision"]))
    name = "*" if len(resources) > 1 else resources[0]
    result = {"EvalActionName": action, "EvalResourceName": name, "EvalDecision": worst["decision"]} | worst["rest"]
    if resources != ["*"]:
        result["ResourceSpecificResults"] = [
            {"EvalResourceName": resource, "EvalResourceDecision": found["decision"]} | found["rest"]
            for resource, found in zip(resources, each)
        ]
    return result
