"""S3: ownership, policies, conditional writes and deletes, lifecycle."""

import json
from concurrent.futures import ThreadPoolExecutor

import botocore.exceptions
import pytest
from conftest import refused
from policy_kit import as_json


def make(account, name="probe"):
    bucket = f"{name}-{account.id}"
    account.client("s3").create_bucket(Bucket=bucket)
    return bucket


def policy(principal, resource, action="s3:GetObject", **more):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}
    return as_json(statement)


@pytest.mark.row("neg:PutBucketPolicy malformed -> MalformedPolicy", plain="fails")
def test_policy_for_another_bucket(account):
    bucket, put = make(account), account.client("s3").put_bucket_policy
    me = {"AWS": f"arn:aws:iam::{account.id}:root"}
    refused(lambda: put(Bucket=bucket, Policy=policy(me, "arn:aws:s3:::another-bucket/*")), "MalformedPolicy")
    refused(
        lambda: put(Bucket=bucket, Policy=policy(me, f"arn:aws:s3:::{bucket}/*", "ec2:RunInstances")), "MalformedPolicy"
    )
    refused(lambda: put(Bucket=bucket, Policy="{"), "MalformedPolicy")
    put(Bucket=bucket, Policy=policy(me, f"arn:aws:s3:::{bucket}/*"))


@pytest.mark.row("neg:PutBucketPolicy public with BlockPublicPolicy -> AccessDenied", plain="fails")
def test_public_policy_is_blocked_by_default(account):
    bucket, s3 = make(account), account.client("s3")
    everyone, resource = policy("*", f"arn:aws:s3:::{bucket}/*"), f"arn:aws:s3:::{bucket}/*"
    refused(lambda: s3.put_bucket_policy(Bucket=bucket, Policy=everyone), "AccessDenied", status=403)
    fixed = {"StringEquals": {"aws:SourceAccount": account.id}}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy("*", resource, Condition=fixed))
    s3.put_bucket_policy(
        Bucket=bucket, Policy=policy({"Service": "logging.s3.amazonaws.com"}, resource, "s3:PutObject")
    )
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=everyone)


@pytest.mark.row("s3:DeleteObject If-Match", plain="fails")
def test_conditional_delete(account):
    bucket, s3 = make(account), account.client("s3")
    etag = s3.put_object(Bucket=bucket, Key="lock", Body=b"1")["ETag"]
    refused(lambda: s3.delete_object(Bucket=bucket, Key="lock", IfMatch='"0"'), "PreconditionFailed", status=412)
    refused(lambda: s3.delete_object(Bucket=bucket, Key="none", IfMatch="*"), "PreconditionFailed")
    refused(lambda: s3.delete_object(Bucket=bucket, Key="none", IfMatch=etag), "NoSuchKey", status=404)
    s3.delete_object(Bucket=bucket, Key="lock", IfMatch=etag)
    refused(lambda: s3.get_object(Bucket=bucket, Key="lock"), "NoSuchKey")


@pytest.mark.row("conditional writes: exactly one of many writers wins", plain="passes")
def test_conditional_writes(account):
    bucket, s3 = make(account), account.client("s3")

    def write(n):
        try:
            s3.put_object(Bucket=bucket, Key="lock", Body=str(n), IfNoneMatch="*")
            return True
        except botocore.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] in ("PreconditionFailed", "ConditionalRequestConflict")
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1


