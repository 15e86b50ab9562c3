"""The network: VPC, subnets, gateways, routes, security groups; what AWS makes with the VPC is hardened."""

from __future__ import annotations

from aws import STEM, Aws, ec2_tags, tag_list
from steps import Steps

CIDR = "172.16.0.0/16"
VPC_TITLE = "CloudExchange-VPC"
SUBNETS = {
    "private-a": ("us-east-1a", "172.16.1.0/24"),
    "private-b": ("us-east-1b", "172.16.2.0/24"),
    "public-a": ("us-east-1a", "172.16.3.0/24"),
    "public-b": ("us-east-1b", "172.16.4.0/24"),
}
ANYWHERE = "0.0.0.0/0"


def network(s: Steps, aws: Aws, account: str) -> None:
    @s.step("vpc")
    def vpc(_):
        made = aws.ec2.create_vpc(CidrBlock=CIDR, TagSpecifications=ec2_tags("vpc", "vpc/main", VPC_TITLE))
        vpc_id = made["Vpc"]["VpcId"]
        aws.ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsSupport={"Value": True})
        aws.ec2.modify_vpc_attribute(VpcId=vpc_id, EnableDnsHostnames={"Value": True})
        return vpc_id

    @s.step("gateway", "vpc")
    def gateway(done):
        tagged = ec2_tags("internet-gateway", "internet-gateway/main", VPC_TITLE)
        gateway_id = aws.ec2.create_internet_gateway(TagSpecifications=tagged)["InternetGateway"]["InternetGatewayId"]
        aws.ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=done["vpc"])
        return gateway_id

    for name, (zone, cidr) in SUBNETS.items():

        @s.step(f"subnet {name}", "vpc")
        def subnet(done, name=name, zone=zone, cidr=cidr):
            tagged = ec2_tags("subnet", f"subnet/{name}", f"{VPC_TITLE} {name}")
            made = aws.ec2.create_subnet(
                VpcId=done["vpc"], AvailabilityZone=zone, CidrBlock=cidr, TagSpecifications=tagged
            )
            return made["Subnet"]["SubnetId"]

    for letter in "ab":

        @s.step(f"address {letter}")
        def address(_, letter=letter):
            tagged = ec2_tags("elastic-ip", f"elastic-ip/{letter}", f"{VPC_TITLE} {letter}")
            return aws.ec2.allocate_address(Domain="vpc", TagSpecifications=tagged)["AllocationId"]

        @s.step(f"nat {letter}", f"address {letter}", f"subnet public-{letter}", "gateway")
        def nat(done, letter=letter):
            made = aws.ec2.create_nat_gateway(
                AllocationId=done[f"address {letter}"],
                SubnetId=done[f"subnet public-{letter}"],
                TagSpecifications=ec2_tags("natgateway", f"nat-gateway/{letter}", f"{VPC_TITLE} {letter}"),
            )
            nat_id = made["NatGateway"]["NatGatewayId"]
            aws.wait_until(lambda: _state_of_nat(aws, nat_id) == "available")
            return nat_id

        @s.step(f"private routes {letter}", f"nat {letter}", f"subnet private-{letter}")
        def private_routes(done, letter=letter):
            target = {"NatGatewayId": done[f"nat {letter}"]}
            return _route_table(aws, done, f"private-{letter}", [f"private-{letter}"], target)

    @s.step("public routes", "gateway", "subnet public-a", "subnet public-b")
    def public_routes(done):
        return _route_table(aws, done, "public", ["public-a", "public-b"], {"GatewayId": done["gateway"]})

    @s.step("hardened acl", "vpc")
    def hardened_acl(done):
        _harden_acl(aws, done["vpc"])

    @s.step("hardened group", "vpc")
    def hardened_group(done):
        _harden_group(aws, done["vpc"])


def _state_of_nat(aws: Aws, nat_id: str) -> str:
    return aws.ec2.describe_nat_gateways(NatGatewayIds=[nat_id])["NatGateways"][0]["State"]


def _route_table(aws: Aws, done: dict, name: str, subnets: list[str], target: dict) -> str:
    tagged = ec2_tags("route-table", f"route-table/{name}", f"{VPC_TITLE} {name}")
    made = aws.ec2.create_route_table(VpcId=done["vpc"], TagSpecifications=tagged)
    table = made["RouteTable"]["RouteTableId"]
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, **target)
    for subnet in subnets:
        aws.ec2.associate_route_table(RouteTableId=table, SubnetId=done[f"subnet {subnet}"])
    return table


def _of_vpc(vpc: str) -> list[dict]:
    return [{"Name": "vpc-id", "Values": [vpc]}]


def _harden_acl(aws: Aws, vpc: str) -> None:
    acls = aws.ec2.describe_network_acls(Filters=[*_of_vpc(vpc), {"Name": "default", "Values": ["true"]}])
    acl = acls["NetworkAcls"][0]["NetworkAclId"]
    aws.ec2.create_tags(Resources=[acl], Tags=tag_list("default-network-acl/main"))
    ingress = {"NetworkAclId": acl, "Egress": False}
    aws.ec2.replace_network_acl_entry(**ingress, RuleNumber=100, Protocol="-1", RuleAction="allow", CidrBlock=CIDR)
    outside = ingress | {"CidrBlock": ANYWHERE}
    for number, action, protocol, more in (
        (10, "deny", "6", {"PortRange": {"From": 22, "To": 22}}),
        (20, "deny", "6", {"PortRange": {"From": 3389, "To": 3389}}),
        (10000, "allow", "6", {"PortRange": {"From": 1024, "To": 65535}}),
        (10001, "allow", "17", {"PortRange": {"From": 1024, "To": 65535}}),
        (10002, "allow", "1", {"IcmpTypeCode": {"Code": -1, "Type": -1}}),
    ):
        aws.ec2.create_network_acl_entry(**outside, RuleNumber=number, RuleAction=action, Protocol=protocol, **more)


def _harden_group(aws: Aws, vpc: str) -> None:
    found = aws.ec2.describe_security_groups(Filters=[*_of_vpc(vpc), {"Name": "group-name", "Values": ["default"]}])
    group = found["SecurityGroups"][0]["GroupId"]
    aws.ec2.create_tags(Resources=[group], Tags=tag_list("default-security-group/main"))
    rules = aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    for rule in rules["SecurityGroupRules"]:
        revoke = aws.ec2.revoke_security_group_egress if rule["IsEgress"] else aws.ec2.revoke_security_group_ingress
        revoke(GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])


def groups(s: Steps, aws: Aws, account: str) -> None:
    def add(name: str, words: str, ports: tuple[int, ...], source: str | None) -> None:
        needs = ("vpc", f"group {source}") if source else ("vpc",)

        @s.step(f"group {name}", *needs)
        def group(done):
            made = aws.ec2.create_security_group(
                GroupName=f"{STEM}-{name}", Description=f"Cloud Exchange {words}", VpcId=done["vpc"],
                TagSpecifications=ec2_tags("security-group", f"security-group/{name}"),
            )  # fmt: skip
            origin = {"IpRanges": [{"CidrIp": CIDR}]}
            if source:
                origin = {"UserIdGroupPairs": [{"GroupId": done[f"group {source}"]}]}
            allowed = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **origin} for port in ports]
            aws.ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=allowed)
            return made["GroupId"]

    add("load-balancer", "load balancer", (80, 443), None)
    add("task", "task", (3000,), "load-balancer")
    add("file-system", "file system", (2049,), "task")
