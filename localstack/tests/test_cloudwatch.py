"""CloudWatch: what GetMetricData answers, in both protocols that CloudWatch speaks."""

from datetime import UTC, datetime, timedelta

import pytest
from conftest import refused
from ecs_kit import Kit
from efs_kit import admit_nfs, file_system, mounting
from policy_kit import as_json

MINUTES = 10
"""How long the task of these tests has its file system mounted at least."""


def now(account):
    clock = account.clock()
    return datetime.fromtimestamp(clock["now"], UTC) if clock else datetime.now(UTC)


@pytest.fixture
def mounted(account):
    """(account, file system): a task has had it mounted for some minutes, and still has."""
    kit = Kit(account)
    admit_nfs(kit)
    system, point = file_system(kit)
    kit.run(mounting(kit, system, point))
    account.advance(60 * (MINUTES + 5))
    return account, system


def query(system, name="DataReadIOBytes", stat="Sum", period=60, number=0, **more):
    dimensions = [{"Name": "FileSystemId", "Value": system}]
    metric = {"Namespace": "AWS/EFS", "MetricName": name, "Dimensions": more.pop("dimensions", dimensions)}
    wanted = {"Metric": metric, "Period": period, "Stat": stat}
    if unit := more.pop("unit", None):
        wanted["Unit"] = unit
    return {"Id": f"m{number}", "MetricStat": wanted, **more}


def ask(account, *queries, hours=1.0, ago=0.0, **more):
    """Answers about the last hours, up to so many hours ago."""
    end = now(account) - timedelta(hours=ago) + timedelta(minutes=1)
    begin = end - timedelta(hours=hours)
    client = account.client("cloudwatch")
    return client.get_metric_data(MetricDataQueries=list(queries), StartTime=begin, EndTime=end, **more)


def values(account, *queries, **more):
    [result] = ask(account, *queries, **more)["MetricDataResults"]
    return result["Values"]


@pytest.mark.row("cloudwatch:GetMetricData one value a period, the newest first", plain="fails")
def test_one_value_a_period(mounted):
    account, system = mounted
    account.settings(**{"efs.io": {"data_read": 1000}})
    [result] = ask(account, query(system))["MetricDataResults"]
    assert (result["Id"], result["Label"], result["StatusCode"]) == ("m0", "DataReadIOBytes", "Complete")
    assert len(result["Values"]) >= MINUTES and set(result["Values"][:MINUTES]) == {60_000.0}
    assert result["Timestamps"] == sorted(result["Timestamps"], reverse=True)
    assert all(time.second == 0 for time in result["Timestamps"])
    assert result["Timestamps"][0] + timedelta(minutes=1) <= now(account)
    [oldest_first] = ask(account, query(system), ScanBy="TimestampAscending")["MetricDataResults"]
    assert oldest_first["Timestamps"] == result["Timestamps"][::-1]
    [whole] = values(account, query(system, period=86_400, Label="read"), hours=0.01)
    assert whole == pytest.approx(sum(result["Values"]))


@pytest.mark.row("cloudwatch:GetMetricData statistics", plain="fails")
def test_statistics(mounted):
    account, system = mounted
    account.settings(**{"efs.io": {"data_write": 32_768 * 2}})
    of = {
        stat: values(account, query(system, "DataWriteIOBytes", stat))[0]
        for stat in ("Sum", "SampleCount", "Average", "Minimum", "Maximum")
    }
    assert of == {"Sum": 32_768 * 120, "SampleCount": 120, "Average": 32_768, "Minimum": 32_768, "Maximum": 32_768}
    assert values(account, query(system, "DataWriteIOBytes", "p90")) == []
    refused(lambda: ask(account, query(system, stat="Median")), "ValidationError")


@pytest.mark.row("cloudwatch:GetMetricData what there is not: an empty result", plain="passes")
def test_no_data(account):
    [result] = ask(account, query("fs-0123456789abcdef0"))["MetricDataResults"]
    assert (result["Values"], result["Timestamps"], result["StatusCode"]) == ([], [], "Complete")


