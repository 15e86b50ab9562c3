"""AWS Client VPN: endpoints, the subnets they are associated with, authorization rules, the clients' configuration.

Sources: Amazon EC2 API reference (CreateClientVpnEndpoint, AssociateClientVpnTargetNetwork, AuthorizeClientVpnIngress,
ExportClientVpnClientConfiguration and the like) and its "Error codes"; AWS Client VPN administrator guide, "Rules and
best practices" (/12 to /22; a subnet of /27 with 20 free addresses, one for each zone; ranges must not overlap), "Mutual
authentication" (RSA of 1024 or 2048 bits), "Quotas" (five endpoints, ten operations at a time on one),
"Service-linked roles"; hashicorp/terraform-provider-aws#14115 (an endpoint with associations), #19750 (too many
operations at a time), #33996 (groups change at once by ApplySecurityGroupsToClientVpnTargetNetwork only); the form of a
configuration: esn89/jenkins-ha-https, "Example .ovpn config file". Settle times: see the settings.

A list of revoked certificates replaces the former one and is `pending` at first (ExportClientVpnClientCertificate-
RevocationList; for how long is an assumption). Who has not imported one gets none, still `pending`: an assumption too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network

from cryptography import x509
from localstack_fargate.account import setting
from localstack_fargate.backends import moto_backend
from localstack_fargate.middleware import aws_error, guard, invoke, override
from localstack_fargate.services import acm_import, ec2_interfaces
from localstack_fargate.services.ec2_common import (
    at,
    backend,
    chosen,
    filtered,
    new_id,
    once,
    page,
    tag_list,
    tags_of_request,
    timestamp,
)

setting("client_vpn.associated", 420)
setting("client_vpn.disassociated", 300)
setting("client_vpn.authorized", 30)
setting("client_vpn.revoked", 10)
setting("client_vpn.deleted", 5)
setting("client_vpn.list", 20)
setting("quota.client_vpn_revoked", 20_000)
setting("quota.client_vpn_endpoints", 5)
setting("quota.client_vpn_operations", 10)  # at a time on one endpoint

SERVICE, ROLE = "clientvpn.amazonaws.com", "AWSServiceRoleForClientVPN"


@dataclass
class Association:
    id: str
    subnet: str
    zone: str
    eni: str
    state: str = "associating"


@dataclass
class Endpoint:
    id: str
    created: float
    cidr: str
    vpc: str | None
    groups: list[str]
    said: dict
    """What the request says and nothing else depends on."""
    state: str = "pending-associate"
    associations: dict[str, Association] = field(default_factory=dict)
    rules: dict[str, dict] = field(default_factory=dict)
    revoked: str | None = None
    is_in_force: bool = False
    """Whether the list of revoked certificates is the one imported last."""
    busy: int = 0

    def describe(self, store) -> dict:
        logs = self.said["ConnectionLogOptions"]
        return {
            "ClientVpnEndpointId": self.id,
            "Description": self.said.get("Description") or "",
            "Status": {"Code": self.state},
            "CreationTime": timestamp(self.created).strftime("%Y-%m-%dT%H:%M:%S"),
            "DnsName": f"*.{self.id}.prod.clientvpn.{store.region_name}.amazonaws.com",
            "ClientCidrBlock": self.cidr,
            "DnsServers": list(self.said.get("DnsServers") or []),
            "SplitTunnel": bool(self.said.get("SplitTunnel")),
            "VpnProtocol": "openvpn",
            "TransportProtocol": self.said.get("TransportProtocol") or "udp",
            "VpnPort": self.said.get("VpnPort") or 443,
            "ServerCertificateArn": self.said["ServerCertificateArn"],
            "AuthenticationOptions": [
                {
                    "Type": one["Type"],
                    "MutualAuthentication": {
                        "ClientRootCertificateChain": one["MutualAuthentication"]["ClientRootCertificateChainArn"]
                    },
                }
                for one in self.said["AuthenticationOptions"]
            ],
            "ConnectionLogOptions": {"Enabled": bool(logs.get("Enabled"))}
            | (
                {
                    "CloudwatchLogGroup": logs["CloudwatchLogGroup"],
                    "CloudwatchLogStream": logs.get("CloudwatchLogStream") or f"{self.id}-connections",
                }
                if logs.get("Enabled")
                else {}
            ),
            "Tags": tag_list(store, self.id),
            "SecurityGroupIds": list(self.groups),
            "SessionTimeoutHours": self.said.get("SessionTimeoutHours") or 24,
            **({"VpcId": self.vpc} if self.vpc else {}),
        }


def endpoints(account, region: str) -> dict[str, Endpoint]:
    return account.state(f"ec2.client_vpn.{region}", dict)


def _wrong(message: str, code: str = "InvalidParameterValue"):
    return aws_error(code, message)


def _endpoint(account, region: str, endpoint_id: str) -> Endpoint:
    found = endpoints(account, region).get(endpoint_id)
    if found is None:
        raise aws_error("InvalidClientVpnEndpointId.NotFound", f"Endpoint {endpoint_id} does not exist")
    return found


def _active(account, region: str, endpoint_id: str) -> Endpoint:
    endpoint = _endpoint(account, region, endpoint_id)
    if endpoint.state != "available":
        raise aws_error(
            "InvalidClientVpnActiveAssociationNotFound",
            f"The endpoint {endpoint_id} has no active association with a target network",
        )
    return endpoint


def _begin(account, endpoint: Endpoint, seconds: float, finish) -> None:
    """An operation that AWS carries out later, of which an endpoint takes only so many at a time."""
    if endpoint.busy >= account.settings["quota.client_vpn_operations"]:
        raise aws_error(
            "ConcurrentMutationLimitExceeded",
            "Cannot initiate another change for this endpoint at this time. Please try again later.",
        )
    endpoint.busy += 1

    def done(_):
        endpoint.busy -= 1
        finish()

    account.schedule(seconds, done)


# ---- endpoints


def _check_certificate(account, region: str, arn: str) -> None:
    certificate = acm_import.certificates(account, region).get(arn)
    if certificate is None or certificate.status != "ISSUED":
        raise _wrong(f"Certificate {arn} does not exist")
    if getattr(certificate._key, "key_size", 0) not in (1024, 2048) or not hasattr(certificate._key, "private_numbers"):
        raise _wrong(f"Certificate {arn} has an unsupported key")


def _check_groups(store, vpc: str | None, groups: list[str]) -> list[str]:
    if groups and not vpc:
        raise _wrong("Security Groups cannot be specified without specifying Vpc Id")
    for group in groups:
        if ec2_interfaces.require_group(store, group).vpc_id != vpc:
            raise _wrong(f"The security group {group} does not belong to VPC {vpc}")
    return groups


def _check_logs(account, region: str, options: dict) -> None:
    if not options.get("Enabled"):
        return
    name = options.get("CloudwatchLogGroup")
    if not name:
        raise aws_error("MissingParameter", "The request must contain the parameter CloudwatchLogGroup")
    found = invoke(account, region, "logs", "DescribeLogGroups", {"logGroupNamePrefix": name}).get("logGroups") or []
    if not any(group["logGroupName"] == name for group in found):
        raise _wrong(f"The log group {name} does not exist")


def _client_range(text: str | None):
    try:
        net = ip_network(text or "", strict=True)
    except ValueError:
        raise _wrong(f"Client CIDR block {text} is invalid") from None
    if net.version != 4 or not 12 <= net.prefixlen <= 22:
        raise _wrong(f"Client CIDR block {text} must have a size of /12 to /22")
    return net


@override("ec2", "CreateClientVpnEndpoint")
def create_endpoint(account, region, request, context, call_next):
    made = once(account, region, "CreateClientVpnEndpoint", request, lambda: _create(account, region, request))
    described = made.describe(backend(account, region))
    return {name: described[name] for name in ("ClientVpnEndpointId", "Status", "DnsName")}


def _create(account, region: str, request: dict) -> Endpoint:
    store = backend(account, region)
    tags = tags_of_request(request, "client-vpn-endpoint")
    _client_range(request.get("ClientCidrBlock"))
    _check_certificate(account, region, request["ServerCertificateArn"])
    for one in request.get("AuthenticationOptions") or []:
        if one.get("Type") != "certificate-authentication":
            raise _wrong("only certificate-authentication is emulated", "InvalidParameterCombination")
        _check_certificate(account, region, one["MutualAuthentication"]["ClientRootCertificateChainArn"])
    vpc = request.get("VpcId")
    if vpc is not None and vpc not in store.vpcs:
        raise aws_error("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist")
    if request.get("VpnPort", 443) not in (443, 1194):
        raise _wrong("VpnPort must be 443 or 1194")
    if request.get("SessionTimeoutHours", 24) not in (8, 10, 12, 24):
        raise _wrong("SessionTimeoutHours must be 8, 10, 12 or 24")
    if len(request.get("DnsServers") or []) > 2:
        raise _wrong("at most two DNS servers")
    _check_logs(account, region, request["ConnectionLogOptions"])
    groups = _check_groups(store, vpc, list(request.get("SecurityGroupIds") or []))
    if vpc and not groups:
        groups = [store.get_default_security_group(vpc).id]
    known = endpoints(account, region)
    if len(known) >= account.settings["quota.client_vpn_endpoints"]:
        raise aws_error("ClientVpnEndpointLimitExceeded", "The maximum number of Client VPN endpoints has been reached.")
    roles = moto_backend("iam", account.id, "aws").roles.values()
    if not any(role.name == ROLE for role in roles):
        from localstack.services.iam.resources.service_linked_roles import SERVICE_LINKED_ROLES

        named = {"service": SERVICE, "role_name": ROLE, "attached_policies": [], "suffix_allowed": False}
        SERVICE_LINKED_ROLES.setdefault(SERVICE, named)
        invoke(account, region, "iam", "CreateServiceLinkedRole", {"AWSServiceName": SERVICE})
    endpoint = Endpoint(
        new_id("cvpn-endpoint"), account.clock.now(), request["ClientCidrBlock"], vpc, groups, dict(request)
    )
    known[endpoint.id] = endpoint
    store.create_tags([endpoint.id], tags)
    return endpoint


@override("ec2", "DescribeClientVpnEndpoints")
def describe_endpoints(account, region, request, context, call_next):
    store = backend(account, region)
    listed = chosen(
        [one.describe(store) for one in endpoints(account, region).values()],
        request.get("ClientVpnEndpointIds"),
        "ClientVpnEndpointId",
        "InvalidClientVpnEndpointId.NotFound",
        "Endpoint {} does not exist",
    )
    fields = {"endpoint-id": at("ClientVpnEndpointId"), "transport-protocol": at("TransportProtocol")}
    return page(request, "ClientVpnEndpoints", filtered(listed, request.get("Filters"), fields))


_CHANGED = ("VpnPort", "Description", "SplitTunnel", "SessionTimeoutHours")


@override("ec2", "ModifyClientVpnEndpoint")
def modify_endpoint(account, region, request, context, call_next):
    endpoint, store = _endpoint(account, region, request["ClientVpnEndpointId"]), backend(account, region)
    if arn := request.get("ServerCertificateArn"):
        _check_certificate(account, region, arn)
        endpoint.said["ServerCertificateArn"] = arn
    if request.get("SecurityGroupIds"):
        # The interfaces keep their groups for hours.
        endpoint.groups = _check_groups(store, request.get("VpcId"), list(request["SecurityGroupIds"]))
    if options := request.get("ConnectionLogOptions"):
        _check_logs(account, region, options)
        endpoint.said["ConnectionLogOptions"] = options
    if servers := request.get("DnsServers"):
        endpoint.said["DnsServers"] = servers.get("CustomDnsServers") or [] if servers.get("Enabled", True) else []
    endpoint.said |= {name: request[name] for name in _CHANGED if request.get(name) is not None}
    return {"Return": True}


@override("ec2", "ApplySecurityGroupsToClientVpnTargetNetwork")
def apply_groups(account, region, request, context, call_next):
    endpoint = _active(account, region, request["ClientVpnEndpointId"])
    groups = _check_groups(backend(account, region), request["VpcId"], list(request["SecurityGroupIds"]))
    endpoint.groups = groups
    for one in endpoint.associations.values():
        ec2_interfaces.set_groups(account, region, one.eni, groups)
    return {"SecurityGroupIds": groups}


@override("ec2", "DeleteClientVpnEndpoint")
def delete_endpoint(account, region, request, context, call_next):
    endpoint, store = _endpoint(account, region, request["ClientVpnEndpointId"]), backend(account, region)
    if endpoint.associations:
        names = ", ".join(endpoint.associations)
        raise aws_error(
            "ClientVpnEndpointAssociationExists",
            f"The endpoint that you're trying to delete has associations {names}",
        )
    if endpoint.state != "deleting":
        endpoint.state = "deleting"

        def gone(acct):
            endpoints(acct, region).pop(endpoint.id, None)
            store.tags.pop(endpoint.id, None)

        account.schedule(account.settings["client_vpn.deleted"], gone)
    return {"Status": {"Code": endpoint.state}}


@guard("acm", "DeleteCertificate")
def refuse_certificate_in_use(account, region, request, context):
    arn = request.get("CertificateArn")
    for endpoint in endpoints(account, region).values():
        roots = [one["MutualAuthentication"]["ClientRootCertificateChainArn"]
                 for one in endpoint.said["AuthenticationOptions"]]
        if arn in (endpoint.said["ServerCertificateArn"], *roots):
            raise aws_error("ResourceInUseException", f"Certificate {arn} is in use.")


@override("ec2", "CreateTags", "DeleteTags")
def tag_endpoints(account, region, request, context, call_next):
    """moto does not know their ids."""
    resources = request.get("Resources") or []
    own = [one for one in resources if one.startswith("cvpn-endpoint-")]
    store = backend(account, region)
    for endpoint_id in own:
        _endpoint(account, region, endpoint_id)
        tags = store.tags[endpoint_id]
        for tag in request.get("Tags") or []:
            if context.operation.name == "CreateTags":
                tags[tag["Key"]] = tag.get("Value") or ""
            elif tag.get("Value") in (None, tags.get(tag["Key"])):
                tags.pop(tag["Key"], None)
    others = [one for one in resources if one not in own]
    return call_next({**request, "Resources": others} if own else request) if others or not own else {}


# ---- target networks


@override("ec2", "AssociateClientVpnTargetNetwork")
def associate(account, region, request, context, call_next):
    made = once(account, region, "AssociateClientVpnTargetNetwork", request, lambda: _associate(account, region, request))
    return {"AssociationId": made.id, "Status": {"Code": made.state}}


def _associate(account, region: str, request: dict) -> Association:
    store, endpoint = backend(account, region), _endpoint(account, region, request["ClientVpnEndpointId"])
    wanted = request["SubnetId"]
    subnet = next((zone[wanted] for zone in store.subnets.values() if wanted in zone), None)
    if subnet is None or endpoint.vpc not in (None, subnet.vpc_id):
        raise aws_error("InvalidClientVpnSubnetId.NotFound", f"The subnet {wanted} cannot be found in the VPC")
    for one in endpoint.associations.values():
        if one.subnet == wanted:
            raise aws_error(
                "InvalidClientVpnDuplicateAssociationException",
                f"The subnet {wanted} is already associated with {endpoint.id}",
            )
        if one.zone == subnet.availability_zone:
            raise aws_error(
                "InvalidClientVpnSubnetId.DuplicateAz",
                f"A subnet of {one.zone} is already associated with {endpoint.id}",
            )
    ranges = [block["cidr_block"] for block in store.vpcs[subnet.vpc_id].get_cidr_block_association_set()]
    if any(ip_network(block).overlaps(ip_network(endpoint.cidr)) for block in ranges):
        raise aws_error(
            "InvalidClientVpnSubnetId.OverlappingCidr",
            f"The range of {wanted} overlaps the client CIDR range {endpoint.cidr}",
        )
    free = subnet.cidr.num_addresses - 5 - len(ec2_interfaces.in_subnet(store, wanted))
    if subnet.cidr.prefixlen > 27 or free < 20:
        raise _wrong(f"The subnet {wanted} must be /27 or larger, with 20 free addresses")
    made = Association(new_id("cvpn-assoc"), wanted, subnet.availability_zone, "")

    def associated():
        if made.state == "associating":
            made.state, endpoint.state = "associated", "available"

    _begin(account, endpoint, account.settings["client_vpn.associated"], associated)
    endpoint.vpc = subnet.vpc_id
    eni = ec2_interfaces.create(
        account, region, wanted, description="ClientVPN Endpoint resource", groups=endpoint.groups,
    )
    made.eni = eni.id
    endpoint.associations[made.id] = made
    return made


@override("ec2", "DisassociateClientVpnTargetNetwork")
def disassociate(account, region, request, context, call_next):
    endpoint = _endpoint(account, region, request["ClientVpnEndpointId"])
    found = endpoint.associations.get(request["AssociationId"])
    if found is None:
        raise aws_error(
            "InvalidClientVpnAssociationIdNotFound", f"The association {request['AssociationId']} does not exist"
        )
    if found.state != "disassociating":

        def gone():
            ec2_interfaces.release(account, region, found.eni)
            endpoint.associations.pop(found.id, None)
            if not endpoint.associations and endpoint.state == "available":
                endpoint.state = "pending-associate"

        _begin(account, endpoint, account.settings["client_vpn.disassociated"], gone)
        found.state = "disassociating"
    return {"AssociationId": found.id, "Status": {"Code": found.state}}


@override("ec2", "DescribeClientVpnTargetNetworks")
def describe_associations(account, region, request, context, call_next):
    endpoint = _endpoint(account, region, request["ClientVpnEndpointId"])
    listed = [
        {
            "AssociationId": one.id, "VpcId": endpoint.vpc, "TargetNetworkId": one.subnet,
            "ClientVpnEndpointId": endpoint.id, "Status": {"Code": one.state}, "SecurityGroups": list(endpoint.groups),
        }
        for one in endpoint.associations.values()
    ]  # fmt: skip
    if wanted := request.get("AssociationIds"):
        listed = [one for one in listed if one["AssociationId"] in wanted]
    fields = {
        "association-id": at("AssociationId"),
        "target-network-id": at("TargetNetworkId"),
        "vpc-id": at("VpcId"),
    }
    return page(request, "ClientVpnTargetNetworks", filtered(listed, request.get("Filters"), fields, tags=None))


@override("ec2", "DescribeClientVpnRoutes")
def describe_routes(account, region, request, context, call_next):
    endpoint, store = _endpoint(account, region, request["ClientVpnEndpointId"]), backend(account, region)
    listed = [
        {
            "ClientVpnEndpointId": endpoint.id, "DestinationCidr": store.vpcs[endpoint.vpc].cidr_block,
            "TargetSubnet": one.subnet, "Type": "Nat", "Origin": "associate", "Status": {"Code": "active"},
            "Description": "Default Route",
        }
        for one in endpoint.associations.values() if one.state == "associated"
    ]  # fmt: skip
    fields = {
        "destination-cidr": at("DestinationCidr"),
        "origin": at("Origin"),
        "target-subnet": at("TargetSubnet"),
    }
    return page(request, "Routes", filtered(listed, request.get("Filters"), fields, tags=None))


# ---- authorization rules


@override("ec2", "AuthorizeClientVpnIngress")
def authorize(account, region, request, context, call_next):
    rule = once(account, region, "AuthorizeClientVpnIngress", request, lambda: _authorize(account, region, request))
    return {"Status": rule["Status"]}


def _authorize(account, region: str, request: dict) -> dict:
    endpoint, cidr = _endpoint(account, region, request["ClientVpnEndpointId"]), request["TargetNetworkCidr"]
    try:
        ip_network(cidr, strict=True)
    except ValueError:
        raise _wrong(f"{cidr} is no CIDR block") from None
    if not request.get("AuthorizeAllGroups") and not request.get("AccessGroupId"):
        raise _wrong("AccessGroupId is required unless AuthorizeAllGroups is true", "MissingParameter")
    if cidr in endpoint.rules:
        raise aws_error("InvalidClientVpnDuplicateAuthorizationRule", f"A rule for {cidr} exists already")
    rule = {
        "ClientVpnEndpointId": endpoint.id, "Description": request.get("Description") or "", "GroupId": "",
        "AccessAll": bool(request.get("AuthorizeAllGroups")), "DestinationCidr": cidr, "Status": {"Code": "authorizing"},
    }  # fmt: skip

    def active():
        if rule["Status"]["Code"] == "authorizing":
            rule["Status"] = {"Code": "active"}

    _begin(account, endpoint, account.settings["client_vpn.authorized"], active)
    endpoint.rules[cidr] = rule
    return rule


@override("ec2", "RevokeClientVpnIngress")
def revoke(account, region, request, context, call_next):
    endpoint, cidr = _endpoint(account, region, request["ClientVpnEndpointId"]), request["TargetNetworkCidr"]
    rule = endpoint.rules.get(cidr)
    if rule is None:
        raise aws_error("InvalidClientVpnEndpointAuthorizationRuleNotFound", f"There is no rule for {cidr}")
    if rule["Status"]["Code"] != "revoking":
        _begin(account, endpoint, account.settings["client_vpn.revoked"], lambda: endpoint.rules.pop(cidr, None))
        rule["Status"] = {"Code": "revoking"}
    return {"Status": rule["Status"]}


@override("ec2", "DescribeClientVpnAuthorizationRules")
def describe_rules(account, region, request, context, call_next):
    endpoint = _endpoint(account, region, request["ClientVpnEndpointId"])
    fields = {"description": at("Description"), "destination-cidr": at("DestinationCidr"), "group-id": at("GroupId")}
    listed = filtered(endpoint.rules.values(), request.get("Filters"), fields, tags=None)
    return page(request, "AuthorizationRules", listed)


# ---- clients


@override("ec2", "ExportClientVpnClientConfiguration")
def export_configuration(account, region, request, context, call_next):
    endpoint = _active(account, region, request["ClientVpnEndpointId"])
    chain = acm_import.certificates(account, region)[endpoint.said["ServerCertificateArn"]].chain.decode().strip()
    described = endpoint.describe(backend(account, region))
    host = described["DnsName"].removeprefix("*.")
    lines = [
        "client", "dev tun", f"proto {described['TransportProtocol']}", f"remote {host} {described['VpnPort']}",
        "remote-random-hostname", "resolv-retry infinite", "nobind", "remote-cert-tls server", "cipher AES-256-GCM",
        "verb 3", "<ca>", chain, "", "</ca>", "", "", "reneg-sec 0", "",
    ]  # fmt: skip
    return {"ClientConfiguration": "\n".join(lines)}


@override("ec2", "ImportClientVpnClientCertificateRevocationList")
def import_revoked(account, region, request, context, call_next):
    endpoint, text = _endpoint(account, region, request["ClientVpnEndpointId"]), request["CertificateRevocationList"]
    try:
        revoked = x509.load_pem_x509_crl(text.encode())
    except ValueError:
        raise _wrong("The certificate revocation list is malformed") from None
    if len(revoked) > account.settings["quota.client_vpn_revoked"]:
        raise aws_error("ClientVpnCertificateRevocationListLimitExceeded", "The list has too many entries.")
    endpoint.revoked, endpoint.is_in_force = text, False

    def in_force(account):
        endpoint.is_in_force = endpoint.is_in_force or endpoint.revoked == text

    account.schedule(account.settings["client_vpn.list"], in_force)
    return {"Return": True}


@override("ec2", "ExportClientVpnClientCertificateRevocationList")
def export_revoked(account, region, request, context, call_next):
    endpoint = _endpoint(account, region, request["ClientVpnEndpointId"])
    if endpoint.revoked is None:
        return {"Status": {"Code": "pending"}}
    code = "active" if endpoint.is_in_force else "pending"
    return {"CertificateRevocationList": endpoint.revoked, "Status": {"Code": code}}
