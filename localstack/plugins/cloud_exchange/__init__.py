"""A plugin for Netskope Cloud Exchange: its images, its start messages, and what containers of 6.x make of their files
and variables.

No program of Cloud Exchange is here. The scripts of a task definition run for real, in a folder of their own, with
stand-ins that only note how they were called (`shell.py`, `volumes.py`, `containers.py`); what they have left is then
judged as each program would judge it (`rabbitmq.py`, `mongodb.py`, `core.py`, `ui.py`, and in any release `web.py`):
functions over files, environment, arguments and the time, without any state. Commands of ECS Exec run in the same way, in any release, over
files and a database that last (`content.py`, `mongodb_tools.py`). The words of a refusal are the program's own where a
source is named, else ours.
"""


def register() -> None:
    """Called by the emulator when it loads the plugin; what it needs of the emulator is imported only here."""
    from localstack_fargate import registry
    from localstack_fargate.services.ecs import containers as ecs_containers
    from localstack_fargate.services import efs_content
    from localstack_fargate.services.ecs import exec_rules, images, lifecycle, one_shot

    from cloud_exchange import catalogue, containers, content, logs, web

    registry.SHARED[catalogue.VENDOR_ACCOUNT, catalogue.VENDOR_REGION] = catalogue.VENDOR
    registry.OPEN.update(catalogue.VENDOR | catalogue.HUB)
    images.LABELS.append("ce-aws.image")
    images.START_LINES.update(logs.START_LINES)
    one_shot.NAMES.add("data-step")
    ecs_containers.ON_START.append(containers.start)
    ecs_containers.ON_START.append(web.start)
    lifecycle.ON_CHANGE.append(containers.forget)
    exec_rules.PROGRAMS.append(content.program)
    efs_content.ON_BACKUP.append(content.keep)
    efs_content.ON_RESTORE.append(content.give_back)
    containers.STEPS.append(content.run_step)
