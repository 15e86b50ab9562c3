"""Existing resources that a deployment uses: keys, certificates, secrets, roles, listeners; and the journal's entries.

Source: EFS API reference, CreateFileSystem (KmsKeyId; symmetric keys only), and user guide, "Managing KMS keys for EFS
file systems" (a disabled key encrypts no new file system); KMS API reference; Elastic Load Balancing API reference; IAM
API reference, SimulatePrincipalPolicy; ECS developer guide, "Pass Secrets Manager secrets through environment
variables".
"""

import json
import uuid

import pytest
from conftest import refused
from ecs_kit import Kit

row = pytest.mark.row
TASKS = "ecs-tasks.amazonaws.com"


def key(account, **more):
    return account.client("kms").create_key(**more)["KeyMetadata"]


def file_system(account, **more):
    return account.client("efs").create_file_system(CreationToken=uuid.uuid4().hex, Encrypted=True, **more)


@row("kms:DescribeKey state, spec and usage, by id, ARN and alias", plain="fails")
def test_a_key_is_described(account):
    kms = account.client("kms")
    made = key(account)
    kms.create_alias(AliasName="alias/mine", TargetKeyId=made["KeyId"])
    alias = f"arn:aws:kms:us-east-1:{account.id}:alias/mine"
    for name in (made["KeyId"], made["Arn"], "alias/mine", alias):
        shown = kms.describe_key(KeyId=name)["KeyMetadata"]
        assert (shown["Arn"], shown["KeyState"]) == (made["Arn"], "Enabled")
        assert (shown["KeySpec"], shown["KeyUsage"]) == ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")
    kms.disable_key(KeyId=made["KeyId"])
    assert kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]["KeyState"] == "Disabled"
    signing = key(account, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    assert (signing["KeySpec"], signing["KeyUsage"]) == ("RSA_2048", "SIGN_VERIFY")
    refused(lambda: kms.describe_key(KeyId=str(uuid.uuid4())), "NotFoundException")


@row("efs:CreateFileSystem with a key by id, ARN or alias answers the key's ARN", plain="fails")
def test_a_file_system_has_its_key(account):
    made = key(account)
    account.client("kms").create_alias(AliasName="alias/mine", TargetKeyId=made["KeyId"])
    for name in (made["KeyId"], made["Arn"], "alias/mine", f"arn:aws:kms:us-east-1:{account.id}:alias/mine"):
        assert file_system(account, KmsKeyId=name)["KmsKeyId"] == made["Arn"]


@row("neg:CreateFileSystem with a key that is unknown, disabled, going or asymmetric", plain="fails")
def test_a_file_system_needs_a_usable_key(account):
    kms = account.client("kms")
    disabled, going = key(account)["KeyId"], key(account)["KeyId"]
    kms.disable_key(KeyId=disabled)
    kms.schedule_key_deletion(KeyId=going, PendingWindowInDays=7)
    signing = key(account, KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyId"]
    for name in (str(uuid.uuid4()), "alias/ghost", disabled, going, signing):
        refused(lambda: file_system(account, KmsKeyId=name), "BadRequest")


@row("acm: an imported certificate is ISSUED and described; a requested one is PENDING_VALIDATION", plain="passes")
def test_certificates(account):
    acm = account.client("acm")
    arn = acm.request_certificate(DomainName="ce.example.com", ValidationMethod="DNS")["CertificateArn"]
    shown = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert (shown["DomainName"], shown["Status"]) == ("ce.example.com", "PENDING_VALIDATION")
    ghost = arn[:-4] + ("0000" if arn[-4:] != "0000" else "1111")
    refused(lambda: acm.describe_certificate(CertificateArn=ghost), "ResourceNotFoundException")


@row("a listener of others: a second port is taken, the same port is refused, rules forward to a group", plain="fails")
def test_an_existing_balancer(account):
    kit, elb = Kit(account), account.client("elbv2")
    theirs, ours = kit.target_group(attached=False), kit.target_group(attached=False)
    balancer = kit.attach(theirs)
    forward = [{"Type": "forward", "TargetGroupArn": ours}]
    wanted = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "DefaultActions": forward}
    refused(lambda: elb.create_listener(Port=80, **wanted), "DuplicateListener")
    first = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    condition = [{"Field": "host-header", "Values": ["ce.example.com"]}]
    rule = elb.create_rule(ListenerArn=first, Priority=10, Conditions=condition, Actions=forward)["Rules"][0]

    def attached():
        return elb.describe_target_groups(TargetGroupArns=[ours])["TargetGroups"][0]["LoadBalancerArns"]

    assert attached() == [balancer]
    kit.create(loadBalancers=kit.balanced(ours))
    account.advance(300)
    assert kit.primary()["rolloutState"] == "COMPLETED"
    elb.delete_rule(RuleArn=rule["RuleArn"])
    assert attached() == []
    second = elb.create_listener(Port=8443, **wanted)["Listeners"][0]["ListenerArn"]
    assert attached() == [balancer]
    elb.delete_listener(ListenerArn=second)
    assert [li["Port"] for li in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]] == [80]


