"""AWS Client VPN and the certificates that it takes from ACM. Sources: EC2 API reference; AWS Client VPN administrator
guide; ACM API reference, ImportCertificate."""

import datetime

import pytest
from conftest import refused
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

row = pytest.mark.row
UNKNOWN = "cvpn-endpoint-0123456789abcdef0"


def key(size=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, of_subject, issuer, of_issuer, is_ca=False):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
    builder = builder.public_key(of_subject.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=9))
    return builder.add_extension(x509.BasicConstraints(is_ca, None), True).sign(of_issuer, hashes.SHA256())


def pem(thing):
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM)
    return thing.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture(scope="session")
def authority():
    of_ca = key()
    return of_ca, certificate("ca", of_ca, "ca", of_ca, True)


@pytest.fixture(scope="session")
def pair(authority):
    of_ca, ca = authority
    of_server = key()
    server = certificate("server.internal", of_server, "ca", of_ca)
    return {"Certificate": pem(server), "PrivateKey": pem(of_server), "CertificateChain": pem(ca)}


def revoked(authority, *serials):
    of_ca, ca = authority
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.subject).last_update(now)
    builder = builder.next_update(now + datetime.timedelta(days=9))
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(of_ca, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def imported(account, pair, **more):
    return account.client("acm").import_certificate(**pair, **more)["CertificateArn"]


def asked(account, net, arn, **more):
    root = {"Type": "certificate-authentication", "MutualAuthentication": {"ClientRootCertificateChainArn": arn}}
    return {
        "ClientCidrBlock": "10.100.0.0/22", "ServerCertificateArn": arn, "AuthenticationOptions": [root],
        "ConnectionLogOptions": {"Enabled": False}, "VpcId": net["vpc"], "SecurityGroupIds": [net["sg"]], **more,
    }  # fmt: skip


def made(account, net, arn, **more):
    return account.client("ec2").create_client_vpn_endpoint(**asked(account, net, arn, **more))["ClientVpnEndpointId"]


def found(account, endpoint):
    return account.client("ec2").describe_client_vpn_endpoints(ClientVpnEndpointIds=[endpoint])["ClientVpnEndpoints"][0]


def associated(account, endpoint, subnet):
    ec2 = account.client("ec2")
    return ec2.associate_client_vpn_target_network(ClientVpnEndpointId=endpoint, SubnetId=subnet)["AssociationId"]


def networks(account, endpoint):
    answer = account.client("ec2").describe_client_vpn_target_networks(ClientVpnEndpointId=endpoint)
    return [(one["TargetNetworkId"], one["Status"]["Code"]) for one in answer["ClientVpnTargetNetworks"]]


@row("acm:ImportCertificate the key must be the certificate's, and the chain its issuer's", plain="fails")
def test_an_import_that_does_not_fit_is_refused(account, pair, authority):
    other = key()
    acm = account.client("acm")
    refused(lambda: acm.import_certificate(**{**pair, "PrivateKey": pem(other)}), "ValidationException")
    stranger = pem(certificate("other", other, "other", other, True))
    refused(lambda: acm.import_certificate(**{**pair, "CertificateChain": stranger}), "ValidationException")
    arn = imported(account, pair)
    assert acm.get_certificate(CertificateArn=arn)["CertificateChain"].encode() == pair["CertificateChain"]


@row("acm:ImportCertificate under an ARN keeps the tags and takes none", plain="fails")
def test_an_import_under_an_arn_keeps_the_tags(account, pair, authority):
    of_ca, ca = authority
    tags = [{"Key": "k", "Value": "v"}]
    arn = imported(account, pair, Tags=tags)
    of_server = key()
    again = {
        "Certificate": pem(certificate("server.internal", of_server, "ca", of_ca)),
        "PrivateKey": pem(of_server), "CertificateChain": pem(ca), "CertificateArn": arn,
    }  # fmt: skip
    acm = account.client("acm")
    assert acm.import_certificate(**again)["CertificateArn"] == arn
    assert acm.list_tags_for_certificate(CertificateArn=arn)["Tags"] == tags
    refused(lambda: acm.import_certificate(**again, Tags=tags), "InvalidParameterException")


@row("life:Client VPN endpoint pending-associate -> available -> deleted, with its interface in the subnet", plain="fails")
def test_an_endpoint_is_available_with_a_subnet(account, pair):
    net, ec2 = account.network(), account.client("ec2")
    endpoint = made(account, net, imported(account, pair))
    assert found(account, endpoint)["Status"]["Code"] == "pending-associate"
    assert found(account, endpoint)["DnsName"].startswith(f"*.{endpoint}.prod.clientvpn.")
    association = associated(account, endpoint, net["subnets"][0])
    assert networks(account, endpoint) == [(net["subnets"][0], "associating")]
    account.advance(600)
    assert networks(account, endpoint) == [(net["subnets"][0], "associated")]
    assert found(account, endpoint)["Status"]["Code"] == "available"
    routes = ec2.describe_client_vpn_routes(ClientVpnEndpointId=endpoint)["Routes"]
    assert [(one["DestinationCidr"], one["Origin"]) for one in routes] == [("10.0.0.0/16", "associate")]
    refused(lambda: ec2.delete_subnet(SubnetId=net["subnets"][0]), "DependencyViolation")
    refused(lambda: ec2.delete_security_group(GroupId=net["sg"]), "DependencyViolation")
    refused(lambda: ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=endpoint), "ClientVpnEndpointAssociationExists")
    ec2.disassociate_client_vpn_target_network(ClientVpnEndpointId=endpoint, AssociationId=association)
    assert networks(account, endpoint) == [(net["subnets"][0], "disassociating")]
    account.advance(600)
    assert networks(account, endpoint) == []
    ec2.delete_client_vpn_endpoint(ClientVpnEndpointId=endpoint)
    account.advance(60)
    ec2.delete_subnet(SubnetId=net["subnets"][0])
    refused(lambda: found(account, endpoint), "InvalidClientVpnEndpointId.NotFound")


