"""The emulator's own controls, and the behaviours that concern every service."""

import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.config
import botocore.exceptions
import pytest
from conftest import refused


def vpc_ids(account):
    return {vpc["VpcId"] for vpc in account.client("ec2").describe_vpcs()["Vpcs"] if not vpc["IsDefault"]}


@pytest.mark.row("neg:ec2 DryRun -> DryRunOperation", plain="fails")
def test_dry_run_is_answered_and_not_executed(account):
    ec2 = account.client("ec2")
    refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True), "DryRunOperation", status=412)
    refused(lambda: ec2.describe_vpcs(DryRun=True), "DryRunOperation")
    assert vpc_ids(account) == set()


@pytest.mark.row("IAM enforcement", plain="fails")
def test_caller_is_refused_what_its_policy_does_not_allow(account):
    allowed = ["ec2:Describe*", "ecs:ListClusters", "s3:ListAllMyBuckets"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
    account.settings(**{"iam.caller_policy": document})
    ec2, ecs, s3 = account.client("ec2"), account.client("ecs"), account.client("s3")
    ec2.describe_vpcs(), ecs.list_clusters(), s3.list_buckets(), account.client("sts").get_caller_identity()
    refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True), "UnauthorizedOperation", status=403)
    refused(lambda: ec2.describe_vpcs(DryRun=True), "DryRunOperation")
    refused(lambda: ecs.create_cluster(clusterName="probe"), "AccessDeniedException", status=400)
    refused(lambda: s3.create_bucket(Bucket=f"probe-access-{account.id}"), "AccessDenied", status=403)
    refused(lambda: account.client("iam").list_roles(), "AccessDenied", status=403)
    refused(lambda: account.client("efs").describe_file_systems(), "AccessDeniedException", status=403)


@pytest.mark.row("throttling, 5xx, lost answers, latency", plain="fails")
@pytest.mark.parametrize(
    "service, call, code, status",
    [
        ("ec2", lambda c: c.describe_vpcs(), "RequestLimitExceeded", 503),
        ("iam", lambda c: c.list_roles(), "Throttling", 400),
        ("elbv2", lambda c: c.describe_load_balancers(), "Throttling", 400),
        ("s3", lambda c: c.list_buckets(), "SlowDown", 503),
        ("ecs", lambda c: c.list_clusters(), "ThrottlingException", 400),
        ("efs", lambda c: c.describe_file_systems(), "ThrottlingException", 429),
        ("secretsmanager", lambda c: c.list_secrets(), "ThrottlingException", 400),
        ("logs", lambda c: c.describe_log_groups(), "ThrottlingException", 400),
        ("resourcegroupstaggingapi", lambda c: c.get_resources(), "ThrottledException", 400),
    ],
)
def test_throttling_in_the_words_of_each_service(account, service, call, code, status):
    account.fault(service=service, kind="throttle", times=1)
    refused(lambda: call(account.client(service)), code, status=status)
    call(account.client(service))


@pytest.mark.row("throttling, 5xx, lost answers, latency: 5xx", plain="fails")
def test_server_error_and_html_page(account):
    ec2 = account.client("ec2")
    account.fault(service="ec2", operation="CreateVpc", kind="error", code="InternalError", status=500, times=1)
    refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16"), "InternalError", status=500)
    for page in ("html503", "html404"):
        account.fault(service="ec2", operation="CreateVpc", kind=page, times=1)
        with pytest.raises((botocore.exceptions.ClientError, botocore.parsers.ResponseParserError)):
            ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert vpc_ids(account) == set()


@pytest.mark.row("throttling, 5xx, lost answers, latency: lost answers", plain="fails")
def test_lost_answer_means_the_call_was_executed(account):
    account.fault(operation="CreateVpc", kind="lost", times=1)
    started = time.monotonic()
    with pytest.raises(botocore.exceptions.HTTPClientError):
        account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert time.monotonic() - started < 10, "a broken connection must not show as a time-out"
    assert len(vpc_ids(account)) == 1


