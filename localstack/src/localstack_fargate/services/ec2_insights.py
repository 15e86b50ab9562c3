"""Reachability Analyzer: paths and analyses, which take time, and what keeps a path from being deleted.

Only what decides most often is evaluated: the security groups of the two network interfaces. Routes and network ACLs
are not.

Source: Amazon EC2 API reference (CreateNetworkInsightsPath, StartNetworkInsightsAnalysis,
DescribeNetworkInsightsAnalyses, DeleteNetworkInsightsPath); Reachability Analyzer guide, "Explanation codes"; a path
with analyses is not deleted: hashicorp/terraform-provider-aws#28330. How long an analysis takes is unverified: the
acceptance tests in hashicorp/terraform-provider-aws#23532 take 40 to 110 s in all.
"""

import ipaddress

from localstack_fargate.middleware import aws_error, override
from localstack_fargate.services import ec2_groups
from localstack_fargate.services.ec2_common import (
    at,
    backend,
    chosen,
    filtered,
    new_id,
    once,
    page,
    tag_list,
    tags_of_request,
    timestamp,
)

SECONDS = 20
FILTERS = {"status": at("Status"), "path-found": at("NetworkPathFound"), "source": at("Source")}


class Insights:
    """The paths and analyses of an account in a region."""

    def __init__(self):
        self.paths: dict[str, dict] = {}
        self.analyses: dict[str, dict] = {}


def _of(account, region: str) -> Insights:
    return account.state(f"ec2.insights.{region}", Insights)


@override("ec2", "CreateNetworkInsightsPath")
def create_path(account, region, request, context, call_next):
    made = once(account, region, "CreateNetworkInsightsPath", request, lambda: _create_path(account, region, request))
    return {"NetworkInsightsPath": _path(account, region, made)}


def _create_path(account, region, request) -> str:
    store = backend(account, region)
    tags = tags_of_request(request, "network-insights-path")
    for side in ("Source", "Destination"):
        _interface(store, request.get(side))
    path_id = new_id("nip")
    _of(account, region).paths[path_id] = {
        "NetworkInsightsPathId": path_id,
        "CreatedDate": timestamp(account.clock.now()),
        "Source": request["Source"],
        "Destination": request["Destination"],
        "Protocol": request["Protocol"],
        "DestinationPort": request.get("DestinationPort"),
    }
    store.create_tags([path_id], tags)
    return path_id


def _interface(store, interface_id: str | None):
    if (interface := store.enis.get(interface_id)) is None:
        raise aws_error("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{interface_id}' does not exist")
    return interface


def _path(account, region, path_id: str) -> dict:
    return _of(account, region).paths[path_id] | {"Tags": tag_list(backend(account, region), path_id)}


@override("ec2", "DescribeNetworkInsightsPaths")
def describe_paths(account, region, request, context, call_next):
    listed = chosen(
        [_path(account, region, path_id) for path_id in _of(account, region).paths],
        request.get("NetworkInsightsPathIds"),
        "NetworkInsightsPathId",
        "InvalidNetworkInsightsPathId.NotFound",
        "The network insights path ID '{}' does not exist",
    )
    return page(request, "NetworkInsightsPaths", filtered(listed, request.get("Filters"), FILTERS, tags="Tags"))


@override("ec2", "StartNetworkInsightsAnalysis")
def start(account, region, request, context, call_next):
    made = once(account, region, "StartNetworkInsightsAnalysis", request, lambda: _start(account, region, request))
    return {"NetworkInsightsAnalysis": _analysis(account, region, made)}


def _start(account, region, request) -> str:
    here, wanted = _of(account, region), request["NetworkInsightsPathId"]
    if wanted not in here.paths:
        raise _no_path(wanted)
    tags = tags_of_request(request, "network-insights-analysis")
    analysis_id = new_id("nia")
    here.analyses[analysis_id] = {
        "NetworkInsightsAnalysisId": analysis_id,
        "NetworkInsightsPathId": wanted,
        "started": account.clock.now(),
        "result": _judge(backend(account, region), here.paths[wanted]),
    }
    backend(account, region).create_tags([analysis_id], tags)
    return analysis_id


