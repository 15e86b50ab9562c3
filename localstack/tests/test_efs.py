"""EFS: life cycles, refusals, idempotency, policies. Source of every expectation: Amazon EFS API reference."""

import json

import pytest
from conftest import refused
from policy_kit import as_json

row = pytest.mark.row


def file_system(account, **more):
    """An available file system."""
    made = account.client("efs").create_file_system(CreationToken="probe", **more)
    account.advance(30)
    return made["FileSystemId"]


def state(account, file_system_id):
    found = account.client("efs").describe_file_systems(FileSystemId=file_system_id)["FileSystems"]
    return found[0]["LifeCycleState"]


def target_state(account, target_id):
    return account.client("efs").describe_mount_targets(MountTargetId=target_id)["MountTargets"][0]["LifeCycleState"]


@row("efs:CreateFileSystem answers KmsKeyId as an ARN", plain="fails")
def test_an_encrypted_file_system_names_its_key(account):
    made = account.client("efs").create_file_system(
        CreationToken="t", Encrypted=True, ThroughputMode="elastic", Tags=[{"Key": "Name", "Value": "n"}]
    )
    assert made["KmsKeyId"].startswith(f"arn:aws:kms:us-east-1:{account.id}:key/")
    assert made["Name"] == "n"
    assert made["ThroughputMode"] == "elastic"


@row("life:EFS file system creating -> available", plain="fails")
def test_a_file_system_is_creating_first(account):
    efs = account.client("efs")
    made = efs.create_file_system(CreationToken="t")
    assert made["LifeCycleState"] == "creating"
    assert state(account, made["FileSystemId"]) == "creating"
    account.advance(30)
    assert state(account, made["FileSystemId"]) == "available"


@row("efs:CreateFileSystem same token -> FileSystemAlreadyExists with the id", plain="fails")
def test_a_creation_token_is_used_once(account):
    efs = account.client("efs")
    made = efs.create_file_system(CreationToken="t")
    error = refused(lambda: efs.create_file_system(CreationToken="t"), "FileSystemAlreadyExists", status=409)
    assert made["FileSystemId"] in json.dumps(error.response)
    assert [f["FileSystemId"] for f in efs.describe_file_systems(CreationToken="t")["FileSystems"]] == [
        made["FileSystemId"]
    ]


@row("efs:UpdateFileSystem", plain="fails")
def test_throughput_can_be_changed(account):
    efs = account.client("efs")
    fs = file_system(account)
    efs.update_file_system(FileSystemId=fs, ThroughputMode="elastic")
    assert state(account, fs) == "updating"
    account.advance(30)
    found = efs.describe_file_systems(FileSystemId=fs)["FileSystems"][0]
    assert (found["LifeCycleState"], found["ThroughputMode"]) == ("available", "elastic")


@row("efs:UpdateFileSystem a second change within 24 hours -> TooManyRequests", plain="fails")
def test_throughput_mode_changes_once_a_day(account):
    efs = account.client("efs")
    fs = file_system(account)
    efs.update_file_system(FileSystemId=fs, ThroughputMode="elastic")
    account.advance(3600)
    change = lambda: efs.update_file_system(FileSystemId=fs, ThroughputMode="bursting")  # noqa: E731
    error = refused(change, "TooManyRequests", status=429)
    assert "maximum number of throughput mode changes" in str(error) and "Wait until 20" in str(error)
    account.advance(86400)
    change()


@row("efs:DeleteFileSystemPolicy", plain="fails")
def test_a_policy_comes_and_goes(account):
    efs = account.client("efs")
    fs = file_system(account)
    refused(lambda: efs.describe_file_system_policy(FileSystemId=fs), "PolicyNotFound", status=404)
    policy = allow({"AWS": account.role("reader")})
    efs.put_file_system_policy(FileSystemId=fs, Policy=policy)
    assert efs.describe_file_system_policy(FileSystemId=fs)["Policy"] == policy
    efs.delete_file_system_policy(FileSystemId=fs)
    refused(lambda: efs.describe_file_system_policy(FileSystemId=fs), "PolicyNotFound", status=404)