@pytest.mark.row("throttling, 5xx, lost answers, latency: lost before execution", plain="fails")
def test_connection_lost_before_the_call_was_executed(account):
    account.fault(operation="CreateVpc", kind="before-lost", times=1)
    with pytest.raises(botocore.exceptions.HTTPClientError):
        account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    assert vpc_ids(account) == set()


@pytest.mark.row("fault rules: hold a call, after or before it was executed", plain="absent")
@pytest.mark.parametrize("before, made", [(False, 1), (True, 0)])
def test_held_call(account, before, made):
    ec2 = account.client("ec2")
    account.fault(operation="CreateVpc", kind="hold", before=before, nth=1, times=1)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(ec2.create_vpc, CidrBlock="10.0.0.0/16")
        for _ in range(100):
            [rule] = account.control("faults")
            if rule["held"]:
                break
            time.sleep(0.05)
        assert (rule["seen"], rule["hits"], rule["held"]) == (1, 1, 1) and not held.done()
        account.control("clock")  # the account's lock is free
        assert len(vpc_ids(account)) == made
        account.clear_faults()
        if before:
            with pytest.raises(botocore.exceptions.HTTPClientError):
                held.result(10)
        else:
            held.result(10)
    assert len(vpc_ids(account)) == made


@pytest.mark.row("fault rules: a held call of a client that was killed", plain="absent")
def test_held_call_of_a_client_that_is_gone(account):
    account.fault(operation="CreateVpc", kind="hold", times=1)
    impatient = account.client("ec2").meta
    config = impatient.config.merge(botocore.config.Config(read_timeout=1))
    request = boto3.client(
        "ec2", "us-east-1", endpoint_url=impatient.endpoint_url, config=config,
        aws_access_key_id=account.id, aws_secret_access_key="test",
    )  # fmt: skip
    with pytest.raises(botocore.exceptions.ReadTimeoutError):
        request.create_vpc(CidrBlock="10.0.0.0/16")
    assert account.control("faults")[0]["held"] == 1
    account.clear_faults()
    account.client("ec2").create_vpc(CidrBlock="10.1.0.0/16")
    assert len(vpc_ids(account)) == 2


@pytest.mark.row("throttling, 5xx, lost answers, latency: latency", plain="absent")
def test_latency_is_measured_in_aws_seconds(account):
    account.clock(scale=100)
    account.fault(operation="DescribeVpcs", kind="latency", seconds=60, times=1)
    started = time.monotonic()
    vpc_ids(account)
    assert 0.5 < time.monotonic() - started < 5


@pytest.mark.row("fault rules: nth call, times, contents", plain="absent")
def test_fault_rules_choose_their_calls(account):
    ec2 = account.client("ec2")
    account.fault(service="ec2", operation="Create*", kind="error", code="Nth", nth=2, times=1)
    account.fault(kind="error", code="Contents", contains="10.7.0.0/16")
    ec2.create_vpc(CidrBlock="10.1.0.0/16")
    refused(lambda: ec2.create_vpc(CidrBlock="10.2.0.0/16"), "Nth")
    ec2.create_vpc(CidrBlock="10.3.0.0/16")
    refused(lambda: ec2.create_vpc(CidrBlock="10.7.0.0/16"), "Contents")
    account.clear_faults()
    ec2.create_vpc(CidrBlock="10.7.0.0/16")


@pytest.mark.row("fault rules: share of calls, reproducible", plain="absent")
def test_probability_is_seeded(account, other_account):
    def outcome(account):
        account.fault(kind="error", code="Chance", probability=0.5, seed=7)
        hits = []
        for _ in range(20):
            try:
                account.client("ec2").describe_vpcs()
                hits.append(False)
            except botocore.exceptions.ClientError:
                hits.append(True)
        return hits

    first = outcome(account)
    assert 0 < sum(first) < 20 and first == outcome(other_account)


@pytest.mark.row("clock and faults that apply to one account only", plain="absent")
def test_controls_are_per_account(account, other_account):
    account.fault(kind="error", code="Mine")
    other_account.client("ec2").describe_vpcs()
    refused(lambda: account.client("ec2").describe_vpcs(), "Mine")
    before = other_account.clock()["now"]
    account.advance(1000)
    assert other_account.clock()["now"] == before


