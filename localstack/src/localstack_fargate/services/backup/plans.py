"""Backup plans and selections: kept and shown; only EFS's automatic backups run by themselves here."""

from __future__ import annotations

import uuid
from typing import Any, Callable

from localstack_fargate.account import Account
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services.backup.state import check_role, invalid, missing, moment, region_of, shown


def _plan(account: Account, region: str, request: dict) -> dict:
    plans = region_of(account, region).plans
    if request.get("BackupPlanId") not in plans:
        raise missing(f"Cannot find Backup plan with ID {request.get('BackupPlanId')}")
    return plans[request["BackupPlanId"]]


@override("backup", "CreateBackupPlan")
def _create(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here, document = region_of(account, region), request.get("BackupPlan") or {}
    if not document.get("BackupPlanName") or not document.get("Rules"):
        raise invalid("A backup plan needs a name and at least one rule")
    for rule in document["Rules"]:
        if rule.get("TargetBackupVaultName") not in here.vaults:
            raise missing(f"Backup vault {rule.get('TargetBackupVaultName')} does not exist")
    for plan in here.plans.values():
        if plan["BackupPlan"]["BackupPlanName"] == document["BackupPlanName"]:
            raise aws_error("AlreadyExistsException", "Backup plan with the same plan document already exists")
    identity = str(uuid.uuid4())
    rules = [rule | {"RuleId": str(uuid.uuid4())} for rule in document["Rules"]]
    plan = {
        "BackupPlan": document | {"Rules": rules},
        "BackupPlanId": identity,
        "BackupPlanArn": f"arn:aws:backup:{region}:{account.id}:backup-plan:{identity}",
        "VersionId": uuid.uuid4().hex,
        "CreationDate": moment(account),
    }
    here.plans[identity] = plan
    here.tags[plan["BackupPlanArn"]] = dict(request.get("BackupPlanTags") or {})
    return shown(plan, "BackupPlan")


@override("backup", "GetBackupPlan")
def _get(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return shown(_plan(account, region, request))


@override("backup", "ListBackupPlans")
def _list(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return {
        "BackupPlansList": [
            shown(plan, "BackupPlan") | {"BackupPlanName": plan["BackupPlan"]["BackupPlanName"]}
            for plan in region_of(account, region).plans.values()
        ]
    }


@override("backup", "DeleteBackupPlan")
def _delete(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    here, plan = region_of(account, region), _plan(account, region, request)
    if any(selection["BackupPlanId"] == plan["BackupPlanId"] for selection in here.selections.values()):
        raise aws_error(
            "InvalidRequestException", "Related backup plan selections must be deleted prior to backup plan deletion"
        )
    here.tags.pop(plan["BackupPlanArn"], None)
    del here.plans[plan["BackupPlanId"]]
    return shown(plan, "BackupPlan", "CreationDate") | {"DeletionDate": moment(account)}


@override("backup", "CreateBackupSelection")
def _select(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    plan, document = _plan(account, region, request), request.get("BackupSelection") or {}
    check_role(account, document.get("IamRoleArn"))
    selection = {
        "SelectionId": str(uuid.uuid4()),
        "BackupPlanId": plan["BackupPlanId"],
        "BackupSelection": document,
        "CreationDate": moment(account),
    }
    region_of(account, region).selections[selection["SelectionId"]] = selection
    return shown(selection, "BackupSelection")


def _selection(account: Account, region: str, request: dict) -> dict:
    selections = region_of(account, region).selections
    if request.get("SelectionId") not in selections:
        raise missing(f"Cannot find Backup selection with ID {request.get('SelectionId')}")
    return selections[request["SelectionId"]]


@override("backup", "GetBackupSelection")
def _get_selection(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    return shown(_selection(account, region, request))


@override("backup", "ListBackupSelections")
def _list_selections(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    plan = _plan(account, region, request)
    return {
        "BackupSelectionsList": [
            shown(selection, "BackupSelection")
            | {key: selection["BackupSelection"].get(key) for key in ("SelectionName", "IamRoleArn")}
            for selection in region_of(account, region).selections.values()
            if selection["BackupPlanId"] == plan["BackupPlanId"]
        ]
    }


@override("backup", "DeleteBackupSelection")
def _delete_selection(account: Account, region: str, request: dict, context: Any, call_next: Callable) -> dict:
    del region_of(account, region).selections[_selection(account, region, request)["SelectionId"]]
    return {}
