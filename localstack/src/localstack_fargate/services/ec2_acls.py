"""Network ACLs: entries checked and normalised as EC2 does, and DescribeNetworkAcls.

Sources: Amazon EC2 API reference (CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry); VPC user
guide, "Network ACLs" and "Amazon VPC quotas" (20 rules a direction, for IPv4 and IPv6 separately, the last refusal
among them).
"""

from localstack_fargate.account import setting
from localstack_fargate.middleware import aws_error, guard, override
from localstack_fargate.services.ec2_common import at, backend, canonical_cidr, chosen, filtered, page, tag_list

setting("quota.acl_entries_per_direction", 20)
setting("quota.acls_per_vpc", 200)

PROTOCOLS = {"tcp": "6", "udp": "17", "icmp": "1", "all": "-1", "icmpv6": "58"}
LAST_RULE = 32767  # the refusal that ends every ACL: it counts, and cannot be edited
LAST_RULES = (LAST_RULE, 32768)  # the second one ends it for IPv6, in a VPC with an IPv6 range


def acl_of(store, acl_id: str):
    if acl_id not in store.network_acls:
        raise aws_error("InvalidNetworkAclID.NotFound", f"The networkAcl ID '{acl_id}' does not exist")
    return store.network_acls[acl_id]


def entry_of(acl, number: int, egress: bool):
    return next((e for e in acl.network_acl_entries if e.rule_number == number and e.egress == egress), None)


def _checked(request: dict) -> dict:
    """The parameters of an entry, in the form in which EC2 keeps them."""
    number = request.get("RuleNumber")
    if not 1 <= number < LAST_RULE:
        raise aws_error("InvalidParameterValue", f"Value ({number}) for parameter ruleNumber is invalid.")
    protocol = str(request.get("Protocol"))
    protocol = PROTOCOLS.get(protocol.lower(), protocol)
    if not protocol.lstrip("-").isdigit():
        raise aws_error("InvalidParameterValue", f"Value ({protocol}) for parameter protocol is invalid.")
    if bool(request.get("CidrBlock")) == bool(request.get("Ipv6CidrBlock")):
        raise aws_error("MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.")
    ports = request.get("PortRange") or {}
    if protocol in ("6", "17") and (ports.get("From") is None or ports.get("To") is None):
        raise aws_error("MissingParameter", "The request must contain the parameter PortRange")
    if protocol in ("6", "17") and not 0 <= ports["From"] <= ports["To"] <= 65535:
        raise aws_error("InvalidParameterValue", f"Invalid port range {ports['From']}-{ports['To']}")
    icmp = request.get("IcmpTypeCode") or {}
    if protocol in ("1", "58") and (icmp.get("Type") is None or icmp.get("Code") is None):
        raise aws_error("MissingParameter", "The request must contain the parameter icmpTypeCode")
    return {
        "rule_number": number,
        "protocol": protocol,
        "rule_action": request.get("RuleAction"),
        "egress": bool(request.get("Egress")),
        "cidr_block": canonical_cidr(request.get("CidrBlock")),
        "ipv6_cidr_block": canonical_cidr(request.get("Ipv6CidrBlock")),
        "icmp_code": icmp.get("Code") if protocol in ("1", "58") else None,
        "icmp_type": icmp.get("Type") if protocol in ("1", "58") else None,
        "port_range_from": ports.get("From") if protocol in ("6", "17") else None,
        "port_range_to": ports.get("To") if protocol in ("6", "17") else None,
    }


@guard("ec2", "CreateNetworkAcl")
def limit_acls(account, region, request, context):
    same = [acl for acl in backend(account, region).network_acls.values() if acl.vpc_id == request.get("VpcId")]
    if len(same) >= account.settings["quota.acls_per_vpc"]:
        raise aws_error("NetworkAclLimitExceeded", "The maximum number of network acls has been reached.")


@override("ec2", "CreateNetworkAclEntry")
def create_entry(account, region, request, context, call_next):
    store = backend(account, region)
    acl = acl_of(store, request.get("NetworkAclId"))
    wanted = _checked(request)
    if entry_of(acl, wanted["rule_number"], wanted["egress"]):
        raise aws_error(
            "NetworkAclEntryAlreadyExists",
            f"The network acl entry identified by {wanted['rule_number']} already exists.",
        )
    limit = account.settings["quota.acl_entries_per_direction"]
    family = bool(wanted["ipv6_cidr_block"])
    same = [e for e in acl.network_acl_entries if e.egress == wanted["egress"] and bool(e.ipv6_cidr_block) == family]
    if len(same) >= limit:
        raise aws_error(
            "NetworkAclEntryLimitExceeded", f"The maximum number of network acl entries ({limit}) has been reached."
        )
    store.create_network_acl_entry(network_acl_id=acl.id, **wanted)
    return {}