@row("ec2:CreateClientVpnEndpoint ClientToken idempotent, tags at creation", plain="fails")
def test_an_endpoint_is_made_once_for_a_token(account, pair):
    net = account.network()
    arn = imported(account, pair)
    tags = [{"ResourceType": "client-vpn-endpoint", "Tags": [{"Key": "k", "Value": "v"}]}]
    more = {"ClientToken": "t", "TagSpecifications": tags}
    endpoint = made(account, net, arn, **more)
    assert made(account, net, arn, **more) == endpoint
    assert found(account, endpoint)["Tags"] == [{"Key": "k", "Value": "v"}]
    account.client("ec2").create_tags(Resources=[endpoint], Tags=[{"Key": "k", "Value": "w"}])
    assert found(account, endpoint)["Tags"] == [{"Key": "k", "Value": "w"}]
    refused(lambda: made(account, net, arn, **more, SplitTunnel=True), "IdempotentParameterMismatch")


@row("neg:CreateClientVpnEndpoint ranges, certificates, groups, quota", plain="fails")
def test_what_no_endpoint_can_have_is_refused(account, pair):
    net = account.network()
    arn = imported(account, pair)
    for wrong in (
        {"ClientCidrBlock": "10.100.0.0/23"},
        {"ClientCidrBlock": "10.0.0.0/8"},
        {"ServerCertificateArn": arn + "0"},
        {"VpnPort": 1195},
        {"SessionTimeoutHours": 9},
        {"ConnectionLogOptions": {"Enabled": True, "CloudwatchLogGroup": "absent"}},
    ):
        refused(lambda wrong=wrong: made(account, net, arn, **wrong), "InvalidParameterValue")
    for _ in range(5):
        made(account, net, arn)
    refused(lambda: made(account, net, arn), "ClientVpnEndpointLimitExceeded")


@row("neg:AssociateClientVpnTargetNetwork twice, two of one zone, overlapping, too small", plain="fails")
def test_a_subnet_that_does_not_fit_is_refused(account, pair):
    net, ec2 = account.network(), account.client("ec2")
    arn = imported(account, pair)
    endpoint = made(account, net, arn)
    associated(account, endpoint, net["subnets"][0])
    refused(lambda: associated(account, endpoint, net["subnets"][0]), "InvalidClientVpnDuplicateAssociationException")
    block = {"VpcId": net["vpc"], "AvailabilityZone": "us-east-1a"}
    beside = ec2.create_subnet(CidrBlock="10.0.9.0/24", **block)["Subnet"]["SubnetId"]
    refused(lambda: associated(account, endpoint, beside), "InvalidClientVpnSubnetId.DuplicateAz")
    refused(lambda: associated(account, endpoint, "subnet-0123456789abcdef0"), "InvalidClientVpnSubnetId.NotFound")
    refused(lambda: associated(account, UNKNOWN, beside), "InvalidClientVpnEndpointId.NotFound")
    small = ec2.create_subnet(CidrBlock="10.0.10.0/28", **block)["Subnet"]["SubnetId"]
    fresh = made(account, net, arn)
    refused(lambda: associated(account, fresh, small), "InvalidParameterValue")
    over = made(account, net, arn, ClientCidrBlock="10.0.0.0/16")
    refused(lambda: associated(account, over, beside), "InvalidClientVpnSubnetId.OverlappingCidr")


