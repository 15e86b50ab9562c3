"""The rough account: its profile, and each thing in it that has no other file."""

import json
import urllib.request

import pytest
from conftest import URL, refused

ANSWERS = {"answers.reversed": True, "answers.sparse": True, "answers.unknown": True}


def denies(**statement):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Resource": "*", **statement}]}


def raw(world, service, target, body):
    """The answer as it comes, which boto3 would have cleaned."""
    credential = f"AWS4-HMAC-SHA256 Credential={world.account}/20260101/us-east-1/{service}/aws4_request"
    headers = {"Authorization": f"{credential}, SignedHeaders=host, Signature=0", "X-Amz-Target": target}
    headers["Content-Type"] = "application/x-amz-json-1.1" if target else "application/x-www-form-urlencoded"
    with urllib.request.urlopen(urllib.request.Request(URL, body.encode(), headers)) as answer:
        return answer.read().decode()


@pytest.mark.row("profiles: rough sets many settings at once", bare="absent")
def test_the_profile_sets_what_it_says(world):
    world.control("profile", {"name": "rough"})
    profile, settings = world.control("profile")["rough"], world.control("settings")
    assert len(profile) > 10 and profile.items() <= settings.items()
    with pytest.raises(Exception, match="400"):
        world.control("profile", {"name": "smooth"})


@pytest.mark.row("answers: members that no client knows are added, and ignored by one", bare="absent")
def test_unknown_members(world):
    made = world.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    world.client("ecs").create_cluster(clusterName="one")
    world.settings(**ANSWERS)
    assert made in [vpc["VpcId"] for vpc in world.client("ec2").describe_vpcs()["Vpcs"]]
    answer = json.loads(raw(world, "ecs", "AmazonEC2ContainerServiceV20141113.DescribeClusters", '{"clusters": ["one"]}'))
    assert "memberOfTomorrow" in answer and "memberOfTomorrow" in answer["clusters"][0]
    assert "failures" not in answer, "an empty list is left out"
    assert raw(world, "ec2", "", "Action=DescribeVpcs&Version=2016-11-15").count("<memberOfTomorrow>") > 2


@pytest.mark.row("answers: lists without an order come in another one, also over pages", bare="absent")
def test_another_order(world):
    ec2 = world.client("ec2")
    for number in range(3):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    first = [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]]
    world.settings(**ANSWERS, **{"page.size": 1})
    pages = ec2.get_paginator("describe_vpcs").paginate()
    assert [vpc["VpcId"] for page in pages for vpc in page["Vpcs"]] == first[::-1]


@pytest.mark.row("neg: what a service control policy denies, for the account's root too", bare="absent")
def test_service_control_policies(world):
    world.settings(**{"organization.policies": [denies(Action="ec2:CreateVpc")]})
    refused(lambda: world.client("ec2").create_vpc(CidrBlock="10.0.0.0/16"), "UnauthorizedOperation")
    assert "service control policy" in world.journal()[-1]["error"]
    world.client("ecs").create_cluster(clusterName="one")
    untagged = {"Null": {"aws:RequestTag/CostCenter": "true"}}
    world.settings(**{"organization.policies": denies(Action="ecs:CreateCluster", Condition=untagged)})
    refused(lambda: world.client("ecs").create_cluster(clusterName="two"), "AccessDeniedException")
    world.client("ecs").create_cluster(clusterName="two", tags=[{"key": "CostCenter", "value": "1"}])


@pytest.mark.row("neg: tags that a tag policy does not allow -> TagPolicyViolation", bare="absent")
@pytest.mark.parametrize("key, value, allowed", [("CostCenter", "4711", 1), ("CostCenter", "0", 0), ("costcenter", "4711", 0)])
def test_tag_policies(world, key, value, allowed):
    world.settings(**{"organization.tags": {"CostCenter": ["4711"]}})
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": key, "Value": value}, {"Key": "other", "Value": "any"}]}]
    ec2 = world.client("ec2")
    if allowed:
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)
    else:
        refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags), "TagPolicyViolation")


@pytest.mark.row("others: what is new is tagged some seconds later", bare="absent")
def test_the_tagger(world):
    world.settings(**{"others.tags": {"CreatedBy": "somebody"}})
    network = world.network()
    cluster = world.client("ecs").create_cluster(clusterName="one")["cluster"]["clusterArn"]
    read = {
        "vpc": lambda: world.client("ec2").describe_vpcs(VpcIds=[network["vpc"]])["Vpcs"][0].get("Tags"),
        "cluster": lambda: world.client("ecs").list_tags_for_resource(resourceArn=cluster)["tags"],
    }
    assert not read["vpc"]() and not read["cluster"]()
    world.advance(11)
    assert read["vpc"]() == [{"Key": "CreatedBy", "Value": "somebody"}]
    assert read["cluster"]() == [{"key": "CreatedBy", "value": "somebody"}]


@pytest.mark.row("others: a new VPC gets more addresses, an empty default group and another entry in its ACL", bare="absent")
def test_a_new_vpc_is_changed(world):
    world.settings(**{"others.vpc": True})
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    world.advance(11)
    [live] = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert len(live["CidrBlockAssociationSet"]) == 2 and len(live["Ipv6CidrBlockAssociationSet"]) == 1
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    [group] = ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])
    [acl] = ec2.describe_network_acls(Filters=mine)["NetworkAcls"]
    assert 7 in [entry["RuleNumber"] for entry in acl["Entries"]]


@pytest.mark.row("ecs: a cluster that says nothing of Container Insights gets the account's default", bare="absent")
def test_container_insights_by_default(world):
    world.settings(**{"ecs.container_insights": "enhanced"})
    ecs = world.client("ecs")
    said = ecs.create_cluster(clusterName="one", settings=[{"name": "containerInsights", "value": "disabled"}])
    silent = ecs.create_cluster(clusterName="two")
    assert [made["cluster"]["settings"][0]["value"] for made in (said, silent)] == ["disabled", "enhanced"]


@pytest.mark.row("neg: a public bucket policy where the account blocks them -> AccessDenied", bare="absent")
def test_block_public_access_of_the_account(world):
    s3, name = world.client("s3"), f"probe-{world.id}"
    s3.create_bucket(Bucket=name)
    s3.delete_public_access_block(Bucket=name)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.settings(**{"s3.block_public": True})
    refused(lambda: s3.put_bucket_policy(Bucket=name, Policy=policy), "AccessDenied")
    world.settings(**{"s3.block_public": False})
    s3.put_bucket_policy(Bucket=name, Policy=policy)
