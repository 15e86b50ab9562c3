"""Services of which little is used. Source: the Service Authorization Reference, one list a service; Amazon CloudWatch
Logs API reference, LogGroup (which of the two ARNs of a log group a policy has to name); Secrets Manager API reference,
"Required permissions" of each operation.
"""

from localstack_fargate.authorization.rule import PLAIN, Rule, Table, also, on, with_keys

# Named `log-group:NAME:*` in policies, except for the three tagging actions, which want it without the trailing part.
_GROUP = "log-group:{logGroupName|log_group}:log-stream:"
_STREAM = "log-group:{logGroupName|log_group}:log-stream:{logStreamName}"

LOGS: Table = {
    "CreateLogGroup": on(_GROUP)
    + also("logs:TagResource", "log-group:{logGroupName}", tagged=True, owned=False, given="tags"),
    "DeleteLogGroup": on(_GROUP),
    "DescribeLogGroups": PLAIN,
    "DescribeLogStreams": on(_GROUP),
    "GetLogEvents": on(_STREAM),
    "FilterLogEvents": on(_GROUP),
    "PutRetentionPolicy": on(_GROUP),
    "DeleteRetentionPolicy": on(_GROUP),
    "AssociateKmsKey": on(_GROUP),
    "DisassociateKmsKey": on(_GROUP),
    "TagResource": on("{resourceArn}"),
    "UntagResource": on("{resourceArn}"),
    "ListTagsForResource": on("{resourceArn}"),
}

_SECRET = "{SecretId|secret}"


def _with_key(rules: list[Rule], *uses: str) -> list[Rule]:
    """With a key of one's own the caller uses it too."""
    through = {"kms:ViaService": "secretsmanager.{-|region}.amazonaws.com"}
    used = {"keys": through, "tagged": False, "given": "-|secret_key"}
    return rules + [rule for use in uses for rule in also(f"kms:{use}", "{-|secret_key}", **used)]


SECRETS: Table = {
    "CreateSecret": _with_key(
        with_keys(on("secret:{Name}-??????"), secretsmanager__Name="{Name}")
        + also("secretsmanager:TagResource", "secret:{Name}-??????", tagged=True, owned=False, given="Tags"),
        "GenerateDataKey", "Decrypt",
    ),
    "UpdateSecret": _with_key(on(_SECRET), "GenerateDataKey", "Encrypt", "Decrypt"),
    "PutSecretValue": _with_key(on(_SECRET), "GenerateDataKey", "Encrypt", "Decrypt"),
    "GetSecretValue": _with_key(on(_SECRET), "Decrypt"),
    "DescribeSecret": on(_SECRET),
    "DeleteSecret": on(
        _SECRET,
        keys={
            "secretsmanager:RecoveryWindowInDays": "{RecoveryWindowInDays}",
            "secretsmanager:ForceDeleteWithoutRecovery": "{ForceDeleteWithoutRecovery|truth}",
        },
    ),
    "RestoreSecret": on(_SECRET),
    "TagResource": on(_SECRET),
    "UntagResource": on(_SECRET),
    "ListSecrets": PLAIN,
    "GetRandomPassword": PLAIN,
}  # fmt: skip

KMS: Table = {
    "DescribeKey": on("{KeyId|key}", keys={"kms:RequestAlias": "{KeyId|alias}"}),
    "GenerateDataKey": on(
        "{KeyId|key}",
        keys={
            "kms:RequestAlias": "{KeyId|alias}",
            "kms:EncryptionContext:aws:ssm:TargetId": "{EncryptionContext|session_target}",
        },
    ),
    "ListAliases": PLAIN,
    "ListKeys": PLAIN,
    "GetKeyPolicy": on("{KeyId|key}"),
}

_REPOSITORY = "arn:{-|partition}:ecr:{-|region}:{registryId|registry}:repository/{repositoryName}"

