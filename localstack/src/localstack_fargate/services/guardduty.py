"""GuardDuty Runtime Monitoring with automated agents, as far as a VPC shows it: off unless `guardduty.vpc` is set.

Some seconds after the first Fargate task of a VPC has started, GuardDuty makes an interface endpoint for
`guardduty-data` and a security group for it, both tagged GuardDutyManaged=true, and removes neither while it is on
(GuardDuty user guide, "How Runtime Monitoring works with Fargate" and "Using Infrastructure as Code with automated
security agents"). That it makes them again when somebody removes them while a task runs is reported by others;
`guardduty.again` says how often it does here.
"""

from localstack_fargate.account import setting
from localstack_fargate.middleware import after, invoke
from localstack_fargate.services.ec2_common import backend

setting("guardduty.vpc", False)
setting("guardduty.made", 8)  # seconds after a task's interface has been attached
setting("guardduty.again", 0)  # how many times what is removed is made again
setting("guardduty.made_again", 5)

TAGS = [{"Key": "GuardDutyManaged", "Value": "true"}]


def group_name(vpc_id: str) -> str:
    return f"GuardDutyManagedSecurityGroup-{vpc_id}"


def task_started(account, region: str, subnet_id: str | None) -> None:
    """To be called when a Fargate task has got its interface."""
    subnet = _subnet(backend(account, region), subnet_id)
    if account.settings["guardduty.vpc"] and subnet is not None:
        account.schedule(account.settings["guardduty.made"], lambda acct: _make(acct, region, subnet.vpc_id, subnet_id))


def _subnet(store, subnet_id):
    return next((zone[subnet_id] for zone in store.subnets.values() if subnet_id in zone), None)


def _make(account, region: str, vpc_id: str, subnet_id: str) -> None:
    store = backend(account, region)
    if vpc_id not in store.vpcs or _subnet(store, subnet_id) is None or _endpoints(store, region, vpc_id):
        return
    name = group_name(vpc_id)
    group = next((g for g in store.groups.get(vpc_id, {}).values() if g.name == name), None)
    if group is None:
        made = invoke(account, region, "ec2", "CreateSecurityGroup", {
            "GroupName": name, "Description": f"Associated with VPC-{vpc_id} and tagged as GuardDutyManaged",
            "VpcId": vpc_id,
            "TagSpecifications": [{"ResourceType": "security-group", "Tags": TAGS}],
        })  # fmt: skip
        group_id = made["GroupId"]
        invoke(account, region, "ec2", "AuthorizeSecurityGroupIngress", {"GroupId": group_id, "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
             "IpRanges": [{"CidrIp": store.vpcs[vpc_id].cidr_block}]}
        ]})  # fmt: skip
    else:
        group_id = group.id
    made = invoke(account, region, "ec2", "CreateVpcEndpoint", {
        "VpcEndpointType": "Interface", "VpcId": vpc_id, "ServiceName": service_name(region), "SubnetIds": [subnet_id],
        "SecurityGroupIds": [group_id], "PrivateDnsEnabled": True,
        "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": TAGS}],
    })  # fmt: skip
    store.vpc_end_points[made["VpcEndpoint"]["VpcEndpointId"]].emulator_guardduty = subnet_id


def service_name(region: str) -> str:
    return f"com.amazonaws.{region}.guardduty-data"


def _endpoints(store, region: str, vpc_id: str) -> list:
    ours = (vpc_id, service_name(region))
    every = store.vpc_end_points.values()
    return [one for one in every if (one.vpc_id, one.service_name) == ours and one.state != "deleting"]


@after("ec2", "DeleteVpcEndpoints")
def make_again(account, region, request, response, context):
    store = backend(account, region)
    for endpoint_id in request.get("VpcEndpointIds") or []:
        endpoint = store.vpc_end_points.get(endpoint_id)
        subnet_id = getattr(endpoint, "emulator_guardduty", None)
        if subnet_id is None or account.settings["guardduty.again"] <= 0:
            continue
        account.settings["guardduty.again"] -= 1
        account.schedule(
            account.settings["endpoint.deleted"] + account.settings["guardduty.made_again"],
            lambda acct, vpc=endpoint.vpc_id, subnet=subnet_id: _make(acct, region, vpc, subnet),
        )
    return response