@pytest.mark.row("cloudwatch:GetMetricData unit and dimensions must be those of the metric", plain="fails")
def test_another_unit_or_dimension(mounted):
    account, system = mounted
    assert values(account, query(system, unit="Bytes"))
    assert values(account, query(system, unit="Kilobytes")) == []
    assert values(account, query(system, dimensions=[])) == []
    more = [{"Name": "FileSystemId", "Value": system}, {"Name": "StorageClass", "Value": "Total"}]
    assert values(account, query(system, dimensions=more)) == []
    assert values(account, query(system, "NoSuchMetric")) == []


@pytest.mark.row("cloudwatch:GetMetricData older data has a coarser period", plain="fails")
def test_older_data(mounted):
    account, system = mounted
    account.advance(20 * 86_400)
    old = {"hours": 24, "ago": 19 * 24}
    assert values(account, query(system), **old) == []
    assert values(account, query(system, period=300), **old)
    account.advance(50 * 86_400)
    old = {"hours": 24, "ago": 69 * 24}
    assert values(account, query(system, period=300), **old) == []
    assert values(account, query(system, period=3600), **old)


@pytest.mark.row("cloudwatch:GetMetricData pages of data points", plain="fails")
def test_pages(mounted):
    account, system = mounted
    both = [query(system), query(system, "DataWriteIOBytes", number=1)]
    whole = {one["Id"]: one["Values"] for one in ask(account, *both)["MetricDataResults"]}
    pages = account.client("cloudwatch").get_paginator("get_metric_data")
    end = now(account)
    found, partial = {"m0": [], "m1": []}, 0
    for page in pages.paginate(
        MetricDataQueries=both, StartTime=end - timedelta(hours=1), EndTime=end, PaginationConfig={"PageSize": 3}
    ):
        assert sum(len(one["Values"]) for one in page["MetricDataResults"]) <= 3
        for one in page["MetricDataResults"]:
            found[one["Id"]] += one["Values"]
            partial += one["StatusCode"] == "PartialData"
    assert found == whole and partial > 2
    refused(lambda: ask(account, *both, NextToken="nothing"), "InvalidNextToken")


@pytest.mark.row("neg:GetMetricData what it refuses -> ValidationError", plain="fails")
def test_what_is_refused(account):
    one = query("fs-1")
    for wrong in [
        [one, one],
        [one | {"Id": "Upper"}],
        [one | {"Expression": "m1 * 2"}],
        [{"Id": "m0"}],
        [query("fs-1", period=90)],
        [query("fs-1", number=number) for number in range(501)],
    ]:
        refused(lambda: ask(account, *wrong), "ValidationError")
    refused(lambda: ask(account, one, hours=-1), "ValidationError")
    refused(lambda: ask(account, one, MaxDatapoints=100_801), "ValidationError")


@pytest.mark.row("cloudwatch:GetMetricData is allowed by its action, on everything", plain="fails")
def test_permission(account):
    ask(account, query("fs-1"))
    other = as_json({"Effect": "Allow", "Action": "cloudwatch:ListMetrics", "Resource": "*"})
    account.settings(**{"iam.caller_policy": other})
    refused(lambda: ask(account, query("fs-1")), "AccessDenied")
    enough = as_json({"Effect": "Allow", "Action": "cloudwatch:GetMetricData", "Resource": "*"})
    account.settings(**{"iam.caller_policy": enough})
    assert ask(account, query("fs-1"))["MetricDataResults"]


@pytest.mark.row("cloudwatch: custom metrics beside those of services", plain="fails")
def test_custom_metrics(mounted):
    account, system = mounted
    when = datetime.now(UTC) - timedelta(minutes=5)
    client = account.client("cloudwatch")
    data = [{"MetricName": "Own", "Value": 7.0, "Timestamp": when}]
    client.put_metric_data(Namespace="Probe", MetricData=data)
    own = {"Metric": {"Namespace": "Probe", "MetricName": "Own"}, "Period": 60, "Stat": "Sum"}
    both = [{"Id": "own", "MetricStat": own}, query(system)]
    answer = client.get_metric_data(
        MetricDataQueries=both, StartTime=when - timedelta(hours=2), EndTime=now(account) + timedelta(hours=1)
    )
    found = {one["Id"]: one["Values"] for one in answer["MetricDataResults"]}
    assert found["own"] == [7.0] and found["m0"]


