"""What is in a file system: who wrote to it, what a backup recorded, where a restore puts it, what a task finds.

Source: AWS Backup developer guide, "Restore an Amazon EFS file system"; EFS user guide, "Working with users, groups,
and permissions at the NFS level" and "Using IAM to control file system data access". The versions are the emulator's
own.
"""


import pytest
from policy_kit import as_json
from ecs_kit import Kit
from efs_kit import access_point, admit_nfs, file_system, mounting, reachable

UNPACK = {"name": "data-step", "image": "bash:1", "essential": True, "command": ["mv /v/aws-backup-restore_*/* /v/"]}


@pytest.fixture
def kit(account):
    made = Kit(account)
    admit_nfs(made)
    made.allow(account.role("backup", "backup.amazonaws.com").split("/")[-1], "elasticfilesystem:*", "*")
    account.client("backup").create_backup_vault(BackupVaultName="probe")
    return made


def _ran(kit, definition, seconds=60):
    """A task that ran for a while and has stopped; the version it found, by file system."""
    arn = kit.run(definition)["taskArn"]
    kit.account.advance(seconds)
    kit.ecs.stop_task(cluster=kit.cluster, task=arn)
    kit.account.advance(60)
    return _found(kit, arn)


def _found(kit, arn):
    return [entry["content"] for entry in kit.history() if entry["task"] == arn][-1]


def _system(kit, system):
    return next(one for one in kit.account.control("file-systems") if one["id"] == system)


def _role(kit):
    return f"arn:aws:iam::{kit.account.id}:role/backup"


def _backed_up(kit, system):
    """The recovery point of the file system, as the emulator describes it."""
    arn = f"arn:aws:elasticfilesystem:us-east-1:{kit.account.id}:file-system/{system}"
    backup = kit.account.client("backup")
    made = backup.start_backup_job(BackupVaultName="probe", ResourceArn=arn, IamRoleArn=_role(kit))["RecoveryPointArn"]
    kit.account.advance(120)
    return next(point for point in kit.account.control("recovery-points") if point["arn"] == made)


def _restored(kit, point):
    """The new file system of a restore job that has ended."""
    backup = kit.account.client("backup")
    metadata = {"file-system-id": point["file_system"], "newFileSystem": "true", "Encrypted": "true"}
    metadata |= {"PerformanceMode": "generalPurpose", "CreationToken": "restored"}
    job = backup.start_restore_job(RecoveryPointArn=point["arn"], Metadata=metadata, IamRoleArn=_role(kit))[
        "RestoreJobId"
    ]
    kit.account.advance(120)
    return backup.describe_restore_job(RestoreJobId=job)["CreatedResourceArn"].split("/")[-1]


@pytest.mark.row("content version: each task that mounts a file system for writing adds one", plain="absent")
def test_writers_are_counted(kit):
    system, point = file_system(kit)
    definition = mounting(kit, system, point)
    assert (_ran(kit, definition), _ran(kit, definition)) == ({system: 0}, {system: 1})
    assert _ran(kit, mounting(kit, system, point, read_only=True)) == {system: 2}
    now = _system(kit, system)
    assert (now["content"], len(now["writers"]), now["restored_from"]) == (2, 2, None)
    early = kit.run(definition)["taskArn"]
    kit.ecs.stop_task(cluster=kit.cluster, task=early)
    kit.account.advance(60)
    assert _found(kit, early) == {} and _system(kit, system)["content"] == 2, "it never started"


@pytest.mark.row("content version: a container that exits before the task is RUNNING has written", plain="absent")
def test_short_writers_are_counted(kit):
    system, point = file_system(kit)
    kit.images(**{"*ui5*": {"behaviour": "exit", "after": 1}})
    _ran(kit, mounting(kit, system, point))
    assert "RUNNING" not in {entry["state"] for entry in kit.history()}
    assert _system(kit, system)["content"] == 1


@pytest.mark.row("content version: a backup records it when it begins", plain="absent")
def test_backup_records(kit):
    system, point = file_system(kit)
    definition = mounting(kit, system, point)
    _ran(kit, definition)
    made = _backed_up(kit, system)
    assert (made["content"], made["torn"], made["file_system"], made["status"]) == (1, False, system, "COMPLETED")
    kit.run(definition)
    made = _backed_up(kit, system)
    assert made["torn"] is True


@pytest.mark.row("content version: a task that comes and goes while the backup runs tears it", plain="absent")
def test_torn_by_another_task(kit):
    kit.account.settings(**{"backup.running": 300})
    system, point = file_system(kit)
    arn = f"arn:aws:elasticfilesystem:us-east-1:{kit.account.id}:file-system/{system}"
    definition = mounting(kit, system, point)
    kit.account.client("backup").start_backup_job(BackupVaultName="probe", ResourceArn=arn, IamRoleArn=_role(kit))
    kit.account.advance(20)
    _ran(kit, definition)
    assert kit.history()[-1]["state"] == "STOPPED"
    kit.account.advance(300)
    [made] = kit.account.control("recovery-points")
    assert (made["content"], made["torn"]) == (0, True)


