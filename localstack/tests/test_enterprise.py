"""The rough account: its profile, and each thing in it that has no other file."""

import json
import urllib.request

import pytest
from conftest import URL, refused
from policy_kit import as_json

ANSWERS = {"responses.reversed": True, "responses.sparse": True, "responses.unknown": True}


def denies(**statement):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": "*", **statement}]}


def raw(account, service, target, body):
    """The answer as it comes, which boto3 would have cleaned."""
    credential = f"AWS4-HMAC-SHA256 Credential={account.id}/20260101/us-east-1/{service}/aws4_request"
    headers = {"Authorization": f"{credential}, SignedHeaders=host, Signature=0", "X-Amz-Target": target}
    headers["Content-Type"] = "application/x-amz-json-1.1" if target else "application/x-www-form-urlencoded"
    with urllib.request.urlopen(urllib.request.Request(URL, body.encode(), headers)) as answer:
        return answer.read().decode()


@pytest.mark.row("profiles: rough sets many settings at once", plain="absent")
def test_the_profile_sets_what_it_says(account):
    account.control("profile", {"name": "enterprise"})
    profile, settings = account.control("profile")["enterprise"], account.control("settings")
    assert len(profile) > 10 and profile.items() <= settings.items()
    with pytest.raises(Exception, match="400"):
        account.control("profile", {"name": "smooth"})


@pytest.mark.row("answers: members that no client knows are added, and ignored by one", plain="absent")
def test_unknown_members(account):
    made = account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    account.client("ecs").create_cluster(clusterName="one")
    account.settings(**ANSWERS)
    assert made in [vpc["VpcId"] for vpc in account.client("ec2").describe_vpcs()["Vpcs"]]
    answer = json.loads(
        raw(account, "ecs", "AmazonEC2ContainerServiceV20141113.DescribeClusters", '{"clusters": ["one"]}')
    )
    assert "memberOfTomorrow" in answer and "memberOfTomorrow" in answer["clusters"][0]
    assert "failures" not in answer, "an empty list is left out"
    assert raw(account, "ec2", "", "Action=DescribeVpcs&Version=2016-11-15").count("<memberOfTomorrow>") > 2


@pytest.mark.row("answers: lists without an order come in another one, also over pages", plain="absent")
def test_another_order(account):
    ec2 = account.client("ec2")
    for number in range(3):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    first = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
    account.settings(**ANSWERS, **{"page.size": 1})
    pages = ec2.get_paginator("describe_vpcs").paginate()
    assert [vpc["VpcId"] for page in pages for vpc in page["Vpcs"]] == first[::-1]


@pytest.mark.row("neg: what a service control policy denies, for the account's root too", plain="absent")
def test_service_control_policies(account):
    account.settings(**{"organization.policies": [denies(Action="ec2:CreateVpc")]})
    refused(lambda: account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16"), "UnauthorizedOperation")
    assert "service control policy" in account.journal()[-1]["error"]
    account.client("ecs").create_cluster(clusterName="one")
    untagged = {"Null": {"aws:RequestTag/CostCenter": "true"}}
    account.settings(**{"organization.policies": denies(Action="ecs:CreateCluster", Condition=untagged)})
    refused(lambda: account.client("ecs").create_cluster(clusterName="two"), "AccessDeniedException")
    account.client("ecs").create_cluster(clusterName="two", tags=[{"key": "CostCenter", "value": "1"}])


@pytest.mark.row("neg: tags that a tag policy does not allow -> TagPolicyViolation", plain="absent")
@pytest.mark.parametrize(
    "key, value, allowed", [("CostCenter", "4711", 1), ("CostCenter", "0", 0), ("costcenter", "4711", 0)]
)
def test_tag_policies(account, key, value, allowed):
    account.settings(**{"organization.tags": {"CostCenter": ["4711"]}})
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": key, "Value": value}, {"Key": "other", "Value": "any"}]}]
    ec2 = account.client("ec2")
    if allowed:
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)
    else:
        refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags), "TagPolicyViolation")


@pytest.mark.row("others: what is new is tagged some seconds later", plain="absent")
def test_the_tagger(account):
    account.settings(**{"others.tags": {"CreatedBy": "somebody"}})
    network = account.network()
    cluster = account.client("ecs").create_cluster(clusterName="one")["cluster"]["clusterArn"]
    read = {
        "vpc": lambda: account.client("ec2").describe_vpcs(VpcIds=[network["vpc"]])["Vpcs"][0].get("Tags"),
        "cluster": lambda: account.client("ecs").list_tags_for_resource(resourceArn=cluster)["tags"],
    }
    assert not read["vpc"]() and not read["cluster"]()
    account.advance(11)
    assert read["vpc"]() == [{"Key": "CreatedBy", "Value": "somebody"}]
    assert read["cluster"]() == [{"key": "CreatedBy", "value": "somebody"}]


@pytest.mark.row(
    "others: a new VPC gets more addresses, an empty default group and another entry in its ACL", plain="absent"
)
def test_a_new_vpc_is_changed(account):
    account.settings(**{"others.vpc": True})
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    account.advance(11)
    [live] = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert len(live["CidrBlockAssociationSet"]) == 2 and len(live["Ipv6CidrBlockAssociationSet"]) == 1
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    [group] = ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])
    [acl] = ec2.describe_network_acls(Filters=mine)["NetworkAcls"]
    assert 7 in [entry["RuleNumber"] for entry in acl["Entries"]]


@pytest.mark.row("ecs: a cluster that says nothing of Container Insights gets the account's default", plain="absent")
def test_container_insights_by_default(account):
    account.settings(**{"ecs.container_insights": "enhanced"})
    ecs = account.client("ecs")
    said = ecs.create_cluster(clusterName="one", settings=[{"name": "containerInsights", "value": "disabled"}])
    silent = ecs.create_cluster(clusterName="two")
    assert [made["cluster"]["settings"][0]["value"] for made in (said, silent)] == ["disabled", "enhanced"]


@pytest.mark.row("neg: a public bucket policy where the account blocks them -> AccessDenied", plain="absent")
def test_block_public_access_of_the_account(account):
    s3, name = account.client("s3"), f"probe-{account.id}"
    s3.create_bucket(Bucket=name)
    s3.delete_public_access_block(Bucket=name)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    policy = as_json(statement)
    account.settings(**{"s3.block_public": True})
    refused(lambda: s3.put_bucket_policy(Bucket=name, Policy=policy), "AccessDenied")
    account.settings(**{"s3.block_public": False})
    s3.put_bucket_policy(Bucket=name, Policy=policy)
