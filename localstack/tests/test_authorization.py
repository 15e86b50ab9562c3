"""What each call of a caller is judged by: actions, resources, condition keys, and second actions."""

import json

import pytest
from conftest import refused
from policy_kit import REGION, anything, as_json, document, only, tagged, vpc_arn

@pytest.mark.row("IAM enforcement: what is authorised on * only", plain="fails")
def test_a_scoped_resource_does_not_allow_what_is_authorised_on_all(account):
    ec2 = account.client("ec2")
    only(account, {"Action": "ec2:DescribeVpcs", "Resource": vpc_arn(account)})
    error = refused(ec2.describe_vpcs, "UnauthorizedOperation", status=403)
    assert "ec2:DescribeVpcs on resource: * because no identity-based policy allows" in str(error)
    only(account, {"Action": "ec2:DescribeVpcs"})
    ec2.describe_vpcs()


@pytest.mark.row("IAM enforcement: every resource of a call", plain="fails")
def test_every_resource_of_a_call_must_be_allowed(account):
    vpc = account.network()["vpc"]
    make = lambda: account.client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24")  # noqa: E731
    subnets = f"arn:aws:ec2:{REGION}:{account.id}:subnet/*"
    only(account, {"Action": "ec2:CreateSubnet", "Resource": subnets})
    assert f"on resource: {vpc_arn(account, vpc)} " in str(refused(make, "UnauthorizedOperation"))
    only(account, {"Action": "ec2:CreateSubnet", "Resource": [subnets, vpc_arn(account, "vpc-other")]})
    refused(make, "UnauthorizedOperation")
    only(account, {"Action": "ec2:CreateSubnet", "Resource": [subnets, vpc_arn(account, vpc)]})
    make()


@pytest.mark.row("IAM enforcement: the VPC of a resource, the region", plain="fails")
def test_vpc_and_region_are_conditions(account):
    net, ec2 = account.network(), account.client("ec2")
    inside = {"Action": "ec2:DeleteSubnet", "Condition": {"ArnEquals": {"ec2:Vpc": vpc_arn(account, "vpc-other")}}}
    only(account, inside)
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "UnauthorizedOperation")
    only(account, inside | {"Condition": {"ArnEquals": {"ec2:Vpc": vpc_arn(account, net["vpc"])}}})
    ec2.delete_subnet(SubnetId=net["subnets"][0])
    only(account, {"Action": "ec2:*", "Condition": {"StringEquals": {"aws:RequestedRegion": REGION}}})
    ec2.describe_vpcs()
    refused(account.client("ec2", "eu-west-1").describe_vpcs, "UnauthorizedOperation")


TASK = {
    "family": "probe",
    "requiresCompatibilities": ["FARGATE"],
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [{"name": "one", "image": "one"}],
}


@pytest.mark.row("IAM enforcement: PassRole", plain="fails")
def test_passing_a_role_is_a_permission_of_its_own(account):
    role, ecs = account.role(), account.client("ecs")
    register = lambda: ecs.register_task_definition(**TASK, taskRoleArn=role, executionRoleArn=role)  # noqa: E731
    registering = {"Action": "ecs:RegisterTaskDefinition"}
    passing = {"Action": "iam:PassRole", "Resource": role}
    only(account, registering)
    assert f"iam:PassRole on resource: {role}" in str(refused(register, "AccessDeniedException"))
    to = lambda service: {"Condition": {"StringEquals": {"iam:PassedToService": service}}}  # noqa: E731
    only(account, registering, passing | to("ec2.amazonaws.com"))
    refused(register, "AccessDeniedException")
    only(account, registering, passing | {"Resource": role + "-other"})
    refused(register, "AccessDeniedException")
    only(account, registering, passing | to("ecs-tasks.amazonaws.com"))
    register()


@pytest.mark.row("IAM enforcement: PassRole of RunTask", plain="fails")
def test_running_a_task_passes_the_roles_of_its_definition(account):
    role, ecs, net = account.role(), account.client("ecs"), account.network()
    ecs.create_cluster(clusterName="probe")
    ecs.register_task_definition(**TASK, executionRoleArn=role)
    placed = {"awsvpcConfiguration": {"subnets": net["subnets"], "securityGroups": [net["sg"]]}}
    run = lambda: ecs.run_task(  # noqa: E731
        cluster="probe", taskDefinition="probe", launchType="FARGATE", networkConfiguration=placed
    )
    definition = f"arn:aws:ecs:{REGION}:{account.id}:task-definition/probe:*"
    only(account, {"Action": "ecs:RunTask", "Resource": definition})
    assert "iam:PassRole" in str(refused(run, "AccessDeniedException"))
    only(
        account, {"Action": "ecs:RunTask", "Resource": definition.replace("probe", "other")}, {"Action": "iam:PassRole"}
    )
    assert "task-definition/probe:1" in str(refused(run, "AccessDeniedException"))
    only(account, {"Action": "ecs:RunTask", "Resource": definition}, {"Action": "iam:PassRole", "Resource": role})
    assert run()["tasks"]


