"""Names that a stranger holds already: what each create call says, and that nothing of the stranger's is touched."""

import json

import pytest
from conftest import refused

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


@pytest.mark.row("names taken: bucket, in this account and in another", bare="fails")
def test_bucket(world, stranger):
    """Outside us-east-1: there, S3 answers its owner as if the bucket had just been made."""
    name, west = f"probe-taken-{world.id}", "eu-west-1"
    make = {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": west}}
    world.client("s3", west).create_bucket(**make)
    refused(lambda: world.client("s3", west).create_bucket(**make), "BucketAlreadyOwnedByYou", status=409)
    refused(lambda: stranger.client("s3", west).create_bucket(**make), "BucketAlreadyExists", status=409)
    refused(lambda: stranger.client("s3").head_bucket(Bucket=name), "403")


@pytest.mark.row("names taken: bucket, again by its owner in us-east-1 -> 200", bare="passes")
def test_bucket_again_in_us_east_1(world):
    s3, name = world.client("s3"), f"probe-again-{world.id}"
    assert s3.create_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.create_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.row("names taken: role, whatever its case", bare="fails")
def test_role(world):
    iam = world.client("iam")
    iam.create_role(RoleName="Taken", AssumeRolePolicyDocument=TRUST)
    refused(lambda: iam.create_role(RoleName="Taken", AssumeRolePolicyDocument=TRUST), "EntityAlreadyExists", status=409)
    refused(lambda: iam.create_role(RoleName="taken", AssumeRolePolicyDocument=TRUST, Path="/x/"), "EntityAlreadyExists")


@pytest.mark.row("names taken: log group", bare="passes")
def test_log_group(world):
    logs = world.client("logs")
    logs.create_log_group(logGroupName="/taken", tags={"of": "stranger"})
    refused(lambda: logs.create_log_group(logGroupName="/taken", tags={"of": "us"}), "ResourceAlreadyExistsException", status=400)
    arn = logs.describe_log_groups(logGroupNamePrefix="/taken")["logGroups"][0]["arn"].removesuffix(":*")
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"of": "stranger"}


@pytest.mark.row("names taken: load balancer and target group, with the same and with other settings", bare="fails")
def test_load_balancer_and_target_group(world):
    elb, net = world.client("elbv2"), world.network()
    of_stranger = [{"Key": "of", "Value": "stranger"}]
    arn = elb.create_load_balancer(Name="taken", Subnets=net["subnets"], Tags=of_stranger)["LoadBalancers"][0]["LoadBalancerArn"]
    refused(
        lambda: elb.create_load_balancer(Name="taken", Subnets=net["subnets"], Scheme="internal"), "DuplicateLoadBalancerName"
    )
    again = elb.create_load_balancer(Name="taken", Subnets=net["subnets"], Tags=[{"Key": "of", "Value": "us"}])
    assert [one["LoadBalancerArn"] for one in again["LoadBalancers"]] == [arn], "the same settings: the one that is there"
    assert elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"] == of_stranger
    group = {"Name": "taken", "Protocol": "HTTP", "VpcId": net["vpc"], "TargetType": "ip"}
    elb.create_target_group(**group, Port=80)
    refused(lambda: elb.create_target_group(**group, Port=81), "DuplicateTargetGroupName")


@pytest.mark.row("names taken: cluster -> the one that is there, with its own tags", bare="fails")
def test_cluster(world):
    ecs = world.client("ecs")
    first = ecs.create_cluster(clusterName="taken", tags=[{"key": "of", "value": "stranger"}])["cluster"]["clusterArn"]
    assert ecs.create_cluster(clusterName="taken", tags=[{"key": "of", "value": "us"}])["cluster"]["clusterArn"] == first
    assert ecs.list_tags_for_resource(resourceArn=first)["tags"] == [{"key": "of", "value": "stranger"}]


@pytest.mark.row("names taken: service -> not idempotent", bare="fails")
def test_service(world):
    ecs, subnets = world.client("ecs"), world.network()["subnets"]
    world.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    world.advance(15)
    ecs.create_cluster(clusterName="c")
    container = {"name": "x", "image": "public.ecr.aws/x/y:1"}
    ecs.register_task_definition(
        family="f", networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"],
        containerDefinitions=[container],
    )  # fmt: skip
    wanted = {
        "cluster": "c", "serviceName": "taken", "taskDefinition": "f", "desiredCount": 0, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets}},
    }  # fmt: skip
    ecs.create_service(**wanted)
    error = refused(lambda: ecs.create_service(**wanted, clientToken="us"), "InvalidParameterException")
    assert "not idempotent" in str(error)


@pytest.mark.row("names taken: secret, and one that is scheduled for deletion", bare="fails")
def test_secret(world):
    secrets = world.client("secretsmanager")
    arn = secrets.create_secret(Name="taken", SecretString="1", Tags=[{"Key": "of", "Value": "stranger"}])["ARN"]
    refused(lambda: secrets.create_secret(Name="taken", SecretString="2"), "ResourceExistsException", status=400)
    secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    error = refused(lambda: secrets.create_secret(Name="taken", SecretString="2"), "InvalidRequestException", status=400)
    assert "scheduled for deletion" in str(error)
    refused(lambda: secrets.get_secret_value(SecretId=arn), "InvalidRequestException")
    assert secrets.describe_secret(SecretId=arn)["DeletedDate"]
    listed = secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert [one["Name"] for one in listed] == ["taken"] and secrets.list_secrets()["SecretList"] == []
    secrets.restore_secret(SecretId=arn)
    assert secrets.get_secret_value(SecretId="taken")["SecretString"] == "1"
    assert "DeletedDate" not in secrets.describe_secret(SecretId=arn)
    secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    world.advance(7 * 86_400)
    secrets.create_secret(Name="taken", SecretString="3")
