"""Roles, the secret, log groups and the flow log."""

from __future__ import annotations

import json
import secrets

from aws import NAME, REGION, STEM, Aws, document, ec2_tags, file_system_arn, tag_list, tags
from steps import Steps

REPOSITORIES = ("cloudexchange", "core5", "mongodb", "rabbitmq", "ui5")


def _allow(sid: str, actions: str | list[str], resource: str | list[str]) -> dict:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def identity(s: Steps, aws: Aws, account: str) -> None:
    @s.step("secret")
    def secret(_):
        made = aws.secretsmanager.create_secret(
            Name=f"ce-aws/{NAME}/credentials",
            Description="Cloud Exchange: maintenance password, JWT secret and connection strings. Set once.",
            SecretString=json.dumps(_credentials()),
            Tags=tag_list("secret/credentials"),
        )
        return made["ARN"]

    for service in ("elasticloadbalancing", "ecs"):

        @s.step(f"service role {service}")
        def service_role(_, service=service):
            try:
                aws.iam.create_service_linked_role(AWSServiceName=f"{service}.amazonaws.com")
            except aws.iam.exceptions.InvalidInputException:
                pass  # the account has it

    def add(name: str, does: str, principal: str, source: str, needs: tuple[str, ...], statements) -> None:
        @s.step(f"role {name}", *needs)
        def role(done):
            trust = {
                "Sid": "ThisAccountOnly", "Effect": "Allow", "Principal": {"Service": principal},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": source}},
            }  # fmt: skip
            made = aws.iam.create_role(
                Path=f"/ce-aws/{NAME}/{REGION}/",
                RoleName=f"{STEM}-{REGION}-{name}",
                AssumeRolePolicyDocument=document([trust]),
                Description=f"Cloud Exchange {NAME}: {does}",
                Tags=tag_list(f"role/{name}"),
            )
            aws.iam.put_role_policy(
                RoleName=f"{STEM}-{REGION}-{name}", PolicyName="cloud-exchange",
                PolicyDocument=document(statements(done)),
            )  # fmt: skip
            return made["Role"]["Arn"]

    tasks, runs = "ecs-tasks.amazonaws.com", f"arn:aws:ecs:{REGION}:{account}:*"
    channels = [f"ssmmessages:{verb}{sort}Channel" for verb in ("Create", "Open") for sort in ("Control", "Data")]
    groups = f"arn:aws:logs:{REGION}:{account}:log-group:/ce-aws/{NAME}"
    vendor = f"arn:aws:ecr:{REGION}:709825985650:repository/netskope"
    add("task", "runs in Cloud Exchange tasks", tasks, runs, ("file system",), lambda done: [
        _allow("MountFileSystem", ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
               file_system_arn(account, done["file system"])),
        _allow("Exec", channels, "*"),
    ])  # fmt: skip
    add("execution", "starts Cloud Exchange tasks", tasks, runs, ("secret",), lambda done: [
        _allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], f"{groups}/task:*"),
        _allow("ReadSecret", "secretsmanager:GetSecretValue", done["secret"]),
        _allow("LogInToRegistries", "ecr:GetAuthorizationToken", "*"),
        _allow("PullImages",
               ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
               [f"{vendor}/{name}" for name in REPOSITORIES]),
    ])  # fmt: skip
    flow = f"arn:aws:ec2:{REGION}:{account}:vpc-flow-log/*"
    writes = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    add("flow-log", "writes the VPC's flow log", "vpc-flow-logs.amazonaws.com", flow, (), lambda done: [
        _allow("WriteLogs", writes, f"{groups}/flow:*"),
        _allow("FindLogGroup", "logs:DescribeLogGroups", "*"),
    ])  # fmt: skip




def _credentials() -> dict[str, str]:
    password = secrets.token_urlsafe(24)
    return {
        "maintenance_password": password,
        "jwt_secret": secrets.token_urlsafe(32),
        "mongo_connection_string": f"mongodb://cteadmin:{password}@localhost:27017/cte",
        "rabbitmq_connection_string": f"amqp://user:{password}@localhost:5672",
    }


def logs(s: Steps, aws: Aws, account: str) -> None:
    for name in ("task", "flow"):

        @s.step(f"log group {name}")
        def log_group(_, name=name):
            group = f"/ce-aws/{NAME}/{name}"
            aws.logs.create_log_group(logGroupName=group, tags=tags(f"log-group/{name}"))
            aws.logs.put_retention_policy(logGroupName=group, retentionInDays=365)
            return group

    @s.step("flow log", "vpc", "log group flow", "role flow-log")
    def flow_log(done):
        aws.patiently(
            ("InvalidParameter", "UnauthorizedOperation"), aws.ec2.create_flow_logs,
            DeliverLogsPermissionArn=done["role flow-log"], LogGroupName=done["log group flow"],
            ResourceIds=[done["vpc"]], ResourceType="VPC", TrafficType="REJECT",
            LogDestinationType="cloud-watch-logs", MaxAggregationInterval=600,
            TagSpecifications=ec2_tags("vpc-flow-log", "flow-log/vpc"),
        )  # fmt: skip