@row("iam:SimulatePrincipalPolicy each action on each resource, managed and inline policies together", plain="fails")
def test_a_role_is_simulated(account):
    iam = account.client("iam")
    arn = account.role("mine")
    statement = lambda action, resource: json.dumps(  # noqa: E731
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    )
    iam.put_role_policy(
        RoleName="mine",
        PolicyName="in",
        PolicyDocument=statement("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/a:*"),
    )
    managed = iam.create_policy(PolicyName="out", PolicyDocument=statement("ecr:*", "*"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="mine", PolicyArn=managed)
    answer = iam.simulate_principal_policy(
        PolicySourceArn=arn,
        ActionNames=["logs:PutLogEvents", "ecr:BatchGetImage"],
        ResourceArns=[
            "arn:aws:logs:us-east-1:1:log-group:/a:log-stream:x",
            "arn:aws:logs:us-east-1:1:log-group:/b:log-stream:x",
        ],
    )["EvaluationResults"]
    decided = {
        (result["EvalActionName"], one["EvalResourceName"].split(":")[6]): one["EvalResourceDecision"]
        for result in answer
        for one in result["ResourceSpecificResults"]
    }
    assert decided == {
        ("logs:PutLogEvents", "/a"): "allowed",
        ("logs:PutLogEvents", "/b"): "implicitDeny",
        ("ecr:BatchGetImage", "/a"): "allowed",
        ("ecr:BatchGetImage", "/b"): "allowed",
    }


@row("iam: a permissions boundary bounds the simulated role, and is described", plain="fails")
def test_a_boundary_bounds(account):
    iam = account.client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
    boundary = iam.create_policy(PolicyName="edge", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": TASKS}, "Action": "sts:AssumeRole"}],
    }
    arn = iam.create_role(
        RoleName="bounded", AssumeRolePolicyDocument=json.dumps(trust), PermissionsBoundary=boundary
    )["Role"]["Arn"]
    document["Statement"][0]["Action"] = "*"
    iam.put_role_policy(RoleName="bounded", PolicyName="all", PolicyDocument=json.dumps(document))
    shown = iam.get_role(RoleName="bounded")["Role"]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"] == boundary
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["logs:PutLogEvents", "s3:GetObject"])
    decided = [r["EvalDecision"] for r in answer["EvaluationResults"]]
    assert decided == ["allowed", "implicitDeny"]
    assert answer["EvaluationResults"][1]["PermissionsBoundaryDecisionDetail"] == {
        "AllowedByPermissionsBoundary": False
    }
    iam.delete_role_permissions_boundary(RoleName="bounded")
    assert "PermissionsBoundary" not in iam.get_role(RoleName="bounded")["Role"]
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=boundary)
    refused(
        lambda: iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=boundary + "x"),
        "NoSuchEntity",
    )


@row("a whole secret and a key of another one are injected; the execution role must read both", plain="fails")
@pytest.mark.parametrize("allowed", ["both", "one"])
def test_two_secrets(account, allowed):
    kit, secrets = Kit(account), account.client("secretsmanager")
    plain = secrets.create_secret(Name="ca", SecretString="-----BEGIN CERTIFICATE-----")["ARN"]
    proxy = secrets.create_secret(Name="proxy", SecretString=json.dumps({"http_proxy": "http://u:p@10.0.0.5"}))["ARN"]
    kit.role
    account.client("iam").put_role_policy(RoleName="probe", PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "NotAction": "secretsmanager:*", "Resource": "*"},
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
             "Resource": [plain, proxy] if allowed == "both" else [plain]},
        ],
    }))
    named = [{"name": "CA", "valueFrom": plain}, {"name": "PROXY", "valueFrom": f"{proxy}:http_proxy::"}]
    task = kit.run(kit.register(kit.container(secrets=named)))["taskArn"]
    account.advance(200)
    task = kit.task(task)
    if allowed == "both":
        assert task["lastStatus"] == "RUNNING"
    else:
        assert "AccessDeniedException" in task["stoppedReason"] and "GetSecretValue" in task["stoppedReason"]


@row("the journal keeps every id and ARN that a changing call names, and no secret value", plain="absent")
def test_the_journal_names_what_is_changed(account):
    kit = Kit(account)
    group = kit.target_group()
    kit.create(loadBalancers=kit.balanced(group))
    account.client("secretsmanager").create_secret(Name="s", SecretString="hidden-value")
    account.client("ec2").create_tags(Resources=[kit.net["vpc"]], Tags=[{"Key": "a", "Value": "b"}])
    calls = {c["operation"]: json.dumps(c["request"]) for c in account.journal() if c["mutating"]}
    assert group in calls["CreateService"] and kit.net["sg"] in calls["CreateService"]
    assert all(subnet in calls["CreateService"] for subnet in kit.net["subnets"])
    assert kit.net["vpc"] in calls["CreateTags"] and kit.net["vpc"] in calls["CreateTargetGroup"]
    assert "hidden-value" not in json.dumps(account.journal())
