"""The independent listing of an account, and the form in which two accounts can be compared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def read(world, *arguments):
    """What `reader.py` prints of the account."""
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    env = {**os.environ, **region, "AWS_ACCESS_KEY_ID": world.account}
    run = [sys.executable, str(ROOT / "reader.py"), *arguments]
    return json.loads(subprocess.run(run, env=env, capture_output=True, text=True, check=True).stdout)


def tags(address, of):
    pairs = {"ce-aws:address": address, "ce-aws:run": address * 2}
    return [{"ResourceType": of, "Tags": [{"Key": key, "Value": value} for key, value in pairs.items()]}]


def build(world, backwards=False):
    """One thing of each kind that others name, the independent ones in this order or the other way round."""
    ec2, efs, elb, ecs = (world.client(name) for name in ("ec2", "efs", "elbv2", "ecs"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", "vpc"))["Vpc"]["VpcId"]
    numbers = [1, 0] if backwards else [0, 1]
    subnets = {
        n: ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{'ab'[n]}",
            TagSpecifications=tags(f"subnet/{n}", "subnet"),
        )["Subnet"]["SubnetId"]
        for n in numbers
    }  # fmt: skip
    igw = ec2.create_internet_gateway(TagSpecifications=tags("igw", "internet-gateway"))["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    for n in numbers:
        address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags(f"eip/{n}", "elastic-ip"))["AllocationId"]
        ec2.create_nat_gateway(SubnetId=subnets[n], AllocationId=address, TagSpecifications=tags(f"nat/{n}", "natgateway"))
    tagged = tags("sg", "security-group")
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc, TagSpecifications=tagged)["GroupId"]
    source = [{"GroupId": group}]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": source}]
    )
    plain = [{"Key": "ce-aws:address", "Value": "fs"}]
    system = efs.create_file_system(CreationToken="t", Tags=plain)["FileSystemId"]
    world.advance(300)
    for n in numbers:
        efs.create_mount_target(FileSystemId=system, SubnetId=subnets[n], SecurityGroups=[group])
    balancer = elb.create_load_balancer(Name="lb", Subnets=[subnets[0], subnets[1]], SecurityGroups=[group])
    target = elb.create_target_group(Name="tg", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target["TargetGroups"][0]["TargetGroupArn"]}],
    )  # fmt: skip
    secret = world.client("secretsmanager").create_secret(Name="s", SecretString=world.account)["ARN"]
    role = world.role("r")
    ecs.create_cluster(clusterName="c")
    container = {"name": "x", "image": "public.ecr.aws/x/y:1", "secrets": [{"name": "A", "valueFrom": f"{secret}:a::"}]}
    ecs.register_task_definition(
        family="f", networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"], executionRoleArn=role,
        containerDefinitions=[container],
    )  # fmt: skip
    world.client("s3").create_bucket(Bucket=f"listing-{world.account}")
    world.client("logs").create_log_group(logGroupName="/l", tags={"ce-aws:address": "log"})
    world.client("backup").create_backup_vault(BackupVaultName="vault", BackupVaultTags={"a": "b"})
    world.advance(600)


@pytest.mark.row("listing: two accounts with the same in them look the same, a twin does not", bare="absent")
def test_normal_form(world, stranger):
    from normal import differences

    build(world), build(stranger, backwards=True)
    one, other = read(world, "normal"), read(stranger, "normal")
    assert differences(one, other) == []
    assert one == other and one["tombstones"] == {}
    text = json.dumps(one)
    assert world.account not in text and stranger.account not in json.dumps(other)
    assert "<subnet/0>" in text and "<nat/1>" in text and "secret:s:a::" in text
    assert not {kind for kind in ("ec2 nat_gateways", "elb load_balancers", "iam roles", "s3 buckets") if not one["live"][kind]}

    stranger.client("ec2").create_security_group(GroupName="twin", Description="d", VpcId=vpc_of(stranger))
    world.client("ecs").register_task_definition(family="f", containerDefinitions=[{"name": "x", "image": "y"}])
    lines = differences(read(world, "normal"), read(stranger, "normal"))
    assert {" ".join(line.split(": ")[:2]) for line in lines} == {
        "only in the first ecs task_definitions", "only in the second ec2 security_groups",
        "only in the second ec2 security_group_rules",
    }  # fmt: skip


@pytest.mark.row("listing: things of the same content are counted, not merged", bare="absent")
def test_twins_are_counted(world, stranger):
    from normal import differences

    for account, count in ((world, 1), (stranger, 2)):
        for _ in range(count):
            account.client("ec2").allocate_address(Domain="vpc")
    assert len(differences(read(world, "normal"), read(stranger, "normal"))) == 1


@pytest.mark.row("listing: what is deleted and still listed is a tombstone", bare="absent")
def test_tombstones(world, stranger):
    from normal import differences

    ec2, secrets, ecs, net = world.client("ec2"), world.client("secretsmanager"), world.client("ecs"), world.network()
    stranger.network()
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=net["subnets"][0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    world.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    world.advance(120)
    ec2.release_address(AllocationId=address)
    secrets.create_secret(Name="s", SecretString="x")
    secrets.delete_secret(SecretId="s")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "x", "image": "y", "memory": 9}])
    ecs.deregister_task_definition(taskDefinition="f:1")
    form = read(world, "normal")
    assert form["tombstones"] == {
        "ec2.nat_gateways": ["deleted"], "ecs.task_definitions": ["f INACTIVE"], "secrets.secrets": ["s scheduled for deletion"],
    }  # fmt: skip
    assert differences(form, read(stranger, "normal")) == []


@pytest.mark.row("listing: every bucket, vault and tag, also over pages of one item", bare="absent")
def test_whole_listing(world, stranger):
    for name in ("one", "two"):
        world.client("s3").create_bucket(Bucket=f"{name}-of-{world.id}")
        world.client("backup").create_backup_vault(BackupVaultName=name, BackupVaultTags={"a": "b"})
    stranger.client("s3").create_bucket(Bucket=f"of-{stranger.id}")
    world.settings(**{"page.size": 1})
    found = read(world)
    assert [bucket["Name"] for bucket in found["s3"]["buckets"]] == [f"one-of-{world.id}", f"two-of-{world.id}"]
    vaults = {vault["BackupVaultName"]: vault["Tags"] for vault in found["backup"]["vaults"]}
    assert vaults == {"one": {"a": "b"}, "two": {"a": "b"}}


def vpc_of(account):
    [vpc] = [vpc for vpc in account.client("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    return vpc["VpcId"]
