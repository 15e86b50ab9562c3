"""What the ECS tests need around a service: roles, network with a way out, cluster, definitions, load balancer."""

from __future__ import annotations

import functools
import uuid
from policy_kit import as_json

REGION = "us-east-1"
REGISTRY = "709825985650.dkr.ecr.us-east-1.amazonaws.com/netskope"
CHECK = {"command": ["CMD-SHELL", "true"], "interval": 10, "timeout": 5, "retries": 3, "startPeriod": 60}


class Kit:
    """The common parts, made on first use, in one account."""

    def __init__(self, account) -> None:
        self.account = account
        # What it makes is used at once; tests about propagation choose their own.
        account.settings(**{"iam.propagation": 0})
        self.ecs = account.client("ecs")
        self.ec2 = account.client("ec2")
        self.cluster = f"c{uuid.uuid4().hex[:6]}"
        self.ecs.create_cluster(clusterName=self.cluster)

    @functools.cached_property
    def role(self) -> str:
        """A role that may do everything, as task and execution role."""
        arn = self.account.role()
        self.allow("probe", "*", "*")
        return arn

    def allow(self, role: str, action: str | list, resource: str | list) -> None:
        """Makes this the role's only policy."""
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        document = as_json(statement)
        self.account.client("iam").put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=document)

    @functools.cached_property
    def net(self) -> dict:
        """A network whose main table leads out; a public address for the tasks makes a NAT gateway unnecessary."""
        net = self.account.network()
        tables = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [net["vpc"]]}])["RouteTables"]
        self.ec2.create_route(
            RouteTableId=tables[0]["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=net["igw"]
        )
        return net

    @functools.cached_property
    def service_role(self) -> str:
        answer = self.account.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
        return answer["Role"]["Arn"]

    @property
    def network(self) -> dict:
        return {
            "awsvpcConfiguration": {
                "subnets": self.net["subnets"],
                "securityGroups": [self.net["sg"]],
                "assignPublicIp": "ENABLED",
            }
        }

    def container(self, name: str = "ui", image: str = f"{REGISTRY}/ui5:11062023", **more) -> dict:
        return {"name": name, "image": image, "essential": True, "portMappings": [{"containerPort": 3000}], **more}

    def register(self, *containers: dict, family: str = "probe", **more) -> str:
        """ARN of a new revision."""
        wanted = {
            "family": family,
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "1024",
            "memory": "2048",
            "executionRoleArn": self.role,
            "taskRoleArn": self.role,
            "containerDefinitions": list(containers) or [self.container()],
            **more,
        }
        return self.ecs.register_task_definition(**wanted)["taskDefinition"]["taskDefinitionArn"]

    def create(self, name: str = "svc", definition: str | None = None, linked: bool = True, **more) -> dict:
        """Makes the service, and the service-linked role before it if `linked`."""
        if linked:
            self.service_role
        wanted = {
            "cluster": self.cluster,
            "serviceName": name,
            "taskDefinition": definition or self.register(),
            "desiredCount": 1,
            "launchType": "FARGATE",
            "networkConfiguration": self.network,
            **more,
        }
        return self.ecs.create_service(**wanted)["service"]

    def update(self, name: str = "svc", **more) -> dict:
        return self.ecs.update_service(cluster=self.cluster, service=name, **more)["service"]

    def service(self, name: str = "svc") -> dict:
        return self.ecs.describe_services(cluster=self.cluster, services=[name], include=["TAGS"])["services"][0]

    def primary(self, name: str = "svc") -> dict:
        return next(d for d in self.service(name)["deployments"] if d["status"] == "PRIMARY")

    def tasks(self, desired: str = "RUNNING", **filters) -> list[dict]:
        filters = filters or {"serviceName": "svc"}
        arns = self.ecs.list_tasks(cluster=self.cluster, desiredStatus=desired, **filters)["taskArns"]
        if not arns:
            return []
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=arns, include=["TAGS"])["tasks"]

    def run(self, definition: str | None = None, **more) -> dict:
        wanted = {
            "cluster": self.cluster,
            "taskDefinition": definition or self.register(),
            "launchType": "FARGATE",
            "networkConfiguration": self.network,
            **more,
        }
        return self.ecs.run_task(**wanted)["tasks"][0]

    def task(self, arn: str) -> dict:
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=[arn])["tasks"][0]

    def target_group(self, attached: bool = True, target_type: str = "ip") -> str:
        """ARN of a target group on port 3000, behind a listener if `attached`."""
        elb = self.account.client("elbv2")
        group = elb.create_target_group(
            Name=f"tg-{uuid.uuid4().hex[:8]}",
            Protocol="HTTP",
            Port=3000,
            VpcId=self.net["vpc"],
            TargetType=target_type,
            HealthCheckIntervalSeconds=30,
            HealthCheckTimeoutSeconds=10,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=3,
        )["TargetGroups"][0]["TargetGroupArn"]
        elb.modify_target_group_attributes(
            TargetGroupArn=group, Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]
        )
        if attached:
            self.attach(group)
        return group

    def attach(self, group: str) -> str:
        elb = self.account.client("elbv2")
        balancer = elb.create_load_balancer(
            Name=f"lb-{uuid.uuid4().hex[:8]}",
            Subnets=self.net["subnets"],
            SecurityGroups=[self.net["sg"]],
            Scheme="internal",
            Type="application",
        )["LoadBalancers"][0]["LoadBalancerArn"]
        elb.create_listener(
            LoadBalancerArn=balancer,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        self.opened
        self.account.advance(200)
        return balancer

    @functools.cached_property
    def opened(self) -> bool:
        """The network's security group admits its own network on port 3000."""
        port = {"IpProtocol": "tcp", "FromPort": 3000, "ToPort": 3000, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        self.ec2.authorize_security_group_ingress(GroupId=self.net["sg"], IpPermissions=[port])
        return True

    def balanced(self, group: str) -> list[dict]:
        return [{"targetGroupArn": group, "containerName": "ui", "containerPort": 3000}]

    def images(self, **globs) -> None:
        """`images(**{"*ui5*": {"behaviour": "exit"}})`."""
        self.account.control("images", globs)

    def history(self) -> list[dict]:
        return self.account.control("tasks/history") or []