def allow(principal):
    return as_json({
        "Effect": "Allow", "Principal": principal, "Action": "elasticfilesystem:ClientMount",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    })


@row("neg:PutFileSystemPolicy malformed -> InvalidPolicyException", plain="fails")
@pytest.mark.parametrize("policy", ["{", '{"Statement":[]}', allow({"AWS": "nobody"})])
def test_a_malformed_policy_is_refused(account, policy):
    fs = file_system(account)
    refused(
        lambda: account.client("efs").put_file_system_policy(FileSystemId=fs, Policy=policy), "InvalidPolicyException"
    )


@row("neg:PutFileSystemPolicy unknown principal -> InvalidPolicyException", plain="fails")
def test_a_policy_naming_an_absent_role_is_refused(account):
    fs = file_system(account)
    absent = f"arn:aws:iam::{account.id}:role/absent"
    refused(
        lambda: account.client("efs").put_file_system_policy(FileSystemId=fs, Policy=allow({"AWS": absent})),
        "InvalidPolicyException",
    )


@row("IAM propagation, EFS policy naming a role that is too young -> InvalidPolicyException", plain="fails")
def test_a_policy_may_name_a_role_once_it_has_propagated(account):
    fs = file_system(account)
    role = account.role("young", settle=0)
    put = lambda: account.client("efs").put_file_system_policy(  # noqa: E731
        FileSystemId=fs, Policy=allow({"AWS": role})
    )
    refused(put, "InvalidPolicyException")
    account.advance(60)
    put()


@row("efs:PutBackupPolicy/DescribeBackupPolicy", plain="fails")
def test_the_backup_policy_is_kept(account):
    efs = account.client("efs")
    fs = file_system(account)
    refused(lambda: efs.describe_backup_policy(FileSystemId=fs), "PolicyNotFound", status=404)
    answer = efs.put_backup_policy(FileSystemId=fs, BackupPolicy={"Status": "ENABLED"})
    assert answer["BackupPolicy"]["Status"] in ("ENABLING", "ENABLED")
    account.advance(30)
    assert efs.describe_backup_policy(FileSystemId=fs)["BackupPolicy"]["Status"] == "ENABLED"
    efs.put_backup_policy(FileSystemId=fs, BackupPolicy={"Status": "DISABLED"})
    account.advance(30)
    assert efs.describe_backup_policy(FileSystemId=fs)["BackupPolicy"]["Status"] == "DISABLED"


@row("efs:UpdateFileSystemProtection", plain="fails")
def test_replication_protection_can_be_changed(account):
    efs = account.client("efs")
    fs = file_system(account)
    efs.update_file_system_protection(FileSystemId=fs, ReplicationOverwriteProtection="DISABLED")
    found = efs.describe_file_systems(FileSystemId=fs)["FileSystems"][0]
    assert found["FileSystemProtection"] == {"ReplicationOverwriteProtection": "DISABLED"}


@row("efs:PutLifecycleConfiguration", plain="passes")
def test_lifecycle_policies_are_kept(account):
    efs = account.client("efs")
    fs = file_system(account)
    policies = [{"TransitionToIA": "AFTER_30_DAYS"}]
    efs.put_lifecycle_configuration(FileSystemId=fs, LifecyclePolicies=policies)
    assert efs.describe_lifecycle_configuration(FileSystemId=fs)["LifecyclePolicies"] == policies


@row("neg:CreateMountTarget while file system creating -> IncorrectFileSystemLifeCycleState", plain="fails")
def test_a_mount_target_needs_an_available_file_system(account):
    efs, net = account.client("efs"), account.network()
    fs = efs.create_file_system(CreationToken="t")["FileSystemId"]
    refused(
        lambda: efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0]),
        "IncorrectFileSystemLifeCycleState",
        status=409,
    )


@row("neg:CreateMountTarget and CreateLoadBalancer in a zone without the service", plain="fails")
def test_a_zone_without_the_services_is_refused(account):
    efs, net, fs = account.client("efs"), account.network(), file_system(account)
    elb = account.client("elbv2")
    subnets = account.client("ec2").describe_subnets(SubnetIds=net["subnets"][:1])["Subnets"]
    account.settings(**{"zones.unsupported": [subnets[0]["AvailabilityZoneId"]]})
    refused(lambda: efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0]), "UnsupportedAvailabilityZone")
    refused(
        lambda: elb.create_load_balancer(Name="probe", Subnets=net["subnets"], Scheme="internal"), "ValidationError"
    )
    efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][1])