ECR: Table = {
    "GetAuthorizationToken": PLAIN,
    "BatchGetImage": on(_REPOSITORY),
    "BatchCheckLayerAvailability": on(_REPOSITORY),
    "GetDownloadUrlForLayer": on(_REPOSITORY),
    "DescribeImages": on(_REPOSITORY),
    "DescribeRepositories": on("repository/{repositoryNames}"),
}

ACM: Table = {
    "ListCertificates": PLAIN,
    "DescribeCertificate": on("{CertificateArn}"),
    "GetCertificate": on("{CertificateArn}"),
    "DeleteCertificate": on("{CertificateArn}"),
    "AddTagsToCertificate": on("{CertificateArn}"),
    "RemoveTagsFromCertificate": on("{CertificateArn}"),
    # A new one has no ARN yet; with tags it needs the right to tag (ACM user guide, "Tagging ACM certificates").
    "ImportCertificate": on("{CertificateArn}", given="CertificateArn")
    + on("certificate/*", given="CertificateArn|lacking")
    + also("acm:AddTagsToCertificate", "certificate/*", tagged=True, owned=False, given="Tags"),
    "ListTagsForCertificate": on("{CertificateArn}"),
    # With tags also the action that sets them (hashicorp/terraform-provider-aws#11903).
    "RequestCertificate": on(
        "*", keys={"acm:DomainNames": "{DomainName}", "acm:ValidationMethod": "{ValidationMethod}"}
    )
    + also("acm:AddTagsToCertificate", "certificate/new", tagged=True, owned=False, given="Tags"),
}

_ZONE = "arn:{-|partition}:route53:::hostedzone/{HostedZoneId|last_part}"

ROUTE53: Table = {
    "ListHostedZones": PLAIN,
    "ListHostedZonesByName": PLAIN,
    "GetHostedZone": on("arn:{-|partition}:route53:::hostedzone/{Id|last_part}"),
    "ListResourceRecordSets": on(_ZONE),
    "ChangeResourceRecordSets": on(
        _ZONE,
        keys={
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": "{ChangeBatch|record_names}",
            "route53:ChangeResourceRecordSetsRecordTypes": "{ChangeBatch|record_types}",
            "route53:ChangeResourceRecordSetsActions": "{ChangeBatch|record_actions}",
        },
    ),
    "GetChange": on("arn:{-|partition}:route53:::change/{Id|last_part}"),
    "CreateHostedZone": PLAIN + also("ec2:DescribeVpcs", given="VPC"),
    "DeleteHostedZone": on("arn:{-|partition}:route53:::hostedzone/{Id|last_part}"),
}

# The reference's dependent actions, of the service that is asked about.
_LIMITS = also("elasticloadbalancing:DescribeAccountLimits", given="ServiceCode|is_elasticloadbalancing") + also(
    "iam:GetAccountSummary", given="ServiceCode|is_iam"
)

QUOTAS: Table = {
    "ListServiceQuotas": PLAIN + _LIMITS,
    "ListAWSDefaultServiceQuotas": PLAIN,
    "GetAWSDefaultServiceQuota": PLAIN,
    "GetServiceQuota": on("{ServiceCode}/{QuotaCode}", keys={"servicequotas:service": "{ServiceCode}"}) + _LIMITS,
    "ListServices": PLAIN,
}

PRICING: Table = {"GetProducts": PLAIN}
TAGGING: Table = {"GetResources": PLAIN, "GetTagKeys": PLAIN, "GetTagValues": PLAIN}
SSM: Table = {
    "GetParameter": on("parameter/{Name|last_part}"),
    "GetParameters": on("parameter/{Names|last_part}"),
    # The task, and AWS's document, which belongs to no account (Systems Manager user guide, "Sample IAM policies for
    # Session Manager").
    "StartSession": on(
        "arn:{-|partition}:ecs:{-|region}:{-|account}:task/{Target|task_of_session}",
        "arn:{-|partition}:ssm:{-|region}::document/{DocumentName}",
    ),
    "ResumeSession": on("session/{SessionId}"),
    "TerminateSession": on("session/{SessionId}"),
    "DescribeSessions": PLAIN,
}
