# What stands beside a deployment `prod` and looks like it: another deployment by ce-aws with nearly the same names and
# tags, and untagged resources whose names begin alike. Runs after `existing_resources.py`, with its helpers.

efs, backup = client("efs"), client("backup")


def alike(address, deployment="prod2"):
    tags = {"ce-aws:deployment": deployment, "ce-aws:address": address, "ce-aws:run": "0123456789abcdef"}
    tags |= {"Name": "ce-prod " + address.replace("/", " "), "CostCenter": "4711", "Environment": "production"}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def spelt(tags):
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in tags]


def kind_of(kind, address, **more):
    return [{"ResourceType": kind, "Tags": alike(address, **more)}]


near = ec2.create_vpc(CidrBlock="172.16.0.0/16", TagSpecifications=kind_of("vpc", "vpc/main"))["Vpc"]["VpcId"]
near_subnets = [
    ec2.create_subnet(
        VpcId=near, CidrBlock=f"172.16.{number}.0/24", AvailabilityZone=region + zone,
        TagSpecifications=kind_of("subnet", f"subnet/private-{zone}"),
    )["Subnet"]["SubnetId"]
    for number, zone in ((1, "a"), (2, "b"))
]
for name in ("ce-prod-task", "ce-prod-load-balancer", "ce-prod2-task"):
    ec2.create_security_group(
        GroupName=name, Description=name, VpcId=near,
        TagSpecifications=kind_of("security-group", "security-group/" + name.split("-", 2)[2]),
    )
ec2.allocate_address(Domain="vpc", TagSpecifications=kind_of("elastic-ip", "elastic-ip/a", deployment="PROD"))
elb.create_load_balancer(
    Name="ce-prod2", Subnets=near_subnets, Scheme="internal", Type="application", Tags=alike("load-balancer/main")
)
elb.create_target_group(
    Name="ce-prod-ui2", Protocol="HTTP", Port=3000, VpcId=near, TargetType="ip", Tags=alike("target-group/ui")
)
ecs.create_cluster(clusterName="ce-prod2", tags=spelt(alike("cluster/main")))
ecs.create_cluster(clusterName="ce-prod-old")
for family, tags in (("ce-prod2", alike("task-definition/main")), ("ce-prod-old", [])):
    ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "core", "image": "busybox", "essential": True}],
        **({"tags": spelt(tags)} if tags else {}),
    )
for token, tags in (("ce-aws-prod2-main", alike("file-system/main")), ("by-hand", alike("file-system/main", "Prod"))):
    efs.create_file_system(CreationToken=token, Encrypted=True, Tags=tags)
backup.create_backup_vault(BackupVaultName="ce-prod2")
backup.create_backup_vault(BackupVaultName="ce-prod-old")
for name in ("ce-prod2-us-east-1-task", "ce-prod-us-east-1-task2"):
    role(name, "ecs-tasks.amazonaws.com", allow("s3:ListAllMyBuckets"))
for group in ("/ce-aws/prod2/task", "/ce-aws/prod/task-old"):
    logs.create_log_group(logGroupName=group)
for name in ("ce-aws/prod2/credentials", "ce-aws/prod/credentials-old"):
    secret(name, '{"maintenance_password": "not ours"}')
for name in (f"ce-prod2-{account}-{region}-alb-logs", f"ce-prod-{account}-{region}-alb-logs-old"):
    s3.create_bucket(Bucket=name)
advance(300)
