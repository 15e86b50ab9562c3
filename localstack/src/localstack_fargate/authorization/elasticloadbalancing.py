"""Elastic Load Balancing. Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS
Elastic Load Balancing V2"; Elastic Load Balancing user guide, "Tag resources during creation" and "Service-linked
role".
"""

from localstack_fargate.authorization.rule import PLAIN, Rule, Table, also, links, on, with_keys

_NEW_BALANCER = "loadbalancer/app/{Name}/*"
_NEW_GROUP = "targetgroup/{Name}/*"
_LINKED = links("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing")


def _tags(operation: str, resource: str) -> list[Rule]:
    keys = {"elasticloadbalancing:CreateAction": operation}
    return also("elasticloadbalancing:AddTags", resource, keys=keys, tagged=True, owned=False, given="Tags")


_READ = (
    "AccountLimits", "ListenerAttributes", "ListenerCertificates", "Listeners", "LoadBalancerAttributes",
    "LoadBalancers",
    "Rules", "SSLPolicies", "Tags", "TargetGroupAttributes", "TargetGroups", "TargetHealth",
)  # fmt: skip

TABLE: Table = {f"Describe{name}": PLAIN for name in _READ} | {
    "CreateLoadBalancer": with_keys(
        on(_NEW_BALANCER),
        elasticloadbalancing__Scheme="{Scheme}",
        elasticloadbalancing__Subnet="{Subnets}",
        elasticloadbalancing__SecurityGroup="{SecurityGroups}",
    )
    + _tags("CreateLoadBalancer", _NEW_BALANCER)
    + _LINKED,
    "DeleteLoadBalancer": on("{LoadBalancerArn}"),
    "ModifyLoadBalancerAttributes": on("{LoadBalancerArn}"),
    "SetSecurityGroups": with_keys(on("{LoadBalancerArn}"), elasticloadbalancing__SecurityGroup="{SecurityGroups}"),
    "SetSubnets": with_keys(on("{LoadBalancerArn}"), elasticloadbalancing__Subnet="{Subnets}"),
    "CreateTargetGroup": on(_NEW_GROUP) + _tags("CreateTargetGroup", _NEW_GROUP) + _LINKED,
    "DeleteTargetGroup": on("{TargetGroupArn}"),
    "ModifyTargetGroup": on("{TargetGroupArn}"),
    "ModifyTargetGroupAttributes": on("{TargetGroupArn}"),
    "RegisterTargets": on("{TargetGroupArn}"),
    "DeregisterTargets": on("{TargetGroupArn}"),
    "CreateListener": with_keys(
        on("{LoadBalancerArn}"),
        elasticloadbalancing__ListenerProtocol="{Protocol}",
        elasticloadbalancing__SecurityPolicy="{SslPolicy}",
    )
    + _tags("CreateListener", "{LoadBalancerArn|listeners}"),
    "DeleteListener": on("{ListenerArn}"),
    "ModifyListener": with_keys(
        on("{ListenerArn}"),
        elasticloadbalancing__ListenerProtocol="{Protocol}",
        elasticloadbalancing__SecurityPolicy="{SslPolicy}",
    ),
    "CreateRule": on("{ListenerArn}") + _tags("CreateRule", "{ListenerArn|listener_rules}"),
    "DeleteRule": on("{RuleArn}"),
    "ModifyRule": on("{RuleArn}"),
    "AddTags": on("{ResourceArns}"),
    "RemoveTags": on("{ResourceArns}"),
}
