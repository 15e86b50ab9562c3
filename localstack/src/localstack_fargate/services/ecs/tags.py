"""Tags of ECS resources. What is refused in tags is in `localstack_fargate.tags`, for all services alike."""

from __future__ import annotations

from localstack_fargate.middleware import override
from localstack_fargate.services.ecs import model
from localstack_fargate.services.ecs.model import invalid


def listed(tags: list[dict] | None) -> list[dict]:
    """The tags in the shape ECS answers."""
    return [{"key": t.get("key") or "", "value": t.get("value") or ""} for t in tags or []]


def _holder(account, region: str, arn: str):
    """The cluster, service, task or task definition with the ARN."""
    state = model.of(account, region)
    kind, _, rest = arn.split(":", 5)[-1].partition("/")
    found = None
    if kind == "cluster":
        found = state.clusters.get(rest)
    elif kind == "service":
        found = state.services.get(tuple(rest.split("/", 1))) if "/" in rest else None
    elif kind == "task":
        found = state.tasks.get(arn)
    elif kind == "task-definition":
        found = model.definition_of(account, region, arn)
    else:
        raise invalid(f"Invalid resource ARN: {arn}")
    if found is None or getattr(found, "status", "") == "INACTIVE" and kind in ("cluster", "service"):
        raise invalid("The specified resource could not be found. Please check the resource ARN and try again.")
    return found


@override("ecs", "TagResource")
def tag_resource(account, region, request, context, call_next):
    holder = _holder(account, region, request["resourceArn"])
    new = listed(request.get("tags"))
    keys = {t["key"] for t in new}
    holder.tags = [t for t in holder.tags if t["key"] not in keys] + new
    return {}


@override("ecs", "UntagResource")
def untag_resource(account, region, request, context, call_next):
    holder = _holder(account, region, request["resourceArn"])
    gone = set(request.get("tagKeys") or [])
    holder.tags = [t for t in holder.tags if t["key"] not in gone]
    return {}


@override("ecs", "ListTagsForResource")
def list_tags_for_resource(account, region, request, context, call_next):
    return {"tags": list(_holder(account, region, request["resourceArn"]).tags)}
