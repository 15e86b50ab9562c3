"""Names that a other_account holds already: what each create call says, and that nothing of the other_account's is
touched."""


import pytest
from conftest import refused
from policy_kit import trust

TRUST = trust()


@pytest.mark.row("names taken: bucket, in this account and in another", plain="fails")
def test_bucket(account, other_account):
    """Outside us-east-1: there, S3 answers its owner as if the bucket had just been made."""
    name, west = f"probe-taken-{account.id}", "eu-west-1"
    make = {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": west}}
    account.client("s3", west).create_bucket(**make)
    refused(lambda: account.client("s3", west).create_bucket(**make), "BucketAlreadyOwnedByYou", status=409)
    refused(lambda: other_account.client("s3", west).create_bucket(**make), "BucketAlreadyExists", status=409)
    refused(lambda: other_account.client("s3").head_bucket(Bucket=name), "403")


@pytest.mark.row("names taken: bucket, again by its owner in us-east-1 -> 200", plain="passes")
def test_bucket_again_in_us_east_1(account):
    s3, name = account.client("s3"), f"probe-again-{account.id}"
    assert s3.create_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.create_bucket(Bucket=name)["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.row("names taken: role, whatever its case", plain="fails")
def test_role(account):
    iam = account.client("iam")
    iam.create_role(RoleName="Taken", AssumeRolePolicyDocument=TRUST)
    refused(
        lambda: iam.create_role(RoleName="Taken", AssumeRolePolicyDocument=TRUST), "EntityAlreadyExists", status=409
    )
    refused(
        lambda: iam.create_role(RoleName="taken", AssumeRolePolicyDocument=TRUST, Path="/x/"), "EntityAlreadyExists"
    )


@pytest.mark.row("names taken: log group", plain="passes")
def test_log_group(account):
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/taken", tags={"of": "other_account"})
    refused(
        lambda: logs.create_log_group(logGroupName="/taken", tags={"of": "us"}),
        "ResourceAlreadyExistsException",
        status=400,
    )
    arn = logs.describe_log_groups(logGroupNamePrefix="/taken")["logGroups"][0]["arn"].removesuffix(":*")
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"of": "other_account"}


@pytest.mark.row("names taken: load balancer and target group, with the same and with other settings", plain="fails")
def test_load_balancer_and_target_group(account):
    elb, net = account.client("elbv2"), account.network()
    of_stranger = [{"Key": "of", "Value": "other_account"}]
    arn = elb.create_load_balancer(Name="taken", Subnets=net["subnets"], Tags=of_stranger)["LoadBalancers"][0][
        "LoadBalancerArn"
    ]
    refused(
        lambda: elb.create_load_balancer(Name="taken", Subnets=net["subnets"], Scheme="internal"),
        "DuplicateLoadBalancerName",
    )
    again = elb.create_load_balancer(Name="taken", Subnets=net["subnets"], Tags=[{"Key": "of", "Value": "us"}])
    assert [one["LoadBalancerArn"] for one in again["LoadBalancers"]] == [arn], (
        "the same settings: the one that is there"
    )
    assert elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"] == of_stranger
    group = {"Name": "taken", "Protocol": "HTTP", "VpcId": net["vpc"], "TargetType": "ip"}
    elb.create_target_group(**group, Port=80)
    refused(lambda: elb.create_target_group(**group, Port=81), "DuplicateTargetGroupName")


@pytest.mark.row("names taken: cluster -> the one that is there, with its own tags", plain="fails")
def test_cluster(account):
    ecs = account.client("ecs")
    first = ecs.create_cluster(clusterName="taken", tags=[{"key": "of", "value": "other_account"}])["cluster"][
        "clusterArn"
    ]
    assert (
        ecs.create_cluster(clusterName="taken", tags=[{"key": "of", "value": "us"}])["cluster"]["clusterArn"] == first
    )
    assert ecs.list_tags_for_resource(resourceArn=first)["tags"] == [{"key": "of", "value": "other_account"}]


@pytest.mark.row("names taken: service -> not idempotent", plain="fails")
def test_service(account):
    ecs, subnets = account.client("ecs"), account.network()["subnets"]
    account.client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    account.advance(15)
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


@pytest.mark.row("names taken: secret, and one that is scheduled for deletion", plain="fails")
def test_secret(account):
    secrets = account.client("secretsmanager")
    arn = secrets.create_secret(Name="taken", SecretString="1", Tags=[{"Key": "of", "Value": "other_account"}])["ARN"]
    refused(lambda: secrets.create_secret(Name="taken", SecretString="2"), "ResourceExistsException", status=400)
    secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    error = refused(
        lambda: secrets.create_secret(Name="taken", SecretString="2"), "InvalidRequestException", status=400
    )
    assert "scheduled for deletion" in str(error)
    refused(lambda: secrets.get_secret_value(SecretId=arn), "InvalidRequestException")
    assert secrets.describe_secret(SecretId=arn)["DeletedDate"]
    listed = secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert [one["Name"] for one in listed] == ["taken"] and secrets.list_secrets()["SecretList"] == []
    secrets.restore_secret(SecretId=arn)
    assert secrets.get_secret_value(SecretId="taken")["SecretString"] == "1"
    assert "DeletedDate" not in secrets.describe_secret(SecretId=arn)
    secrets.delete_secret(SecretId=arn, RecoveryWindowInDays=7)
    account.advance(7 * 86_400)
    secrets.create_secret(Name="taken", SecretString="3")
