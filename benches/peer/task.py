"""Load balancer, cluster, task definition and service."""

from __future__ import annotations

import json
from pathlib import Path

from aws import STEM, Aws, ecs_tags, tag_list
from steps import Steps
from storage import VOLUMES


def balancer(s: Steps, aws: Aws, account: str) -> None:
    @s.step("target group", "vpc")
    def target_group(done):
        made = aws.elbv2.create_target_group(
            Name=f"{STEM}-ui", Protocol="HTTP", ProtocolVersion="HTTP1", Port=3000, VpcId=done["vpc"],
            HealthCheckProtocol="HTTP", HealthCheckPort="traffic-port", HealthCheckEnabled=True,
            HealthCheckPath="/", HealthCheckIntervalSeconds=30, HealthCheckTimeoutSeconds=10,
            HealthyThresholdCount=2, UnhealthyThresholdCount=3, Matcher={"HttpCode": "200"}, TargetType="ip",
            Tags=tag_list("target-group/ui"), IpAddressType="ipv4",
        )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
        _set_attributes(aws.elbv2.modify_target_group_attributes, "TargetGroupArn", made, {
            "deregistration_delay.timeout_seconds": "30", "stickiness.enabled": "false",
            "slow_start.duration_seconds": "0", "load_balancing.algorithm.type": "round_robin",
        })  # fmt: skip
        return made

    needs = ("subnet private-a", "subnet private-b", "group load-balancer", "gateway",
             "service role elasticloadbalancing")  # fmt: skip

    @s.step("balancer", *needs)
    def balancer(done):
        made = aws.elbv2.create_load_balancer(
            Name=STEM, Subnets=[done["subnet private-a"], done["subnet private-b"]],
            SecurityGroups=[done["group load-balancer"]], Scheme="internal", Type="application",
            IpAddressType="ipv4", Tags=tag_list("load-balancer/main"),
        )  # fmt: skip
        return made["LoadBalancers"][0]["LoadBalancerArn"]

    @s.step("balancer attributes", "balancer", "bucket alb-logs")
    def attributes(done):
        _set_attributes(
            lambda **wanted: aws.patiently(
                ("InvalidConfigurationRequest",), aws.elbv2.modify_load_balancer_attributes, **wanted
            ),
            "LoadBalancerArn", done["balancer"], {
                "deletion_protection.enabled": "true", "idle_timeout.timeout_seconds": "300",
                "routing.http.drop_invalid_header_fields.enabled": "true", "access_logs.s3.enabled": "true",
                "access_logs.s3.bucket": done["bucket alb-logs"], "access_logs.s3.prefix": "",
            },
        )  # fmt: skip

    @s.step("listener", "balancer", "target group")
    def listener(done):
        aws.elbv2.create_listener(
            LoadBalancerArn=done["balancer"], Protocol="HTTP", Port=80, Tags=tag_list("listener/http"),
            DefaultActions=[{"Type": "forward", "TargetGroupArn": done["target group"]}],
        )  # fmt: skip

    @s.step("balancer active", "balancer")
    def active(done):
        def is_active() -> bool:
            found = aws.elbv2.describe_load_balancers(LoadBalancerArns=[done["balancer"]])
            return found["LoadBalancers"][0]["State"]["Code"] == "active"

        aws.wait_until(is_active)


def _set_attributes(call, key: str, arn: str, wanted: dict[str, str]) -> None:
    call(**{key: arn}, Attributes=[{"Key": name, "Value": value} for name, value in wanted.items()])


def task(s: Steps, aws: Aws, account: str) -> None:
    @s.step("cluster", "service role ecs")
    def cluster(_):
        made = aws.patiently(
            ("InvalidParameterException",), aws.ecs.create_cluster, clusterName=STEM, tags=ecs_tags("cluster/main"),
            settings=[{"name": "containerInsights", "value": "enabled"}],
        )  # fmt: skip
        return made["cluster"]["clusterArn"]

    points = tuple(f"point {volume}" for volume in VOLUMES)

    @s.step("task definition", "role task", "role execution", "secret", "file system", *points)
    def task_definition(done):
        text = Path(__file__).with_name("task-definition.json").read_text()
        fill = {"account": account, "secret": done["secret"], "file_system": done["file system"]}
        for word, value in (fill | {point: done[point] for point in points}).items():
            text = text.replace("{{%s}}" % word, value)
        made = aws.patiently(
            ("ClientException", "AccessDeniedException"), aws.ecs.register_task_definition,
            **json.loads(text), tags=ecs_tags("task-definition/main"),
        )  # fmt: skip
        return made["taskDefinition"]["taskDefinitionArn"]

    needs = (
        "cluster", "task definition", "listener", "private routes a", "private routes b", "mount target a",
        "mount target b", "file system policy", "log group task", "group task",
    )  # fmt: skip

    @s.step("service", *needs)
    def service(done):
        network = {
            "subnets": [done["subnet private-a"], done["subnet private-b"]], "securityGroups": [done["group task"]],
            "assignPublicIp": "DISABLED",
        }  # fmt: skip
        balancer = {"targetGroupArn": done["target group"], "containerName": "ui", "containerPort": 3000}
        aws.ecs.create_service(
            cluster=done["cluster"], serviceName=STEM, taskDefinition=done["task definition"], desiredCount=1,
            availabilityZoneRebalancing="DISABLED", loadBalancers=[balancer], launchType="FARGATE",
            platformVersion="1.4.0", healthCheckGracePeriodSeconds=1200, schedulingStrategy="REPLICA",
            deploymentConfiguration={
                "deploymentCircuitBreaker": {"enable": True, "rollback": False},
                "maximumPercent": 100, "minimumHealthyPercent": 0,
            },
            networkConfiguration={"awsvpcConfiguration": network}, propagateTags="SERVICE",
            enableExecuteCommand=True, tags=ecs_tags("service/main"),
        )  # fmt: skip

        def is_steady() -> bool:
            found = aws.ecs.describe_services(cluster=done["cluster"], services=[STEM])["services"][0]
            return found["deployments"][0]["rolloutState"] == "COMPLETED"

        aws.wait_until(is_steady)
