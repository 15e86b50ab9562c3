"""Amazon EFS. Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic File
System"; EFS API reference, CreateMountTarget, DeleteMountTarget, ModifyMountTargetSecurityGroups (the EC2 actions that
the caller needs); EFS user guide, "Using service-linked roles" and "Key policies for AWS KMS" (a key of one's own).
That CreateFileSystem fails when it may not make the service-linked role is unverified, and assumed.
"""

from localstack_fargate.authorization.rule import Rule, Table, also, links, on

_SYSTEM = "file-system/{FileSystemId|last_part}"
_OF_TARGET = "file-system/{MountTargetId|file_system}"
_INTERFACE = "arn:{-|partition}:ec2:{-|region}:{-|account}:network-interface/{MountTargetId|interface}"


def _tags(operation: str, resource: str) -> list[Rule]:
    keys = {"elasticfilesystem:CreateAction": operation}
    return also("elasticfilesystem:TagResource", resource, keys=keys, tagged=True, owned=False, given="Tags")


def _ec2(action: str, resource: str = "*") -> list[Rule]:
    return also(f"ec2:{action}", resource, tagged=False)


_NEW_INTERFACE = "arn:{-|partition}:ec2:{-|region}:{-|account}:network-interface/*"
_SUBNET = "arn:{-|partition}:ec2:{-|region}:{-|account}:subnet/{SubnetId}"
_GROUPS = "arn:{-|partition}:ec2:{-|region}:{-|account}:security-group/{SecurityGroups}"
_THROUGH = {"kms:ViaService": "elasticfilesystem.{-|region}.amazonaws.com"}
_KEY_USES = ("kms:DescribeKey", "kms:CreateGrant", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt")

TABLE: Table = {
    "CreateFileSystem": on("*", keys={"elasticfilesystem:Encrypted": "{Encrypted|truth}"})
    + _tags("CreateFileSystem", "file-system/*")
    + links("elasticfilesystem.amazonaws.com", "AWSServiceRoleForAmazonElasticFileSystem")
    + [
        rule for use in _KEY_USES for rule in also(use, "{KmsKeyId|key}", keys=_THROUGH, tagged=False, given="KmsKeyId")
    ],
    "DescribeFileSystems": on(_SYSTEM),
    "UpdateFileSystem": on(_SYSTEM),
    "DeleteFileSystem": on(_SYSTEM),
    "PutFileSystemPolicy": on(_SYSTEM),
    "DescribeFileSystemPolicy": on(_SYSTEM),
    "DeleteFileSystemPolicy": on(_SYSTEM),
    "PutBackupPolicy": on(_SYSTEM),
    "DescribeBackupPolicy": on(_SYSTEM),
    "DescribeLifecycleConfiguration": on(_SYSTEM),
    "PutLifecycleConfiguration": on(_SYSTEM),
    "CreateMountTarget": on(_SYSTEM)
    + _ec2("DescribeSubnets")
    + _ec2("DescribeNetworkInterfaces")
    + _ec2("CreateNetworkInterface", _NEW_INTERFACE)
    + _ec2("CreateNetworkInterface", _SUBNET)
    + also("ec2:CreateNetworkInterface", _GROUPS, tagged=False, given="SecurityGroups"),
    "DescribeMountTargets": on(_SYSTEM, given="FileSystemId")
    + on(_OF_TARGET, given="MountTargetId")
    + on("access-point/{AccessPointId|last_part}", given="AccessPointId"),
    "DescribeMountTargetSecurityGroups": on(_OF_TARGET),
    "ModifyMountTargetSecurityGroups": on(_OF_TARGET) + _ec2("ModifyNetworkInterfaceAttribute", _INTERFACE),
    "DeleteMountTarget": on(_OF_TARGET) + _ec2("DeleteNetworkInterface", _INTERFACE),
    "CreateAccessPoint": on(_SYSTEM) + _tags("CreateAccessPoint", "access-point/*"),
    "DescribeAccessPoints": on("{-|points_or_system}"),
    "DeleteAccessPoint": on("access-point/{AccessPointId|last_part}"),
    "TagResource": on("{ResourceId|efs_resource}"),
    "UntagResource": on("{ResourceId|efs_resource}"),
    "ListTagsForResource": on("{ResourceId|efs_resource}"),
}