@pytest.mark.row("s3: a lease object: taken once, renewed by its ETag only", plain="passes")
@pytest.mark.parametrize("versioned", [False, True])
def test_lease(account, versioned):
    bucket, s3 = make(account), account.client("s3")
    if versioned:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    lease = {"Bucket": bucket, "Key": "lease"}
    refused(lambda: s3.put_object(**lease, Body=b"0", IfMatch='"0"'), "NoSuchKey", status=404)
    first = s3.put_object(**lease, Body=b"1", IfNoneMatch="*")["ETag"]
    refused(lambda: s3.put_object(**lease, Body=b"1", IfNoneMatch="*"), "PreconditionFailed", status=412)
    second = s3.put_object(**lease, Body=b"2", IfMatch=first)["ETag"]
    assert second != first and s3.get_object(**lease)["ETag"] == second == s3.head_object(**lease)["ETag"]
    refused(lambda: s3.put_object(**lease, Body=b"3", IfMatch=first), "PreconditionFailed", status=412)
    assert s3.get_object(**lease)["Body"].read() == b"2"
    refused(lambda: s3.get_object(**lease, IfNoneMatch=second), "304", status=304)
    refused(lambda: s3.get_object(**lease, IfMatch=first), "PreconditionFailed", status=412)
    s3.delete_object(**lease)
    refused(lambda: s3.put_object(**lease, Body=b"3", IfMatch=second), "NoSuchKey", status=404)
    s3.put_object(**lease, Body=b"4", IfNoneMatch="*")
    versions = s3.list_object_versions(Bucket=bucket)
    assert len(versions["Versions"]) == (3 if versioned else 1)
    assert len(versions.get("DeleteMarkers", [])) == versioned


@pytest.mark.row("s3: conditional writes that AWS does not implement -> NotImplemented", plain="passes")
def test_conditions_that_are_not_taken(account):
    lease, put = {"Bucket": make(account), "Key": "lease", "Body": b""}, account.client("s3").put_object
    refused(lambda: put(**lease, IfNoneMatch='"0"'), "NotImplemented", status=501)
    refused(lambda: put(**lease, IfMatch="*"), "NotImplemented", status=501)
    refused(lambda: put(**lease, IfMatch='"0"', IfNoneMatch="*"), "NotImplemented", status=501)


@pytest.mark.row("s3: two writers of one object at once -> ConditionalRequestConflict, on request", plain="absent")
def test_conflict_of_conditional_writes(account):
    lease, s3 = {"Bucket": make(account), "Key": "lease"}, account.client("s3")
    account.fault(
        service="s3", operation="PutObject", kind="error", code="ConditionalRequestConflict", status=409, times=1,
        message="The conditional request cannot succeed due to a conflicting operation against this resource.",
    )  # fmt: skip
    refused(lambda: s3.put_object(**lease, Body=b"", IfNoneMatch="*"), "ConditionalRequestConflict", status=409)
    refused(lambda: s3.get_object(**lease), "NoSuchKey")
    s3.put_object(**lease, Body=b"", IfNoneMatch="*")


@pytest.mark.row("s3: a policy that refuses plain HTTP is kept, and AWS's own endpoints are not meant", plain="passes")
def test_policy_for_tls_only(account):
    bucket, s3 = make(account), account.client("s3")
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    document = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == document
    s3.put_object(Bucket=bucket, Key="x", Body=b"")


@pytest.mark.row("neg:s3 in an account where buckets are forbidden -> AccessDenied", plain="fails")
def test_forbidden_buckets(account):
    bucket, s3 = make(account), account.client("s3")
    account.settings(**{"s3.forbidden": True})
    assert "s3:CreateBucket" in str(refused(lambda: make(account, "other"), "AccessDenied", status=403))
    refused(lambda: s3.put_object(Bucket=bucket, Key="x", Body=b""), "AccessDenied", status=403)
    s3.list_objects_v2(Bucket=bucket)


@pytest.mark.row("a bucket name taken by a other_account: names are shared", plain="passes")
def test_bucket_name_taken(account, other_account):
    refused(lambda: other_account.client("s3").create_bucket(Bucket=make(account)), "BucketAlreadyExists", status=409)


@pytest.mark.row("a bucket name taken by a other_account: no access", plain="fails")
def test_bucket_of_another_account_is_closed(account, other_account):
    bucket, theirs = make(account), other_account.client("s3")
    refused(lambda: theirs.head_bucket(Bucket=bucket), "403")
    refused(lambda: theirs.get_bucket_tagging(Bucket=bucket), "AccessDenied", status=403)
    refused(lambda: theirs.put_object(Bucket=bucket, Key="x", Body=b""), "AccessDenied")
    refused(lambda: theirs.delete_bucket(Bucket=bucket), "AccessDenied")
    wrong = other_account.id
    refused(lambda: account.client("s3").list_objects_v2(Bucket=bucket, ExpectedBucketOwner=wrong), "AccessDenied")
    account.client("s3").put_bucket_policy(
        Bucket=bucket,
        Policy=policy({"AWS": f"arn:aws:iam::{other_account.id}:root"}, f"arn:aws:s3:::{bucket}/*", "s3:PutObject"),
    )
    theirs.put_object(Bucket=bucket, Key="x", Body=b"")


