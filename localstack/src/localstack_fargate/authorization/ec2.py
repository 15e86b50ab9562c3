"""Amazon EC2. Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2"; EC2
user guide, "Grant permission to tag Amazon EC2 resources during creation".

Each resource of a call is judged with the keys of its own: the tags of the request belong to what is made, not to the
VPC it is made in.
"""

from localstack_fargate.authorization.rule import PLAIN, Rule, Table, also, links, on, passes

_TAGS = {"tagged": True, "owned": False}


def _makes(operation: str, kind: str, *inside: str) -> list[Rule]:
    """A new resource, which may be tagged in the same call, and what it is made from or in."""
    new = f"{kind}/*"
    tagging = also("ec2:CreateTags", new, keys={"ec2:CreateAction": operation}, given="TagSpecifications", **_TAGS)
    return on(new, **_TAGS) + tagging + on(*inside, tagged=False)


def _rules(operation: str) -> list[Rule]:
    rule = "security-group-rule/*"
    tagging = also("ec2:CreateTags", rule, keys={"ec2:CreateAction": operation}, given="TagSpecifications", **_TAGS)
    new = on(rule, given="TagSpecifications", **_TAGS)
    return on("security-group/{GroupId}", tagged=False) + new + tagging


_VPN = "client-vpn-endpoint/{ClientVpnEndpointId}"

_LISTED = (
    "AccountAttributes", "Addresses", "AvailabilityZones", "ClientVpnEndpoints", "DhcpOptions", "EgressOnlyInternetGateways", "FlowLogs",
    "InternetGateways", "ManagedPrefixLists",
    "NatGateways", "NetworkAcls", "NetworkInterfaces", "PrefixLists", "Regions", "RouteTables",
    "SecurityGroupRules", "SecurityGroups", "Subnets", "Tags", "TransitGatewayAttachments",
    "TransitGatewayVpcAttachments",
    "VpcEndpoints", "VpcPeeringConnections", "Vpcs", "VpnGateways",
)  # fmt: skip

TABLE: Table = {f"Describe{name}": PLAIN for name in _LISTED} | {
    "DescribeVpcAttribute": on("vpc/{VpcId}"),
    "GetManagedPrefixListEntries": on("prefix-list/{PrefixListId}"),
    "CreateVpc": _makes("CreateVpc", "vpc"),
    "DeleteVpc": on("vpc/{VpcId}"),
    "ModifyVpcAttribute": on("vpc/{VpcId}"),
    "CreateSubnet": _makes("CreateSubnet", "subnet", "vpc/{VpcId}"),
    "DeleteSubnet": on("subnet/{SubnetId}"),
    "ModifySubnetAttribute": on("subnet/{SubnetId}"),
    "CreateInternetGateway": _makes("CreateInternetGateway", "internet-gateway"),
    "DeleteInternetGateway": on("internet-gateway/{InternetGatewayId}"),
    "AttachInternetGateway": on("internet-gateway/{InternetGatewayId}", "vpc/{VpcId}"),
    "DetachInternetGateway": on("internet-gateway/{InternetGatewayId}", "vpc/{VpcId}"),
    "AllocateAddress": _makes("AllocateAddress", "elastic-ip"),
    "ReleaseAddress": on("elastic-ip/{AllocationId}"),
    "CreateNatGateway": _makes("CreateNatGateway", "natgateway", "subnet/{SubnetId}")
    + on("elastic-ip/{AllocationId}", tagged=False, given="AllocationId"),
    "DeleteNatGateway": on("natgateway/{NatGatewayId}"),
    "CreateRouteTable": _makes("CreateRouteTable", "route-table", "vpc/{VpcId}"),
    "DeleteRouteTable": on("route-table/{RouteTableId}"),
    "CreateRoute": on("route-table/{RouteTableId}"),
    "ReplaceRoute": on("route-table/{RouteTableId}"),
    "DeleteRoute": on("route-table/{RouteTableId}"),
    "AssociateRouteTable": on("route-table/{RouteTableId}") + on("subnet/{SubnetId}", given="SubnetId"),
    "DisassociateRouteTable": on("route-table/{AssociationId|route_table}")
    + on("subnet/{AssociationId|associated_subnet}", given="AssociationId|associated_subnet"),
    "ReplaceRouteTableAssociation": on("route-table/{RouteTableId}")
    + on("subnet/{AssociationId|associated_subnet}", given="AssociationId|associated_subnet"),
    "CreateNetworkAclEntry": on("network-acl/{NetworkAclId}"),
    "ReplaceNetworkAclEntry": on("network-acl/{NetworkAclId}"),
    "DeleteNetworkAclEntry": on("network-acl/{NetworkAclId}"),
    "CreateSecurityGroup": _makes("CreateSecurityGroup", "security-group")
    + on("vpc/{VpcId}", tagged=False, given="VpcId"),
    "DeleteSecurityGroup": on("security-group/{GroupId}"),
    "AuthorizeSecurityGroupIngress": _rules("AuthorizeSecurityGroupIngress"),
    "AuthorizeSecurityGroupEgress": _rules("AuthorizeSecurityGroupEgress"),
    "RevokeSecurityGroupIngress": on("security-group/{GroupId}"),
    "RevokeSecurityGroupEgress": on("security-group/{GroupId}"),
    "UpdateSecurityGroupRuleDescriptionsIngress": on("security-group/{GroupId}"),
    "UpdateSecurityGroupRuleDescriptionsEgress": on("security-group/{GroupId}"),
    "CreateFlowLogs": _makes("CreateFlowLogs", "vpc-flow-log", "{ResourceIds|ec2_resource}")
    + passes("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com")
    # VPC user guide, "Publish flow logs to Amazon S3": only there.
    + also("logs:CreateLogDelivery", given="LogDestinationType|is_s3"),
    "DeleteFlowLogs": on("vpc-flow-log/{FlowLogIds}"),
    "DeleteVpcEndpoints": on("vpc-endpoint/{VpcEndpointIds}"),
    "CreateClientVpnEndpoint": _makes("CreateClientVpnEndpoint", "client-vpn-endpoint")
    + on("vpc/{VpcId}", tagged=False, given="VpcId")
    + on("security-group/{SecurityGroupIds}", tagged=False, given="SecurityGroupIds")
    + links("clientvpn.amazonaws.com", "AWSServiceRoleForClientVPN"),
    "ModifyClientVpnEndpoint": on(_VPN)
    + on("vpc/{VpcId}", given="VpcId")
    + on("security-group/{SecurityGroupIds}", given="SecurityGroupIds"),
    "ApplySecurityGroupsToClientVpnTargetNetwork": on(_VPN, "vpc/{VpcId}", "security-group/{SecurityGroupIds}"),
    "AssociateClientVpnTargetNetwork": on(_VPN, "subnet/{SubnetId}"),
    **{
        name: on(_VPN)
        for name in (
            "DeleteClientVpnEndpoint", "DisassociateClientVpnTargetNetwork", "DescribeClientVpnTargetNetworks",
            "AuthorizeClientVpnIngress", "RevokeClientVpnIngress", "DescribeClientVpnAuthorizationRules",
            "DescribeClientVpnRoutes", "ExportClientVpnClientConfiguration",
            "ImportClientVpnClientCertificateRevocationList", "ExportClientVpnClientCertificateRevocationList",
        )
    },
    "CreateTags": on("{Resources|ec2_resource}", tagged=True),
    "DeleteTags": on("{Resources|ec2_resource}", tagged=True),
}
