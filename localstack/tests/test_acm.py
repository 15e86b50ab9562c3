"""AWS Certificate Manager: public certificates that are validated through DNS.

Source: ACM API reference; ACM user guide, "DNS validation", "Configure a CAA record", "Use condition keys with ACM".
"""

import datetime

import pytest
from conftest import refused

row = pytest.mark.row
NAME = "ce.example.com"


def request(account, name=NAME, region="us-east-1", **more):
    call = account.client("acm", region).request_certificate
    return call(DomainName=name, ValidationMethod="DNS", **more)["CertificateArn"]


def shown(account, arn):
    return account.client("acm", arn.split(":")[3]).describe_certificate(CertificateArn=arn)["Certificate"]


def record(account, arn):
    return shown(account, arn)["DomainValidationOptions"][0].get("ResourceRecord")


def zone(account, name="example.com", **more):
    account.advance(5)  # the limit of requests a second
    call = account.client("route53").create_hosted_zone
    return call(Name=name, CallerReference=f"{name} {more}", **more)["HostedZone"]["Id"]


def write(account, zone_id, name, kind, value):
    account.advance(1)
    record = {"Name": name, "Type": kind, "TTL": 300, "ResourceRecords": [{"Value": value}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    account.client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)


def validate(account, zone_id, arn):
    account.advance(30)
    told = record(account, arn)
    write(account, zone_id, told["Name"], told["Type"], told["Value"])


@row("acm: the validation record is told some seconds after the request, the same for a name in all regions", plain="fails")
def test_the_record_comes_later_and_is_the_same_for_a_name(account):
    arn = request(account)
    assert shown(account, arn)["DomainValidationOptions"] == [{"DomainName": NAME, "ValidationMethod": "DNS"}]
    account.advance(10)
    told = record(account, arn)
    assert (told["Type"], told["Name"].split(".", 1)[1]) == ("CNAME", f"{NAME}.")
    assert told["Value"].endswith(".acm-validations.aws.")
    others = [request(account), request(account, region="eu-west-1"), request(account, "other.example.com")]
    account.advance(10)
    assert [record(account, other) == told for other in others] == [True, True, False]


@row("acm: the key is RSA-2048 where a certificate is described, RSA_2048 where it is listed", plain="fails")
def test_the_key_has_two_names(account):
    arn, listed = request(account), account.client("acm").list_certificates()["CertificateSummaryList"]
    assert [shown(account, arn)["KeyAlgorithm"]] + [one["KeyAlgorithm"] for one in listed] == ["RSA-2048", "RSA_2048"]


@row("acm: issued once its record is in a public zone, not a private one, and not with another value", plain="fails")
def test_a_certificate_is_issued_once_its_record_is_public(account):
    net = account.network()
    private = zone(account, VPC={"VPCRegion": "us-east-1", "VPCId": net["vpc"]})
    public, arn = zone(account), request(account)
    validate(account, private, arn)
    account.advance(600)
    assert shown(account, arn)["Status"] == "PENDING_VALIDATION"
    told = record(account, arn)
    write(account, public, told["Name"], "CNAME", "elsewhere.example.com")
    account.advance(600)
    assert shown(account, arn)["Status"] == "PENDING_VALIDATION"
    other = zone(account, "ce.example.com")
    write(account, other, told["Name"], "CNAME", told["Value"])
    account.advance(600)
    live = shown(account, arn)
    assert (live["Status"], live["DomainValidationOptions"][0]["ValidationStatus"]) == ("ISSUED", "SUCCESS")
    assert live["NotAfter"]


@row("acm: valid for 198 days, renewed while it is in use and its record is there, else EXPIRED", plain="fails")
def test_a_certificate_is_renewed_or_ends(account):
    net, elbv2 = account.network(), account.client("elbv2")
    public, used = zone(account), request(account)
    validate(account, public, used)
    unused = request(account)
    account.advance(600)
    day = datetime.timedelta(days=1)
    ends = {arn: shown(account, arn)["NotAfter"] for arn in (used, unused)}
    now = datetime.datetime.now(datetime.timezone.utc)
    assert all(197 * day < end - now < 199 * day for end in ends.values())
    balancer = elbv2.create_load_balancer(Name="ui", Subnets=net["subnets"], Scheme="internal")["LoadBalancers"][0]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Port=443, Protocol="HTTPS",
        Certificates=[{"CertificateArn": used}], DefaultActions=answer,
    )  # fmt: skip
    account.advance(199 * 86400)
    assert [shown(account, arn)["Status"] for arn in (used, unused)] == ["ISSUED", "EXPIRED"]
    assert shown(account, used)["NotAfter"] - ends[used] > 100 * day and shown(account, unused)["NotAfter"] == ends[unused]


