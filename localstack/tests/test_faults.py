"""Several faults at once, corrupted answers, and refused credentials."""


import botocore.exceptions
import pytest
from conftest import refused

READS = {
    "ec2": lambda c: c.describe_vpcs(),
    "s3": lambda c: c.list_buckets(),
    "iam": lambda c: c.list_roles(),
    "sts": lambda c: c.get_caller_identity(),
    "elbv2": lambda c: c.describe_load_balancers(),
    "ecs": lambda c: c.list_clusters(),
    "efs": lambda c: c.describe_file_systems(),
    "backup": lambda c: c.list_backup_vaults(),
    "logs": lambda c: c.describe_log_groups(),
    "secretsmanager": lambda c: c.list_secrets(),
    "resourcegroupstaggingapi": lambda c: c.get_resources(),
    "service-quotas": lambda c: c.list_services(),
    "kms": lambda c: c.list_keys(),
}
SERVICES = sorted(READS)
TOKEN = "The security token included in the request is"
WORDS = {
    "expired": {
        "ec2": ("RequestExpired", 400, "Request has expired"),
        "s3": ("ExpiredToken", 400, "The provided token has expired"),
        "query": ("ExpiredToken", 403, f"{TOKEN} expired"),
        "rest": ("ExpiredTokenException", 403, f"{TOKEN} expired"),
        "json": ("ExpiredTokenException", 400, f"{TOKEN} expired"),
    },
    "invalid-token": {
        "ec2": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "s3": ("InvalidAccessKeyId", 403, "does not exist in our records"),
        "query": ("InvalidClientTokenId", 403, f"{TOKEN} invalid"),
        "rest": ("UnrecognizedClientException", 403, f"{TOKEN} invalid"),
        "json": ("UnrecognizedClientException", 400, f"{TOKEN} invalid"),
    },
    "opt-in": {
        "ec2": ("AuthFailure", 401, "AWS was not able to validate the provided access credentials"),
        "s3": ("InvalidToken", 400, "malformed or otherwise invalid"),
        "query": ("InvalidClientTokenId", 403, f"{TOKEN} invalid"),
        "rest": ("UnrecognizedClientException", 403, f"{TOKEN} invalid"),
        "json": ("UnrecognizedClientException", 400, f"{TOKEN} invalid"),
    },
    "skewed": {
        "ec2": ("RequestExpired", 400, "Request has expired"),
        "s3": ("RequestTimeTooSkewed", 403, "too large"),
        "query": ("SignatureDoesNotMatch", 403, "Signature expired: "),
        "rest": ("InvalidSignatureException", 403, "Signature expired: "),
        "json": ("InvalidSignatureException", 400, "Signature expired: "),
    },
}
"""Code, HTTP status and words by kind and family of services."""
FAMILIES = {"ec2": "ec2", "s3": "s3", "iam": "query", "sts": "query", "elbv2": "query", "efs": "rest", "backup": "rest"}


@pytest.mark.row("refused credentials, clocks and regions, in the words of each service", plain="fails")
@pytest.mark.parametrize("kind", WORDS)
def test_refused_credentials(account, kind):
    account.fault(kind=kind)
    for service in SERVICES:
        if kind == "opt-in" and service == "iam":
            READS[service](account.client(service))
            continue
        code, status, words = WORDS[kind][FAMILIES.get(service, "json")]
        assert words in str(refused(lambda: READS[service](account.client(service)), code, status=status)), service


@pytest.mark.row("refusals of a region that is not enabled, with another code", plain="absent")
def test_code_of_a_refusal_can_be_set(account):
    account.fault(service="ec2", kind="opt-in", code="OptInRequired", message="not subscribed", status=403, times=1)
    refused(lambda: READS["ec2"](account.client("ec2")), "OptInRequired", status=403)


@pytest.mark.row("s3: a bucket that is in another region", plain="fails")
def test_bucket_in_another_region(account):
    s3, name = account.client("s3"), f"probe-region-{account.id}"
    s3.create_bucket(Bucket=name)
    account.fault(service="s3", kind="wrong-region")
    error = refused(lambda: s3.head_bucket(Bucket=name), "301", status=301)
    assert error.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-bucket-region"] == "us-west-2", (
        "boto3 has followed once"
    )
    refused(lambda: s3.put_object(Bucket=name, Key="x", Body=b""), "PermanentRedirect", status=301)
    account.clear_faults()
    account.fault(service="s3", kind="wrong-region", code="AuthorizationHeaderMalformed")
    error = refused(lambda: s3.list_objects_v2(Bucket=name), "AuthorizationHeaderMalformed", status=400)
    assert "is wrong; expecting 'eu-west-1'" in str(error)


