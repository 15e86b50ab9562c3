"""Buckets of the access logs, file system, mount targets and access points."""

from __future__ import annotations

import secrets

from aws import NAME, REGION, STEM, Aws, document, file_system_arn, tag_list
from steps import Steps

VOLUMES = {
    "certificate": "certificate",
    "custom_plugins": "custom_plugins",
    "mongo-data": "mongo-data/data/db",
    "mongo-init": "mongo-init",
    "rabbitmq": "rabbitmq",
    "rabbitmq-data": "rabbitmq-data",
    "repos": "repos",
    "ssl_certs": "ssl_certs",
}


def buckets(s: Steps, aws: Aws, account: str) -> None:
    alb_logs, access_logs = (f"{STEM}-{account}-{REGION}-{sort}" for sort in ("alb-logs", "access-logs"))

    def encrypted_only(bucket: str) -> dict:
        return {
            "Sid": "EncryptedOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }  # fmt: skip

    def writes(sid: str, service: str, resource: str, condition: dict) -> dict:
        return {
            "Sid": sid, "Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{resource}", "Condition": condition,
        }  # fmt: skip

    def add(name: str, bucket: str, statement: dict, needs: tuple[str, ...], last) -> None:
        @s.step(f"bucket {name}", *needs)
        def make(done):
            expiry = {
                "ID": "ce-aws-1", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 365},
                "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}],
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            }  # fmt: skip
            aws.s3.create_bucket(
                Bucket=bucket, ObjectOwnership="BucketOwnerEnforced",
                CreateBucketConfiguration={"Tags": tag_list(f"bucket/{name}")},
            )  # fmt: skip
            closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
            aws.s3.put_public_access_block(
                Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(closed, True)
            )  # fmt: skip
            by_default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            aws.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [by_default]})
            aws.s3.put_bucket_lifecycle_configuration(
                Bucket=bucket, TransitionDefaultMinimumObjectSize="all_storage_classes_128K",
                LifecycleConfiguration={"Rules": [expiry]},
            )  # fmt: skip
            last()
            aws.s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )
            aws.s3.put_bucket_policy(Bucket=bucket, Policy=document([statement, encrypted_only(bucket)]))
            return bucket

    add("access-logs", access_logs, writes("AccessLogs", "logging.s3", f"{access_logs}/*", {
        "StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{alb_logs}"},
    }), (), lambda: None)  # fmt: skip
    logging = {"LoggingEnabled": {"TargetBucket": access_logs, "TargetPrefix": "access-logs/"}}
    source = f"arn:aws:elasticloadbalancing:{REGION}:{account}:loadbalancer/*"
    delivered = writes("LoadBalancerLogs", "logdelivery.elasticloadbalancing",
                       f"{alb_logs}/AWSLogs/{account}/*", {"ArnLike": {"aws:SourceArn": source}})  # fmt: skip
    add("alb-logs", alb_logs, delivered, ("bucket access-logs",),
        lambda: aws.s3.put_bucket_logging(Bucket=alb_logs, BucketLoggingStatus=logging))  # fmt: skip


def storage(s: Steps, aws: Aws, account: str) -> None:
    @s.step("file system")
    def file_system(_):
        made = aws.efs.create_file_system(
            CreationToken=f"ce-aws-{NAME}-main", PerformanceMode="generalPurpose", Encrypted=True,
            ThroughputMode="elastic", Backup=True, Tags=tag_list("file-system/main"),
        )["FileSystemId"]  # fmt: skip
        aws.wait_until(
            lambda: aws.efs.describe_file_systems(FileSystemId=made)["FileSystems"][0]["LifeCycleState"] == "available"
        )
        return made

    @s.step("file system policy", "file system", "role task")
    def policy(done):
        statement = {
            "Sid": "TaskOnly", "Effect": "Allow", "Principal": {"AWS": done["role task"]},
            "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            "Resource": file_system_arn(account, done["file system"]),
            "Condition": {"Bool": {"aws:SecureTransport": "true"}},
        }  # fmt: skip
        aws.patiently(
            ("InvalidPolicyException",), aws.efs.put_file_system_policy,
            FileSystemId=done["file system"], Policy=document([statement]),
        )  # fmt: skip

    for letter in "ab":

        @s.step(f"mount target {letter}", "file system", f"subnet private-{letter}", "group file-system")
        def mount_target(done, letter=letter):
            made = aws.efs.create_mount_target(
                FileSystemId=done["file system"], SubnetId=done[f"subnet private-{letter}"],
                SecurityGroups=[done["group file-system"]],
            )["MountTargetId"]  # fmt: skip
            aws.wait_until(lambda: _first_state(aws.efs.describe_mount_targets(MountTargetId=made)) == "available")
            return made

    for volume, path in VOLUMES.items():

        @s.step(f"point {volume}", "file system")
        def point(done, volume=volume, path=path):
            owner = {"OwnerUid": 1001, "OwnerGid": 1001, "Permissions": "0777"}
            made = aws.efs.create_access_point(
                ClientToken=secrets.token_hex(16),
                FileSystemId=done["file system"],
                PosixUser={"Uid": 1001, "Gid": 1001},
                RootDirectory={"Path": f"/data/{path}", "CreationInfo": owner},
                Tags=tag_list(f"access-point/{volume.replace('_', '-')}"),
            )["AccessPointId"]
            aws.wait_until(lambda: _first_state(aws.efs.describe_access_points(AccessPointId=made)) == "available")
            return made


def _first_state(answer: dict) -> str:
    (found,) = answer.get("MountTargets") or answer["AccessPoints"]
    return found["LifeCycleState"]