@pytest.mark.row("IAM enforcement: PassRole to flow logs", plain="fails")
def test_flow_logs_are_given_a_role(account):
    role, ec2, vpc = (
        account.role(service="vpc-flow-logs.amazonaws.com"),
        account.client("ec2"),
        account.network()["vpc"],
    )
    account.client("logs").create_log_group(logGroupName="flow")
    make = lambda: ec2.create_flow_logs(  # noqa: E731
        ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogGroupName="flow", DeliverLogsPermissionArn=role
    )
    only(account, {"Action": "ec2:CreateFlowLogs"})
    assert "iam:PassRole" in str(refused(make, "UnauthorizedOperation"))
    condition = {"StringEquals": {"iam:PassedToService": "vpc-flow-logs.amazonaws.com"}}
    only(account, {"Action": "ec2:CreateFlowLogs"}, {"Action": "iam:PassRole", "Condition": condition})
    assert make()["FlowLogIds"]


@pytest.mark.row("IAM enforcement: the cluster as a condition", plain="fails")
def test_cluster_is_a_condition(account):
    ecs = account.client("ecs")
    for name in ("ours", "theirs"):
        ecs.create_cluster(clusterName=name)
    cluster = f"arn:aws:ecs:{REGION}:{account.id}:cluster/ours"
    only(
        account, {"Action": ["ecs:ListTasks", "ecs:ListServices"], "Condition": {"ArnEquals": {"ecs:cluster": cluster}}}
    )
    ecs.list_tasks(cluster="ours"), ecs.list_tasks(cluster=cluster), ecs.list_services(cluster="ours")
    refused(lambda: ecs.list_tasks(cluster="theirs"), "AccessDeniedException")
    refused(ecs.list_tasks, "AccessDeniedException")


@pytest.mark.row("IAM enforcement: what a backup vault needs", plain="fails")
@pytest.mark.parametrize("missing", ["backup-storage:MountCapsule", "kms:CreateGrant", "kms:RetireGrant"])
def test_a_vault_needs_storage_and_its_key(account, missing):
    make = lambda: account.client("backup").create_backup_vault(BackupVaultName="probe")  # noqa: E731
    everything = {"Action": ["backup:*", "backup-storage:*", "kms:*"]}
    only(account, everything, {"Effect": "Deny", "Action": missing})
    error = refused(make, "AccessDeniedException", status=403)
    assert missing in str(error) and "with an explicit deny" in str(error)
    only(account, everything)
    make()


@pytest.mark.row("IAM enforcement: service-linked roles", plain="fails")
def test_a_new_account_makes_the_service_linked_role(account):
    vpc = account.network()["vpc"]
    make = lambda: account.client("elbv2").create_target_group(  # noqa: E731
        Name="probe", Protocol="HTTP", Port=80, TargetType="ip", VpcId=vpc
    )
    only(account, {"Action": "elasticloadbalancing:*"})
    assert "iam:CreateServiceLinkedRole" in str(refused(make, "AccessDenied"))
    role = (
        "arn:aws:iam::*:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"
    )
    service = {"StringEquals": {"iam:AWSServiceName": "elasticloadbalancing.amazonaws.com"}}
    linking = {"Action": "iam:CreateServiceLinkedRole", "Resource": role, "Condition": service}
    only(account, linking)
    account.client("iam").create_service_linked_role(AWSServiceName="elasticloadbalancing.amazonaws.com")
    refused(
        lambda: account.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com"), "AccessDenied"
    )
    only(account, {"Action": "elasticloadbalancing:*"})
    make()


@pytest.mark.row("IAM enforcement: mount targets need the caller's EC2 permissions", plain="fails")
def test_mount_targets_need_ec2(account):
    net, efs = account.network(), account.client("efs")
    system = efs.create_file_system(CreationToken="probe")["FileSystemId"]
    account.advance(60)
    make = lambda: efs.create_mount_target(FileSystemId=system, SubnetId=net["subnets"][0])  # noqa: E731
    only(account, {"Action": "elasticfilesystem:*"}, {"Action": "ec2:Describe*"})
    assert "ec2:CreateNetworkInterface" in str(refused(make, "AccessDeniedException", status=403))
    only(account, {"Action": "elasticfilesystem:*"}, {"Action": ["ec2:Describe*", "ec2:CreateNetworkInterface"]})
    make()


