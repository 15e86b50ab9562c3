"""What tags allow: those a request brings, and those a resource has."""

import json

import pytest
from conftest import refused
from ecs_kit import Kit
from policy_kit import anything, document, only, tagged, vpc_arn


@pytest.mark.row("IAM enforcement: tags of the request", plain="fails")
def test_request_tags_are_conditions_of_creation(account):
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ours = {
        "StringEquals": {"aws:RequestTag/owner": "us"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["owner", "name"]},
    }

    def make(**tags):
        specification = {"TagSpecifications": tagged("subnet", **tags)} if tags else {}
        return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", **specification)

    tagging = {"Action": "ec2:CreateTags", "Condition": {"StringEquals": {"ec2:CreateAction": "CreateSubnet"}}}
    only(account, {"Action": "ec2:CreateSubnet", "Condition": ours}, tagging)
    # The VPC has no tags of the request: it wants a statement of its own.
    assert f"vpc/{vpc}" in str(refused(lambda: make(owner="us"), "UnauthorizedOperation"))
    inside = {"Action": "ec2:CreateSubnet", "Resource": vpc_arn(account)}
    only(account, {"Action": "ec2:CreateSubnet", "Condition": ours}, inside)
    assert "ec2:CreateTags" in str(refused(lambda: make(owner="us"), "UnauthorizedOperation"))
    only(account, {"Action": "ec2:CreateSubnet", "Condition": ours}, inside, tagging)
    refused(lambda: make(owner="them"), "UnauthorizedOperation")
    refused(lambda: make(owner="us", cost="1"), "UnauthorizedOperation")
    refused(make, "UnauthorizedOperation")
    made = make(owner="us", name="a")["Subnet"]["SubnetId"]
    refused(lambda: ec2.create_tags(Resources=[made], Tags=[{"Key": "name", "Value": "b"}]), "UnauthorizedOperation")


@pytest.mark.row("IAM enforcement: tags of the resource", plain="fails")
@pytest.mark.parametrize("key", ["aws:ResourceTag/owner", "ec2:ResourceTag/owner"])
def test_tags_of_the_resource_are_read_when_the_call_is_made(account, key):
    ec2 = account.client("ec2")
    ours = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc", owner="us"))["Vpc"]["VpcId"]
    theirs = ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tagged("vpc", owner="them"))["Vpc"]["VpcId"]
    only(account, {"Action": "ec2:DeleteVpc", "Condition": {"StringEquals": {key: "us"}}})
    refused(lambda: ec2.delete_vpc(VpcId=theirs), "UnauthorizedOperation")
    ec2.delete_vpc(VpcId=ours)
    anything(account)
    ec2.create_tags(Resources=[theirs], Tags=[{"Key": "owner", "Value": "us"}])
    only(account, {"Action": "ec2:DeleteVpc", "Condition": {"StringEquals": {key: "us"}}})
    ec2.delete_vpc(VpcId=theirs)


def _tagged_role(account, tags):
    account.role()
    account.client("iam").tag_role(RoleName="probe", Tags=tags)
    return lambda: account.client("iam").delete_role(RoleName="probe")


def _tagged_balancer_part(account, tags):
    elb, vpc = account.client("elbv2"), account.network()["vpc"]
    made = elb.create_target_group(Name="probe", Protocol="HTTP", Port=80, TargetType="ip", VpcId=vpc, Tags=tags)
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    return lambda: elb.delete_target_group(TargetGroupArn=arn)


def _tagged_cluster(account, tags):
    ecs = account.client("ecs")
    ecs.create_cluster(clusterName="probe", tags=[{"key": tag["Key"], "value": tag["Value"]} for tag in tags])
    return lambda: ecs.delete_cluster(cluster="probe")


def _tagged_file_system(account, tags):
    efs = account.client("efs")
    made = efs.create_file_system(CreationToken="probe", Tags=tags)["FileSystemId"]
    account.advance(60)
    return lambda: efs.delete_file_system(FileSystemId=made)


def _tagged_secret(account, tags):
    secrets = account.client("secretsmanager")
    secrets.create_secret(Name="probe", SecretString="x", Tags=tags)
    return lambda: secrets.get_secret_value(SecretId="probe")


def _tagged_log_group(account, tags):
    logs = account.client("logs")
    logs.create_log_group(logGroupName="probe", tags={tag["Key"]: tag["Value"] for tag in tags})
    return lambda: logs.put_retention_policy(logGroupName="probe", retentionInDays=30)


def _tagged_vault(account, tags):
    backup = account.client("backup")
    backup.create_backup_vault(BackupVaultName="probe", BackupVaultTags={tag["Key"]: tag["Value"] for tag in tags})
    return lambda: backup.delete_backup_vault(BackupVaultName="probe")


@pytest.mark.row("IAM enforcement: tags of the resource in every service", plain="fails")
@pytest.mark.parametrize(
    "make, prefix",
    [
        (_tagged_role, "iam"),
        (_tagged_balancer_part, "elasticloadbalancing"),
        (_tagged_cluster, "ecs"),
        (_tagged_file_system, "aws"),
        (_tagged_secret, "secretsmanager"),
        (_tagged_log_group, "aws"),
        (_tagged_vault, "aws"),
    ],
)
def test_tags_of_the_resource_in_every_service(account, make, prefix):
    call = make(account, [{"Key": "owner", "Value": "us"}])
    for key in ("aws:ResourceTag/owner", f"{prefix}:ResourceTag/owner"):
        only(account, {"Action": "*", "Condition": {"StringEquals": {key: "them"}}})
        refused(call, "AccessDenied", "AccessDeniedException")
    both = {"aws:ResourceTag/owner": "us", f"{prefix}:ResourceTag/owner": "us"}
    only(account, {"Action": "*", "Condition": {"StringEquals": both}})
    call()


