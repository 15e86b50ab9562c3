"""EFS access points: idempotent by client token, checked paths, life cycle.

Source: Amazon EFS API reference (CreateAccessPoint, DescribeAccessPoints, DeleteAccessPoint, data types RootDirectory
and CreationInfo).
"""

from __future__ import annotations

import re

from localstack_fargate.account import setting
from localstack_fargate.middleware import override
from localstack_fargate.services import efs
from localstack_fargate.services.efs import error

setting("efs.access_point_available", 3)
setting("efs.access_point_deleted", 3)
setting("quota.access_points", 1000)


def _describe(account, region, point: dict) -> dict:
    tags = efs.region_of(account, region).tags.get(point["AccessPointId"], {})
    answer = {k: v for k, v in point.items() if not k.startswith("_")}
    answer["Tags"] = efs.tags_out(tags)
    if "Name" in tags:
        answer["Name"] = tags["Name"]
    return answer


@override("efs", "CreateAccessPoint")
def create_access_point(account, region, request, context, call_next):
    here = efs.region_of(account, region)
    token = request.get("ClientToken")
    asked = {k: v for k, v in request.items() if k != "ClientToken"}
    for known in here.access_points.values():
        if token and known["ClientToken"] == token:
            if known["_asked"] == asked:
                return _describe(account, region, known)
            raise error(
                "AccessPointAlreadyExists",
                f"Access point {known['AccessPointId']} already exists with client token '{token}'",
                409,
                AccessPointId=known["AccessPointId"],
            )
    record = efs.available(account, region, request.get("FileSystemId"))
    of_same_system = [p for p in here.access_points.values() if p["FileSystemId"] == record["FileSystemId"]]
    if len(of_same_system) >= account.settings["quota.access_points"]:
        raise error("AccessPointLimitExceeded", "The maximum number of access points has been reached.", 403)
    point_id = efs.new_id("fsap")
    point = {
        "ClientToken": token,
        "AccessPointId": point_id,
        "AccessPointArn": efs.arn(account, region, "access-point", point_id),
        "FileSystemId": record["FileSystemId"],
        "RootDirectory": _checked_root(request.get("RootDirectory") or {}),
        "OwnerId": account.id,
        "LifeCycleState": "creating",
        "_asked": asked,
    }
    if request.get("PosixUser"):
        point["PosixUser"] = request["PosixUser"]
    here.access_points[point_id] = point
    here.tags[point_id] = efs.tags_in(request)

    def become_available(_):
        if point["LifeCycleState"] == "creating":
            point["LifeCycleState"] = "available"

    account.schedule(account.settings["efs.access_point_available"], become_available)
    return _describe(account, region, point)


def _checked_root(root: dict) -> dict:
    """At most four directories deep and 100 characters; a path other than / is made with `CreationInfo`."""
    path = root.get("Path") or "/"
    parts = [p for p in path.split("/") if p]
    if not path.startswith("/") or len(path) > 100 or len(parts) > 4:
        raise error("BadRequest", f"Invalid root directory path: {path}")
    answer = {"Path": path}
    if info := root.get("CreationInfo"):
        if not re.fullmatch(r"[0-7]{3,4}", str(info.get("Permissions"))):
            raise error("BadRequest", f"Invalid permissions: {info.get('Permissions')}")
        answer["CreationInfo"] = info
    return answer


def _point(account, region, point_id: str) -> dict:
    plain = (point_id or "").rsplit("/", 1)[-1]
    found = efs.region_of(account, region).access_points.get(plain)
    if found is None:
        raise error("AccessPointNotFound", f"Access point {plain} does not exist.", 404)
    return found


@override("efs", "DescribeAccessPoints")
def describe_access_points(account, region, request, context, call_next):
    here = efs.region_of(account, region)
    if request.get("AccessPointId") and request.get("FileSystemId"):
        raise error("BadRequest", "AccessPointId and FileSystemId are mutually exclusive.")
    if request.get("AccessPointId"):
        listed = [_point(account, region, request["AccessPointId"])]
    elif request.get("FileSystemId"):
        wanted = efs.file_system(account, region, request["FileSystemId"])["FileSystemId"]
        listed = [p for p in here.access_points.values() if p["FileSystemId"] == wanted]
    else:
        listed = list(here.access_points.values())
    page, following = efs.paged(listed, request, "MaxResults", "NextToken")
    answer = {"AccessPoints": [_describe(account, region, p) for p in page]}
    if following:
        answer["NextToken"] = following
    return answer


@override("efs", "DeleteAccessPoint")
def delete_access_point(account, region, request, context, call_next):
    here = efs.region_of(account, region)
    point = _point(account, region, request.get("AccessPointId"))
    point["LifeCycleState"] = "deleting"

    def finish(_):
        here.access_points.pop(point["AccessPointId"], None)
        here.tags.pop(point["AccessPointId"], None)

    account.schedule(account.settings["efs.access_point_deleted"], finish)
    return {}
