"""What the account's organization forbids: service control policies and tag policies.

Settings: `organization.policies`, a policy document or a list of them, whose explicit denials hold for everybody in the
account, its root too (what they would have to allow, the organization's FullAWSAccess allows); `organization.tags`,
values by tag key: a resource may be tagged with that key, in that case and spelling, only with one of the values.
Sources: AWS Organizations user guide, "SCP evaluation" and "Tag policies: enforcement"; "Troubleshoot access denied
error messages" (the words). That every service answers a forbidden tag with TagPolicyViolation is unverified; EC2 does.
"""

from __future__ import annotations

from typing import Any

from localstack_fargate import policy
from localstack_fargate.account import Account, setting
from localstack_fargate.authorization.needs import Need
from localstack_fargate.middleware import aws_error, guard
from localstack_fargate.tags import carried


def _check_documents(value: Any) -> None:
    for document in policy.listed(value):
        try:
            policy.check_identity_policy(document)
        except policy.Malformed as malformed:
            raise ValueError(str(malformed)) from None


setting("organization.policies", None, _check_documents)
setting("organization.tags", {})


def denies(account: Account, need: Need, context: dict[str, list[str]]) -> bool:
    """Whether a service control policy denies it; they do not bind service-linked roles, which make no calls here."""
    documents = policy.listed(account.settings["organization.policies"])
    return bool(documents) and policy.decide(documents, need.action, need.resource, context)[0] == "explicitDeny"


@guard("*", "*")
def _check_tags(account: Account, region: str, request: dict, context: Any) -> None:
    wanted = account.settings["organization.tags"]
    if not wanted or getattr(context, "from_inside", False) or not isinstance(request, dict):
        return
    by_folded = {key.lower(): key for key in wanted}
    for key, value in (pair for pairs in carried(request) for pair in pairs):
        right = by_folded.get(key.lower())
        if right is not None and (key != right or value not in wanted[right]):
            raise aws_error(
                "TagPolicyViolation",
                f"The tag policy does not allow the specified value for the following tag key: '{key}'.",
            )