@pytest.mark.row("IAM enforcement: the tags of a bucket are no condition keys", plain="fails")
def test_bucket_tags_are_no_condition_keys(account):
    s3, name = account.client("s3"), f"probe-policy-{account.id}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "owner", "Value": "us"}]})
    only(account, {"Action": "s3:*", "Condition": {"StringEquals": {"aws:ResourceTag/owner": "us"}}})
    refused(lambda: s3.get_bucket_policy(Bucket=name), "AccessDenied")


PAIR = [{"Key": "owner", "Value": "us"}]
SECOND_ACTIONS = {
    "ecs:CreateCluster": ("ecs:TagResource", "ecs:CreateAction",
        lambda w: w.client("ecs").create_cluster(clusterName="probe", tags=[{"key": "owner", "value": "us"}])),
    "elasticloadbalancing:CreateTargetGroup": ("elasticloadbalancing:AddTags", "elasticloadbalancing:CreateAction",
        lambda w: w.client("elbv2").create_target_group(
            Name="probe", Protocol="HTTP", Port=80, TargetType="ip", VpcId=w.vpc, Tags=PAIR)),
    "secretsmanager:CreateSecret": ("secretsmanager:TagResource", None,
        lambda w: w.client("secretsmanager").create_secret(Name="probe", SecretString="x", Tags=PAIR)),
    "logs:CreateLogGroup": ("logs:TagResource", None,
        lambda w: w.client("logs").create_log_group(logGroupName="probe", tags={"owner": "us"})),
    "iam:CreateRole": ("iam:TagRole", None,
        lambda w: w.client("iam").create_role(RoleName="probe", AssumeRolePolicyDocument=json.dumps(w.trust),
            Tags=PAIR)),
    "s3:CreateBucket": ("s3:TagResource", None,
        lambda w: w.client("s3").create_bucket(
            Bucket=f"probe-policy-{w.id}", CreateBucketConfiguration={"Tags": PAIR})),
    "elasticfilesystem:CreateFileSystem": ("elasticfilesystem:TagResource", "elasticfilesystem:CreateAction",
        lambda w: w.client("efs").create_file_system(CreationToken="probe", Encrypted=True, Tags=PAIR)),
    "backup:CreateBackupVault": ("backup:TagResource", None,
        lambda w: w.client("backup").create_backup_vault(BackupVaultName="probe", BackupVaultTags={"owner": "us"})),
}  # fmt: skip
BESIDES = ["iam:CreateServiceLinkedRole", "backup-storage:MountCapsule", "kms:*"]


@pytest.mark.row("IAM enforcement: tagging in the call that creates", plain="fails")
@pytest.mark.parametrize("action", SECOND_ACTIONS)
def test_tagging_at_creation_is_an_action_of_its_own(account, action):
    second, created_by, call = SECOND_ACTIONS[action]
    account.vpc = account.network()["vpc"]
    principal = {"Service": "ecs-tasks.amazonaws.com"}
    account.trust = document({"Principal": principal, "Action": "sts:AssumeRole"})
    del account.trust["Statement"][0]["Resource"]
    conditions = {"StringEquals": {"aws:RequestTag/owner": "us"}}
    if created_by:
        conditions["StringEquals"][created_by] = action.split(":")[1]
    only(account, {"Action": [action, *BESIDES]})
    assert f"perform: {second} " in str(refused(lambda: call(account), "AccessDenied", "AccessDeniedException"))
    wrong = {"Action": second, "Condition": {"StringEquals": {"aws:RequestTag/owner": "them"}}}
    only(account, {"Action": [action, *BESIDES]}, wrong)
    refused(lambda: call(account), "AccessDenied", "AccessDeniedException")
    only(account, {"Action": [action, *BESIDES]}, {"Action": second, "Condition": conditions})
    call(account)


@pytest.mark.row("IAM enforcement: tags that a task takes over from its definition", plain="fails")
def test_propagated_tags_are_tagging_at_creation(account):
    kit = Kit(account)
    plain, marked = kit.register(family="plain"), kit.register(family="marked", tags=[{"key": "owner", "value": "us"}])
    network = {"networkConfiguration": kit.network, "launchType": "FARGATE"}

    def run(definition, **more):
        return kit.ecs.run_task(cluster=kit.cluster, taskDefinition=definition, **network, **more)["tasks"][0]

    rest = {"Action": ["ecs:RunTask", "iam:PassRole"]}
    only(account, rest)
    run(marked)
    run(plain, propagateTags="TASK_DEFINITION")  # there is none to take over
    why = str(refused(lambda: run(marked, propagateTags="TASK_DEFINITION"), "AccessDeniedException"))
    assert "perform: ecs:TagResource " in why and f":task/{kit.cluster}/*" in why
    tagging = {"Action": "ecs:TagResource", "Resource": f"arn:aws:ecs:us-east-1:{account.id}:task/{kit.cluster}/*"}
    only(account, rest, tagging | {"Condition": {"StringEquals": {"ecs:CreateAction": "CreateService"}}})
    refused(lambda: run(marked, propagateTags="TASK_DEFINITION"), "AccessDeniedException")
    only(account, rest, tagging | {"Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}}})
    run(marked, propagateTags="TASK_DEFINITION")
