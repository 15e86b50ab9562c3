"""Security groups and their rules. Source: EC2 API reference; VPC user guide, "Security groups"."""

import pytest
from conftest import refused

row = pytest.mark.row


def group(account, net, name="other", **more):
    made = account.client("ec2").create_security_group(GroupName=name, Description=name, VpcId=net["vpc"], **more)
    return made["GroupId"]


def default_group(account, net):
    filters = [{"Name": "vpc-id", "Values": [net["vpc"]]}, {"Name": "group-name", "Values": ["default"]}]
    (only,) = account.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return only


def permission(port, *, group_id=None, cidr=None, **more):
    entry = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    if group_id:
        return entry | {"UserIdGroupPairs": [{"GroupId": group_id, **more}]}
    return entry | {"IpRanges": [{"CidrIp": cidr, **more}]}


def rules(account, *group_ids):
    filters = [{"Name": "group-id", "Values": list(group_ids)}]
    return account.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]


@row("ec2:CreateSecurityGroup tags in the create answer", plain="fails")
def test_a_group_answers_its_tags(account):
    made = account.client("ec2").create_security_group(
        GroupName="tagged", Description="d", VpcId=account.network()["vpc"],
        TagSpecifications=[{"ResourceType": "security-group", "Tags": [{"Key": "who", "Value": "me"}]}],
    )
    assert made["Tags"] == [{"Key": "who", "Value": "me"}]
    assert made["SecurityGroupArn"].endswith(f":security-group/{made['GroupId']}")


@row("neg:CreateSecurityGroup duplicate name -> InvalidGroup.Duplicate", plain="passes")
def test_a_name_is_used_once_in_a_vpc(account):
    net = account.network()
    group(account, net)
    refused(lambda: group(account, net), "InvalidGroup.Duplicate")


@row("ec2:default SG exists + revoke: the self-referencing ingress rule", plain="fails")
def test_the_default_group_admits_itself(account):
    net = account.network()
    ec2 = account.client("ec2")
    default = default_group(account, net)
    (ingress,) = default["IpPermissions"]
    assert ingress["IpProtocol"] == "-1"
    assert [p["GroupId"] for p in ingress["UserIdGroupPairs"]] == [default["GroupId"]]
    ec2.revoke_security_group_ingress(GroupId=default["GroupId"], IpPermissions=default["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=default["GroupId"], IpPermissions=default["IpPermissionsEgress"])
    assert rules(account, default["GroupId"]) == []
    assert default_group(account, net)["IpPermissions"] == []


@row("the rules of the default SG are revoked by rule id", plain="fails")
def test_rules_are_revoked_by_id(account):
    net = account.network()
    ec2 = account.client("ec2")
    group_id = default_group(account, net)["GroupId"]
    listed = rules(account, group_id)
    ingress = [r["SecurityGroupRuleId"] for r in listed if not r["IsEgress"]]
    egress = [r["SecurityGroupRuleId"] for r in listed if r["IsEgress"]]
    assert (len(ingress), len(egress)) == (1, 1)
    answer = ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=ingress)
    assert [r["SecurityGroupRuleId"] for r in answer["RevokedSecurityGroupRules"]] == ingress
    ec2.revoke_security_group_egress(GroupId=group_id, SecurityGroupRuleIds=egress)
    assert rules(account, group_id) == []
    refused(lambda: ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=ingress),
            "InvalidSecurityGroupRuleId.NotFound")


@row("neg:DeleteSecurityGroup default -> CannotDelete", plain="fails")
def test_the_default_group_cannot_be_deleted(account):
    default = default_group(account, account.network())["GroupId"]
    refused(lambda: account.client("ec2").delete_security_group(GroupId=default), "CannotDelete")


@row("neg:DeleteSecurityGroup referenced by other SG -> DependencyViolation", plain="fails")
def test_a_group_named_by_another_cannot_be_deleted(account):
    net = account.network()
    ec2 = account.client("ec2")
    other = group(account, net)
    named = [permission(2049, group_id=net["sg"])]
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=named)
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=named)
    ec2.delete_security_group(GroupId=net["sg"])


@row("a group that names only itself can be deleted", plain="passes")
def test_a_group_that_names_itself_can_be_deleted(account):
    net = account.network()
    ec2 = account.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=net["sg"], IpPermissions=[permission(80, group_id=net["sg"])])
    ec2.delete_security_group(GroupId=net["sg"])


