"""IAM: documents and sizes that AWS refuses, the simulator, service-linked roles."""

import json

import pytest
from conftest import refused
from policy_kit import as_json

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def document(**statement):
    return as_json({"Effect": "Allow", **statement})


@pytest.mark.row("neg:CreateRole malformed trust -> MalformedPolicyDocument", plain="fails")
@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Maybe"},
        {"Principal": {"Service": "not a service"}},
        {"Principal": {"Nobody": "x"}},
        {"Resource": "*"},
        {"Action": "ec2:DescribeVpcs"},
    ],
)
def test_malformed_trust_policy(account, change):
    wrong = {"Version": "2012-10-17", "Statement": [TRUST["Statement"][0] | change]}
    create = account.client("iam").create_role
    refused(lambda: create(RoleName="probe", AssumeRolePolicyDocument=json.dumps(wrong)), "MalformedPolicyDocument")
    create(RoleName="probe", AssumeRolePolicyDocument=json.dumps(TRUST))


@pytest.mark.row("neg:CreateRole malformed trust: not JSON", plain="passes")
def test_trust_policy_that_is_no_json(account):
    create = account.client("iam").create_role
    refused(lambda: create(RoleName="probe", AssumeRolePolicyDocument="{"), "MalformedPolicyDocument")


@pytest.mark.row("neg:PutRolePolicy >10240 bytes -> LimitExceeded", plain="fails")
def test_inline_policies_of_a_role_have_10240_characters(account):
    account.role()
    iam = account.client("iam")

    def put(name, resources):
        arns = [f"arn:aws:s3:::{'x' * 50}{n:03}" for n in range(resources)]
        iam.put_role_policy(
            RoleName="probe", PolicyName=name, PolicyDocument=document(Action="s3:GetObject", Resource=arns)
        )

    refused(lambda: put("large", 200), "LimitExceeded", status=409)
    put("half", 100)
    refused(lambda: put("other-half", 100), "LimitExceeded")
    put("half", 120)


@pytest.mark.row("neg:PutRolePolicy malformed -> MalformedPolicyDocument", plain="passes")
def test_malformed_role_policy(account):
    account.role()
    put = account.client("iam").put_role_policy
    for wrong in ("{", document(Action="s3:GetObject"), document(Action="everything", Resource="*")):
        refused(lambda: put(RoleName="probe", PolicyName="p", PolicyDocument=wrong), "MalformedPolicyDocument")


@pytest.mark.row("iam:SimulatePrincipalPolicy", plain="fails")
def test_simulate_principal_policy(account):
    arn, iam = account.role(), account.client("iam")
    secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:mine"
    iam.put_role_policy(
        RoleName="probe",
        PolicyName="p",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": secret},
                    {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
                    {"Effect": "Deny", "Action": "ec2:DeleteVpc", "Resource": "*"},
                ],
            }
        ),
    )

    def decisions(**more):
        actions = ["secretsmanager:GetSecretValue", "ec2:DescribeVpcs", "ec2:DeleteVpc", "iam:CreateRole"]
        answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions, **more)
        return [result["EvalDecision"] for result in answer["EvaluationResults"]]

    assert decisions() == ["implicitDeny", "allowed", "explicitDeny", "implicitDeny"]
    assert decisions(ResourceArns=[secret]) == ["allowed", "allowed", "explicitDeny", "implicitDeny"]
    assert decisions(ResourceArns=[secret, secret + "s"]) == ["implicitDeny", "allowed", "explicitDeny", "implicitDeny"]
    answer = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["secretsmanager:GetSecretValue"], ResourceArns=[secret, secret + "s"]
    )
    (result,) = answer["EvaluationResults"]
    inside = {one["EvalResourceName"]: one["EvalResourceDecision"] for one in result["ResourceSpecificResults"]}
    assert inside == {secret: "allowed", secret + "s": "implicitDeny"}
    refused(lambda: iam.simulate_principal_policy(PolicySourceArn=arn + "x", ActionNames=["a:b"]), "NoSuchEntity")


@pytest.mark.row("iam:SimulateCustomPolicy", plain="fails")
def test_simulate_custom_policy(account):
    answer = account.client("iam").simulate_custom_policy(
        PolicyInputList=[document(Action="s3:Get*", Resource="*", Condition={"Bool": {"aws:SecureTransport": "true"}})],
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ContextEntries=[
            {"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}
        ],
    )
    assert [r["EvalDecision"] for r in answer["EvaluationResults"]] == ["allowed", "implicitDeny"]


@pytest.mark.row("service-linked roles: created once", plain="passes")
@pytest.mark.parametrize(
    "service, name",
    [
        ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
        ("elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing"),
    ],
)
def test_service_linked_role_is_created_once(account, service, name):
    iam = account.client("iam")
    refused(lambda: iam.get_role(RoleName=name), "NoSuchEntity")
    role = iam.create_service_linked_role(AWSServiceName=service)["Role"]
    assert role["RoleName"] == name and role["Path"] == f"/aws-service-role/{service}/"
    refused(lambda: iam.create_service_linked_role(AWSServiceName=service), "InvalidInput")
    assert iam.get_role(RoleName=name)["Role"]["Arn"] == role["Arn"]


@pytest.mark.row("service-linked roles: protected", plain="fails")
def test_service_linked_role_cannot_be_changed(account):
    iam = account.client("iam")
    name = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]["RoleName"]
    refused(lambda: iam.delete_role(RoleName=name), "UnmodifiableEntity")
    change = document(Action="s3:*", Resource="*")
    refused(lambda: iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=change), "UnmodifiableEntity")


@pytest.mark.row(
    "neg:CreateRole duplicate -> EntityAlreadyExists; DeleteRole with policies -> DeleteConflict", plain="passes"
)
def test_role_conflicts(account):
    account.role()
    iam = account.client("iam")
    refused(
        lambda: iam.create_role(RoleName="probe", AssumeRolePolicyDocument=json.dumps(TRUST)),
        "EntityAlreadyExists",
        status=409,
    )
    iam.put_role_policy(RoleName="probe", PolicyName="p", PolicyDocument=document(Action="s3:*", Resource="*"))
    refused(lambda: iam.delete_role(RoleName="probe"), "DeleteConflict", status=409)
    iam.delete_role_policy(RoleName="probe", PolicyName="p")
    iam.delete_role(RoleName="probe")
    refused(lambda: iam.get_role(RoleName="probe"), "NoSuchEntity", status=404)


@pytest.mark.row("IAM propagation: a policy naming a new or absent role is refused", plain="fails")
def test_new_role_is_unknown_to_other_services(account):
    s3, bucket = account.client("s3"), f"probe-iam-{account.id}"
    s3.create_bucket(Bucket=bucket)

    def grant(arn):
        s3.put_bucket_policy(
            Bucket=bucket,
            Policy=document(Principal={"AWS": arn}, Action="s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*"),
        )

    refused(lambda: grant(f"arn:aws:iam::{account.id}:role/absent"), "MalformedPolicy")
    arn = account.role(settle=0)
    refused(lambda: grant(arn), "MalformedPolicy")
    account.advance(15)
    grant(arn)