@pytest.mark.row("IAM enforcement: permissions boundary as a condition", plain="fails")
def test_roles_only_with_the_boundary(account):
    iam = account.client("iam")
    inside = json.dumps(document({"Action": "s3:*"}))
    boundary = iam.create_policy(PolicyName="inside", PolicyDocument=inside)["Policy"]["Arn"]
    trust = as_json(
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole"})  # fmt: skip
    make = lambda **more: iam.create_role(RoleName="probe", AssumeRolePolicyDocument=trust, **more)  # noqa: E731
    only(account, {"Action": "iam:*", "Condition": {"StringEquals": {"iam:PermissionsBoundary": boundary}}})
    refused(make, "AccessDenied")
    make(PermissionsBoundary=boundary)
    iam.put_role_policy(RoleName="probe", PolicyName="p", PolicyDocument=inside)


@pytest.mark.row("IAM enforcement: the names of S3's actions", plain="fails")
@pytest.mark.parametrize(
    "action, call",
    [
        ("s3:ListBucket", lambda s3, name: s3.list_objects_v2(Bucket=name)),
        ("s3:ListBucketVersions", lambda s3, name: s3.list_object_versions(Bucket=name)),
        ("s3:ListBucketMultipartUploads", lambda s3, name: s3.list_multipart_uploads(Bucket=name)),
        ("s3:GetEncryptionConfiguration", lambda s3, name: s3.get_bucket_encryption(Bucket=name)),
        ("s3:GetBucketNotification", lambda s3, name: s3.get_bucket_notification_configuration(Bucket=name)),
        ("s3:GetBucketPublicAccessBlock", lambda s3, name: s3.get_public_access_block(Bucket=name)),
        ("s3:PutLifecycleConfiguration", lambda s3, name: s3.delete_bucket_lifecycle(Bucket=name)),
    ],
)
def test_actions_of_buckets(account, action, call):
    s3, name = account.client("s3"), f"probe-policy-{account.id}"
    s3.create_bucket(Bucket=name)
    only(account, {"Action": "s3:*"}, {"Effect": "Deny", "Action": action, "Resource": f"arn:aws:s3:::{name}"})
    assert f"perform: {action} " in str(refused(lambda: call(s3, name), "AccessDenied", status=403))
    only(account, {"Action": action, "Resource": f"arn:aws:s3:::{name}"})
    call(s3, name)


@pytest.mark.row("IAM enforcement: objects", plain="fails")
def test_objects(account):
    s3, name = account.client("s3"), f"probe-policy-{account.id}"
    s3.create_bucket(Bucket=name)
    lease = {"Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"arn:aws:s3:::{name}/lease/*"}
    only(account, lease)
    s3.put_object(Bucket=name, Key="lease/a", Body=b"x", IfNoneMatch="*")
    refused(lambda: s3.put_object(Bucket=name, Key="other", Body=b"x"), "AccessDenied", status=403)
    s3.get_object(Bucket=name, Key="lease/a")
    # Only a caller that may list the bucket learns that there is nothing.
    refused(lambda: s3.get_object(Bucket=name, Key="lease/none"), "AccessDenied", status=403)
    listing = {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{name}"}
    only(account, lease, listing)
    refused(lambda: s3.get_object(Bucket=name, Key="lease/none"), "NoSuchKey", status=404)
    only(account, listing | {"Condition": {"StringLike": {"s3:prefix": "lease/*"}}})
    s3.list_objects_v2(Bucket=name, Prefix="lease/a")
    refused(lambda: s3.list_objects_v2(Bucket=name), "AccessDenied")


@pytest.mark.row("IAM enforcement: DeleteObjects judges each object", plain="fails")
def test_each_deleted_object_is_judged(account):
    s3, name = account.client("s3"), f"probe-policy-{account.id}"
    s3.create_bucket(Bucket=name)
    for key in ("a", "b"):
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    only(account, {"Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{name}/a"})
    answer = s3.delete_objects(Bucket=name, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["a"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("b", "AccessDenied")]
    anything(account)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=name)["Contents"]] == ["b"]


@pytest.mark.row("IAM enforcement: the two ARNs of a log group", plain="fails")
def test_log_groups_are_named_with_a_trailing_part(account):
    logs, group = account.client("logs"), f"arn:aws:logs:{REGION}:{account.id}:log-group:/ce/probe"
    make = lambda: logs.create_log_group(logGroupName="/ce/probe", tags={"a": "b"})  # noqa: E731
    only(account, {"Action": "logs:*", "Resource": group})
    assert "logs:CreateLogGroup" in str(refused(make, "AccessDeniedException"))
    only(account, {"Action": "logs:*", "Resource": f"{group}:*"})
    assert "logs:TagResource" in str(refused(make, "AccessDeniedException"))
    only(
        account,
        {"Action": "logs:CreateLogGroup", "Resource": f"{group}:*"},
        {"Action": "logs:TagResource", "Resource": group},
    )
    make()


@pytest.mark.row("IAM enforcement: several documents, and their size", plain="fails")
def test_several_documents(account):
    ec2, iam = account.client("ec2"), account.client("iam")
    first, second = document({"Action": "ec2:Describe*"}), document({"Action": "iam:List*"})
    denial = document({"Effect": "Deny", "Action": "iam:ListRoles"})
    account.settings(**{"iam.caller_policy": [first, json.dumps(second)]})
    ec2.describe_vpcs(), iam.list_roles()
    account.settings(**{"iam.caller_policy": [first, second, denial]})
    assert "with an explicit deny" in str(refused(iam.list_roles, "AccessDenied"))
    ec2.describe_vpcs()
    for wrong in (
        document({"Action": [f"s3:Get{n:04}" for n in range(700)]}),
        document({"Action": "s3:Get*", "Resource": "bucket/*"}),
        [first] * 11,
    ):
        with pytest.raises(AssertionError, match="400"):
            account.settings(**{"iam.caller_policy": wrong})


@pytest.mark.row("IAM enforcement: an operation without a rule", plain="absent")
def test_an_operation_without_a_rule_is_refused_loudly(account):
    only(account, {"Action": "*"})
    error = refused(lambda: account.client("ec2").describe_images(), "UnauthorizedOperation")
    assert "the emulator has no rule for ec2 DescribeImages" in str(error)
    assert [one["resource"] for one in account.control("authorizations")] == [None]


@pytest.mark.row("IAM enforcement: what calls needed is recorded", plain="absent")
def test_what_calls_needed_is_recorded(account):
    ec2 = account.client("ec2")
    ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc", owner="us"))
    noted = {(one["action"], one["resource"], one["allowed"]) for one in account.control("authorizations")}
    assert noted == {("ec2:CreateVpc", vpc_arn(account), True), ("ec2:CreateTags", vpc_arn(account), True)}
    only(account, {"Action": "ec2:DescribeVpcs"})
    since = account.journal()[-1]["n"]
    refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16"), "UnauthorizedOperation")
    ec2.describe_vpcs(), ec2.describe_vpcs()
    assert account.control(f"authorizations?since={since}") == [
        {
            "action": "ec2:CreateVpc",
            "resource": vpc_arn(account),
            "allowed": False,
            "operations": ["ec2:CreateVpc"],
            "calls": 1,
        },
        {
            "action": "ec2:DescribeVpcs",
            "resource": "*",
            "allowed": True,
            "operations": ["ec2:DescribeVpcs"],
            "calls": 2,
        },
    ]
    made = next(entry for entry in account.journal() if entry["operation"] == "CreateVpc")["authorizations"]
    keys = {"aws:RequestTag/owner": ["us"], "aws:TagKeys": ["owner"]}
    assert [one["keys"] for one in made] == [keys, keys | {"ec2:CreateAction": ["CreateVpc"]}]


@pytest.mark.row("IAM enforcement: a caller that is not root", plain="absent")
@pytest.mark.parametrize(
    "caller, arn, principal",
    [
        ("user/op", "arn:aws:iam::{}:user/op", "arn:aws:iam::{}:user/op"),
        ("assumed-role/op/me", "arn:aws:sts::{}:assumed-role/op/me", "arn:aws:iam::{}:role/op"),
    ],
)
def test_a_caller_with_a_name(account, caller, arn, principal):
    only(account, {"Action": ["iam:SimulatePrincipalPolicy", "ec2:Describe*"]}, **{"iam.caller": caller})
    assert account.client("sts").get_caller_identity()["Arn"] == arn.format(account.id)
    error = refused(account.client("iam").list_roles, "AccessDenied")
    assert f"User: {arn.format(account.id)} is not authorized to perform: iam:ListRoles" in str(error)
    answer = account.client("iam").simulate_principal_policy(
        PolicySourceArn=principal.format(account.id), ActionNames=["ec2:DescribeVpcs", "ec2:CreateVpc"]
    )
    assert [one["EvalDecision"] for one in answer["EvaluationResults"]] == ["allowed", "implicitDeny"]