@row("acm: VALIDATION_TIMED_OUT after 72 hours without its record in public DNS", plain="fails")
def test_a_record_that_nobody_sees_times_out(account):
    account.settings(**{"acm.delegated": False})
    public, arn = zone(account), request(account)
    validate(account, public, arn)
    account.advance(71 * 3600)
    assert shown(account, arn)["Status"] == "PENDING_VALIDATION"
    account.advance(2 * 3600)
    assert shown(account, arn)["Status"] == "VALIDATION_TIMED_OUT"


@row("acm: FAILED with CAA_ERROR where the nearest CAA records admit others only", plain="fails")
def test_caa_records_forbid_a_certificate(account):
    public = zone(account)
    write(account, public, "example.com", "CAA", '0 issue "letsencrypt.org"')
    write(account, public, "good.example.com", "CAA", '0 issue "amazontrust.com"')
    certificates = [request(account), request(account, "good.example.com")]
    for arn in certificates:
        validate(account, public, arn)
    account.advance(600)
    bad, good = (shown(account, arn) for arn in certificates)
    assert (bad["Status"], bad.get("FailureReason"), good["Status"]) == ("FAILED", "CAA_ERROR", "ISSUED")


@row("acm:RequestCertificate with a token again: the same certificate for an hour, whatever else is asked", plain="fails")
def test_a_token_makes_one_certificate_for_an_hour(account):
    arn = request(account, IdempotencyToken="a")
    tags = [{"Key": "team", "Value": "b"}]
    assert request(account, IdempotencyToken="a", Tags=tags) == arn
    assert request(account, IdempotencyToken="b") != arn
    account.advance(3601)
    assert request(account, IdempotencyToken="a", Tags=tags) != arn


@row("acm:DeleteCertificate of one in use, and for a while after its listener has let it go", plain="fails")
def test_a_certificate_in_use_stays(account):
    net, elbv2, acm = account.network(), account.client("elbv2"), account.client("acm")
    public, arn = zone(account), request(account)
    validate(account, public, arn)
    account.advance(600)
    balancer = elbv2.create_load_balancer(Name="ui", Subnets=net["subnets"], Scheme="internal")["LoadBalancers"][0]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Port=443, Protocol="HTTPS",
        Certificates=[{"CertificateArn": arn}], DefaultActions=answer,
    )["Listeners"][0]["ListenerArn"]  # fmt: skip
    assert shown(account, arn)["InUseBy"] == [balancer["LoadBalancerArn"]]
    refused(lambda: acm.delete_certificate(CertificateArn=arn), "ResourceInUseException")
    elbv2.delete_listener(ListenerArn=listener)
    refused(lambda: acm.delete_certificate(CertificateArn=arn), "ResourceInUseException")
    account.advance(60)
    acm.delete_certificate(CertificateArn=arn)
    refused(lambda: shown(account, arn), "ResourceNotFoundException")


@row("acm: certificates at a time, and requests a year, are limited", plain="fails")
def test_certificates_are_limited(account):
    account.settings(**{"quota.certificates": 1, "acm.certificates_a_year": 2})
    acm = account.client("acm")
    arn = request(account)
    refused(lambda: request(account), "LimitExceededException")
    acm.delete_certificate(CertificateArn=arn)
    arn = request(account)
    acm.delete_certificate(CertificateArn=arn)
    refused(lambda: request(account), "LimitExceededException")


@row("authorization: acm:RequestCertificate by name and method, and with tags acm:AddTagsToCertificate too", plain="absent")
def test_a_request_is_authorised(account):
    request(account, Tags=[{"Key": "team", "Value": "a"}])
    made = next(one for one in account.journal() if one["operation"] == "RequestCertificate")["authorizations"]
    tags = {"aws:RequestTag/team": ["a"], "aws:TagKeys": ["team"]}
    own = {"acm:DomainNames": [NAME], "acm:ValidationMethod": ["DNS"]}
    assert [(one["action"], one["keys"]) for one in made] == [
        ("acm:RequestCertificate", tags | own),
        ("acm:AddTagsToCertificate", tags),
    ]
