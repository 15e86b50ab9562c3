"""How many rules a group may have, and what AWS adds where a VPC gets an IPv6 range. Source: VPC user guide."""

import pytest
from conftest import refused
from test_ec2_groups import group, rules

row = pytest.mark.row


def admit(account, group_id, count, start=0, **peers):
    ranges = {"IpRanges": [{"CidrIp": f"10.0.{n}.0/24"} for n in range(start, start + count)]} if count else {}
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **ranges, **peers}
    return account.client("ec2").authorize_security_group_ingress(GroupId=group_id, IpPermissions=[permission])


@row(
    "neg:AuthorizeSecurityGroupIngress past the quota of the account -> RulesPerSecurityGroupLimitExceeded",
    plain="fails",
)
def test_the_quota_of_rules_is_the_account_s(account):
    full = group(account, account.network())
    admit(account, full, 60)
    refused(lambda: admit(account, full, 1, start=60), "RulesPerSecurityGroupLimitExceeded")
    admit(account, full, 0, Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32"}])
    account.settings(**{"quota.rules_per_group": 61})
    admit(account, full, 1, start=60)
    refused(lambda: admit(account, full, 1, start=61), "RulesPerSecurityGroupLimitExceeded")


@row("a prefix list weighs as many rules as it may have entries", plain="fails")
def test_a_prefix_list_weighs_its_maximum(account):
    net, ec2 = account.network(), account.client("ec2")
    wanted = {"PrefixListName": "people", "AddressFamily": "IPv4", "Entries": [{"Cidr": "10.0.0.0/8"}]}
    large = ec2.create_managed_prefix_list(**wanted, MaxEntries=61)["PrefixList"]["PrefixListId"]
    half = ec2.create_managed_prefix_list(**wanted, MaxEntries=30)["PrefixList"]["PrefixListId"]
    by_list = group(account, net)
    refused(
        lambda: admit(account, by_list, 0, PrefixListIds=[{"PrefixListId": large}]),
        "RulesPerSecurityGroupLimitExceeded",
    )
    admit(account, by_list, 0, PrefixListIds=[{"PrefixListId": half}])
    admit(account, by_list, 30)
    refused(lambda: admit(account, by_list, 1, start=30), "RulesPerSecurityGroupLimitExceeded")


@row("neg:more groups than the quota on an interface", plain="fails")
def test_groups_of_an_interface(account):
    net, ec2, elbv2 = account.network(), account.client("ec2"), account.client("elbv2")
    six = [group(account, net, f"g{n}") for n in range(6)]
    refused(
        lambda: ec2.create_network_interface(SubnetId=net["subnets"][0], Groups=six),
        "SecurityGroupsPerInterfaceLimitExceeded",
    )
    made = {"Name": "six", "Subnets": net["subnets"], "Scheme": "internal"}
    refused(lambda: elbv2.create_load_balancer(**made, SecurityGroups=six), "InvalidConfigurationRequest")
    balancer = elbv2.create_load_balancer(**made, SecurityGroups=six[:5])["LoadBalancers"][0]
    assert len(balancer["SecurityGroups"]) == 5
    # More rules, fewer groups: never more than 1,000 rules on an interface.
    account.settings(**{"quota.rules_per_group": 500})
    refused(
        lambda: elbv2.set_security_groups(LoadBalancerArn=balancer["LoadBalancerArn"], SecurityGroups=six[:3]),
        "InvalidConfigurationRequest",
    )


@row("an IPv6 range of a VPC: the rules that AWS adds", plain="fails")
def test_rules_added_with_an_ipv6_range(account):
    net, ec2 = account.network(), account.client("ec2")
    before, narrowed = group(account, net, "before"), group(account, net, "narrowed")
    ec2.revoke_security_group_egress(
        GroupId=narrowed, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    of_vpc = [{"Name": "vpc-id", "Values": [net["vpc"]]}]
    acl = ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"][0]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=10, Protocol="-1", RuleAction="deny", Egress=False, CidrBlock="192.0.2.0/24"
    )
    ec2.associate_vpc_cidr_block(VpcId=net["vpc"], AmazonProvidedIpv6CidrBlock=True)
    entries = ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"][0]["Entries"]
    of_v6 = sorted((e["Egress"], e["RuleNumber"], e["RuleAction"]) for e in entries if e.get("Ipv6CidrBlock") == "::/0")
    assert of_v6 == [(False, 32768, "deny"), (True, 101, "allow"), (True, 32768, "deny")]
    refused(
        lambda: ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=32768, Egress=False),
        "InvalidNetworkAclEntry.NotFound", "InvalidParameterValue",
    )
    outwards = lambda one: sorted(r.get("CidrIpv4") or r["CidrIpv6"] for r in rules(account,
        one) if r["IsEgress"])  # noqa: E731
    after = group(account, net, "after")
    assert [outwards(one) for one in (before, narrowed, after)] == [["0.0.0.0/0", "::/0"], [], ["0.0.0.0/0", "::/0"]]
    tables = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    assert all(any("DestinationIpv6CidrBlock" in route for route in table["Routes"]) for table in tables)