@row("life:mount target creating -> available", plain="fails")
def test_a_mount_target_is_creating_first(account):
    efs, net = account.client("efs"), account.network()
    fs = file_system(account)
    made = efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0], SecurityGroups=[net["sg"]])
    assert made["LifeCycleState"] == "creating"
    account.advance(10)
    assert target_state(account, made["MountTargetId"]) == "creating"
    account.advance(200)
    assert target_state(account, made["MountTargetId"]) == "available"


@row("efs: mount target's network interface in EC2, released when the target is gone", plain="fails")
def test_a_mount_target_has_an_interface(account):
    efs, ec2, net = account.client("efs"), account.client("ec2"), account.network()
    fs = file_system(account)
    made = efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0], SecurityGroups=[net["sg"]])
    mine = [{"Name": "group-id", "Values": [net["sg"]]}]
    (eni,) = ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
    assert eni["NetworkInterfaceId"] == made["NetworkInterfaceId"]
    assert eni["PrivateIpAddress"] == made["IpAddress"]
    assert eni["Description"] == f"EFS mount target for {fs} ({made['MountTargetId']})"
    assert eni["RequesterManaged"] is True
    account.advance(200)
    efs.delete_mount_target(MountTargetId=made["MountTargetId"])
    assert target_state(account, made["MountTargetId"]) == "deleting"
    assert ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
    account.advance(200)
    refused(lambda: target_state(account, made["MountTargetId"]), "MountTargetNotFound", status=404)
    assert not ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]


@row("neg:CreateMountTarget second in a zone -> MountTargetConflict", plain="passes")
def test_one_mount_target_a_zone(account):
    efs, ec2, net = account.client("efs"), account.client("ec2"), account.network()
    fs = file_system(account)
    efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0])
    other = ec2.create_subnet(VpcId=net["vpc"], CidrBlock="10.0.9.0/24", AvailabilityZone="us-east-1a")
    refused(
        lambda: efs.create_mount_target(FileSystemId=fs, SubnetId=other["Subnet"]["SubnetId"]),
        "MountTargetConflict",
        status=409,
    )


@row("neg:CreateMountTarget unknown subnet or security group", plain="passes")
def test_a_mount_target_needs_subnet_and_groups(account):
    efs, net = account.client("efs"), account.network()
    fs = file_system(account)
    refused(
        lambda: efs.create_mount_target(FileSystemId=fs, SubnetId="subnet-0123456789abcdef0"), "SubnetNotFound"
    )
    refused(
        lambda: efs.create_mount_target(
            FileSystemId=fs, SubnetId=net["subnets"][0], SecurityGroups=["sg-0123456789abcdef0"]
        ),
        "SecurityGroupNotFound",
    )


