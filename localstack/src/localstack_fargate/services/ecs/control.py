"""ECS's part of the control API: image behaviours and the history of tasks."""

from __future__ import annotations

from localstack_fargate.control import body_of, route
from localstack_fargate.services.ecs import images, lifecycle


@route("images", ("GET", "POST", "DELETE"))
def _images(account, request) -> dict:
    chosen = images.chosen(account)
    if request.method == "DELETE":
        chosen.clear()
        lifecycle.behaviours_changed(account)
    elif request.method == "POST":
        parsed = {glob: images.parse(wanted) for glob, wanted in body_of(request).items()}
        for glob, behaviour in parsed.items():
            chosen.pop(glob, None)
            chosen[glob] = behaviour
        lifecycle.behaviours_changed(account)
    return {glob: images.show(behaviour) for glob, behaviour in chosen.items()}


@route("tasks/history", ("GET", "DELETE"))
def _history(account, request) -> list:
    history = account.state("ecs.history", list)
    if request.method == "DELETE":
        history.clear()
    return history
