"""Task definitions: register, describe, list, deregister, delete."""

from __future__ import annotations

from localstack_fargate.middleware import override
from localstack_fargate.services.ecs import model, roles, tags
from localstack_fargate.services.ecs.model import Definition, invalid, refused
from localstack_fargate.services.ecs.normalise import body_of
from localstack_fargate.services.ecs.paging import page
from localstack_fargate.services.ecs.validate import check


def show(definition: Definition) -> dict:
    answer = {
        **definition.body,
        "taskDefinitionArn": definition.arn,
        "revision": definition.revision,
        "status": definition.status,
    }
    if definition.deregistered_at is not None:
        answer["deregisteredAt"] = definition.deregistered_at
    return answer


@override("ecs", "RegisterTaskDefinition")
def register_task_definition(account, region, request, context, call_next):
    check(request)
    for key in ("taskRoleArn", "executionRoleArn"):
        if request.get(key) and not roles.usable(account, request[key]):
            raise refused("Role is not valid")
    chosen_tags = tags.listed(request.get("tags"))
    revisions = model.of(account, region).families.setdefault(request["family"], [])
    number = max((d.revision for d in revisions), default=0) + 1
    body = body_of(request, bool(account.settings["ecs.sorted_env"]))
    body["registeredAt"] = account.clock.now()
    body["registeredBy"] = roles.caller(account, region)
    definition = Definition(
        model.make_arn(account, region, f"task-definition/{request['family']}:{number}"),
        request["family"],
        number,
        body,
        chosen_tags,
    )
    revisions.append(definition)
    return {"taskDefinition": show(definition), "tags": list(definition.tags)}


@override("ecs", "DescribeTaskDefinition")
def describe_task_definition(account, region, request, context, call_next):
    definition = model.definition_of(account, region, request["taskDefinition"])
    if definition is None:
        raise refused("Unable to describe task definition.")
    answer = {"taskDefinition": show(definition)}
    if "TAGS" in (request.get("include") or []):
        answer["tags"] = list(definition.tags)
    return answer


@override("ecs", "DeregisterTaskDefinition")
def deregister_task_definition(account, region, request, context, call_next):
    if ":" not in request["taskDefinition"].rsplit("/", 1)[-1]:
        raise refused("Deregister requires a family and a revision.")
    definition = model.definition_of(account, region, request["taskDefinition"])
    if definition is None:
        raise refused("The specified task definition does not exist.")
    if definition.status != "ACTIVE":
        raise refused("The specified task definition is inactive.")
    definition.status, definition.deregistered_at = "INACTIVE", account.clock.now()
    return {"taskDefinition": show(definition)}


@override("ecs", "DeleteTaskDefinitions")
def delete_task_definitions(account, region, request, context, call_next):
    wanted = request.get("taskDefinitions") or []
    if not 1 <= len(wanted) <= 10:
        raise invalid("You can delete 1 to 10 task definitions at a time.")
    deleted, failures = [], []
    for name in wanted:
        definition = model.definition_of(account, region, name)
        if definition is None:
            failures.append(
                {
                    "arn": name,
                    "reason": "TASK_DEFINITION_NOT_FOUND",
                    "detail": "The specified task definition was not found.",
                }
            )
        elif definition.status == "ACTIVE":
            failures.append(
                {
                    "arn": definition.arn,
                    "reason": "The specified task definition is still in ACTIVE status. "
                    "Please deregister the target and try again.",
                }
            )
        else:
            definition.status = "DELETE_IN_PROGRESS"
            deleted.append(show(definition))
            _forget_when_unused(account, region, definition)
    return {"taskDefinitions": deleted, "failures": failures}


def _forget_when_unused(account, region: str, definition: Definition) -> None:
    state = model.of(account, region)
    used = any(t.definition is definition and t.status != "STOPPED" for t in state.tasks.values()) or any(
        s.status != "INACTIVE" and s.primary.revision.definition is definition for s in state.services.values()
    )
    if used:
        account.schedule(60, lambda a: _forget_when_unused(a, region, definition))
    else:
        account.schedule(60, lambda a: _forget(a, region, definition))


def _forget(account, region: str, definition: Definition) -> None:
    """The revision disappears, its number is not used again."""
    definition.status = "DELETED"


@override("ecs", "ListTaskDefinitions")
def list_task_definitions(account, region, request, context, call_next):
    status = request.get("status") or "ACTIVE"
    family = request.get("familyPrefix")
    found = [
        d
        for name, revisions in sorted(model.of(account, region).families.items())
        if family is None or name == family
        for d in revisions
        if d.status == status
    ]
    if request.get("sort") == "DESC":
        found.sort(key=lambda d: (d.family, d.revision), reverse=True)
    shown, more = page([d.arn for d in found], request)
    return {"taskDefinitionArns": shown, **more}


@override("ecs", "ListTaskDefinitionFamilies")
def list_task_definition_families(account, region, request, context, call_next):
    prefix, status = request.get("familyPrefix") or "", request.get("status") or "ALL"
    names = []
    for name, revisions in sorted(model.of(account, region).families.items()):
        alive = [d for d in revisions if d.status != "DELETED"]
        active = any(d.status == "ACTIVE" for d in alive)
        if alive and name.startswith(prefix) and (status == "ALL" or (status == "ACTIVE") == active):
            names.append(name)
    shown, more = page(names, request)
    return {"families": shown, **more}