@row("neg:CreateMountTarget address in use, subnet full, six groups", plain="fails")
def test_a_mount_target_needs_an_address(account):
    efs, ec2, net = account.client("efs"), account.client("ec2"), account.network()
    fs = file_system(account)
    small = ec2.create_subnet(VpcId=net["vpc"], CidrBlock="10.0.8.0/28", AvailabilityZone="us-east-1a")
    subnet = small["Subnet"]["SubnetId"]
    mount = lambda **more: efs.create_mount_target(FileSystemId=fs, SubnetId=subnet, **more)  # noqa: E731
    taken = [ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"] for _ in range(11)]
    refused(mount, "NoFreeAddressesInSubnet", status=409)
    refused(lambda: mount(IpAddress=taken[0]["PrivateIpAddress"]), "IpAddressInUse", status=409)
    refused(lambda: mount(IpAddress="10.9.9.9"), "BadRequest")
    groups = [
        ec2.create_security_group(GroupName=f"g{n}", Description="g", VpcId=net["vpc"])["GroupId"] for n in range(6)
    ]
    refused(lambda: mount(SecurityGroups=groups), "SecurityGroupLimitExceeded")


@row(
    "neg: policies and access points while the file system is creating -> IncorrectFileSystemLifeCycleState",
    plain="fails",
)
@pytest.mark.parametrize("call", [
    lambda efs, fs: efs.create_access_point(ClientToken="t", FileSystemId=fs),
    lambda efs, fs: efs.put_backup_policy(FileSystemId=fs, BackupPolicy={"Status": "ENABLED"}),
    lambda efs, fs: efs.put_file_system_policy(FileSystemId=fs, Policy=allow("*")),
    lambda efs, fs: efs.put_lifecycle_configuration(FileSystemId=fs, LifecyclePolicies=[]),
], ids=["access point", "backup policy", "file-system policy", "lifecycle"])
def test_a_creating_file_system_takes_no_settings(account, call):
    efs = account.client("efs")
    fs = efs.create_file_system(CreationToken="t")["FileSystemId"]
    refused(lambda: call(efs, fs), "IncorrectFileSystemLifeCycleState", status=409)
    account.advance(30)
    call(efs, fs)


@row("efs:ModifyMountTargetSecurityGroups also changes the interface", plain="fails")
def test_groups_of_a_mount_target_follow(account):
    efs, ec2, net = account.client("efs"), account.client("ec2"), account.network()
    fs = file_system(account)
    target = efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0])
    efs.modify_mount_target_security_groups(MountTargetId=target["MountTargetId"], SecurityGroups=[net["sg"]])
    found = efs.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])
    assert found["SecurityGroups"] == [net["sg"]]
    (eni,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[target["NetworkInterfaceId"]])["NetworkInterfaces"]
    assert [g["GroupId"] for g in eni["Groups"]] == [net["sg"]]
    filters = [{"Name": "group-id", "Values": [net["sg"]]}, {"Name": "vpc-id", "Values": [net["vpc"]]}]
    (same,) = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert same["Description"].startswith("EFS mount target for ")


@row("neg:DeleteSecurityGroup used by mount target ENI -> DependencyViolation", plain="fails")
def test_a_group_of_a_mount_target_cannot_be_deleted(account):
    efs, ec2, net = account.client("efs"), account.client("ec2"), account.network()
    fs = file_system(account)
    target = efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0], SecurityGroups=[net["sg"]])
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    account.advance(200)
    ec2.delete_security_group(GroupId=net["sg"])


@row("neg:DeleteSubnet with ENIs (EFS mount target) -> DependencyViolation", plain="fails")
def test_a_subnet_with_a_mount_target_cannot_be_deleted(account):
    efs, ec2, net = account.client("efs"), account.client("ec2"), account.network()
    fs = file_system(account)
    efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0])
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    ec2.delete_subnet(SubnetId=net["subnets"][1])


POINT = {
    "PosixUser": {"Uid": 1001, "Gid": 1001},
    "RootDirectory": {"Path": "/data/x", "CreationInfo": {"OwnerUid": 1001, "OwnerGid": 1001, "Permissions": "0777"}},
    "Tags": [{"Key": "Name", "Value": "x"}],
}


@row("efs:CreateAccessPoint ClientToken idempotent", plain="fails")
def test_an_access_point_is_made_once_for_a_token(account):
    efs = account.client("efs")
    fs = file_system(account)
    first = efs.create_access_point(ClientToken="t", FileSystemId=fs, **POINT)
    second = efs.create_access_point(ClientToken="t", FileSystemId=fs, **POINT)
    assert first["AccessPointId"] == second["AccessPointId"]
    assert len(efs.describe_access_points(FileSystemId=fs)["AccessPoints"]) == 1


@row("neg:CreateAccessPoint same token, other settings -> AccessPointAlreadyExists", plain="fails")
def test_a_token_of_another_access_point_is_refused(account):
    efs = account.client("efs")
    fs = file_system(account)
    efs.create_access_point(ClientToken="t", FileSystemId=fs, **POINT)
    refused(
        lambda: efs.create_access_point(ClientToken="t", FileSystemId=fs), "AccessPointAlreadyExists", status=409
    )