@override("ec2", "ReplaceNetworkAclEntry")
def replace_entry(account, region, request, context, call_next):
    store = backend(account, region)
    acl = acl_of(store, request.get("NetworkAclId"))
    wanted = _checked(request)
    acl.network_acl_entries.remove(_existing(acl, request))
    store.create_network_acl_entry(network_acl_id=acl.id, **wanted)
    return {}


@override("ec2", "DeleteNetworkAclEntry")
def delete_entry(account, region, request, context, call_next):
    acl = acl_of(backend(account, region), request.get("NetworkAclId"))
    acl.network_acl_entries.remove(_existing(acl, request))
    return {}


def _existing(acl, request: dict):
    number = request.get("RuleNumber")
    entry = entry_of(acl, number, bool(request.get("Egress")))
    if entry is None or number in LAST_RULES:
        raise aws_error(
            "InvalidNetworkAclEntry.NotFound", f"The network acl entry identified by {number} does not exist."
        )
    return entry


def _describe_entry(entry) -> dict:
    answer = {
        "Egress": bool(entry.egress),
        "Protocol": str(entry.protocol),
        "RuleAction": entry.rule_action,
        "RuleNumber": int(entry.rule_number),
    }
    if entry.cidr_block:
        answer["CidrBlock"] = entry.cidr_block
    if entry.ipv6_cidr_block:
        answer["Ipv6CidrBlock"] = entry.ipv6_cidr_block
    if entry.port_range_from is not None:
        answer["PortRange"] = {"From": int(entry.port_range_from), "To": int(entry.port_range_to)}
    if entry.icmp_type is not None:
        answer["IcmpTypeCode"] = {"Type": int(entry.icmp_type), "Code": int(entry.icmp_code)}
    return answer


def describe(store, acl) -> dict:
    entries = sorted(acl.network_acl_entries, key=lambda e: (not e.egress, int(e.rule_number)))
    return {
        "NetworkAclId": acl.id,
        "VpcId": acl.vpc_id,
        "IsDefault": bool(acl.default),
        "OwnerId": store.account_id,
        "Associations": [
            {"NetworkAclAssociationId": a.id, "NetworkAclId": acl.id, "SubnetId": a.subnet_id}
            for a in acl.associations.values()
        ],
        "Entries": [_describe_entry(e) for e in entries],
        "Tags": tag_list(store, acl.id),
    }


FIELDS = {
    "association.association-id": at("Associations", "NetworkAclAssociationId"),
    "association.network-acl-id": at("Associations", "NetworkAclId"),
    "association.subnet-id": at("Associations", "SubnetId"),
    "default": at("IsDefault"),
    "entry.cidr": at("Entries", "CidrBlock"),
    "entry.egress": at("Entries", "Egress"),
    "entry.icmp.code": at("Entries", "IcmpTypeCode", "Code"),
    "entry.icmp.type": at("Entries", "IcmpTypeCode", "Type"),
    "entry.ipv6-cidr": at("Entries", "Ipv6CidrBlock"),
    "entry.port-range.from": at("Entries", "PortRange", "From"),
    "entry.port-range.to": at("Entries", "PortRange", "To"),
    "entry.protocol": at("Entries", "Protocol"),
    "entry.rule-action": at("Entries", "RuleAction"),
    "entry.rule-number": at("Entries", "RuleNumber"),
    "network-acl-id": at("NetworkAclId"),
    "owner-id": at("OwnerId"),
    "vpc-id": at("VpcId"),
}


@override("ec2", "DescribeNetworkAcls")
def describe_network_acls(account, region, request, context, call_next):
    store = backend(account, region)
    listed = chosen(
        [describe(store, a) for a in store.network_acls.values()],
        request.get("NetworkAclIds"),
        "NetworkAclId",
        "InvalidNetworkAclID.NotFound",
        "The networkAcl ID '{}' does not exist",
    )
    return page(request, "NetworkAcls", filtered(listed, request.get("Filters"), FIELDS))