@pytest.mark.row("fault rules: answers without identifiers", plain="absent")
@pytest.mark.parametrize(
    "service, call, lacks, keeps",
    [
        ("ec2", lambda c: c.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"], "VpcId", "CidrBlock"),
        ("efs", lambda c: c.create_file_system(CreationToken="t"), "FileSystemId", "CreationToken"),
        ("elbv2", lambda c: c.create_target_group(Name="probe", TargetType="lambda")["TargetGroups"][0],
            "TargetGroupArn",
         "TargetGroupName"),
        ("ecs", lambda c: c.create_cluster(clusterName="probe")["cluster"], "clusterArn", "clusterName"),
    ],
)  # fmt: skip
def test_answers_without_identifiers(account, service, call, lacks, keeps):
    client = account.client(service)
    account.fault(service=service, operation="Create*", kind="nameless", times=1)
    made = call(client)
    assert not made.get(lacks) and made[keeps]


@pytest.mark.row("answers that are no answer: garbage, truncated, empty", plain="absent")
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("kind", ["garbage", "truncated", "empty"])
@pytest.mark.parametrize("service", ["ec2", "iam", "ecs", "efs", "s3"])
def test_corrupted_answers(account, service, kind, before):
    client = account.client(service)
    make, made = {
        "ec2": (
            lambda: client.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"],
            lambda: len(client.describe_vpcs()["Vpcs"]) - 1,
        ),
        "iam": (lambda: account.role()[:1], lambda: len(client.list_roles()["Roles"])),
        "ecs": (
            lambda: client.create_cluster(clusterName="c")["cluster"],
            lambda: len(client.list_clusters()["clusterArns"]),
        ),
        "efs": (
            lambda: client.create_file_system(CreationToken="t")["FileSystemId"],
            lambda: len(client.describe_file_systems()["FileSystems"]),
        ),
        "s3": (lambda: list_one_bucket(client, account), lambda: 0 if before else 1),
    }[service]
    if service == "s3":
        client.create_bucket(Bucket=f"probe-corrupted-{account.id}")
    account.fault(service=service, kind=kind, before=before, times=1)
    wrong = (botocore.exceptions.BotoCoreError, botocore.parsers.ResponseParserError, LookupError, ValueError)
    if service == "s3":  # which boto3 takes for an error of the server
        wrong += (botocore.exceptions.ClientError,)
    with pytest.raises(wrong):
        make()
    if service != "s3":
        assert made() == (0 if before else 1)
    faults = [entry["fault"] for entry in account.journal() if entry["fault"]]
    assert faults == [kind]


def list_one_bucket(client, account):
    """Raises KeyError when the answer does not list the bucket."""
    return {bucket["Name"]: bucket for bucket in client.list_buckets()["Buckets"]}[f"probe-corrupted-{account.id}"]


RULES = [
    {"kind": "throttle", "probability": 0.3, "seed": 1},
    {"kind": "error", "status": 500, "probability": 0.1, "seed": 1},
    {"kind": "lost", "probability": 0.05, "seed": 1},
]


def struck_by(account, rules=RULES):
    """What became of 100 calls: the kinds that struck each."""
    account.control("faults", rules)
    client = account.client("sts")
    for _ in range(100):
        try:
            client.get_caller_identity()
        except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError):
            pass
    return [entry["fault"] or "" for entry in account.journal()]


@pytest.mark.row("several rules at once, each by its own chance, reproducible", plain="absent")
def test_several_rules(account, other_account):
    struck = struck_by(account)
    share = {kind: sum(kind in one for one in struck) / len(struck) for kind in ("throttle", "error", "lost")}
    assert 0.2 < share["throttle"] < 0.4 and 0.04 < share["error"] < 0.17 and 0.01 < share["lost"] < 0.1, share
    assert any("+" in one for one in struck), "they fall together now and then"
    assert struck_by(other_account) == struck


@pytest.mark.row("a rule strikes the same calls whatever the others do; another seed, other calls", plain="absent")
def test_rules_are_independent(account, other_account):
    alone = struck_by(account, RULES[:1])
    other = struck_by(other_account, [*RULES[:2], {"kind": "latency", "probability": 0.5, "seed": 2}])
    assert ["throttle" in one for one in other] == [bool(one) for one in alone]
    assert ["latency" in one for one in other] != [bool(one) for one in alone]