@pytest.mark.row("virtual clock: pause, advance, scale", plain="absent")
def test_clock(account):
    start = account.clock()["now"]
    assert account.clock()["now"] == start
    account.advance(90)
    assert account.clock()["now"] == start + 90
    account.clock(scale=1000, paused=False)
    time.sleep(0.05)
    assert account.clock(paused=True)["now"] >= start + 90 + 50


@pytest.mark.row("a journal of every call", plain="absent")
def test_journal(account, other_account):
    ec2, secrets = account.client("ec2"), account.client("secretsmanager")
    other_account.client("ec2").describe_vpcs()
    ec2.describe_vpcs()
    refused(lambda: ec2.delete_vpc(VpcId="vpc-00000000"), "InvalidVpcID.NotFound")
    secrets.create_secret(Name="probe", SecretString="known-value")
    refused(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True), "DryRunOperation")
    journal = account.journal()
    assert [(e["operation"], e["mutating"], e["status"], e["code"]) for e in journal] == [
        ("DescribeVpcs", False, 200, None),
        ("DeleteVpc", True, 400, "InvalidVpcID.NotFound"),
        ("CreateSecret", True, 200, None),
        ("CreateVpc", False, 412, "DryRunOperation"),
    ]
    assert journal[1]["request"] == {"VpcId": "vpc-00000000"} and journal[1]["request_id"]
    assert journal[2]["request"]["SecretString"] == "***" and "known-value" not in str(journal)
    assert [e["n"] for e in account.journal(since=2)] == [3, 4]
    assert all(e["wall"] < e["wall_ended"] and e["time"] == e["ended"] for e in journal), "the clock is paused"


@pytest.mark.row("reset of one account", plain="absent")
def test_reset(account):
    account.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    account.client("ecs").create_cluster(clusterName="probe")
    account.control("reset", {})
    assert vpc_ids(account) == set() and account.client("ecs").list_clusters()["clusterArns"] == []


@pytest.mark.row("settings are refused when unknown", plain="absent")
def test_misspelt_setting_is_refused(account):
    with pytest.raises(AssertionError, match="400"):
        account.settings(**{"nat.avialable": 5})


@pytest.mark.row("eventual consistency (NotFound after create)", plain="fails")
def test_new_resources_are_not_found_at_first(account):
    account.settings(**{"ec2.visible": 5})
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    refused(lambda: ec2.describe_vpcs(VpcIds=[vpc]), "InvalidVpcID.NotFound")
    refused(lambda: ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24"), "InvalidVpcID.NotFound")
    assert vpc not in vpc_ids(account)
    account.advance(5)
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    assert vpc in vpc_ids(account)


@pytest.mark.row("eventual consistency: tag filters lag", plain="fails")
def test_tag_filters_lag(account):
    account.settings(**{"tags.visible": 30})
    ec2 = account.client("ec2")
    tag = {"Key": "probe", "Value": "yes"}
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [tag]}])
    vpc = made["Vpc"]["VpcId"]
    wanted = [{"Name": "tag:probe", "Values": ["yes"]}]
    found = account.client("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "probe"}])
    assert found["ResourceTagMappingList"] == []
    assert ec2.describe_vpcs(Filters=wanted)["Vpcs"] == []
    assert len(ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]) == 1
    account.advance(30)
    assert [v["VpcId"] for v in ec2.describe_vpcs(Filters=wanted)["Vpcs"]] == [vpc]