@row("life:Client VPN authorization rule authorizing -> active -> revoking -> gone", plain="fails")
def test_a_rule_becomes_active(account, pair):
    net, ec2 = account.network(), account.client("ec2")
    endpoint = made(account, net, imported(account, pair))
    rule = {"ClientVpnEndpointId": endpoint, "TargetNetworkCidr": "10.0.0.0/16"}

    def codes():
        answer = ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=endpoint)["AuthorizationRules"]
        return [(one["Description"], one["Status"]["Code"]) for one in answer]

    ec2.authorize_client_vpn_ingress(**rule, AuthorizeAllGroups=True, Description="all")
    assert codes() == [("all", "authorizing")]
    again = lambda: ec2.authorize_client_vpn_ingress(**rule, AuthorizeAllGroups=True)  # noqa: E731
    refused(again, "InvalidClientVpnDuplicateAuthorizationRule")
    account.advance(120)
    assert codes() == [("all", "active")]
    ec2.revoke_client_vpn_ingress(**rule, RevokeAllGroups=True)
    assert codes() == [("all", "revoking")]
    account.advance(60)
    assert codes() == []
    revoke = lambda: ec2.revoke_client_vpn_ingress(**rule, RevokeAllGroups=True)  # noqa: E731
    refused(revoke, "InvalidClientVpnEndpointAuthorizationRuleNotFound")


@row("neg:ten operations at a time on a Client VPN endpoint -> ConcurrentMutationLimitExceeded", plain="fails")
def test_too_many_operations_at_a_time(account, pair):
    net, ec2 = account.network(), account.client("ec2")
    endpoint = made(account, net, imported(account, pair))

    def authorize(number):
        block = f"10.0.{number}.0/24"
        ec2.authorize_client_vpn_ingress(ClientVpnEndpointId=endpoint, TargetNetworkCidr=block, AuthorizeAllGroups=True)

    for number in range(10):
        authorize(number)
    refused(lambda: authorize(10), "ConcurrentMutationLimitExceeded")
    account.advance(120)
    authorize(10)


@row("a Client VPN's certificate cannot be deleted, its groups change at once, its settings too", plain="fails")
def test_what_an_endpoint_uses(account, pair):
    net, ec2, acm = account.network(), account.client("ec2"), account.client("acm")
    arn = imported(account, pair)
    endpoint = made(account, net, arn)
    other = ec2.create_security_group(GroupName="other", Description="other", VpcId=net["vpc"])["GroupId"]
    groups = {"ClientVpnEndpointId": endpoint, "VpcId": net["vpc"], "SecurityGroupIds": [other]}
    apply = lambda: ec2.apply_security_groups_to_client_vpn_target_network(**groups)  # noqa: E731
    refused(apply, "InvalidClientVpnActiveAssociationNotFound")
    refused(lambda: acm.delete_certificate(CertificateArn=arn), "ResourceInUseException")
    associated(account, endpoint, net["subnets"][0])
    account.advance(600)
    apply()
    assert found(account, endpoint)["SecurityGroupIds"] == [other]
    ec2.delete_security_group(GroupId=net["sg"])
    servers = {"Enabled": True, "CustomDnsServers": ["10.0.0.2"]}
    ec2.modify_client_vpn_endpoint(ClientVpnEndpointId=endpoint, SplitTunnel=True, DnsServers=servers)
    now = found(account, endpoint)
    assert (now["SplitTunnel"], now["DnsServers"], now["VpnPort"]) == (True, ["10.0.0.2"], 443)


@row("the configuration of a Client VPN's clients, and the list of revoked certificates", plain="fails")
def test_the_configuration_of_clients(account, authority, pair):
    net, ec2 = account.network(), account.client("ec2")
    endpoint = made(account, net, imported(account, pair))
    export = lambda: ec2.export_client_vpn_client_configuration(ClientVpnEndpointId=endpoint)  # noqa: E731
    refused(export, "InvalidClientVpnActiveAssociationNotFound")
    associated(account, endpoint, net["subnets"][0])
    account.advance(600)
    text = export()["ClientConfiguration"]
    assert f"\nremote {endpoint}.prod.clientvpn.us-east-1.amazonaws.com 443\nremote-random-hostname\n" in text
    assert pair["CertificateChain"].decode().strip() in text and "PRIVATE KEY" not in text
    revoke = lambda text: ec2.import_client_vpn_client_certificate_revocation_list(  # noqa: E731
        ClientVpnEndpointId=endpoint, CertificateRevocationList=text
    )
    refused(lambda: revoke("none"), "InvalidParameterValue")
    refused(lambda: revoke("-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"), "InvalidParameterValue")

    def listed():
        answer = ec2.export_client_vpn_client_certificate_revocation_list(ClientVpnEndpointId=endpoint)
        return answer.get("CertificateRevocationList"), answer["Status"]["Code"]

    assert listed() == (None, "pending")
    first, second = revoked(authority, 7), revoked(authority, 7, 8)
    revoke(first)
    account.advance(60)
    assert listed() == (first, "active")
    revoke(second)
    assert listed() == (second, "pending")
    account.advance(60)
    assert listed() == (second, "active")
    account.settings(**{"quota.client_vpn_revoked": 1})
    refused(lambda: revoke(second), "ClientVpnCertificateRevocationListLimitExceeded")


@row("the first Client VPN endpoint of an account makes its service-linked role", plain="fails")
def test_the_service_linked_role(account, pair):
    made(account, account.network(), imported(account, pair))
    roles = account.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    assert "AWSServiceRoleForClientVPN" in [role["RoleName"] for role in roles]
