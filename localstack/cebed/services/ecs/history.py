"""Every state of every task, from its first: who could write to which file system, and when.

    GET|DELETE /_ce/<account>/tasks/history
    GET        /_ce/<account>/tasks/content

A task may write from PROVISIONING (as far as an onlooker can tell) until STOPPED. The content version of a file system
counts the writers that have reached RUNNING: whatever was restored or snapshotted has the version of its moment.
"""

from __future__ import annotations

from cebed.services.ecs.model import Task


def record(account, task: Task) -> None:
    systems = written_by(task)
    account.state("ecs.history", list).append(
        {
            "task": task.arn,
            "family": task.definition.family,
            "revision": task.definition.revision,
            "group": task.group,
            "service": task.service.arn if task.service else None,
            "deployment": task.deployment.id if task.deployment else None,
            "state": task.status,
            "desired": task.desired,
            "health": task.health,
            "reason": task.stopped_reason,
            "time": account.clock.now(),
            "file_systems": systems,
        }
    )
    if task.status == "RUNNING":
        versions = account.state("ecs.content", dict)
        for system in systems:
            versions[system] = versions.get(system, 0) + 1


def written_by(task: Task) -> list[str]:
    """The EFS file systems that a container of the task mounts for writing."""
    volumes = {
        v["name"]: v["efsVolumeConfiguration"]["fileSystemId"]
        for v in task.definition.body["volumes"]
        if v.get("efsVolumeConfiguration")
    }
    mounted = {
        volumes[m["sourceVolume"]]
        for c in task.definition.body["containerDefinitions"]
        for m in c["mountPoints"]
        if m.get("sourceVolume") in volumes and not m.get("readOnly")
    }
    return sorted(mounted)
