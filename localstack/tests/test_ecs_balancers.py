"""A service that gets, changes and loses its load balancer, and services in clusters of others.

Source: ECS API reference, CreateService and UpdateService (loadBalancers, healthCheckGracePeriodSeconds); developer
guide, "Update Amazon ECS service parameters"; the grace period's refusals as quoted in public issue threads of
Terraform and of CloudFormation's roadmap.
"""

import pytest
from conftest import refused
from ecs_kit import Kit

WRONG = "InvalidParameterException"


def targets(kit, group):
    answer = kit.account.client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [t["TargetHealth"]["State"] for t in answer]


@pytest.mark.row(
    "ecs:UpdateService loadBalancers on a service without: new deployment, targets registered", plain="fails"
)
def test_a_balancer_is_added(account):
    kit = Kit(account)
    kit.create()
    account.advance(120)
    first, group = kit.primary()["id"], kit.target_group()
    shown = kit.update(loadBalancers=kit.balanced(group))
    assert shown["loadBalancers"] == kit.balanced(group)
    assert kit.primary()["id"] != first
    account.advance(300)
    assert targets(kit, group) == ["healthy"]
    assert kit.primary()["rolloutState"] == "COMPLETED"
    assert kit.update(healthCheckGracePeriodSeconds=300)["healthCheckGracePeriodSeconds"] == 300


@pytest.mark.row("ecs:UpdateService loadBalancers [] removes them: new deployment, targets deregistered", plain="fails")
def test_the_balancer_is_removed(account):
    kit = Kit(account)
    group = kit.target_group()
    kit.create(loadBalancers=kit.balanced(group), healthCheckGracePeriodSeconds=300)
    account.advance(300)
    first = kit.primary()["id"]
    assert kit.update(desiredCount=1)["loadBalancers"] == kit.balanced(group)
    assert kit.update(loadBalancers=[])["loadBalancers"] == []
    assert kit.primary()["id"] != first
    account.advance(300)
    assert targets(kit, group) == []
    assert kit.primary()["rolloutState"] == "COMPLETED"


@pytest.mark.row("ecs:UpdateService loadBalancers replaced: the new group is served, the old one left", plain="fails")
def test_the_balancer_is_replaced(account):
    kit = Kit(account)
    old, new = kit.target_group(), kit.target_group()
    kit.create(loadBalancers=kit.balanced(old))
    account.advance(300)
    kit.update(loadBalancers=kit.balanced(new))
    account.advance(300)
    assert (targets(kit, old), targets(kit, new)) == ([], ["healthy"])
    loose = kit.target_group(attached=False)
    error = refused(lambda: kit.update(loadBalancers=kit.balanced(loose)), WRONG)
    assert "does not have an associated load balancer" in str(error)
    assert kit.service()["loadBalancers"] == kit.balanced(new)


@pytest.mark.row("neg: a grace period without load balancer -> InvalidParameterException", plain="fails")
def test_a_grace_period_needs_a_balancer(account):
    kit = Kit(account)
    error = refused(lambda: kit.create(healthCheckGracePeriodSeconds=300), WRONG)
    assert "Health check grace period is only valid for services configured to use load balancers" in str(error)
    kit.create()
    refused(lambda: kit.update(healthCheckGracePeriodSeconds=300), WRONG)


@pytest.mark.row(
    "neg: a grace period together with the first load balancer -> InvalidParameterException", plain="fails"
)
def test_a_grace_period_comes_after_the_balancer(account):
    kit = Kit(account)
    group = kit.target_group()
    kit.create()
    both = {"loadBalancers": kit.balanced(group), "healthCheckGracePeriodSeconds": 300}
    refused(lambda: kit.update(**both), WRONG)
    kit.update(loadBalancers=kit.balanced(group))
    kit.update(healthCheckGracePeriodSeconds=300)
    assert kit.service()["healthCheckGracePeriodSeconds"] == 300


@pytest.mark.row(
    "ecs: a task of another VPC than its target group is not registered, the service says so", plain="fails"
)
def test_a_task_of_another_network_is_not_registered(account):
    kit = Kit(account)
    net = kit.net
    group = kit.target_group()
    vpc = kit.ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = kit.ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.0.0/24")["Subnet"]["SubnetId"]
    gateway = kit.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    kit.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = kit.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]
    kit.ec2.create_route(
        RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )
    assert net["vpc"] != vpc
    elsewhere = {"awsvpcConfiguration": {"subnets": [subnet], "assignPublicIp": "ENABLED"}}
    kit.create(loadBalancers=kit.balanced(group), networkConfiguration=elsewhere)
    account.advance(200)
    assert targets(kit, group) == []
    assert kit.primary()["rolloutState"] == "IN_PROGRESS"
    events = [e["message"] for e in kit.service()["events"]]
    assert any("failed to register targets" in e and "not within the VPC" in e for e in events)


@pytest.mark.row(
    "ecs: services and families of several owners side by side in one cluster, by name and by ARN", plain="fails"
)
def test_a_cluster_is_shared(account):
    kit = Kit(account)
    arn = kit.ecs.describe_clusters(clusters=[kit.cluster])["clusters"][0]["clusterArn"]
    kit.create("theirs", kit.register(family="theirs"))
    made = kit.create("ours", kit.register(family="ours"), cluster=arn)
    assert made["clusterArn"] == arn and made["serviceArn"].endswith(f":service/{kit.cluster}/ours")
    account.advance(120)
    assert {kit.service(name)["runningCount"] for name in ("theirs", "ours")} == {1}
    named = kit.ecs.describe_services(cluster=arn, services=["ours"])["services"]
    assert [s["serviceArn"] for s in named] == [made["serviceArn"]]
    assert len(kit.ecs.list_tasks(cluster=arn)["taskArns"]) == 2
    assert len(kit.ecs.list_tasks(cluster=arn, serviceName="ours")["taskArns"]) == 1
    assert len(kit.ecs.list_tasks(cluster=arn, family="ours")["taskArns"]) == 1
    kit.ecs.delete_service(cluster=arn, service="ours", force=True)
    account.advance(300)
    assert kit.service("theirs")["runningCount"] == 1
    refused(lambda: kit.ecs.delete_cluster(cluster=arn), "ClusterContainsServicesException")


@pytest.mark.row(
    "neg:CreateService in a cluster that is missing, INACTIVE or elsewhere -> ClusterNotFoundException", plain="fails"
)
def test_a_cluster_must_be_there(account):
    kit = Kit(account)
    definition = kit.register()
    kit.ecs.create_cluster(clusterName="gone")
    kit.ecs.delete_cluster(cluster="gone")
    arn = kit.ecs.describe_clusters(clusters=[kit.cluster])["clusters"][0]["clusterArn"]
    for wanted in ("ghost", "gone", arn.replace("us-east-1", "us-east-2")):
        refused(lambda: kit.create(definition=definition, cluster=wanted), "ClusterNotFoundException")
