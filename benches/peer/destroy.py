"""Deletes the stack, its data and logs too. The secret goes into its recovery window, as with ce-aws."""

from __future__ import annotations

from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from aws import NAME, REGION, STEM, Aws
from read import BUCKETS, ROLES, read
from steps import Steps

STILL_HELD = ("DependencyViolation", "ResourceInUse", "FileSystemInUse", "InvalidIPAddress.InUse", "AuthFailure")


def steps(aws: Aws, account: str, threads: int) -> Steps:
    found = read(aws, account, threads)
    s = Steps()
    _task(s, aws, found)
    _storage(s, aws, account, found)
    _network(s, aws, found)
    for name in ROLES:
        # ECS needs the execution role until the task has stopped.
        s.add(f"role {name}", ("task stopped",), lambda _, name=name: _delete_role(aws, f"{STEM}-{REGION}-{name}"))
    for group in found["log groups"]["logGroups"]:
        name = group["logGroupName"]
        s.add(f"log group {name}", ("task stopped", "flow log"),
              lambda _, name=name: aws.logs.delete_log_group(logGroupName=name))  # fmt: skip
    s.add("secret", ("task stopped",),
          lambda _: aws.secretsmanager.delete_secret(SecretId=f"ce-aws/{NAME}/credentials"))  # fmt: skip
    return s


def _task(s: Steps, aws: Aws, found: dict[str, Any]) -> None:
    @s.step("service")
    def service(_):
        aws.ecs.update_service(cluster=STEM, service=STEM, desiredCount=0)
        aws.ecs.delete_service(cluster=STEM, service=STEM, force=True)

    @s.step("task stopped", "service")
    def stopped(_):
        tasks = found["tasks"]["taskArns"]

        def is_stopped() -> bool:
            described = aws.ecs.describe_tasks(cluster=STEM, tasks=tasks)["tasks"]
            return all(task["lastStatus"] == "STOPPED" for task in described)

        if tasks:
            aws.wait_until(is_stopped)

    @s.step("cluster", "task stopped")
    def cluster(_):
        def is_inactive() -> bool:
            return aws.ecs.describe_services(cluster=STEM, services=[STEM])["services"][0]["status"] == "INACTIVE"

        aws.wait_until(is_inactive)
        aws.ecs.delete_cluster(cluster=STEM)

    @s.step("task definition", "task stopped")
    def task_definition(_):
        arn = found["task definition"]["taskDefinition"]["taskDefinitionArn"]
        aws.ecs.deregister_task_definition(taskDefinition=arn)

    arn = found["balancers"]["LoadBalancers"][0]["LoadBalancerArn"]

    @s.step("balancer")
    def balancer(_):
        unprotected = [{"Key": "deletion_protection.enabled", "Value": "false"}]
        aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=unprotected)
        for listener in found["listeners"]["Listeners"]:
            aws.elbv2.delete_listener(ListenerArn=listener["ListenerArn"])
        aws.elbv2.delete_load_balancer(LoadBalancerArn=arn)

    @s.step("target group", "balancer", "task stopped")
    def target_group(_):
        arn = found["target groups"]["TargetGroups"][0]["TargetGroupArn"]
        aws.patiently(STILL_HELD, aws.elbv2.delete_target_group, TargetGroupArn=arn)


def _storage(s: Steps, aws: Aws, account: str, found: dict[str, Any]) -> None:
    system = found["file systems"]["FileSystems"][0]["FileSystemId"]
    targets = [target["MountTargetId"] for target in found["mount targets"]["MountTargets"]]
    points = [point["AccessPointId"] for point in found["access points"]["AccessPoints"]]
    for target in targets:
        s.add(f"mount target {target}", ("task stopped",),
              lambda _, target=target: aws.efs.delete_mount_target(MountTargetId=target))  # fmt: skip
    for point in points:
        s.add(f"point {point}", ("task stopped",),
              lambda _, point=point: aws.efs.delete_access_point(AccessPointId=point))  # fmt: skip

    @s.step("mount targets", *(f"mount target {target}" for target in targets))
    def mount_targets(_):
        aws.wait_until(lambda: not aws.efs.describe_mount_targets(FileSystemId=system)["MountTargets"])

    @s.step("points", *(f"point {point}" for point in points))
    def access_points(_):
        aws.wait_until(lambda: not aws.efs.describe_access_points(FileSystemId=system)["AccessPoints"])

    @s.step("file system", "mount targets", "points")
    def file_system(_):
        aws.patiently(STILL_HELD, aws.efs.delete_file_system, FileSystemId=system)

        def is_gone() -> bool:
            try:
                return not aws.efs.describe_file_systems(FileSystemId=system)["FileSystems"]
            except aws.efs.exceptions.FileSystemNotFound:
                return True

        aws.wait_until(is_gone)

    for name in BUCKETS:
        s.add(f"bucket {name}", ("balancer",),
              lambda _, name=name: _delete_bucket(aws, f"{STEM}-{account}-{REGION}-{name}"))  # fmt: skip


