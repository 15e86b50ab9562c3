"""The independent listing of an account, and the form in which two accounts can be compared."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from policy_kit import trust

SOURCE = Path(__file__).resolve().parent.parent / "src"
NORMAL = ("normal", "--label-tag", "test:address", "--ignore-tag", "test:run")
TRUST = trust()


def read(account, *arguments):
    """What the inventory prints of the account."""
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    env = {**os.environ, **region, "AWS_ACCESS_KEY_ID": account.id, "PYTHONPATH": str(SOURCE)}
    run = [sys.executable, "-m", "localstack_fargate.inventory", *arguments]
    return json.loads(subprocess.run(run, env=env, capture_output=True, text=True, check=True).stdout)


def tags(address, of):
    pairs = {"test:address": address, "test:run": address * 2}
    return [{"ResourceType": of, "Tags": [{"Key": key, "Value": value} for key, value in pairs.items()]}]


def build(account, backwards=False):
    """One thing of each kind that others name, the independent ones in this order or the other way round."""
    ec2, efs, elb, ecs = (account.client(name) for name in ("ec2", "efs", "elbv2", "ecs"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags("vpc", "vpc"))["Vpc"]["VpcId"]
    numbers = [1, 0] if backwards else [0, 1]
    subnets = {
        n: ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{'ab'[n]}",
            TagSpecifications=tags(f"subnet/{n}", "subnet"),
        )["Subnet"]["SubnetId"]
        for n in numbers
    }  # fmt: skip
    igw = ec2.create_internet_gateway(TagSpecifications=tags("igw", "internet-gateway"))["InternetGateway"][
        "InternetGatewayId"
    ]
    ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
    for n in numbers:
        address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags(f"eip/{n}", "elastic-ip"))["AllocationId"]
        ec2.create_nat_gateway(
            SubnetId=subnets[n], AllocationId=address, TagSpecifications=tags(f"nat/{n}", "natgateway")
        )
    tagged = tags("sg", "security-group")
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc, TagSpecifications=tagged)["GroupId"]
    source = [{"GroupId": group}]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": source}]
    )
    plain = [{"Key": "test:address", "Value": "fs"}]
    system = efs.create_file_system(CreationToken="t", Tags=plain)["FileSystemId"]
    account.advance(300)
    for n in numbers:
        efs.create_mount_target(FileSystemId=system, SubnetId=subnets[n], SecurityGroups=[group])
    balancer = elb.create_load_balancer(Name="lb", Subnets=[subnets[0], subnets[1]], SecurityGroups=[group])
    target = elb.create_target_group(Name="tg", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": target["TargetGroups"][0]["TargetGroupArn"]}],
    )  # fmt: skip
    secret = account.client("secretsmanager").create_secret(Name="s", SecretString=account.id)["ARN"]
    role = account.role("r")
    ecs.create_cluster(clusterName="c")
    container = {"name": "x", "image": "public.ecr.aws/x/y:1", "secrets": [{"name": "A", "valueFrom": f"{secret}:a::"}]}
    ecs.register_task_definition(
        family="f", networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"],
        executionRoleArn=role,
        containerDefinitions=[container],
    )  # fmt: skip
    account.client("s3").create_bucket(Bucket=f"listing-{account.id}")
    account.client("logs").create_log_group(logGroupName="/l", tags={"test:address": "log"})
    account.client("backup").create_backup_vault(BackupVaultName="vault", BackupVaultTags={"a": "b"})
    account.advance(600)


@pytest.mark.row("listing: two accounts with the same in them look the same, a twin does not", plain="absent")
def test_normal_form(account, other_account):
    from localstack_fargate.inventory.normal_form import differences

    build(account), build(other_account, backwards=True)
    one, other = read(account, *NORMAL), read(other_account, *NORMAL)
    assert differences(one, other) == []
    assert one == other and one["tombstones"] == {}
    text = json.dumps(one)
    assert account.id not in text and other_account.id not in json.dumps(other)
    assert "<subnet/0>" in text and "<nat/1>" in text and "secret:s:a::" in text
    assert not {
        kind for kind in ("ec2 nat_gateways", "elb load_balancers", "iam roles", "s3 buckets") if not one["live"][kind]
    }

    other_account.client("ec2").create_security_group(GroupName="twin", Description="d", VpcId=vpc_of(other_account))
    account.client("ecs").register_task_definition(family="f", containerDefinitions=[{"name": "x", "image": "y"}])
    lines = differences(read(account, *NORMAL), read(other_account, *NORMAL))
    assert {" ".join(line.split(": ")[:2]) for line in lines} == {
        "only in the first ecs task_definitions", "only in the second ec2 security_groups",
        "only in the second ec2 security_group_rules",
    }  # fmt: skip


@pytest.mark.row("listing: things of the same content are counted, not merged", plain="absent")
def test_twins_are_counted(account, other_account):
    from localstack_fargate.inventory.normal_form import differences

    for owner, count in ((account, 1), (other_account, 2)):
        for _ in range(count):
            owner.client("ec2").allocate_address(Domain="vpc")
    assert len(differences(read(account, *NORMAL), read(other_account, *NORMAL))) == 1


@pytest.mark.row("listing: what is deleted and still listed is a tombstone", plain="absent")
def test_tombstones(account, other_account):
    from localstack_fargate.inventory.normal_form import differences

    ec2, secrets, ecs, net = (
        account.client("ec2"),
        account.client("secretsmanager"),
        account.client("ecs"),
        account.network(),
    )
    other_account.network()
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=net["subnets"][0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    account.advance(300)
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    account.advance(120)
    ec2.release_address(AllocationId=address)
    secrets.create_secret(Name="s", SecretString="x")
    secrets.delete_secret(SecretId="s")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "x", "image": "y", "memory": 9}])
    ecs.deregister_task_definition(taskDefinition="f:1")
    form = read(account, *NORMAL)
    assert form["tombstones"] == {
        "ec2.nat_gateways": ["deleted"], "ecs.task_definitions": ["f INACTIVE"],
        "secrets.secrets": ["s scheduled for deletion"],
    }  # fmt: skip
    assert differences(form, read(other_account, *NORMAL)) == []


@pytest.mark.row("listing: every bucket, vault and tag, also over pages of one item", plain="absent")
def test_whole_listing(account, other_account):
    for name in ("one", "two"):
        account.client("s3").create_bucket(Bucket=f"{name}-of-{account.id}")
        account.client("backup").create_backup_vault(BackupVaultName=name, BackupVaultTags={"a": "b"})
    other_account.client("s3").create_bucket(Bucket=f"of-{other_account.id}")
    account.settings(**{"page.size": 1})
    found = read(account)
    assert [bucket["Name"] for bucket in found["s3"]["buckets"]] == [f"one-of-{account.id}", f"two-of-{account.id}"]
    vaults = {vault["BackupVaultName"]: vault["Tags"] for vault in found["backup"]["vaults"]}
    assert vaults == {"one": {"a": "b"}, "two": {"a": "b"}}


def vpc_of(account):
    [vpc] = [vpc for vpc in account.client("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]
    return vpc["VpcId"]
