"""What AWS adds by itself when a VPC gets an IPv6 range.

Sources: Amazon VPC user guide, "Default network ACL" (rule 101 where nobody has changed that direction; the last
refusal, which the API numbers 32768: hashicorp/terraform#12835), and "Migrate your VPC from IPv4 to IPv6" (an outbound
rule in every group whose outbound rules nobody has changed; a new group has it from the start).
"""

from localstack_fargate.middleware import after
from localstack_fargate.services import ec2_groups
from localstack_fargate.services.ec2_common import backend

ANYWHERE, ANYWHERE_V6 = "0.0.0.0/0", "::/0"
LAST_V6 = 32768


def _has_range(store, vpc_id: str) -> bool:
    vpc = store.vpcs.get(vpc_id)
    return bool(vpc and vpc.get_cidr_block_association_set(ipv6=True))


@after("ec2", "AssociateVpcCidrBlock")
def add_rules(account, region, request, response, context):
    store, vpc_id = backend(account, region), request.get("VpcId")
    if not _has_range(store, vpc_id):
        return response
    for acl in [acl for acl in store.network_acls.values() if acl.vpc_id == vpc_id]:
        for egress in (False, True):
            _complete_acl(store, acl, egress)
    for group in [group for group in ec2_groups.all_groups(store) if group.vpc_id == vpc_id]:
        _open_outwards(store, group)
    return response


@after("ec2", "CreateSecurityGroup")
def add_rule_of_new_group(account, region, request, response, context):
    store = backend(account, region)
    if _has_range(store, request.get("VpcId")):
        _open_outwards(store, store.get_security_group_from_id(response["GroupId"]))
    return response


def _complete_acl(store, acl, egress: bool) -> None:
    entries = [entry for entry in acl.network_acl_entries if entry.egress == egress]
    if any(int(entry.rule_number) == LAST_V6 for entry in entries):
        return
    editable = [entry for entry in entries if int(entry.rule_number) < 32767]
    untouched = len(editable) == 1 and _is_open(editable[0])
    _add(store, acl, LAST_V6, "deny", egress)
    if acl.default and untouched:
        _add(store, acl, 101, "allow", egress)


def _is_open(entry) -> bool:
    return (int(entry.rule_number), str(entry.protocol), entry.rule_action, entry.cidr_block) == (
        100,
        "-1",
        "allow",
        ANYWHERE,
    )


def _add(store, acl, number: int, action: str, egress: bool) -> None:
    store.create_network_acl_entry(
        network_acl_id=acl.id, rule_number=number, protocol="-1", rule_action=action, egress=egress, cidr_block=None,
        ipv6_cidr_block=ANYWHERE_V6, icmp_code=None, icmp_type=None, port_range_from=None, port_range_to=None,
    )  # fmt: skip


def _open_outwards(store, group) -> None:
    rules = group.egress_rules
    untouched = len(rules) == 1 and rules[0].ip_protocol == "-1" and rules[0].ip_range.get("CidrIp") == ANYWHERE
    if untouched:
        rules.append(ec2_groups._rule(store, group, "-1", None, None, egress=True, ip_range={"CidrIpv6": ANYWHERE_V6}))