def _network(s: Steps, aws: Aws, found: dict[str, Any]) -> None:
    vpc = found["vpcs"]["Vpcs"][0]["VpcId"]
    nats = [nat["NatGatewayId"] for nat in found["nats"]["NatGateways"] if nat["State"] != "deleted"]
    held_by = ("task stopped", "balancer", "mount targets")

    @s.step("flow log")
    def flow_log(_):
        aws.ec2.delete_flow_logs(FlowLogIds=[log["FlowLogId"] for log in found["flow logs"]["FlowLogs"]])

    for nat in nats:

        @s.step(f"nat {nat}")
        def delete_nat(_, nat=nat):
            aws.ec2.delete_nat_gateway(NatGatewayId=nat)

            def is_gone() -> bool:
                return aws.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "deleted"

            aws.wait_until(is_gone)

    all_nats = tuple(f"nat {nat}" for nat in nats)
    for address in found["addresses"]["Addresses"]:
        released = partial(aws.ec2.release_address, AllocationId=address["AllocationId"])
        s.add(f"address {address['AllocationId']}", all_nats,
              lambda _, released=released: aws.patiently(STILL_HELD, released))  # fmt: skip
    addresses = tuple(f"address {address['AllocationId']}" for address in found["addresses"]["Addresses"])

    @s.step("gateway", *addresses)
    def gateway(_):
        gateway_id = found["gateways"]["InternetGateways"][0]["InternetGatewayId"]
        aws.patiently(STILL_HELD, aws.ec2.detach_internet_gateway, InternetGatewayId=gateway_id, VpcId=vpc)
        aws.ec2.delete_internet_gateway(InternetGatewayId=gateway_id)

    for table in found["route tables"]["RouteTables"]:

        @s.step(f"routes {table['RouteTableId']}", *all_nats)
        def routes(_, table=table):
            for association in table["Associations"]:
                aws.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
            aws.ec2.delete_route_table(RouteTableId=table["RouteTableId"])

    tables = tuple(f"routes {table['RouteTableId']}" for table in found["route tables"]["RouteTables"])
    for subnet in found["subnets"]["Subnets"]:
        deleted = partial(aws.ec2.delete_subnet, SubnetId=subnet["SubnetId"])
        s.add(f"subnet {subnet['SubnetId']}", (*held_by, *tables),
              lambda _, deleted=deleted: aws.patiently(STILL_HELD, deleted))  # fmt: skip
    subnets = tuple(f"subnet {subnet['SubnetId']}" for subnet in found["subnets"]["Subnets"])

    # Each names the one before it in a rule.
    before = held_by
    ids = {group["GroupName"]: group["GroupId"] for group in found["groups"]["SecurityGroups"]}
    for name in ("file-system", "task", "load-balancer"):
        deleted = partial(aws.ec2.delete_security_group, GroupId=ids[f"{STEM}-{name}"])
        s.add(f"group {name}", before, lambda _, deleted=deleted: aws.patiently(STILL_HELD, deleted))
        before = (f"group {name}",)

    @s.step("vpc", "gateway", "group load-balancer", "flow log", *subnets)
    def delete_vpc(_):
        aws.patiently(STILL_HELD, aws.ec2.delete_vpc, VpcId=vpc)


def _delete_role(aws: Aws, role: str) -> None:
    aws.iam.delete_role_policy(RoleName=role, PolicyName="cloud-exchange")
    aws.iam.delete_role(RoleName=role)


def _delete_bucket(aws: Aws, bucket: str) -> None:
    """With what is in it: load balancers write a test object."""
    while listed := aws.s3.list_objects_v2(Bucket=bucket).get("Contents"):
        aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": item["Key"]} for item in listed]})
    try:
        aws.s3.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
