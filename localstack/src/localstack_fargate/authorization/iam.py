"""IAM and STS. Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and
Access Management (IAM)" and "… for AWS Security Token Service"; IAM API reference (permissions boundaries as a
condition).
"""

from localstack_fargate.authorization.rule import PLAIN, Rule, Table, also, on, with_keys

_ROLE = "{RoleName|role}"


def _bounded(**keys: str) -> list[Rule]:
    """iam:PermissionsBoundary is the boundary that the role has, or is to have."""
    return with_keys(on(_ROLE), iam__PermissionsBoundary="{-|boundary}", **keys)


TABLE: Table = {
    "CreateRole": _bounded() + also("iam:TagRole", _ROLE, tagged=True, owned=False, given="Tags"),
    "GetRole": on(_ROLE),
    "ListRoles": PLAIN,
    "UpdateRole": _bounded(),
    "UpdateAssumeRolePolicy": _bounded(),
    "DeleteRole": _bounded(),
    "PutRolePolicy": _bounded(),
    "GetRolePolicy": on(_ROLE),
    "DeleteRolePolicy": _bounded(),
    "ListRolePolicies": on(_ROLE),
    "AttachRolePolicy": _bounded(iam__PolicyARN="{PolicyArn}"),
    "DetachRolePolicy": _bounded(iam__PolicyARN="{PolicyArn}"),
    "ListAttachedRolePolicies": on(_ROLE),
    "PutRolePermissionsBoundary": _bounded(),
    "DeleteRolePermissionsBoundary": _bounded(),
    "TagRole": on(_ROLE),
    "UntagRole": on(_ROLE),
    "ListRoleTags": on(_ROLE),
    "ListInstanceProfilesForRole": on(_ROLE),
    "CreateServiceLinkedRole": on(
        "{AWSServiceName|service_linked}", owned=False, keys={"iam:AWSServiceName": "{AWSServiceName}"}
    ),
    "GetPolicy": on("{PolicyArn}"),
    "GetPolicyVersion": on("{PolicyArn}"),
    "ListEntitiesForPolicy": on("{PolicyArn}"),
    "ListPolicies": PLAIN,
    "GetUser": on("{UserName|user}"),
    "ListAccountAliases": PLAIN,
    "GetAccountSummary": PLAIN,
    "SimulatePrincipalPolicy": on("{PolicySourceArn}"),
    "SimulateCustomPolicy": PLAIN,
}

STS: Table = {
    # Always allowed (STS API reference, GetCallerIdentity).
    "GetCallerIdentity": [],
    "AssumeRole": on("{RoleArn}", keys={"sts:RoleSessionName": "{RoleSessionName}", "sts:ExternalId": "{ExternalId}"}),
}