@pytest.mark.row(
    "eventual consistency: tag filters lag for whatever the tagging API lists, and for flow logs", plain="fails"
)
def test_tag_filters_lag_everywhere(account):
    account.settings(**{"tags.visible": 5})
    ec2, logs, s3, secrets, efs = (account.client(name) for name in ("ec2", "logs", "s3", "secretsmanager", "efs"))
    tagging, tag = account.client("resourcegroupstaggingapi"), [{"Key": "probe", "Value": "yes"}]
    vpc, group = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"], f"/probe/{account.id}"
    role = account.role("flow", "vpc-flow-logs.amazonaws.com")
    logs.create_log_group(logGroupName=group, tags={"probe": "yes"})
    s3.create_bucket(Bucket=f"probe-lag-{account.id}")
    s3.put_bucket_tagging(Bucket=f"probe-lag-{account.id}", Tagging={"TagSet": tag})
    secrets.create_secret(Name="probe", SecretString="x", Tags=tag)
    system = efs.create_file_system(CreationToken="t", Tags=tag)["FileSystemId"]
    ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName=group, DeliverLogsPermissionArn=role,
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": tag}],
    )  # fmt: skip
    listed = lambda: tagging.get_resources(TagFilters=[{"Key": "probe"}])["ResourceTagMappingList"]  # noqa: E731
    flows = lambda: ec2.describe_flow_logs(Filter=[{"Name": "tag:probe", "Values": ["yes"]}])["FlowLogs"]  # noqa: E731
    assert listed() == flows() == []
    assert efs.describe_file_systems(FileSystemId=system)["FileSystems"][0]["Tags"] == tag
    account.advance(5)
    assert len(listed()) == 5 and len(flows()) == 1


@pytest.mark.row("eventual consistency: what an answer names in passing is not new", plain="absent")
def test_resources_named_in_a_request_stay_visible(account):
    ec2, tag = account.client("ec2"), {"Key": "probe", "Value": "yes"}
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": [tag]}])["Vpc"][
        "VpcId"
    ]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    account.advance(60)
    account.settings(**{"tags.visible": 5})
    ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")  # its answer names the VPC
    assert len(ec2.describe_vpcs(Filters=[{"Name": "tag:probe", "Values": ["yes"]}])["Vpcs"]) == 1


@pytest.mark.row("small forced pages", plain="fails")
@pytest.mark.parametrize(
    "service, make, operation, result",
    [
        ("ec2", lambda c, n: c.create_vpc(CidrBlock=f"10.{n}.0.0/16"), "describe_vpcs", "Vpcs"),
        ("ecs", lambda c, n: c.create_cluster(clusterName=f"probe-{n}"), "list_clusters", "clusterArns"),
        ("efs", lambda c, n: c.create_file_system(CreationToken=f"{n}"), "describe_file_systems", "FileSystems"),
        ("logs", lambda c, n: c.create_log_group(logGroupName=f"probe-{n}"), "describe_log_groups", "logGroups"),
        (
            "secretsmanager",
            lambda c, n: c.create_secret(Name=f"probe-{n}", SecretString="x"),
            "list_secrets",
            "SecretList",
        ),
        ("iam", lambda c, n: c.create_group(GroupName=f"probe-{n}"), "list_groups", "Groups"),
    ],
)
def test_small_pages(account, service, make, operation, result):
    client = account.client(service)
    for n in range(4):
        make(client, n)
    total = len(getattr(client, operation)()[result])
    assert total >= 4
    account.settings(**{"page.size": 1})
    pages = [page[result] for page in client.get_paginator(operation).paginate()]
    assert [len(page) for page in pages] == [1] * total
    assert len({str(page[0]) for page in pages}) == total


@pytest.mark.row("small forced pages: S3", plain="fails")
def test_small_pages_of_s3(account):
    s3 = account.client("s3")
    bucket = f"probe-pages-{account.id}"
    s3.create_bucket(Bucket=bucket)
    for n in range(3):
        s3.put_object(Bucket=bucket, Key=f"{n}", Body=b"x")
    account.settings(**{"page.size": 1})
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=bucket))
    assert [page["Contents"][0]["Key"] for page in pages] == ["0", "1", "2"]


@pytest.mark.row("many calls at once in one account", plain="passes")
def test_parallel_calls(account):
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def make(n):
        return ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24")["Subnet"]["SubnetId"]

    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(make, range(32)))
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    assert len(made) == 32 and {subnet["SubnetId"] for subnet in found} == made


@pytest.mark.row("accounts are independent, calls in parallel", plain="passes")
def test_parallel_accounts(account, other_account):
    def make(job):
        account, n = job
        return account.client("ec2").create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"]

    account.client("ec2"), other_account.client("ec2")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(make, [(owner, n) for n in range(4) for owner in (account, other_account)]))
    assert vpc_ids(account) == set(made[::2]) and vpc_ids(other_account) == set(made[1::2])
