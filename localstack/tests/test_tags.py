"""What each service refuses in tags."""


import pytest
from conftest import refused
from policy_kit import trust

TRUST = trust("ec2.amazonaws.com")


def upper(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def lower(tags):
    return [{"key": key, "value": value} for key, value in tags.items()]


def in_vpc(account, tags):
    specification = [{"ResourceType": "vpc", "Tags": upper(tags)}]
    account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)


def in_role(account, tags):
    account.client("iam").create_role(RoleName="probe", AssumeRolePolicyDocument=TRUST, Tags=upper(tags))


def in_bucket(account, tags):
    account.client("s3").create_bucket(
        Bucket=f"probe-tags-{account.id}", CreateBucketConfiguration={"Tags": upper(tags)}
    )


def in_cluster(account, tags):
    account.client("ecs").create_cluster(clusterName="probe", tags=lower(tags))


def in_file_system(account, tags):
    account.client("efs").create_file_system(CreationToken="probe", Tags=upper(tags))


def in_target_group(account, tags):
    account.client("elbv2").create_target_group(Name="probe", TargetType="lambda", Tags=upper(tags))


def in_secret(account, tags):
    account.client("secretsmanager").create_secret(Name="probe", SecretString="x", Tags=upper(tags))


def in_log_group(account, tags):
    account.client("logs").create_log_group(logGroupName="/probe", tags=tags)


SERVICES = [
    (in_vpc, "TagLimitExceeded", "InvalidParameterValue", None),
    (in_role, "LimitExceeded", "InvalidInput", "ValidationError"),
    (in_bucket, "BadRequest", "InvalidTag", "InvalidTag"),
    (in_cluster, "InvalidParameterException", "InvalidParameterException", "InvalidParameterException"),
    (in_file_system, "BadRequest", "BadRequest", "BadRequest"),
    (in_target_group, "TooManyTags", "ValidationError", "ValidationError"),
    (in_secret, "InvalidParameterException", "InvalidParameterException", "InvalidParameterException"),
    (in_log_group, "TooManyTagsException", "InvalidParameterException", "InvalidParameterException"),
]


@pytest.mark.row("tag limits: fifty, `aws:` keys, length", plain="fails")
@pytest.mark.parametrize("make, too_many, reserved, _", SERVICES)
def test_tags_that_a_service_refuses(account, make, too_many, reserved, _):
    refused(lambda: make(account, {f"k{n}": "v" for n in range(51)}), too_many)
    refused(lambda: make(account, {"aws:probe": "v"}), reserved)
    make(account, {f"k{n}": "v" for n in range(50)})


@pytest.mark.row("tag character sets: services other than EC2 take the common set only", plain="fails")
@pytest.mark.parametrize(
    "make, _, __, malformed", [service for service in SERVICES if service[0] not in (in_vpc, in_bucket)]
)
def test_characters_that_a_service_refuses(account, make, _, __, malformed):
    refused(lambda: make(account, {"k": "a<b"}), malformed)
    refused(lambda: make(account, {"k": "a,b"}), malformed)
    make(account, {"Ünïcode key_.:/=+-@": "v äß _.:/=+-@ 1"})


@pytest.mark.row("tag character sets: S3", plain="passes")
def test_characters_that_s3_refuses(account):
    refused(lambda: in_bucket(account, {"k": "a<b"}), "InvalidTag")
    in_bucket(account, {"Ünïcode key_.:/=+-@": "v äß _.:/=+-@ 1"})


@pytest.mark.row("tag character sets: EC2 takes any character", plain="passes")
def test_ec2_takes_any_character(account):
    in_vpc(account, {"k": "a<b>&c,d"})


@pytest.mark.row("tag limits: adding to what is there", plain="fails")
def test_limit_counts_the_tags_that_are_there(account):
    ecs = account.client("ecs")
    tags = {f"k{n}": "v" for n in range(50)}
    arn = ecs.create_cluster(clusterName="probe", tags=lower(tags))["cluster"]["clusterArn"]
    refused(lambda: ecs.tag_resource(resourceArn=arn, tags=lower({"one": "more"})), "InvalidParameterException")
    ecs.tag_resource(resourceArn=arn, tags=lower({"k1": "changed"}))