@pytest.mark.row("efs metrics: sums of what tasks read and write, reads metered at a third", plain="fails")
def test_sorts_of_io(mounted):
    account, system = mounted
    rates = {"data_read": 300, "data_write": 20, "metadata_read": 30, "metadata_write": 4}
    account.settings(**{"efs.io": rates})
    of = {
        name.removesuffix("IOBytes"): values(account, query(system, name))[0] / 60
        for name in (
            "DataReadIOBytes", "DataWriteIOBytes", "MetadataReadIOBytes", "MetadataWriteIOBytes", "MetadataIOBytes",
            "TotalIOBytes", "MeteredIOBytes",
        )
    }  # fmt: skip
    assert of == pytest.approx(
        {"DataRead": 300, "DataWrite": 20, "MetadataRead": 30, "MetadataWrite": 4, "Metadata": 34, "Total": 354,
         "Metered": 110 + 24}
    )  # fmt: skip
    assert values(account, query(system, "ClientConnections"))[0] == 1.0


@pytest.mark.row("efs metrics: nothing of operations without a client", plain="fails")
def test_only_while_mounted(account):
    kit = Kit(account)
    admit_nfs(kit)
    system, point = file_system(kit)
    assert values(account, query(system)) == []
    task = kit.run(mounting(kit, system, point))["taskArn"]
    account.advance(600)
    assert values(account, query(system))
    kit.ecs.stop_task(cluster=kit.cluster, task=task)
    account.advance(7200)
    assert values(account, query(system)) == []
    assert values(account, query(system), hours=4)
    total = [{"Name": "FileSystemId", "Value": system}, {"Name": "StorageClass", "Value": "Total"}]
    stored = values(account, query(system, "StorageBytes", "Maximum", 900, dimensions=total))
    assert set(stored) == {6144.0} and len(stored) in (4, 5), "every 15 minutes"


@pytest.mark.row("efs metrics: a past for tests", plain="absent")
def test_mounted_before(mounted):
    account, system = mounted
    account.settings(**{"efs.io": {"data_read": 10}, "efs.mounted_before": 3 * 86_400})
    days = values(account, query(system, period=86_400), hours=24 * 6)
    assert 86_400 * 10 in days and sum(days) >= 3 * 86_400 * 10


@pytest.mark.row("efs metrics: burst credits are used up, and are not published in elastic mode", plain="fails")
def test_burst_credits(mounted):
    account, system = mounted
    account.settings(**{"efs.io": {"data_write": 0}, "efs.burst_credits": 2**34})
    rising = values(account, query(system, "BurstCreditBalance", "Minimum"))
    assert rising[0] - rising[1] == 60 * 2**20, "the baseline of a small file system is 1 MiB/s"
    account.settings(**{"efs.io": {"data_write": 3 * 2**20, "data_read": 3 * 2**20}})
    falling = values(account, query(system, "BurstCreditBalance", "Minimum"))
    assert falling[1] - falling[0] == 180 * 2**20, "reads count a third"
    assert values(account, query(system, "PermittedThroughput", "Maximum"))[0] == 100 * 2**20
    account.settings(**{"efs.burst_credits": 0, "efs.io": {"data_write": 30 * 2**20}})
    assert values(account, query(system, "BurstCreditBalance", "Minimum"))[0] == 0
    assert values(account, query(system, "PermittedThroughput", "Maximum"))[0] == 2**20
    account.client("efs").update_file_system(FileSystemId=system, ThroughputMode="elastic")
    assert values(account, query(system, "BurstCreditBalance", "Minimum")) == []
    assert values(account, query(system, "PermittedThroughput", "Maximum"))[0] > 2**30
