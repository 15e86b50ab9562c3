"""Amazon S3. Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"; S3 user
guide, "Required permissions for Amazon S3 API operations".

The tags of a bucket are condition keys only where attribute-based access control was turned on for it, which is off
unless asked for: they are none here.
"""

from localstack_fargate.authorization.rule import Rule, Table, also


def _bucket(action: str, **options) -> list[Rule]:
    return also(f"s3:{action}", "arn:{-|partition}:s3:::{Bucket}", owned=False, **options)


def _object(action: str, **options) -> list[Rule]:
    return also(f"s3:{action}", "arn:{-|partition}:s3:::{Bucket}/{Key}", owned=False, **options)


def _version_or_not(action: str, **options) -> list[Rule]:
    return _object(f"{action}Version", given="VersionId", **options) + _object(
        action, given="VersionId|lacking", **options
    )


_LISTING = {"s3:prefix": "{Prefix}", "s3:delimiter": "{Delimiter}", "s3:max-keys": "{MaxKeys}"}
_WRITING = {"s3:if-match": "{IfMatch}", "s3:if-none-match": "{IfNoneMatch}"}
# S3 tells that an object is not there only to who may list the bucket (S3 API reference, GetObject, "Permissions").
_READING = _version_or_not("GetObject") + _bucket("ListBucket", given="Key|missing_object")
_CLEARED = "arn:{-|partition}:s3:::{Bucket}/{Delete|keys}"
_CLEARED_VERSIONS = "arn:{-|partition}:s3:::{Bucket}/{Delete|versioned_keys}"

TABLE: Table = {
    "ListBuckets": also("s3:ListAllMyBuckets"),
    "CreateBucket": _bucket("CreateBucket", keys={"s3:x-amz-object-ownership": "{ObjectOwnership}"})
    + _bucket("PutBucketOwnershipControls", given="ObjectOwnership", tagged=False)
    + _bucket("TagResource", given="CreateBucketConfiguration|bucket_tags"),
    "DeleteBucket": _bucket("DeleteBucket"),
    "HeadBucket": _bucket("ListBucket"),
    "GetBucketLocation": _bucket("GetBucketLocation"),
    "ListObjects": _bucket("ListBucket", keys=_LISTING),
    "ListObjectsV2": _bucket("ListBucket", keys=_LISTING),
    "ListObjectVersions": _bucket("ListBucketVersions", keys=_LISTING),
    "ListMultipartUploads": _bucket("ListBucketMultipartUploads", keys=_LISTING),
    "AbortMultipartUpload": _object("AbortMultipartUpload"),
    "GetBucketTagging": _bucket("GetBucketTagging"),
    "PutBucketTagging": _bucket("PutBucketTagging", tagged=False),
    "DeleteBucketTagging": _bucket("PutBucketTagging"),
    "GetBucketVersioning": _bucket("GetBucketVersioning"),
    "PutBucketVersioning": _bucket("PutBucketVersioning"),
    "GetBucketPolicy": _bucket("GetBucketPolicy"),
    "GetBucketPolicyStatus": _bucket("GetBucketPolicyStatus"),
    "PutBucketPolicy": _bucket("PutBucketPolicy"),
    "DeleteBucketPolicy": _bucket("DeleteBucketPolicy"),
    "GetBucketLogging": _bucket("GetBucketLogging"),
    "PutBucketLogging": _bucket("PutBucketLogging"),
    "GetBucketEncryption": _bucket("GetEncryptionConfiguration"),
    "PutBucketEncryption": _bucket("PutEncryptionConfiguration"),
    "DeleteBucketEncryption": _bucket("PutEncryptionConfiguration"),
    "GetBucketLifecycleConfiguration": _bucket("GetLifecycleConfiguration"),
    "PutBucketLifecycleConfiguration": _bucket("PutLifecycleConfiguration"),
    "DeleteBucketLifecycle": _bucket("PutLifecycleConfiguration"),
    "GetBucketNotificationConfiguration": _bucket("GetBucketNotification"),
    "PutBucketNotificationConfiguration": _bucket("PutBucketNotification"),
    "GetBucketOwnershipControls": _bucket("GetBucketOwnershipControls"),
    "PutBucketOwnershipControls": _bucket("PutBucketOwnershipControls"),
    "DeleteBucketOwnershipControls": _bucket("PutBucketOwnershipControls"),
    "GetPublicAccessBlock": _bucket("GetBucketPublicAccessBlock"),
    "PutPublicAccessBlock": _bucket("PutBucketPublicAccessBlock"),
    "DeletePublicAccessBlock": _bucket("PutBucketPublicAccessBlock"),
    "GetBucketAcl": _bucket("GetBucketAcl"),
    "HeadObject": _READING,
    "GetObject": _READING,
    # That If-Match also needs s3:GetObject is unverified.
    "PutObject": _object("PutObject", keys=_WRITING) + _object("GetObject", given="IfMatch"),
    "DeleteObject": _version_or_not("DeleteObject", keys=_WRITING) + _object("GetObject", given="IfMatch"),
    "DeleteObjects": also("s3:DeleteObject", _CLEARED, owned=False, given="Delete|keys")
    + also("s3:DeleteObjectVersion", _CLEARED_VERSIONS, owned=False, given="Delete|versioned_keys"),
}