@row("neg:CreateAccessPoint same token on another file system -> AccessPointAlreadyExists", plain="fails")
def test_a_token_is_of_no_other_file_system(account):
    efs, one = account.client("efs"), file_system(account)
    other = efs.create_file_system(CreationToken="other")["FileSystemId"]
    account.advance(30)
    efs.create_access_point(ClientToken="t", FileSystemId=one, **POINT)
    again = lambda token: efs.create_access_point(ClientToken=token, FileSystemId=other, **POINT)  # noqa: E731
    refused(lambda: again("t"), "AccessPointAlreadyExists", status=409)
    again("u")


@row("efs:DescribeAccessPoints creating -> available, settings and tags", plain="fails")
def test_an_access_point_is_creating_first(account):
    efs = account.client("efs")
    fs = file_system(account)
    made = efs.create_access_point(ClientToken="t", FileSystemId=fs, **POINT)
    assert made["LifeCycleState"] == "creating"
    account.advance(30)
    (found,) = efs.describe_access_points(AccessPointId=made["AccessPointId"])["AccessPoints"]
    assert found["LifeCycleState"] == "available"
    assert {k: found[k] for k in POINT} == POINT
    efs.delete_access_point(AccessPointId=made["AccessPointId"])
    account.advance(30)
    refused(lambda: efs.describe_access_points(AccessPointId=made["AccessPointId"]), "AccessPointNotFound", status=404)


@row("neg:CreateAccessPoint more than four directories deep -> BadRequest", plain="fails")
def test_a_root_directory_is_at_most_four_deep(account):
    efs = account.client("efs")
    fs = file_system(account)
    efs.create_access_point(ClientToken="a", FileSystemId=fs, RootDirectory={"Path": "/1/2/3/4"})
    refused(
        lambda: efs.create_access_point(ClientToken="b", FileSystemId=fs, RootDirectory={"Path": "/1/2/3/4/5"}),
        "BadRequest",
    )


@row("EFS in use: DeleteFileSystem with mount targets -> FileSystemInUse", plain="passes")
def test_a_mounted_file_system_cannot_be_deleted(account):
    efs, net = account.client("efs"), account.network()
    fs = file_system(account)
    target = efs.create_mount_target(FileSystemId=fs, SubnetId=net["subnets"][0])
    refused(lambda: efs.delete_file_system(FileSystemId=fs), "FileSystemInUse", status=409)
    account.advance(200)
    efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    account.advance(200)
    efs.delete_file_system(FileSystemId=fs)
    account.advance(60)
    refused(lambda: state(account, fs), "FileSystemNotFound", status=404)


@row("life:EFS file system deleting -> gone", plain="fails")
def test_a_deleted_file_system_is_deleting_first(account):
    fs = file_system(account)
    account.client("efs").delete_file_system(FileSystemId=fs)
    assert state(account, fs) == "deleting"
    account.advance(60)
    refused(lambda: state(account, fs), "FileSystemNotFound", status=404)


@row("efs: tags by id and by ARN, TagResource/UntagResource/ListTagsForResource", plain="fails")
def test_tags_can_be_changed(account):
    efs = account.client("efs")
    fs = file_system(account, Tags=[{"Key": "a", "Value": "1"}])
    arn = efs.describe_file_systems(FileSystemId=fs)["FileSystems"][0]["FileSystemArn"]
    efs.tag_resource(ResourceId=arn, Tags=[{"Key": "b", "Value": "2"}])
    efs.untag_resource(ResourceId=fs, TagKeys=["a"])
    assert efs.list_tags_for_resource(ResourceId=fs)["Tags"] == [{"Key": "b", "Value": "2"}]


@row("small pages on demand: EFS", plain="fails")
def test_listings_come_in_pages(account):
    efs = account.client("efs")
    fs = file_system(account)
    account.settings(**{"page.size": 2})
    for n in range(3):
        efs.create_access_point(ClientToken=str(n), FileSystemId=fs)
    first = efs.describe_access_points(FileSystemId=fs)
    assert len(first["AccessPoints"]) == 2
    second = efs.describe_access_points(FileSystemId=fs, NextToken=first["NextToken"])
    assert len(second["AccessPoints"]) == 1
    assert "NextToken" not in second
