"""SNS as alarms and rules use it: who may publish, and who is told.

A service publishes only if the topic's policy lets it, for this account; through a key of KMS only if the key's policy
does, and never through AWS's own. Neither is an error of any call: the message is lost, and the alarm's history says so.

Sources: SNS developer guide, "Example cases for Amazon SNS access control", "Setting up Amazon SNS topic encryption with
encrypted Amazon SQS queue subscription" (`kms:GenerateDataKey*`, `kms:Decrypt`); AWS re:Post, "Why didn't I receive an SNS
notification for my CloudWatch alarm trigger?" (the key of `alias/aws/sns`); SNS API reference, Subscribe, Unsubscribe
and ListSubscriptionsByTopic (`PendingConfirmation`); SNS developer guide, "Confirm the subscription" (three days).

    GET  /_emulator/<account>/notices        what services have published, and what was refused
    POST /_emulator/<account>/subscriptions  {"confirm": "ops@example.com"}: the subscriber opens the link
"""

from __future__ import annotations

from typing import Any

from localstack_fargate import conditions, policy
from localstack_fargate.account import Account, setting
from localstack_fargate.control import body_of, route
from localstack_fargate.middleware import after, aws_error, guard, invoke

PENDING = "PendingConfirmation"

setting("sns.confirmed_within", 3 * 86_400)


def publish(account: Account, region: str, topic: str, message: str, subject: str | None, service: str, source: str):
    """A service publishes, on behalf of the resource `source`; why not, or None."""
    why = _refusal(account, region, topic, service, source)
    account.state("notices", list).append(
        {"topic": topic, "subject": subject, "message": message, "source": source, "refused": why}
    )
    if why is None:
        request = {"TopicArn": topic, "Message": message} | ({"Subject": subject} if subject else {})
        invoke(account, region, "sns", "Publish", request)
    return why


def _refusal(account: Account, region: str, topic: str, service: str, source: str) -> str | None:
    try:
        attributes = invoke(account, region, "sns", "GetTopicAttributes", {"TopicArn": topic})["Attributes"]
    except Exception:
        return f"{topic} does not exist"
    context = {
        "aws:SourceAccount": [account.id],
        "aws:SourceArn": [source],
        "aws:SecureTransport": ["true"],
        "aws:PrincipalServiceName": [service],
    }
    if not _lets(attributes["Policy"], service, ["sns:Publish"], topic, context):
        return f"{service} is not authorized to perform: sns:Publish on resource: {topic}"
    if not (key := attributes.get("KmsMasterKeyId")):
        return None
    if key.split(":")[-1].startswith("alias/aws/"):
        return "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
    try:
        known = invoke(account, region, "kms", "DescribeKey", {"KeyId": key})["KeyMetadata"]
        document = invoke(account, region, "kms", "GetKeyPolicy", {"KeyId": known["KeyId"], "PolicyName": "default"})
    except Exception:
        return f"the key {key} does not exist"
    uses = ["kms:Decrypt", "kms:GenerateDataKey"]
    if _lets(document["Policy"], service, uses, known["Arn"], context):
        return None
    return f"{service} does not have authorization to access the SNS topic encryption key."


def _lets(document: Any, service: str, actions: list[str], resource: str, context: conditions.Context) -> bool:
    """Whether a resource's policy lets a service do all that. A key's policy says `*` for the key itself."""
    statements = [one for one in policy.statements(document) if _concerns(one, service)]
    if not statements:
        return False
    concerning = {"Version": "2012-10-17", "Statement": [_without_principal(one) for one in statements]}
    return all(policy.decide([concerning], action, resource, context)[0] == "allowed" for action in actions)


def _without_principal(statement: dict) -> dict:
    return {key: value for key, value in statement.items() if key not in ("Principal", "Sid")}


def _concerns(statement: dict, service: str) -> bool:
    """Services are named; `*` concerns them only where it denies (IAM user guide, "AWS JSON policy elements: Principal":
    service principals are not among the anonymous)."""
    principal = statement.get("Principal")
    if principal == "*" or (isinstance(principal, dict) and "*" in policy.listed(principal.get("AWS"))):
        return statement["Effect"] == "Deny"
    return isinstance(principal, dict) and service in policy.listed(principal.get("Service"))


@after("sns", "GetTopicAttributes")
def _spelling(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    """LocalStack gives `HTTPSuccessFeedbackRoleArn` back as `Http…`."""
    names = {name: name.replace("Http", "HTTP").replace("Sqs", "SQS") for name in response["Attributes"]}
    return response | {"Attributes": {names[name]: value for name, value in response["Attributes"].items()}}


@after("sns", "ListSubscriptions", "ListSubscriptionsByTopic")
def _hide_arns(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    store = _store(account, region)
    shown = [
        one | {"SubscriptionArn": PENDING} if _is_pending(store.subscriptions.get(one["SubscriptionArn"])) else one
        for one in response.get("Subscriptions") or []
    ]
    return response | {"Subscriptions": shown}


@after("sns", "Subscribe")
def _drop_later(account: Account, region: str, request: dict, response: Any, context: Any) -> Any:
    store = _store(account, region)
    found = [one for one in store.subscriptions.values() if one["Endpoint"] == request.get("Endpoint")]
    for one in (one for one in found if _is_pending(one)):
        arn = one["SubscriptionArn"]
        account.schedule(account.settings["sns.confirmed_within"], lambda account: _drop(account, region, arn))
    return response


def _drop(account: Account, region: str, arn: str) -> None:
    store = _store(account, region)
    if _is_pending(store.subscriptions.get(arn)):
        topic = store.subscriptions.pop(arn)["TopicArn"]
        store.topic_subscriptions[topic].remove(arn)


@guard("sns", "Unsubscribe")
def _confirmed(account: Account, region: str, request: dict, context: Any) -> None:
    if _is_pending(_store(account, region).subscriptions.get(request.get("SubscriptionArn"))):
        raise aws_error(
            "InvalidParameter",
            "Invalid parameter: This subscription is pending confirmation. Pending subscriptions cannot be deleted.",
        )


def _is_pending(subscription: dict | None) -> bool:
    return subscription is not None and subscription.get("PendingConfirmation") != "false"


def _store(account: Account, region: str) -> Any:
    from localstack.services.sns.models import sns_stores

    return sns_stores[account.id][region]


@route("notices", ("GET", "DELETE"))
def _notices(account: Account, request: Any) -> list:
    notices = account.state("notices", list)
    if request.method == "DELETE":
        notices.clear()
    return notices


@route("subscriptions", ("POST",))
def _confirm(account: Account, request: Any) -> dict:
    wanted = body_of(request)
    store = _store(account, wanted.get("region", "us-east-1"))
    found = [one for one in store.subscriptions.values() if one["Endpoint"] == wanted["confirm"]]
    for one in found:
        one["PendingConfirmation"] = "false"
    return {"confirmed": len(found)}