@row("neg:DeleteSecurityGroup used by an ENI -> DependencyViolation", plain="fails")
def test_a_group_of_an_interface_cannot_be_deleted(account):
    net = account.network()
    ec2 = account.client("ec2")
    made = ec2.create_network_interface(SubnetId=net["subnets"][0], Groups=[net["sg"]])
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    ec2.delete_network_interface(NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"])
    ec2.delete_security_group(GroupId=net["sg"])


@row("ec2:DescribeSecurityGroupRules ids, tags and referenced groups", plain="fails")
def test_rules_are_described_in_full(account):
    net = account.network()
    other = group(account, net)
    made = account.client("ec2").authorize_security_group_ingress(
        GroupId=net["sg"],
        IpPermissions=[permission(3000, group_id=other, Description="from other")],
        TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [{"Key": "who", "Value": "me"}]}],
    )["SecurityGroupRules"]
    ingress = [r for r in rules(account, net["sg"]) if not r["IsEgress"]]
    assert ingress == made
    (rule,) = ingress
    assert rule["SecurityGroupRuleId"].startswith("sgr-")
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 3000, 3000)
    assert rule["ReferencedGroupInfo"]["GroupId"] == other
    assert rule["Description"] == "from other"
    assert rule["Tags"] == [{"Key": "who", "Value": "me"}]


@row("ec2:DescribeSecurityGroups rules of one port are merged", plain="passes")
def test_permissions_are_merged(account):
    net = account.network()
    ec2 = account.client("ec2")
    for cidr in ("10.0.0.0/16", "192.168.0.0/24"):
        ec2.authorize_security_group_ingress(GroupId=net["sg"], IpPermissions=[permission(443, cidr=cidr)])
    (found,) = ec2.describe_security_groups(GroupIds=[net["sg"]])["SecurityGroups"]
    (entry,) = found["IpPermissions"]
    assert sorted(r["CidrIp"] for r in entry["IpRanges"]) == ["10.0.0.0/16", "192.168.0.0/24"]
    assert len([r for r in rules(account, net["sg"]) if not r["IsEgress"]]) == 2


@row("neg:AuthorizeSecurityGroupIngress twice -> InvalidPermission.Duplicate", plain="passes")
def test_a_rule_is_made_once(account):
    net = account.network()
    allow = lambda: account.client("ec2").authorize_security_group_ingress(  # noqa: E731
        GroupId=net["sg"], IpPermissions=[permission(443, cidr="10.0.0.0/16")]
    )
    allow()
    refused(allow, "InvalidPermission.Duplicate")


@row("ec2: host bits of a rule's block are cleared", plain="fails")
def test_a_block_is_canonical(account):
    net = account.network()
    account.client("ec2").authorize_security_group_ingress(
        GroupId=net["sg"], IpPermissions=[permission(443, cidr="100.68.0.18/18")]
    )
    (rule,) = [r for r in rules(account, net["sg"]) if not r["IsEgress"]]
    assert rule["CidrIpv4"] == "100.68.0.0/18"


@row("ec2:DescribeSecurityGroups filters", plain="fails")
def test_groups_are_found_by_filters(account):
    net = account.network()
    ec2 = account.client("ec2")
    other = group(account, net)
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[permission(2049, group_id=net["sg"])])
    ids = lambda name, value: [  # noqa: E731
        g["GroupId"]
        for g in ec2.describe_security_groups(
            Filters=[{"Name": name, "Values": [value]}, {"Name": "vpc-id", "Values": [net["vpc"]]}]
        )["SecurityGroups"]
    ]
    assert ids("ip-permission.group-id", net["sg"]) == [other]
    assert ids("ip-permission.from-port", "2049") == [other]
    assert ids("description", "oth*") == [other]
    assert len(ids("egress.ip-permission.cidr", "0.0.0.0/0")) == 3
    refused(lambda: ids("no-such-filter", "x"), "InvalidParameterValue")


@row("small pages on demand: EC2; MaxResults and NextToken", plain="fails")
def test_listings_come_in_pages(account):
    net = account.network()
    ec2 = account.client("ec2")
    for n in range(6):
        group(account, net, name=f"g{n}")
    of_vpc = [{"Name": "vpc-id", "Values": [net["vpc"]]}]
    everything = sorted(g["GroupId"] for g in ec2.describe_security_groups(Filters=of_vpc)["SecurityGroups"])
    first = ec2.describe_security_groups(Filters=of_vpc, MaxResults=5)
    assert len(first["SecurityGroups"]) == 5
    second = ec2.describe_security_groups(Filters=of_vpc, MaxResults=5, NextToken=first["NextToken"])
    assert sorted(g["GroupId"] for g in first["SecurityGroups"] + second["SecurityGroups"]) == everything
    account.settings(**{"page.size": 3})
    pages = list(ec2.get_paginator("describe_security_groups").paginate(Filters=of_vpc))
    assert [len(p["SecurityGroups"]) for p in pages] == [3, 3, 2]
