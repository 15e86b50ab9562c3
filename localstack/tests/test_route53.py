"""Route 53: names for load balancers.

Source: Amazon Route 53 API reference; Route 53 developer guide, "DNS domain name format" and "Quotas".
"""

import pytest
from conftest import refused

row = pytest.mark.row


def zone(account, name="example.com", **more):
    """A public zone, or one of the VPC in `more`: its id."""
    account.advance(5)  # the limit of requests a second
    call = account.client("route53").create_hosted_zone
    return call(Name=name, CallerReference=f"{name} {len(more)} {more}", **more)["HostedZone"]["Id"]


def change(account, zone_id, action, record):
    account.advance(1)
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    return account.client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)["ChangeInfo"]


def text(name, value='"a"', ttl=300):
    return {"Name": name, "Type": "TXT", "TTL": ttl, "ResourceRecords": [{"Value": value}]}


@row("route53:CreateHostedZone with a reference again, or a second zone of one name for a VPC", plain="fails")
def test_a_zone_is_made_once(account):
    route53, net = account.client("route53"), account.network()
    vpc = {"VPC": {"VPCRegion": "us-east-1", "VPCId": net["vpc"]}}
    made = zone(account, "ce.example.com", **vpc)
    again = lambda reference: route53.create_hosted_zone(  # noqa: E731
        Name="ce.example.com", CallerReference=reference, **vpc
    )
    refused(lambda: again(f"ce.example.com 1 {vpc}"), "HostedZoneAlreadyExists")
    refused(lambda: again("another"), "ConflictingDomainExists")
    account.advance(5)
    shown = route53.get_hosted_zone(Id=made)
    assert (shown["HostedZone"]["Name"], shown["HostedZone"]["Config"]["PrivateZone"]) == ("ce.example.com.", True)
    assert shown["VPCs"] == [vpc["VPC"]]
    route53.delete_hosted_zone(Id=made)
    refused(lambda: again(f"ce.example.com 1 {vpc}"), "HostedZoneAlreadyExists")


@row("route53:ListHostedZonesByName answers the zones from a name on", plain="fails")
def test_zones_are_listed_from_a_name_on(account):
    for name in ("example.com", "ce.example.com", "example.org"):
        zone(account, name)
    account.advance(5)
    listed = account.client("route53").list_hosted_zones_by_name(DNSName="ce.example.com")["HostedZones"]
    assert [one["Name"] for one in listed] == ["ce.example.com.", "example.org."]


@row("route53:ChangeResourceRecordSets: CREATE of what is there, DELETE of what is not, or not exactly", plain="fails")
def test_a_record_is_created_once_and_deleted_exactly(account):
    made = zone(account)
    change(account, made, "CREATE", text("A.Example.com"))
    refused(lambda: change(account, made, "CREATE", text("a.example.com.")), "InvalidChangeBatch")
    refused(lambda: change(account, made, "DELETE", text("a.example.com", ttl=60)), "InvalidChangeBatch")
    refused(lambda: change(account, made, "DELETE", text("b.example.com")), "InvalidChangeBatch")
    refused(lambda: change(account, made, "CREATE", text("a.example.org")), "InvalidChangeBatch")
    listed = account.client("route53").list_resource_record_sets(HostedZoneId=made, StartRecordName="a.example.com")
    assert [one["Name"] for one in listed["ResourceRecordSets"]] == ["a.example.com."]
    account.advance(5)
    refused(lambda: account.client("route53").delete_hosted_zone(Id=made), "HostedZoneNotEmpty")
    change(account, made, "UPSERT", text("a.example.com", ttl=60))
    change(account, made, "DELETE", text("a.example.com", ttl=60))


@row("an alias needs a load balancer in the zone that it names; its name comes back in lower case", plain="fails")
def test_an_alias_leads_to_a_load_balancer(account):
    made, net = zone(account), account.network()
    balancer = account.client("elbv2").create_load_balancer(Name="Ui", Subnets=net["subnets"], Scheme="internal")
    balancer = balancer["LoadBalancers"][0]
    alias = lambda dns, zone: {  # noqa: E731
        "Name": "ce.example.com", "Type": "A",
        "AliasTarget": {"DNSName": dns, "HostedZoneId": zone, "EvaluateTargetHealth": False},
    }  # fmt: skip
    home = balancer["CanonicalHostedZoneId"]
    refused(lambda: change(account, made, "CREATE", alias("internal-x-1.elb.amazonaws.com", home)), "InvalidChangeBatch")
    refused(lambda: change(account, made, "CREATE", alias(balancer["DNSName"], "Z1")), "InvalidChangeBatch")
    change(account, made, "CREATE", alias("dualstack." + balancer["DNSName"], home))
    listed = account.client("route53").list_resource_record_sets(HostedZoneId=made, StartRecordName="ce.example.com")
    target = listed["ResourceRecordSets"][0]["AliasTarget"]["DNSName"]
    assert target == f"dualstack.{balancer['DNSName'].lower()}."


@row("a change of Route 53 is PENDING, then INSYNC", plain="fails")
def test_a_change_takes_a_while(account):
    account.settings(**{"route53.insync": 40})
    made = zone(account)
    submitted = change(account, made, "CREATE", text("a.example.com"))
    status = lambda: account.client("route53").get_change(Id=submitted["Id"])["ChangeInfo"]["Status"]  # noqa: E731
    assert (submitted["Status"], status()) == ("PENDING", "PENDING")
    account.advance(60)
    assert status() == "INSYNC"


@row("Route 53 answers five requests a second of an account", plain="fails")
def test_requests_are_throttled(account):
    account.settings(**{"route53.per_second": 0})
    refused(lambda: account.client("route53").list_hosted_zones(), "Throttling")
