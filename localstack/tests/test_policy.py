"""The language of IAM's policies, through the simulator."""

import json

import pytest
from conftest import refused
from policy_kit import document


def decided(account, statement, action="s3:GetObject", resource="*", **context):
    """What the simulator says of one statement; keys of the context are written `aws__SecureTransport`."""
    entries = [
        {"ContextKeyName": name.replace("__", ":"), "ContextKeyType": "stringList", "ContextKeyValues": values}
        for name, values in context.items()
    ]
    answer = account.client("iam").simulate_custom_policy(
        PolicyInputList=[json.dumps(document(statement))],
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=entries,
    )
    return answer["EvaluationResults"][0]["EvalDecision"]


@pytest.mark.row("IAM evaluation: actions and resources", plain="fails")
@pytest.mark.parametrize(
    "statement, action, resource, expected",
    [
        ({"Action": "s3:Get*"}, "s3:GetObject", "*", "allowed"),
        ({"Action": "s3:Get*"}, "s3:PutObject", "*", "implicitDeny"),
        ({"Action": "S3:getobject"}, "s3:GetObject", "*", "allowed"),
        ({"Action": "s3:GetObjec?"}, "s3:GetObject", "*", "allowed"),
        ({"NotAction": "s3:Put*"}, "s3:GetObject", "*", "allowed"),
        ({"NotAction": "s3:Get*"}, "s3:GetObject", "*", "implicitDeny"),
        ({"Action": "*"}, "s3:GetObject", "*", "allowed"),
        ({"Action": "*", "Effect": "Deny"}, "s3:GetObject", "*", "explicitDeny"),
        ({"Action": "*", "Resource": "arn:aws:s3:::a/*"}, "s3:GetObject", "arn:aws:s3:::a/b", "allowed"),
        ({"Action": "*", "Resource": "arn:aws:s3:::a/*"}, "s3:GetObject", "arn:aws:s3:::A/b", "implicitDeny"),
        ({"Action": "*", "Resource": "arn:aws:s3:::a/*"}, "s3:GetObject", "*", "implicitDeny"),
        ({"Action": "*", "NotResource": "arn:aws:s3:::a/*"}, "s3:GetObject", "arn:aws:s3:::a/b", "implicitDeny"),
        ({"Action": "*", "NotResource": "arn:aws:s3:::a/*"}, "s3:GetObject", "arn:aws:s3:::c/b", "allowed"),
        # A wildcard stays within its part of the ARN, except in the last.
        ({"Action": "*", "Resource": "arn:aws:logs:*:log-group:x"}, "logs:PutRetentionPolicy",
         "arn:aws:logs:us-east-1:111122223333:log-group:x", "implicitDeny"),
        ({"Action": "*", "Resource": "arn:aws:logs:*:*:log-group:*"}, "logs:PutRetentionPolicy",
         "arn:aws:logs:us-east-1:111122223333:log-group:x:log-stream:", "allowed"),
    ],
)  # fmt: skip
def test_actions_and_resources(account, statement, action, resource, expected):
    assert decided(account, statement, action, resource) == expected


ROLE = "arn:aws:iam::111122223333:role/ce-aws/prod/task"


@pytest.mark.row("IAM evaluation: conditions", plain="fails")
@pytest.mark.parametrize(
    "operator, wanted, given, expected",
    [
        ("StringEquals", "a", ["a"], True),
        ("StringEquals", ["b", "a"], ["a"], True),
        ("StringEquals", "a", ["A"], False),
        ("StringEquals", "a*", ["ab"], False),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringEqualsIfExists", "a", ["b"], False),
        ("StringNotEquals", "a", ["b"], True),
        ("StringNotEquals", ["a", "b"], ["b"], False),
        ("StringNotEquals", "a", None, True),
        ("StringEqualsIgnoreCase", "a", ["A"], True),
        ("StringLike", "a*", ["ab"], True),
        ("StringLike", "a?", ["abc"], False),
        ("StringNotLike", "a*", ["ab"], False),
        ("ArnLike", "arn:aws:iam::*:role/ce-aws/*", [ROLE], True),
        ("ArnLike", "arn:aws:*:role/ce-aws/*", [ROLE], False),
        ("ArnEquals", ROLE, [ROLE], True),
        ("ArnNotLike", "arn:aws:iam::*:role/ce-aws/*", [ROLE], False),
        ("Bool", "true", ["True"], True),
        ("Bool", True, ["false"], False),
        ("Null", "true", None, True),
        ("Null", "true", ["a"], False),
        ("Null", "false", ["a"], True),
        ("NumericLessThan", "10", ["9"], True),
        ("NumericLessThan", "10", ["10"], False),
        ("NumericGreaterThanEquals", "10", ["ten"], False),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", ["2026-01-02T00:00:00Z"], True),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", ["2025-01-02T00:00:00Z"], False),
        ("IpAddress", "10.0.0.0/8", ["10.1.2.3"], True),
        ("NotIpAddress", "10.0.0.0/8", ["10.1.2.3"], False),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAnyValue:StringEquals", ["a", "b"], ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["a"], ["c"], False),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("ForAllValues:StringNotEquals", ["a"], ["b", "c"], True),
        ("ForAllValues:StringNotEquals", ["a"], ["a", "c"], False),
    ],
)
def test_condition_operators(account, operator, wanted, given, expected):
    statement = {"Action": "*", "Condition": {operator: {"AWS:RequestTag/Owner": wanted}}}
    context = {} if given is None else {"aws__RequestTag/owner": given}
    assert decided(account, statement, **context) == ("allowed" if expected else "implicitDeny")


@pytest.mark.row("IAM evaluation: variables, several conditions, unknown operators", plain="fails")
def test_variables_and_several_conditions(account):
    own = {"Action": "*", "Resource": "arn:aws:s3:::${aws:PrincipalAccount}-logs"}
    assert decided(account, own, resource="arn:aws:s3:::1-logs", aws__PrincipalAccount=["1"]) == "allowed"
    assert decided(account, own, resource="arn:aws:s3:::1-logs", aws__PrincipalAccount=["2"]) == "implicitDeny"
    assert decided(account, own, resource="arn:aws:s3:::1-logs") == "implicitDeny"
    both = {"Action": "*", "Condition": {"StringEquals": {"aws:a": "1", "aws:b": "2"}, "Bool": {"aws:c": "true"}}}
    assert decided(account, both, aws__a=["1"], aws__b=["2"], aws__c=["true"]) == "allowed"
    assert decided(account, both, aws__a=["1"], aws__b=["2"], aws__c=["false"]) == "implicitDeny"
    assert decided(account, both, aws__a=["1"], aws__c=["true"]) == "implicitDeny"
    refused(lambda: decided(account, {"Action": "*", "Condition": {"StringResembles": {"aws:a": "1"}}}), "InvalidInput")
