"""IAM documents: policies for the caller of a test, and those that tests store."""

import json

REGION = "us-east-1"
VERSION = "2012-10-17"


def document(*statements):
    """A policy; statements allow, and on all resources, unless they say otherwise."""
    allow = [{"Effect": "Allow", "Resource": "*"} | statement for statement in statements]
    for statement in allow:
        if "NotResource" in statement:
            del statement["Resource"]
    return {"Version": VERSION, "Statement": allow}


def as_json(*statements):
    """A document with exactly these statements."""
    return json.dumps({"Version": VERSION, "Statement": statements})


def trust(service="ecs-tasks.amazonaws.com"):
    """Who may assume a role, as JSON."""
    return as_json({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def only(account, *statements, **settings):
    """From now on the caller may do this and nothing else."""
    account.settings(**{"iam.caller_policy": document(*statements)} | settings)


def anything(account):
    """From now on the caller is the account's root again."""
    account.settings(**{"iam.caller_policy": None})


def vpc_arn(account, identity="*"):
    """ARN of a VPC; of one that is yet to be made."""
    return f"arn:aws:ec2:{REGION}:{account.id}:vpc/{identity}"


def tagged(kind, **tags):
    """EC2's TagSpecifications."""
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
