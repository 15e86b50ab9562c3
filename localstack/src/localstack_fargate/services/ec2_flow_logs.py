"""Flow logs: where they go, which role writes them, duplicates, delivery status, filters, client tokens.

Source: Amazon EC2 API reference (CreateFlowLogs, DeleteFlowLogs, DescribeFlowLogs); VPC user guide, "Publish flow logs
to CloudWatch Logs" (a missing log group is made by the service; when the role has gone later, delivery fails with
"Access error"); the refusal of a role that cannot be assumed, or not yet: hashicorp/terraform-provider-aws#29323.
"""

from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import iam
from localstack_fargate.services.ec2_common import (
    at,
    backend,
    filtered,
    new_id,
    once,
    page,
    tag_list,
    tags_of_request,
    timestamp,
    with_token,
)

FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)
DESTINATIONS = ("cloud-watch-logs", "s3", "kinesis-data-firehose")


class FlowLog:
    """One flow log; `id`, `resource_id` and `get_tags` are what moto and the VPC's deletion ask of it."""

    def __init__(self, store, shown: dict):
        self.id = shown["FlowLogId"]
        self.resource_id = shown["ResourceId"]
        self.store = store
        self.shown = shown

    def get_tags(self):
        return [{"key": t["Key"], "value": t["Value"]} for t in tag_list(self.store, self.id)]

    def describe(self, account) -> dict:
        answer = self.shown | {"Tags": tag_list(self.store, self.id), "DeliverLogsStatus": "SUCCESS"}
        role = answer.get("DeliverLogsPermissionArn")
        if role and not iam.usable(account, role):
            answer |= {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Access error"}
        return answer


@override("ec2", "CreateFlowLogs")
def create_flow_logs(account, region, request, context, call_next):
    made = once(account, region, "CreateFlowLogs", request, lambda: _create(account, region, request))
    return with_token(request, {"FlowLogIds": made, "Unsuccessful": []})


def _create(account, region, request) -> list[str]:
    store = backend(account, region)
    tags = tags_of_request(request, "vpc-flow-log")
    common = _checked(account, region, request)
    wanted = request.get("ResourceIds") or []
    for resource_id in wanted:
        _require_resource(store, request.get("ResourceType"), resource_id)
        _refuse_duplicate(store, resource_id, common)
    _require_role(account, common.get("DeliverLogsPermissionArn"))
    made = []
    for resource_id in wanted:
        log_id = new_id("fl")
        shown = {
            "CreationTime": timestamp(account.clock.now()),
            "FlowLogId": log_id,
            "FlowLogStatus": "ACTIVE",
            "ResourceId": resource_id,
            **common,
        }
        store.flow_logs[log_id] = FlowLog(store, shown)
        store.create_tags([log_id], tags)
        made.append(log_id)
    if common.get("LogGroupName"):
        _make_group(account, region, common["LogGroupName"])
    return made


def _checked(account, region, request: dict) -> dict:
    """What all logs of the request have in common, in the form in which EC2 answers it."""
    kind = request.get("LogDestinationType") or "cloud-watch-logs"
    if kind not in DESTINATIONS:
        raise aws_error("InvalidParameter", f"Value ({kind}) for parameter LogDestinationType is invalid.")
    name, destination = request.get("LogGroupName"), request.get("LogDestination")
    if kind != "cloud-watch-logs" and name:
        raise aws_error("InvalidParameter", f"LogGroupName can't be provided if LogDestinationType is {kind}.")
    if name and destination:
        raise aws_error("InvalidParameter", "Please only provide LogGroupName or only provide LogDestination.")
    if not name and not destination:
        raise aws_error(
            "InvalidParameter", "LogDestination can't be empty if LogGroupName is not provided."
        )
    if kind == "cloud-watch-logs" and not request.get("DeliverLogsPermissionArn"):
        raise aws_error(
            "InvalidParameter", "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."
        )
    interval = request.get("MaxAggregationInterval") or 600
    if interval not in (60, 600):
        raise aws_error("InvalidParameter", "Invalid Flow Log Max Aggregation Interval")
    if request.get("TrafficType") not in ("ACCEPT", "REJECT", "ALL"):
        raise aws_error(
            "InvalidParameter", f"Value ({request.get('TrafficType')}) for parameter TrafficType is invalid."
        )
    if kind == "s3":
        _require_bucket(account, region, destination)
    common = {
        "TrafficType": request["TrafficType"],
        "LogDestinationType": kind,
        "LogFormat": request.get("LogFormat") or FORMAT,
        "MaxAggregationInterval": interval,
    }
    if kind == "cloud-watch-logs":
        name = name or destination.split(":log-group:")[-1].removesuffix(":*")
        common |= {"LogGroupName": name, "DeliverLogsPermissionArn": request["DeliverLogsPermissionArn"]}
    if destination:
        common["LogDestination"] = destination
    return common


def _require_role(account, arn: str | None) -> None:
    """The role exists, has spread, and lets the service assume it."""
    if not arn:
        return
    role = next((r for r in moto_backend("iam", account.id, "aws").roles.values() if r.arn == arn), None)
    if (
        role is None
        or not iam.usable(account, arn)
        or "vpc-flow-logs.amazonaws.com" not in str(iam.seen(account, role)[0])
    ):
        raise aws_error("InvalidParameter", f"Unable to assume given IAM role: '{arn}'")


def _require_bucket(account, region, destination: str) -> None:
    from localstack.services.s3.models import s3_stores

    name = destination.split(":::")[-1].split("/")[0]
    if name not in s3_stores[account.id][region].global_bucket_map:
        raise aws_error("InvalidParameter", f"LogDestination: {name} does not exist")


def _require_resource(store, kind: str, resource_id: str) -> None:
    if kind == "VPC":
        if resource_id not in store.vpcs:
            raise aws_error("InvalidVpcID.NotFound", f"The vpc ID '{resource_id}' does not exist")
    elif kind == "Subnet":
        if not any(resource_id in zone for zone in store.subnets.values()):
            raise aws_error("InvalidSubnetID.NotFound", f"The subnet ID '{resource_id}' does not exist")
    elif kind == "NetworkInterface":
        if resource_id not in store.enis:
            raise aws_error(
                "InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{resource_id}' does not exist"
            )
    else:
        raise aws_error("InvalidParameter", f"Value ({kind}) for parameter ResourceType is invalid.")


def _refuse_duplicate(store, resource_id: str, common: dict) -> None:
    same = ("LogGroupName", "LogDestination", "LogDestinationType")
    for log in store.flow_logs.values():
        if log.resource_id == resource_id and all(log.shown.get(k) == common.get(k) for k in same):
            raise aws_error(
                "FlowLogAlreadyExists",
                "Error. There is an existing Flow Log with the same configuration and log destination.",
            )


def _make_group(account, region, name: str) -> None:
    """The service makes a log group that is missing, without tags or retention."""
    logs = moto_backend("logs", account.id, region)
    if name not in logs.groups:
        logs.create_log_group(name, {})


@override("ec2", "DeleteFlowLogs")
def delete_flow_logs(account, region, request, context, call_next):
    store = backend(account, region)
    failed = []
    for log_id in request.get("FlowLogIds") or []:
        if store.flow_logs.pop(log_id, None) is None:
            message = f"These flow log ids in the input list are not found: [TotalCount: 1] {log_id}"
            failed.append({"ResourceId": log_id, "Error": {"Code": "InvalidFlowLogId.NotFound", "Message": message}})
        store.tags.pop(log_id, None)
    if failed and len(failed) == len(request.get("FlowLogIds") or []):
        raise aws_error("InvalidFlowLogId.NotFound", failed[0]["Error"]["Message"])
    return {"Unsuccessful": failed}


FIELDS = {
    "deliver-log-status": at("DeliverLogsStatus"),
    "flow-log-id": at("FlowLogId"),
    "log-destination-type": at("LogDestinationType"),
    "log-group-name": at("LogGroupName"),
    "resource-id": at("ResourceId"),
    "traffic-type": at("TrafficType"),
}


@override("ec2", "DescribeFlowLogs")
def describe_flow_logs(account, region, request, context, call_next):
    listed = [log.describe(account) for log in backend(account, region).flow_logs.values()]
    if wanted := request.get("FlowLogIds"):
        listed = [log for log in listed if log["FlowLogId"] in wanted]
    rules = list(request.get("Filter") or []) + list(request.get("Filters") or [])
    return page(request, "FlowLogs", filtered(listed, rules, FIELDS))