@pytest.mark.row("neg:DeleteBucket not empty -> BucketNotEmpty", plain="passes")
def test_bucket_not_empty(account):
    bucket, s3 = make(account), account.client("s3")
    s3.put_object(Bucket=bucket, Key="x", Body=b"")
    refused(lambda: s3.delete_bucket(Bucket=bucket), "BucketNotEmpty", status=409)
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "x"}]})
    s3.delete_bucket(Bucket=bucket)
    refused(lambda: s3.head_bucket(Bucket=bucket), "404")


@pytest.mark.row("neg:lifecycle rules that S3 refuses -> InvalidArgument", plain="fails")
def test_lifecycle_rules(account):
    bucket, s3 = make(account), account.client("s3")

    def put(**rule):
        rules = [{"ID": "r", "Status": "Enabled", "Filter": {"Prefix": ""}, **rule}]
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})

    refused(lambda: put(Expiration={"Days": 0}), "InvalidArgument")
    refused(lambda: put(Transitions=[{"Days": 1, "StorageClass": "STANDARD_IA"}]), "InvalidArgument")
    refused(
        lambda: put(Expiration={"Days": 5}, Transitions=[{"Days": 9, "StorageClass": "GLACIER"}]), "InvalidArgument"
    )
    refused(lambda: put(NoncurrentVersionExpiration={"NoncurrentDays": 0}), "InvalidArgument")
    put(Filter={"Prefix": "leases/"}, NoncurrentVersionExpiration={"NoncurrentDays": 1})
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert (rule["Filter"], rule["NoncurrentVersionExpiration"]) == ({"Prefix": "leases/"}, {"NoncurrentDays": 1})
    put(Expiration={"Days": 365}, Transitions=[{"Days": 1, "StorageClass": "GLACIER"}])
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Expiration"] == {"Days": 365}


@pytest.mark.row("s3: encryption as it is by default, and set without a word on bucket keys", plain="fails")
def test_bucket_encryption(account):
    bucket, s3 = make(account), account.client("s3")
    wanted = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    whole = {"Rules": [{**wanted["Rules"][0], "BucketKeyEnabled": False}]}
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == whole
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=wanted)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == whole


@pytest.mark.row("neg:s3 two settings of one bucket at once -> OperationAborted", plain="fails")
def test_settings_one_at_a_time(account):
    buckets = [make(account), make(account, "other")]
    wanted = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    clients = [account.client("s3", region) for region in ("us-east-1", "us-east-2", "us-west-1", "us-west-2")]

    def put(client, bucket):
        try:
            client.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=wanted)
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor() as pool:
        codes = [code for _ in range(3) for code in pool.map(put, clients, [buckets[0]] * 4)]
        assert "OperationAborted" in codes and None in codes and set(codes) == {None, "OperationAborted"}
        assert [put(clients[0], bucket) for bucket in buckets] == [None, None]


@pytest.mark.row("s3: settings of a new bucket, and their round trip", plain="passes")
def test_bucket_settings(account):
    bucket, s3 = make(account), account.client("s3")
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values()) and len(block) == 4
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled") is None
    refused(lambda: s3.get_bucket_policy(Bucket=bucket), "NoSuchBucketPolicy", status=404)
    refused(lambda: s3.get_bucket_tagging(Bucket=bucket), "NoSuchTagSet", status=404)
    refused(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket), "NoSuchLifecycleConfiguration", status=404)
    target = {"TargetBucket": make(account, "target"), "TargetPrefix": "logs/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})
    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == target
    missing = {"LoggingEnabled": {"TargetBucket": f"missing-{account.id}", "TargetPrefix": ""}}
    refused(
        lambda: s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=missing), "InvalidTargetBucketForLogging"
    )
