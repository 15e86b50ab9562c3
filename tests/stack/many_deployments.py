# Copies of the deployment `prod`, which is there already: clusters, services, load balancers and file systems with the
# tags of deployments of their own, `d000` and so on, in its VPC. Runs after the prelude of `Account::by_hand`, with
# COUNT and SHARING before it.

import json
import os
from concurrent.futures import ThreadPoolExecutor

efs = client("efs")
prod = ecs.describe_services(cluster="ce-prod", services=["ce-prod"])["services"][0]
definition = ecs.describe_task_definition(taskDefinition=prod["taskDefinition"])["taskDefinition"]
ui = next(one for one in definition["containerDefinitions"] if one["name"] == "ui")
balancer = elb.describe_load_balancers(Names=["ce-prod"])["LoadBalancers"][0]
network = prod["deployments"][0]["networkConfiguration"]


def tags(name, address, key="Key", value="Value"):
    pairs = {"ce-aws:deployment": name, "ce-aws:address": address, "ce-aws:run": "0123456789abcdef"}
    if address == "task-definition/main":
        pairs["ce-aws:release"] = "5.0.0"
    return [{key: name, value: text} for name, text in pairs.items()]


def spelt(name, address):
    return tags(name, address, "key", "value")


def copy(name, shared=None):
    stack, cluster = f"ce-{name}", shared or f"ce-{name}"
    efs.create_file_system(CreationToken=f"ce-aws-{name}-main", Encrypted=True, Tags=tags(name, "file-system/main"))
    if not shared:
        ecs.create_cluster(clusterName=stack, tags=spelt(name, "cluster/main"))
    revision = ecs.register_task_definition(
        family=stack,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        executionRoleArn=definition["executionRoleArn"],
        taskRoleArn=definition["taskRoleArn"],
        containerDefinitions=[
            {key: ui[key] for key in ("name", "image", "essential", "portMappings")}
            | {"healthCheck": {"command": ["CMD-SHELL", "true"], "interval": 10, "timeout": 5, "retries": 3}}
        ],
        tags=spelt(name, "task-definition/main"),
    )["taskDefinition"]["taskDefinitionArn"]
    group = elb.create_target_group(
        Name=f"{stack}-ui", Protocol="HTTP", Port=3000, VpcId=balancer["VpcId"], TargetType="ip",
        Tags=tags(name, "target-group/ui"),
    )["TargetGroups"][0]["TargetGroupArn"]
    own = elb.create_load_balancer(
        Name=stack, Scheme="internal", Type="application", SecurityGroups=balancer["SecurityGroups"],
        Subnets=[zone["SubnetId"] for zone in balancer["AvailabilityZones"]], Tags=tags(name, "load-balancer/main"),
    )["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=own, Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}], Tags=tags(name, "listener/http"),
    )
    ecs.create_service(
        cluster=cluster, serviceName=stack, taskDefinition=revision, desiredCount=1, launchType="FARGATE",
        networkConfiguration=network, healthCheckGracePeriodSeconds=300,
        loadBalancers=[{"targetGroupArn": group, "containerName": "ui", "containerPort": 3000}],
        deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 0},
        propagateTags="SERVICE", tags=spelt(name, "service/main"),
    )


# The last ones are in a cluster of the user's.
ecs.create_cluster(clusterName="shared")
names = [f"d{number:03}" for number in range(COUNT)]
with ThreadPoolExecutor(4) as pool:
    list(pool.map(copy, names[:-SHARING]))
    list(pool.map(lambda name: copy(name, "shared"), names[-SHARING:]))
print(len(names))
