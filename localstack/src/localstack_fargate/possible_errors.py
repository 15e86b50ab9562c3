"""Prints every error that AWS may answer to some operations, as JSON: what a test makes happen one by one.

    python -m localstack_fargate.possible_errors < operations

The operations are in the journal's words, one a line: "ec2 CreateVpc".

For each error {service, operation, code, status, fault, from}: `fault` is who is to blame, "client" or "server"; `from`
says where it is from: "model" (the service's own description, botocore's `service-2.json`), "reference" (EC2 Developer
Guide, "Error codes"; S3 API Reference, "Error responses": those two services describe none), "common" (each service's
"Common errors", and the emulator's `refusals.py`). Sorted; the same input gives the same output. `code` and `status`
are those of a fault rule of kind `error`.
"""

import json
import sys
from functools import cache

from botocore.loaders import Loader
from localstack_fargate import refusals

_CLIENT_STATUS, _SERVER_STATUS = 400, 500

_NOT_FOUND = {
    "AssociateRouteTable": ("InvalidRouteTableID", "InvalidSubnetID"),
    "AttachInternetGateway": ("InvalidInternetGatewayID", "InvalidVpcID"),
    "AuthorizeSecurityGroupEgress": ("InvalidGroup",),
    "AuthorizeSecurityGroupIngress": ("InvalidGroup",),
    "CreateFlowLogs": ("InvalidVpcID",),
    "CreateNatGateway": ("InvalidSubnetID", "InvalidAllocationID"),
    "CreateNetworkAcl": ("InvalidVpcID",),
    "CreateNetworkAclEntry": ("InvalidNetworkAclID",),
    "CreateRoute": ("InvalidRouteTableID", "InvalidNatGatewayID", "InvalidGatewayID"),
    "CreateRouteTable": ("InvalidVpcID",),
    "CreateSecurityGroup": ("InvalidVpcID",),
    "CreateSubnet": ("InvalidVpcID",),
    "CreateVpcEndpoint": ("InvalidVpcId", "InvalidSubnetID", "InvalidGroup", "InvalidRouteTableId"),
    "DeleteFlowLogs": ("InvalidFlowLogId",),
    "DeleteInternetGateway": ("InvalidInternetGatewayID",),
    "DeleteNetworkAcl": ("InvalidNetworkAclID",),
    "DeleteNetworkAclEntry": ("InvalidNetworkAclID", "InvalidNetworkAclEntry"),
    "DeleteRoute": ("InvalidRouteTableID", "InvalidRoute"),
    "DeleteRouteTable": ("InvalidRouteTableID",),
    "DeleteSecurityGroup": ("InvalidGroup",),
    "DeleteSubnet": ("InvalidSubnetID",),
    "DeleteVpc": ("InvalidVpcID",),
    "DeleteVpcEndpoints": ("InvalidVpcEndpointId",),
    "DetachInternetGateway": ("InvalidInternetGatewayID", "InvalidVpcID"),
    "DisassociateRouteTable": ("InvalidAssociationID",),
    "ModifySubnetAttribute": ("InvalidSubnetID",),
    "ModifyVpcAttribute": ("InvalidVpcID",),
    "ModifyVpcEndpoint": ("InvalidVpcEndpointId", "InvalidSubnetID", "InvalidGroup", "InvalidRouteTableId"),
    "ReleaseAddress": ("InvalidAllocationID",),
    "ReplaceNetworkAclAssociation": ("InvalidNetworkAclID", "InvalidAssociationID"),
    "ReplaceNetworkAclEntry": ("InvalidNetworkAclID", "InvalidNetworkAclEntry"),
    "ReplaceRoute": ("InvalidRouteTableID", "InvalidRoute", "InvalidNatGatewayID"),
    "ReplaceRouteTableAssociation": ("InvalidRouteTableID", "InvalidAssociationID"),
    "RevokeSecurityGroupEgress": ("InvalidGroup", "InvalidPermission", "InvalidSecurityGroupRuleId"),
    "RevokeSecurityGroupIngress": ("InvalidGroup", "InvalidPermission", "InvalidSecurityGroupRuleId"),
    "UpdateSecurityGroupRuleDescriptionsEgress": ("InvalidGroup",),
    "UpdateSecurityGroupRuleDescriptionsIngress": ("InvalidGroup",),
}
"""EC2: what may not be found; the code ends in `.NotFound`."""

