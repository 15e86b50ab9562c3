"""Each sort of request that AWS's models do not allow is noticed; what they allow is not."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import cbor2
import pytest
from conftest import REGION, URL
from policy_kit import as_json

XML = '<{0} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{1}</{0}>'


def violations(account):
    """(sort, member) of all that was wrong with the account's last call."""
    return sorted((one["sort"], one["member"]) for one in account.journal()[-1]["violations"])


def requests():
    """What was checked in all accounts."""
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        f"{URL}/_emulator/requests", timeout=20
    ) as answer:
        return json.load(answer)


def form(account, service, version, **parameters):
    """A call in the query or ec2 protocol, as it is written here and not as botocore would write it."""
    body = "&".join(f"{name}={urllib.request.quote(value)}" for name, value in parameters.items())
    send(account, service, "POST", "/", f"Action={parameters['Action']}&Version={version}&{body.partition('&')[2]}",
         {"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip


def send(account, service, method, path, body, headers):
    """A signed call; what is answered, whatever that is."""
    body = body if isinstance(body, bytes) else body.encode()
    request = botocore.awsrequest.AWSRequest(method, URL + path, headers, body)
    credentials = botocore.credentials.Credentials(account.id, "test")
    botocore.auth.SigV4Auth(credentials, service, REGION).add_auth(request)
    prepared = urllib.request.Request(URL + path, body, dict(request.headers), method=method)
    try:
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(prepared, timeout=20).read()
    except urllib.error.HTTPError as answer:
        return answer.read()


def ecs(account, operation, body):
    target = f"AmazonEC2ContainerServiceV20141113.{operation}"
    send(
        account,
        "ecs",
        "POST",
        "/",
        json.dumps(body),
        {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"},
    )


@pytest.mark.row("requests against AWS's models: JSON", plain="absent")
@pytest.mark.parametrize(
    "operation, body, wrong",
    [
        ("ListClusters", {"maxResults": 10}, []),
        ("DescribeTasks", {"cluster": "c"}, [("required", "tasks")]),
        ("ListClusters", {"maxResult": 10}, [("unknown", "maxResult")]),
        ("ListClusters", {"maxResults": "10"}, [("type", "maxResults")]),
        ("ListClusters", {"maxResults": True}, [("type", "maxResults")]),
        ("ListClusters", {"nextToken": None}, [("type", "nextToken")]),
        ("DescribeClusters", {"include": ["TAGS", "TAG"]}, [("enum", "include[1]")]),
        ("CreateCluster", {"tags": [{"key": "k", "valu": "v"}]}, [("unknown", "tags[0].valu")]),
        ("CreateCluster", {"tags": [{"key": "", "value": "v"}]}, [("length", "tags[0].key")]),
        ("CreateCluster", {"tags": [{"key": "k" * 129}]}, [("length", "tags[0].key")]),
        ("CreateCluster", {"tags": [{"key": "a\u00b6"}]}, [("pattern", "tags[0].key")]),
        ("CreateCluster", {"tags": [{"key": str(n)} for n in range(51)]}, [("length", "tags")]),
    ],
)
def test_json(account, operation, body, wrong):
    ecs(account, operation, body)
    assert violations(account) == wrong


METRICS = {"StartTime": datetime.fromtimestamp(0.5, UTC), "EndTime": datetime.fromtimestamp(60, UTC)}


def cloudwatch(account, body):
    """GetMetricData as the AWS SDK for Rust sends it; the answer."""
    path = "/service/GraniteServiceVersion20100801/operation/GetMetricData"
    headers = {"Smithy-Protocol": "rpc-v2-cbor", "Content-Type": "application/cbor", "Accept": "application/cbor"}
    return cbor2.loads(send(account, "monitoring", "POST", path, cbor2.dumps(body, datetime_as_timestamp=True), headers))


@pytest.mark.row("requests against AWS's models: CBOR", plain="absent")
@pytest.mark.parametrize(
    "body, wrong",
    [
        (METRICS | {"MetricDataQueries": [{"Id": "a"}]}, []),
        (METRICS, [("required", "MetricDataQueries")]),
        (METRICS | {"MetricDataQueries": [], "EndTime": 60}, [("type", "EndTime")]),
        (METRICS | {"MetricDataQueries": [], "Max": 1}, [("unknown", "Max")]),
        (METRICS | {"MetricDataQueries": [{"Id": ""}]}, [("length", "MetricDataQueries[0].Id")]),
        (METRICS | {"MetricDataQueries": [], "ScanBy": "Random"}, [("enum", "ScanBy")]),
    ],
)
def test_cbor(account, body, wrong):
    cloudwatch(account, body)
    assert violations(account) == wrong


@pytest.mark.row("cloudwatch: RPC v2 CBOR, with the errors of the query protocol", plain="fails")
def test_cbor_is_answered(account):
    metric = {"Namespace": "AWS/EFS", "MetricName": "TotalIOBytes"}
    query = {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
    answer = cloudwatch(account, METRICS | {"MetricDataQueries": [query]})
    assert [(one["Id"], one["Values"]) for one in answer["MetricDataResults"]] == [("a", [])]
    answer = cloudwatch(account, METRICS | {"MetricDataQueries": [query], "NextToken": "nothing"})
    assert answer["__type"].endswith("InvalidNextToken")


@pytest.mark.row("requests against AWS's models: form parameters", plain="absent")
@pytest.mark.parametrize(
    "parameters, wrong",
    [
        ({"Action": "DescribeVpcs", "Filter.1.Name": "vpc-id", "Filter.1.Value.1": "vpc-1", "DryRun": "false"}, []),
        ({"Action": "DescribeVpcs", "Filters.1.Name": "vpc-id"}, [("unknown", "Filters")]),
        ({"Action": "DescribeVpcs", "Filter.1.Named": "vpc-id"}, [("unknown", "Filter[0].Named")]),
        ({"Action": "DescribeVpcs", "Filter.2.Name": "vpc-id"}, [("unknown", "Filters.2")]),
        ({"Action": "DescribeVpcs", "MaxResults": "1001"}, [("range", "MaxResults")]),
        ({"Action": "CreateSubnet"}, [("required", "VpcId")]),
        (
            {"Action": "CreateNatGateway", "SubnetId": "subnet-1", "ConnectivityType": "open"},
            [("enum", "ConnectivityType")],
        ),
    ],
)
def test_ec2(account, parameters, wrong):
    form(account, "ec2", "2016-11-15", **parameters)
    assert violations(account) == [(sort, member.replace("Filter[", "Filters[")) for sort, member in wrong]


@pytest.mark.row("requests against AWS's models: form parameters, query", plain="absent")
@pytest.mark.parametrize(
    "parameters, wrong",
    [
        ({"Names.member.1": "a"}, []),
        ({"Names": ""}, []),
        ({"Names.1": "a"}, [("unknown", "Names.1")]),
        ({"PageSize": "401"}, [("range", "PageSize")]),
        ({"Names.member.1": "a", "Names.list.1": "b"}, [("unknown", "Names.list")]),
    ],
)
def test_query(account, parameters, wrong):
    form(account, "elasticloadbalancing", "2015-12-01", Action="DescribeLoadBalancers", **parameters)
    assert violations(account) == wrong


@pytest.mark.row("requests against AWS's models: REST with JSON", plain="absent")
@pytest.mark.parametrize(
    "method, path, body, wrong",
    [
        ("GET", "?MaxItems=10", None, []),
        ("GET", "?MaxItem=10", None, [("unknown", "?MaxItem")]),
        ("GET", "?MaxItems=0", None, [("range", "MaxItems")]),
        ("GET", "?FileSystemId=fs-no", None, [("pattern", "FileSystemId")]),
        ("POST", "", {"CreationToken": "t", "PerformanceMode": "generalPurpose"}, []),
        ("POST", "", {"Encrypted": True}, [("required", "CreationToken")]),
        ("POST", "", {"CreationToken": "t", "encrypted": True}, [("unknown", "encrypted")]),
        ("POST", "", {"CreationToken": "t", "Encrypted": "true"}, [("type", "Encrypted")]),
        (
            "POST",
            "",
            {"CreationToken": "t", "ProvisionedThroughputInMibps": 0.5},
            [("range", "ProvisionedThroughputInMibps")],
        ),
    ],
)
def test_rest_json(account, method, path, body, wrong):
    text = "" if body is None else json.dumps(body)
    send(
        account,
        "elasticfilesystem",
        method,
        f"/2015-02-01/file-systems{path}",
        text,
        {"Content-Type": "application/json"},
    )
    assert violations(account) == wrong


@pytest.mark.row("requests against AWS's models: AWS's own vault, which its model does not have", plain="absent")
@pytest.mark.parametrize(
    "vault, wrong", [("aws/efs/automatic-backup-vault", []), ("aws/efs/vault", [("pattern", "BackupVaultName")])]
)
def test_vault_of_automatic_backups(account, vault, wrong):
    path = f"/backup-vaults/{urllib.request.quote(vault, safe='')}/recovery-points/"
    send(account, "backup", "GET", path, "", {"Content-Type": "application/json"})
    assert violations(account) == wrong


VERSIONING = ("VersioningConfiguration", "<Status>Enabled</Status>")


@pytest.mark.row("requests against AWS's models: REST with XML", plain="absent")
@pytest.mark.parametrize(
    "query, root, inner, headers, wrong",
    [
        ("versioning", *VERSIONING, {"Content-MD5": "x"}, []),
        ("versioning", *VERSIONING, {}, [("required", "x-amz-checksum-*")]),
        ("versioning&x=1", *VERSIONING, {"Content-MD5": "x"}, [("unknown", "?x")]),
        ("versioning", *VERSIONING, {"Content-MD5": "x", "x-amz-acls": "private"}, [("unknown", "x-amz-acls")]),
        ("versioning", "Versioning", VERSIONING[1], {"Content-MD5": "x"}, [("unknown", "Versioning")]),
        ("versioning", VERSIONING[0], "<Status>On</Status>", {"Content-MD5": "x"},
            [("enum", "VersioningConfiguration.Status")]),
        ("versioning", VERSIONING[0], "<State/>", {"Content-MD5": "x"}, [("unknown", "VersioningConfiguration.State")]),
        ("tagging", "Tagging", "<TagSet><Tag><Key>k</Key></Tag></TagSet>", {"Content-MD5": "x"},
         [("required", "Tagging.TagSet[0].Value")]),
    ],
)  # fmt: skip
def test_rest_xml(account, query, root, inner, headers, wrong):
    path, content = f"/probe-conformance-{account.id}?{query}", {"Content-Type": "application/xml"}
    send(account, "s3", "PUT", path, XML.format(root, inner), headers | content)
    assert violations(account) == wrong


TRUST = {"Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
POLICY = {"Action": "ecs:RunTask", "Resource": "arn:aws:ecs:*:*:task-definition/ce-*:*"}
TASK = "arn:aws:ecs:*:*:task/ce/*"


@pytest.mark.row("IAM documents against the Service Authorization Reference", plain="absent")
@pytest.mark.parametrize(
    "statement, wrong",
    [
        (TRUST, None),
        (TRUST | {"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}, None),
        (TRUST | {"Action": "sts:AssumeRoles"}, "no action sts:AssumeRoles"),
        (POLICY, None),
        (POLICY | {"Action": ["ecs:Run*", "ecs:Started*"]}, "no action ecs:Started*"),
        (POLICY | {"Resource": TASK}, f"ecs:RunTask is not for {TASK}"),
        (POLICY | {"Resource": [POLICY["Resource"], TASK]}, f"no action is for {TASK}"),
        (POLICY | {"Action": "ecs:ListClusters"}, f"ecs:ListClusters is not for {POLICY['Resource']}"),
        (POLICY | {"Condition": {"StringEquals": {"aws:RequestTag/a": "b"}}}, None),
        (POLICY | {"Condition": {"StringEquals": {"ecs:clusters": "b"}}}, "no condition key ecs:clusters"),
        (POLICY | {"Condition": {"StringEquals": {"aws:SourceAcount": "b"}}}, "no condition key aws:SourceAcount"),
        ({"Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::bucket"},
            "s3:GetObject is not for arn:aws:s3:::bucket"),
        ({"Action": ["s3:GetBucketPolicy"], "Resource": "arn:aws:s3:::b/*"},
            "s3:GetBucketPolicy is not for arn:aws:s3:::b/*"),
        ({"Action": "iam:GetRole", "Resource": "*",
            "Condition": {"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}}},
         "iam:GetRole never carries iam:passedtoservice"),
    ],
)  # fmt: skip
def test_documents(account, statement, wrong):
    document = as_json({"Effect": "Allow"} | statement)
    iam = account.client("iam")
    if "Principal" in statement:
        call = lambda: iam.create_role(RoleName="probe", AssumeRolePolicyDocument=document)  # noqa: E731
    else:
        call = lambda: iam.create_policy(PolicyName="probe", PolicyDocument=document)  # noqa: E731
    try:
        call()
    except iam.exceptions.ClientError:
        pass
    found = [one["what"] for one in account.journal()[-1]["violations"]]
    assert found and wrong in found if wrong else not found, found


@pytest.mark.row("requests against AWS's models: kept for the program under test alone", plain="absent")
def test_violations_are_kept_for_the_program_only(account):
    before = requests()
    for agent in ("probe", "aws-sdk-rust/1.0 probe"):
        config = botocore.config.Config(user_agent=agent, parameter_validation=False)
        other = boto3.client(
            "ecs", REGION, endpoint_url=URL, config=config, aws_access_key_id=account.id, aws_secret_access_key="s"
        )
        with pytest.raises(other.exceptions.ClientError):
            other.describe_tasks(cluster="c")
        kept = account.control("violations")
        assert [one["member"] for one in kept] == ([] if agent == "probe" else ["tasks"])
    after = requests()
    assert after["requests"] > before["requests"] and after["violations"] > before["violations"]
    account.control("violations", method="DELETE")
    assert account.control("violations") == [] and requests()["violations"] == before["violations"]
