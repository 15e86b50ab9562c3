"""A whole network comes and goes: every wait, every order that AWS enforces. Source: as in the tests of each part."""

import pytest
from conftest import REGION, refused

row = pytest.mark.row


@row(
    "VPC, NAT gateways, load balancer, file system: built, refused to go in the wrong order, taken down", plain="fails"
)
def test_a_whole_network_comes_and_goes(account):
    ec2, elbv2, efs = account.client("ec2"), account.client("elbv2"), account.client("efs")
    net = account.network()
    private = [
        ec2.create_subnet(VpcId=net["vpc"], CidrBlock=f"10.0.{10 + n}.0/24", AvailabilityZone=f"{REGION}{'ab'[n]}")
        ["Subnet"]["SubnetId"] for n in range(2)
    ]
    of_vpc = [{"Name": "vpc-id", "Values": [net["vpc"]]}]

    # built side by side
    addresses = [ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2)]
    gateways = [
        ec2.create_nat_gateway(SubnetId=s, AllocationId=a)["NatGateway"]["NatGatewayId"]
        for s, a in zip(net["subnets"], addresses)
    ]
    balancer = elbv2.create_load_balancer(
        Name="ce", Scheme="internal", Subnets=private, SecurityGroups=[net["sg"]]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    group = elbv2.create_target_group(
        Name="ce", Protocol="HTTP", Port=3000, VpcId=net["vpc"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    fs = efs.create_file_system(CreationToken="ce", Encrypted=True)["FileSystemId"]
    account.advance(10)
    targets = [
        efs.create_mount_target(FileSystemId=fs, SubnetId=s, SecurityGroups=[net["sg"]])["MountTargetId"]
        for s in private
    ]
    account.advance(200)
    assert {g["State"] for g in ec2.describe_nat_gateways()["NatGateways"]} == {"available"}
    assert elbv2.describe_load_balancers()["LoadBalancers"][0]["State"]["Code"] == "active"
    mounted = efs.describe_mount_targets(FileSystemId=fs)["MountTargets"]
    assert {t["LifeCycleState"] for t in mounted} == {"available"}
    tables = []
    for subnet, gateway in zip(private, gateways):
        table = ec2.create_route_table(VpcId=net["vpc"])["RouteTable"]["RouteTableId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
        tables.append((table, ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]))
    found = ec2.describe_network_interfaces(Filters=of_vpc)["NetworkInterfaces"]
    assert len(found) == 6  # two each of NAT gateway, load balancer, mount target

    # taken down; what is still in use is refused
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    elbv2.delete_target_group(TargetGroupArn=group)
    for gateway in gateways:
        ec2.delete_nat_gateway(NatGatewayId=gateway)
    for target in targets:
        efs.delete_mount_target(MountTargetId=target)
    for table, association in tables:
        ec2.disassociate_route_table(AssociationId=association)
        ec2.delete_route_table(RouteTableId=table)
    for subnet in net["subnets"] + private:
        refused(lambda: ec2.delete_subnet(SubnetId=subnet), "DependencyViolation")
    refused(lambda: ec2.detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"]), "DependencyViolation")
    refused(lambda: ec2.delete_vpc(VpcId=net["vpc"]), "DependencyViolation")
    account.advance(300)
    efs.delete_file_system(FileSystemId=fs)
    for address in addresses:
        ec2.release_address(AllocationId=address)
    for subnet in net["subnets"] + private:
        ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_security_group(GroupId=net["sg"])
    ec2.detach_internet_gateway(InternetGatewayId=net["igw"], VpcId=net["vpc"])
    ec2.delete_internet_gateway(InternetGatewayId=net["igw"])
    ec2.delete_vpc(VpcId=net["vpc"])
    account.advance(7200)
    assert ec2.describe_vpcs(Filters=of_vpc)["Vpcs"] == []
    assert ec2.describe_network_interfaces(Filters=of_vpc)["NetworkInterfaces"] == []
    assert ec2.describe_nat_gateways()["NatGateways"] == []
    assert efs.describe_file_systems()["FileSystems"] == []