@pytest.mark.row("backup:StartRestoreJob puts everything below aws-backup-restore_<time>", plain="absent")
def test_restored_content_is_not_at_the_root(kit):
    system, point = file_system(kit)
    for _ in range(3):
        _ran(kit, mounting(kit, system, point))
    recovery = _backed_up(kit, system)
    fresh = _restored(kit, recovery)
    now = _system(kit, fresh)
    [(directory, version)] = now["restored"].items()
    assert directory.startswith("/aws-backup-restore_20") and version == 3
    assert (now["content"], now["restored_from"]) == (0, recovery["arn"])
    empty = reachable(kit, fresh, path="/data/mongo")
    assert _ran(kit, mounting(kit, fresh, empty)) == {fresh: 0}, "an access point that makes an empty directory"
    within = access_point(kit, fresh, path=f"{directory}/data/mongo")
    kit.account.advance(10)
    assert _ran(kit, mounting(kit, fresh, within)) == {fresh: 3}
    assert _system(kit, fresh)["restored"] == {directory: 4}


@pytest.mark.row("restored content is moved to the root by a step that may", plain="absent")
@pytest.mark.parametrize("case", ["root", "access point of root's", "not root", "no root access"])
def test_restored_content_is_moved(kit, case):
    system, point = file_system(kit)
    for _ in range(2):
        _ran(kit, mounting(kit, system, point))
    fresh = _restored(kit, _backed_up(kit, system))
    data = reachable(kit, fresh, path="/data")
    user = {"access point of root's": 0, "not root": 1001}.get(case)
    through = access_point(kit, fresh, PosixUser={"Uid": user, "Gid": user}) if user is not None else None
    if case == "no root access":
        allowed = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": allowed, "Resource": "*"}
        document = as_json(statement)
        kit.account.client("efs").put_file_system_policy(FileSystemId=fresh, Policy=document)
    kit.account.advance(10)
    _ran(kit, mounting(kit, fresh, through, UNPACK), seconds=120)
    [step] = kit.account.control("one-shot-tasks")
    works = case in ("root", "access point of root's")
    assert step["exit_code"] == (0 if works else 1)
    assert _ran(kit, mounting(kit, fresh, data))[fresh] == (2 if works else 1)


@pytest.mark.row("a restore to the root, which AWS does not do, on demand", plain="absent")
def test_restore_to_the_root(kit):
    kit.account.settings(**{"restore.into_directory": False})
    system, point = file_system(kit)
    _ran(kit, mounting(kit, system, point))
    fresh = _restored(kit, _backed_up(kit, system))
    assert _ran(kit, mounting(kit, fresh, reachable(kit, fresh, path="/data"))) == {fresh: 1}


@pytest.mark.row("one-shot tasks: a container named data-step exits 0 by itself", plain="absent")
@pytest.mark.parametrize(
    "behaviour, exit_code, word",
    [
        (None, 0, "Essential container"),
        ({"behaviour": "exit", "exit_code": 3, "after": 2}, 3, "Essential container"),
        ({"behaviour": "slow", "after": 40}, 0, "Essential container"),
        ({"behaviour": "missing"}, None, "CannotPullContainerError"),
        ({"behaviour": "unhealthy"}, 0, "Task stopped"),
    ],
)
def test_data_step(kit, behaviour, exit_code, word):
    system, point = file_system(kit)
    if behaviour:
        kit.images(**{"*#data-step": behaviour})
    step = {"name": "data-step", "image": "mongo:6.0.12", "essential": True, "entryPoint": ["bash", "-c"]}
    step |= {"command": ["echo 1"], "environment": [{"name": "A", "value": "b"}]}
    definition = mounting(kit, system, point, step)
    override = {"containerOverrides": [{"name": "data-step", "command": ["echo 2"]}]}
    first = kit.run(definition, startedBy="me", clientToken="once", overrides=override)["taskArn"]
    assert kit.run(definition, startedBy="me", clientToken="once", overrides=override)["taskArn"] == first
    kit.account.advance(100)
    kit.ecs.stop_task(cluster=kit.cluster, task=first)
    kit.account.advance(60)
    task = kit.task(first)
    assert task["lastStatus"] == "STOPPED" and word in task["stoppedReason"]
    [run] = kit.account.control("one-shot-tasks")
    assert (run["task"], run["started_by"], run["image"], run["exit_code"]) == (first, "me", "mongo:6.0.12", exit_code)
    assert (run["entry_point"], run["command"], run["environment"]) == (["bash", "-c"], ["echo 2"], {"A": "b"})
    assert run["file_systems"] == [system]
    if behaviour is None:
        assert run["stopped_at"] - run["started_at"] == pytest.approx(15)
    assert _system(kit, system)["content"] == (0 if exit_code is None else 1)


@pytest.mark.row("history: tasks started by hand with their file systems, from PROVISIONING to STOPPED", plain="absent")
def test_history_of_a_task_started_by_hand(kit):
    system, point = file_system(kit)
    arn = kit.run(mounting(kit, system, point, UNPACK), startedBy="somebody")["taskArn"]
    kit.account.advance(120)
    entries = [entry for entry in kit.history() if entry["task"] == arn]
    assert [entries[0]["state"], entries[-1]["state"]] == ["PROVISIONING", "STOPPED"]
    assert all(e["file_systems"] == [system] and e["started_by"] == "somebody" for e in entries)