def _no_path(path_id: str):
    return aws_error("InvalidNetworkInsightsPathId.NotFound", f"The network insights path ID '{path_id}' does not exist")


def _judge(store, path: dict) -> dict:
    source, destination = store.enis[path["Source"]], store.enis[path["Destination"]]
    permissions = [
        permission
        for group in destination.group_set
        for permission in ec2_groups.describe_permissions(store, group.ingress_rules)
    ]
    if any(_admits(permission, source, path) for permission in permissions):
        return {"NetworkPathFound": True}
    mismatch = {
        "ExplanationCode": "ENI_SG_RULES_MISMATCH",
        "Direction": "ingress",
        "NetworkInterface": {"Id": destination.id},
        "SecurityGroups": [{"Id": group.id} for group in destination.group_set],
    }
    return {"NetworkPathFound": False, "Explanations": [mismatch]}


def _admits(permission: dict, source, path: dict) -> bool:
    if permission["IpProtocol"] != "-1":
        port = path["DestinationPort"]
        if permission["IpProtocol"] != path["Protocol"]:
            return False
        if port and not permission["FromPort"] <= port <= permission["ToPort"]:
            return False
    address = ipaddress.ip_address(source.private_ip_address)
    networks = [ipaddress.ip_network(entry["CidrIp"]) for entry in permission["IpRanges"]]
    named = {pair["GroupId"] for pair in permission["UserIdGroupPairs"]}
    return any(address in network for network in networks) or any(g.id in named for g in source.group_set)


def _analysis(account, region, analysis_id: str) -> dict:
    known = _of(account, region).analyses[analysis_id]
    done = account.clock.now() >= known["started"] + SECONDS
    shown = {
        "NetworkInsightsAnalysisId": analysis_id,
        "NetworkInsightsPathId": known["NetworkInsightsPathId"],
        "StartDate": timestamp(known["started"]),
        "Status": "succeeded" if done else "running",
        "Tags": tag_list(backend(account, region), analysis_id),
    }
    return shown | known["result"] if done else shown


@override("ec2", "DescribeNetworkInsightsAnalyses")
def describe_analyses(account, region, request, context, call_next):
    listed = chosen(
        [_analysis(account, region, analysis_id) for analysis_id in _of(account, region).analyses],
        request.get("NetworkInsightsAnalysisIds"),
        "NetworkInsightsAnalysisId",
        "InvalidNetworkInsightsAnalysisId.NotFound",
        "The network insights analysis ID '{}' does not exist",
    )
    if of_path := request.get("NetworkInsightsPathId"):
        listed = [one for one in listed if one["NetworkInsightsPathId"] == of_path]
    return page(request, "NetworkInsightsAnalyses", filtered(listed, request.get("Filters"), FILTERS, tags="Tags"))


@override("ec2", "DeleteNetworkInsightsAnalysis")
def delete_analysis(account, region, request, context, call_next):
    wanted = request["NetworkInsightsAnalysisId"]
    if _of(account, region).analyses.pop(wanted, None) is None:
        raise aws_error(
            "InvalidNetworkInsightsAnalysisId.NotFound", f"The network insights analysis ID '{wanted}' does not exist"
        )
    backend(account, region).tags.pop(wanted, None)
    return {"NetworkInsightsAnalysisId": wanted}


@override("ec2", "DeleteNetworkInsightsPath")
def delete_path(account, region, request, context, call_next):
    here, wanted = _of(account, region), request["NetworkInsightsPathId"]
    if wanted not in here.paths:
        raise _no_path(wanted)
    if kept := [name for name, one in here.analyses.items() if one["NetworkInsightsPathId"] == wanted]:
        raise aws_error(
            "AnalysisExistsForNetworkInsightsPath",
            f"At least one analysis [{', '.join(kept)}] exists for path {wanted}. "
            "Delete all the analyses before deleting this network path.",
        )
    del here.paths[wanted]
    backend(account, region).tags.pop(wanted, None)
    return {"NetworkInsightsPathId": wanted}
