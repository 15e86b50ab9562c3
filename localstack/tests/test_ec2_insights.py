"""Reachability Analyzer: paths, analyses that take time, and what they find.

Source: Amazon EC2 API reference (CreateNetworkInsightsPath, StartNetworkInsightsAnalysis); Reachability Analyzer guide,
"Explanation codes"; hashicorp/terraform-provider-aws#28330.
"""

import pytest
from conftest import refused

row = pytest.mark.row


def interface(account, subnet, group):
    made = account.client("ec2").create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]
    return made["NetworkInterfaceId"], made["PrivateIpAddress"]


def group(account, net, name):
    made = account.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=net["vpc"])
    return made["GroupId"]


def path(account, source, destination, token="one"):
    made = account.client("ec2").create_network_insights_path(
        Source=source, Destination=destination, Protocol="tcp", DestinationPort=80, ClientToken=token
    )
    return made["NetworkInsightsPath"]["NetworkInsightsPathId"]


def analysis(account, path_id, token="one"):
    made = account.client("ec2").start_network_insights_analysis(NetworkInsightsPathId=path_id, ClientToken=token)
    return made["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]


def look(account, analysis_id):
    found = account.client("ec2").describe_network_insights_analyses(NetworkInsightsAnalysisIds=[analysis_id])
    return found["NetworkInsightsAnalyses"][0]


@row("a reachability analysis takes time, and names the groups that stop the traffic", plain="fails")
def test_an_analysis_of_groups(account):
    net, ec2 = account.network(), account.client("ec2")
    inner, outer = group(account, net, "inner"), group(account, net, "outer")
    source, address = interface(account, net["subnets"][0], outer)
    destination, _ = interface(account, net["subnets"][1], inner)
    path_id = path(account, source, destination)
    assert path(account, source, destination) == path_id, "the same token, the same path"
    first = analysis(account, path_id)
    assert look(account, first)["Status"] == "running"
    account.clock(advance=60)
    found = look(account, first)
    assert (found["Status"], found["NetworkPathFound"]) == ("succeeded", False)
    [why] = found["Explanations"]
    assert why["ExplanationCode"] == "ENI_SG_RULES_MISMATCH"
    assert [one["Id"] for one in why["SecurityGroups"]] == [inner]

    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": f"{address}/32"}]}
    ec2.authorize_security_group_ingress(GroupId=inner, IpPermissions=[rule])
    second = analysis(account, path_id, token="two")
    account.clock(advance=60)
    assert look(account, second)["NetworkPathFound"] is True


@row("a path of Reachability Analyzer is not deleted before its analyses", plain="fails")
def test_a_path_with_analyses_stays(account):
    net, ec2 = account.network(), account.client("ec2")
    one = group(account, net, "one")
    source, _ = interface(account, net["subnets"][0], one)
    destination, _ = interface(account, net["subnets"][1], one)
    refused(lambda: path(account, "eni-00000000000000000", destination), "InvalidNetworkInterfaceID.NotFound")
    path_id = path(account, source, destination)
    made = analysis(account, path_id)
    delete = lambda: ec2.delete_network_insights_path(NetworkInsightsPathId=path_id)  # noqa: E731
    refused(delete, "AnalysisExistsForNetworkInsightsPath")
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=made)
    delete()
    refused(delete, "InvalidNetworkInsightsPathId.NotFound")
    assert ec2.describe_network_insights_paths()["NetworkInsightsPaths"] == []