_EC2 = {
    "AllocateAddress": ("AddressLimitExceeded", "InsufficientAddressCapacity"),
    "AssociateRouteTable": ("Resource.AlreadyAssociated",),
    "AttachInternetGateway": ("Resource.AlreadyAssociated",),
    "AuthorizeSecurityGroupEgress": ("InvalidPermission.Duplicate", "RulesPerSecurityGroupLimitExceeded"),
    "AuthorizeSecurityGroupIngress": ("InvalidPermission.Duplicate", "RulesPerSecurityGroupLimitExceeded"),
    "CreateFlowLogs": ("FlowLogAlreadyExists", "FlowLogsLimitExceeded", "IdempotentParameterMismatch"),
    "CreateInternetGateway": ("InternetGatewayLimitExceeded",),
    "CreateNatGateway": ("NatGatewayLimitExceeded", "IdempotentParameterMismatch", "InsufficientFreeAddressesInSubnet"),
    "CreateNetworkAcl": ("NetworkAclLimitExceeded",),
    "CreateNetworkAclEntry": ("NetworkAclEntryAlreadyExists", "NetworkAclEntryLimitExceeded"),
    "CreateRoute": ("RouteAlreadyExists", "RouteLimitExceeded"),
    "CreateRouteTable": ("RouteTableLimitExceeded", "IdempotentParameterMismatch"),
    "CreateSecurityGroup": ("InvalidGroup.Duplicate", "SecurityGroupLimitExceeded"),
    "CreateSubnet": ("SubnetLimitExceeded", "InvalidSubnet.Conflict", "InvalidSubnet.Range"),
    "CreateTags": ("TagLimitExceeded", "InvalidID"),
    "CreateVpc": ("VpcLimitExceeded", "InvalidVpc.Range"),
    "CreateVpcEndpoint": (
        "VpcEndpointLimitExceeded", "InvalidServiceName", "DuplicateSubnetsInSameZone", "IdempotentParameterMismatch",
        "InsufficientFreeAddressesInSubnet",
    ),
    "DeleteInternetGateway": ("DependencyViolation",),
    "DeleteNatGateway": ("NatGatewayNotFound",),
    "DeleteNetworkAcl": ("DependencyViolation",),
    "DeleteRouteTable": ("DependencyViolation",),
    "DeleteSecurityGroup": ("DependencyViolation", "CannotDelete"),
    "DeleteSubnet": ("DependencyViolation",),
    "DeleteTags": ("InvalidID",),
    "DeleteVpc": ("DependencyViolation",),
    "DetachInternetGateway": ("DependencyViolation", "Gateway.NotAttached"),
    "ModifyVpcEndpoint": ("DuplicateSubnetsInSameZone",),
    "ReleaseAddress": ("InvalidIPAddress.InUse", "AuthFailure"),
}  # fmt: skip
"""EC2: the other refusals of an operation. All are 400."""

_S3 = {
    "AbortMultipartUpload": (("NoSuchUpload", 404),),
    "CreateBucket": (
        ("IllegalLocationConstraintException", 400), ("InvalidBucketName", 400), ("OperationAborted", 409),
        ("TooManyBuckets", 400),
    ),
    "DeleteBucket": (("BucketNotEmpty", 409), ("OperationAborted", 409)),
    "DeleteObject": (("PreconditionFailed", 412), ("ConditionalRequestConflict", 409)),
    "PutBucketPolicy": (("MalformedPolicy", 400), ("OperationAborted", 409)),
    "PutBucketLifecycleConfiguration": (("MalformedXML", 400), ("OperationAborted", 409)),
    "PutBucketLogging": (("InvalidTargetBucketForLogging", 400),),
    "PutObject": (
        ("ConditionalRequestConflict", 409), ("NoSuchKey", 404), ("PreconditionFailed", 412), ("RequestTimeout", 400),
    ),
}  # fmt: skip

_COMMON = {
    "ec2": (
        ("InternalError", 500),
        ("Unavailable", 503),
        ("UnauthorizedOperation", 403),
        ("InvalidParameterValue", 400),
    ),
    "s3": (("InternalError", 500), ("ServiceUnavailable", 503), ("AccessDenied", 403)),
    "query": (("InternalFailure", 500), ("ServiceUnavailable", 503), ("AccessDenied", 403), ("ValidationError", 400)),
    "rest": (
        ("InternalFailure", 500),
        ("ServiceUnavailable", 503),
        ("AccessDeniedException", 403),
        ("ValidationException", 400),
    ),
    "json": (
        ("InternalFailure", 500),
        ("ServiceUnavailable", 503),
        ("AccessDeniedException", 400),
        ("ValidationException", 400),
    ),
}


@cache
def model(service: str) -> dict:
    return Loader().load_service_model(service, "service-2")


def of_model(service: str, operation: str) -> dict[str, int]:
    """HTTP status by code of the errors that the operation declares."""
    found = {}
    for reference in model(service)["operations"][operation].get("errors", []):
        shape = model(service)["shapes"][reference["shape"]]
        error = shape.get("error", {})
        usual = _SERVER_STATUS if shape.get("fault") else _CLIENT_STATUS
        found[error.get("code", reference["shape"])] = error.get("httpStatusCode", usual)
    return found


def of_reference(service: str, operation: str) -> dict[str, int]:
    if service == "ec2":
        missing = [f"{what}.NotFound" for what in _NOT_FOUND.get(operation, ())]
        return dict.fromkeys([*missing, *_EC2.get(operation, ())], _CLIENT_STATUS)
    if service == "s3":
        return dict(_S3.get(operation, ())) | ({} if operation == "CreateBucket" else {"NoSuchBucket": 404})
    return {}


def common(service: str) -> dict[str, int]:
    refused = [refusals.usual(kind, service) for kind in ("throttle", "expired", "invalid-token", "skewed")]
    return {code: status for code, _, status in refused} | dict(_COMMON[refusals.family(service)])


def errors(service: str, operation: str) -> list[dict]:
    """All of one operation, each code once: the most particular source wins."""
    sources = {
        "common": common(service),
        "reference": of_reference(service, operation),
        "model": of_model(service, operation),
    }
    found = {code: (status, source) for source, codes in sources.items() for code, status in codes.items()}
    return [
        {
            "service": service,
            "operation": operation,
            "code": code,
            "status": status,
            "fault": "client" if status < 500 else "server",
            "from": source,
        }
        for code, (status, source) in sorted(found.items())
    ]


if __name__ == "__main__":
    wanted = sorted({tuple(line.split()) for line in sys.stdin if line.strip()})
    json.dump([error for service, operation in wanted for error in errors(service, operation)], sys.stdout, indent=1)
