"""CloudWatch alarms on AWS's own metrics, on the account's clock."""

import json
import time

import pytest
from conftest import refused
from ecs_kit import Kit
from efs_kit import admit_nfs, file_system, mounting
from policy_kit import as_json
from test_backup import backed, completed  # noqa: F401

MATH = "IF(FILL(wanted, 0) > 0 AND FILL(running, 0) < 1, 1, 0)"


class Watch:
    """One alarm that tells a topic, and a queue that is subscribed to it."""

    def __init__(self, account, **topic):
        self.account, self.cloudwatch = account, account.client("cloudwatch")
        self.sns, self.sqs = account.client("sns"), account.client("sqs")
        self.topic = self.sns.create_topic(Name="told", **topic)["TopicArn"]
        self.admit("cloudwatch.amazonaws.com", "events.amazonaws.com")
        self.queue = self.sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{account.id}:told"
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def admit(self, *services):
        """Lets only these services publish."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": list(services)},
            "Action": "sns:Publish",
            "Resource": self.topic,
            "Condition": {"StringEquals": {"aws:SourceAccount": self.account.id}},
        }
        self.sns.set_topic_attributes(TopicArn=self.topic, AttributeName="Policy", AttributeValue=as_json(statement))

    def alarm(self, namespace, metric, dimensions, **more):
        wanted = {
            "AlarmName": "probe",
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 3,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [self.topic],
            "OKActions": [self.topic],
        }
        self.cloudwatch.put_metric_alarm(**wanted | more)

    def described(self):
        return self.cloudwatch.describe_alarms(AlarmNames=["probe"])["MetricAlarms"][0]

    def after(self, seconds=600):
        """The state once so much time has passed."""
        self.account.advance(seconds)
        return self.described()["StateValue"]

    def told(self):
        """The states that have reached the queue, sorted: it keeps no order."""
        found, until = [], time.monotonic() + 3
        while time.monotonic() < until:
            answer = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages") or []:
                found.append(json.loads(message["Body"])["NewStateValue"])
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            if found and not answer.get("Messages"):
                break
        return sorted(found)


def counting(kit, metric, identity):
    names = [{"Name": "ClusterName", "Value": kit.cluster}, {"Name": "ServiceName", "Value": "svc"}]
    stat = {"Metric": {"Namespace": "ECS/ContainerInsights", "MetricName": metric, "Dimensions": names}}
    return {"Id": identity, "MetricStat": stat | {"Period": 60, "Stat": "Average"}, "ReturnData": False}


@pytest.mark.row("cloudwatch:alarm on the number of tasks: ALARM and OK, and the topic is told", plain="fails")
def test_no_task(account):
    kit, watch = Kit(account), Watch(account)
    kit.ecs.update_cluster_settings(cluster=kit.cluster, settings=[{"name": "containerInsights", "value": "enabled"}])
    kit.create()
    account.advance(900)
    queries = [counting(kit, "DesiredTaskCount", "wanted"), counting(kit, "RunningTaskCount", "running")]
    expression = {"Id": "e", "Expression": MATH, "ReturnData": True}
    watch.cloudwatch.put_metric_alarm(
        AlarmName="probe",
        Metrics=[*queries, expression],
        EvaluationPeriods=3,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[watch.topic],
        OKActions=[watch.topic],
    )
    assert watch.described()["StateValue"] == "INSUFFICIENT_DATA"
    assert watch.after() == "OK"
    kit.update(desiredCount=0)
    assert watch.after(1200) == "OK", "a stop on purpose"
    kit.images(**{"*": {"behaviour": "missing"}})
    kit.update(desiredCount=1)
    assert watch.after(1200) == "ALARM"
    kit.images(**{"*": {"behaviour": "run"}})
    assert watch.after(3600) == "OK"
    assert watch.told() == ["ALARM", "OK", "OK"]


@pytest.mark.row("cloudwatch:alarm on the CPU and memory of a service", plain="fails")
@pytest.mark.parametrize(("metric", "setting"), [("CPUUtilization", "ecs.cpu"), ("MemoryUtilization", "ecs.memory")])
def test_load(account, metric, setting):
    kit, watch = Kit(account), Watch(account)
    kit.create()
    account.advance(900)
    service = {"ClusterName": kit.cluster, "ServiceName": "svc"}
    watch.alarm("AWS/ECS", metric, service, Threshold=90)
    assert watch.after() == "OK"
    account.settings(**{setting: 95})
    assert watch.after() == "ALARM"
    account.settings(**{setting: 30})
    assert watch.after() == "OK"


@pytest.mark.row("cloudwatch:alarm on unhealthy targets and their errors", plain="fails")
def test_targets(account):
    kit, watch = Kit(account), Watch(account)
    group = kit.target_group()
    kit.create(loadBalancers=kit.balanced(group), healthCheckGracePeriodSeconds=100_000)
    account.advance(1200)
    elb = account.client("elbv2")
    balancer = elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]["LoadBalancerArns"][0]
    names = {"TargetGroup": group.split(":")[-1], "LoadBalancer": balancer.split("loadbalancer/")[1]}
    watch.alarm("AWS/ApplicationELB", "UnHealthyHostCount", names)
    assert watch.after() == "OK"
    kit.images(**{"*": {"behaviour": "unhealthy"}})
    assert watch.after() == "ALARM"
    kit.images(**{"*": {"behaviour": "run"}})
    watch.alarm("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", names, Statistic="Sum", Threshold=10)
    kit.update(forceNewDeployment=True)
    assert watch.after(1800) == "OK"
    account.settings(**{"elb.target_5xx": 20})
    assert watch.after() == "ALARM"
    account.settings(**{"elb.target_5xx": 0})
    assert watch.after() == "OK"


@pytest.mark.row("cloudwatch:alarm on the load of a file system", plain="fails")
def test_file_system(account):
    kit, watch = Kit(account), Watch(account)
    admit_nfs(kit)
    system, point = file_system(kit)
    kit.run(mounting(kit, system, point))
    account.advance(900)
    watch.alarm("AWS/EFS", "PercentIOLimit", {"FileSystemId": system}, Threshold=90)
    assert watch.after() == "OK"
    account.settings(**{"efs.percent_io_limit": 99})
    assert watch.after() == "ALARM"
    account.settings(**{"efs.percent_io_limit": 10})
    assert watch.after() == "OK"
    low = {"ComparisonOperator": "LessThanThreshold", "Statistic": "Minimum", "Threshold": 1e11}
    watch.alarm("AWS/EFS", "BurstCreditBalance", {"FileSystemId": system}, **low)
    account.settings(**{"efs.burst_credits": 1e6})
    assert watch.after() == "ALARM"


@pytest.mark.row("cloudwatch:alarm on silence: missing data", plain="fails")
def test_silence(account):
    kit, watch = Kit(account), Watch(account)
    account.client("logs").create_log_group(logGroupName="/probe")
    options = {"awslogs-group": "/probe", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}
    logged = kit.container(logConfiguration={"logDriver": "awslogs", "options": options})
    kit.create(definition=kit.register(logged))
    account.advance(900)
    silent = {"ComparisonOperator": "LessThanThreshold", "Statistic": "Sum", "TreatMissingData": "breaching"}
    watch.alarm("AWS/Logs", "IncomingLogEvents", {"LogGroupName": "/probe"}, **silent)
    assert watch.after() == "OK"
    account.settings(**{"logs.lines": 0})
    assert watch.after() == "ALARM"
    account.settings(**{"logs.lines": 6})
    assert watch.after() == "OK"


@pytest.mark.row("cloudwatch:alarm on failed backup jobs", plain="fails")
def test_failed_backup(backed):  # noqa: F811
    account = backed[0]
    watch = Watch(account)
    vault = {"BackupVaultName": "probe"}
    watch.alarm("AWS/Backup", "NumberOfBackupJobsFailed", vault, Statistic="Sum", Period=3600, EvaluationPeriods=1)
    assert watch.after() == "OK"
    account.settings(**{"backup.fail_next": 1})
    completed(backed)
    assert watch.after(3600) == "ALARM"
    assert watch.after(7200) == "OK"


@pytest.mark.row("cloudwatch:PutMetricAlarm replaces everything but state and tags", plain="fails")
def test_put_again(account):
    watch = Watch(account)
    names = {"BackupVaultName": "probe"}
    watch.alarm("AWS/Backup", "NumberOfBackupJobsFailed", names, Tags=[{"Key": "a", "Value": "1"}])
    assert watch.after() == "OK"
    watch.alarm("AWS/Backup", "NumberOfBackupJobsFailed", names, Threshold=7, Tags=[{"Key": "b", "Value": "2"}])
    alarm = watch.described()
    assert (alarm["StateValue"], alarm["Threshold"]) == ("OK", 7)
    tags = watch.cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}]
    watch.cloudwatch.tag_resource(ResourceARN=alarm["AlarmArn"], Tags=[{"Key": "b", "Value": "2"}])
    watch.cloudwatch.untag_resource(ResourceARN=alarm["AlarmArn"], TagKeys=["a"])
    tags = watch.cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
    assert tags == [{"Key": "b", "Value": "2"}]
    watch.cloudwatch.delete_alarms(AlarmNames=["probe"])
    refused(lambda: watch.cloudwatch.delete_alarms(AlarmNames=["probe"]), "ResourceNotFound")


@pytest.mark.row("cloudwatch:SetAlarmState acts, and lasts until the next evaluation", plain="fails")
def test_set_state(account):
    watch = Watch(account)
    watch.alarm("AWS/Backup", "NumberOfBackupJobsFailed", {"BackupVaultName": "probe"})
    assert watch.after() == "OK"
    watch.cloudwatch.set_alarm_state(AlarmName="probe", StateValue="ALARM", StateReason="a test")
    assert watch.described()["StateReason"] == "a test"
    assert watch.after(120) == "OK"
    assert watch.told() == ["ALARM", "OK", "OK"]
    watch.cloudwatch.disable_alarm_actions(AlarmNames=["probe"])
    watch.cloudwatch.set_alarm_state(AlarmName="probe", StateValue="ALARM", StateReason="a test")
    assert watch.told() == []
    unknown = {"AlarmName": "none", "StateValue": "OK", "StateReason": "a test"}
    refused(lambda: watch.cloudwatch.set_alarm_state(**unknown), "ResourceNotFound")


@pytest.mark.row("cloudwatch:an action that the topic's policy does not admit", plain="fails")
def test_topic_policy(account):
    watch = Watch(account)
    watch.admit("events.amazonaws.com")
    watch.alarm("AWS/Backup", "NumberOfBackupJobsFailed", {"BackupVaultName": "probe"})
    assert watch.after() == "OK"
    assert watch.told() == []
    history = watch.cloudwatch.describe_alarm_history(AlarmName="probe", HistoryItemType="Action")["AlarmHistoryItems"]
    assert "Failed to execute action" in history[0]["HistorySummary"]


@pytest.mark.row("cloudwatch:an action through a key without the grant", plain="fails")
@pytest.mark.parametrize("granted", [False, True])
def test_key(account, granted):
    kms = account.client("kms")
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account.id}:root"}, "Action": "kms:*"}
    use = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    }
    key = kms.create_key(Policy=as_json(root | {"Resource": "*"}, *[use] * granted))["KeyMetadata"]["KeyId"]
    watch = Watch(account, Attributes={"KmsMasterKeyId": key})
    watch.alarm("AWS/Backup", "NumberOfBackupJobsFailed", {"BackupVaultName": "probe"})
    assert watch.after() == "OK"
    assert watch.told() == ["OK"] * granted


@pytest.mark.row("cloudwatch:an action through AWS's own key of SNS is lost", plain="fails")
def test_aws_key(account):
    watch = Watch(account, Attributes={"KmsMasterKeyId": "alias/aws/sns"})
    watch.alarm("AWS/Backup", "NumberOfBackupJobsFailed", {"BackupVaultName": "probe"})
    assert watch.after() == "OK"
    assert watch.told() == []


@pytest.mark.row("cloudwatch:PutMetricAlarm what is refused", plain="fails")
def test_refused(account):
    watch = Watch(account)
    both = {"Metrics": [{"Id": "e", "Expression": "1 + 1"}]}
    refused(lambda: watch.alarm("AWS/ECS", "CPUUtilization", {}, **both), "ValidationError")
    refused(lambda: watch.alarm("AWS/ECS", "CPUUtilization", {}, DatapointsToAlarm=9), "ValidationError")
    account.settings(**{"quota.alarms": 0})
    refused(lambda: watch.alarm("AWS/ECS", "CPUUtilization", {}), "LimitExceeded")


@pytest.mark.row("cloudwatch:GetDashboard of none -> ResourceNotFound", plain="fails")
def test_no_dashboard(account):
    cloudwatch = account.client("cloudwatch")
    refused(lambda: cloudwatch.get_dashboard(DashboardName="none"), "ResourceNotFound")
    cloudwatch.put_dashboard(DashboardName="probe", DashboardBody='{"widgets": []}')
    assert cloudwatch.get_dashboard(DashboardName="probe")["DashboardBody"] == '{"widgets": []}'


@pytest.mark.row("sns:an e-mail subscription is pending until its reader confirms it", plain="fails")
def test_pending(account):
    watch = Watch(account)
    mail = {"TopicArn": watch.topic, "Protocol": "email", "Endpoint": "ops@example.com"}
    arn = watch.sns.subscribe(**mail, ReturnSubscriptionArn=True)["SubscriptionArn"]

    def listed():
        all_of = watch.sns.list_subscriptions_by_topic(TopicArn=watch.topic)["Subscriptions"]
        return [one["SubscriptionArn"] for one in all_of if one["Protocol"] == "email"]

    assert listed() == ["PendingConfirmation"]
    refused(lambda: watch.sns.unsubscribe(SubscriptionArn=arn), "InvalidParameter")
    refused(lambda: watch.sns.unsubscribe(SubscriptionArn="PendingConfirmation"), "InvalidParameter")
    account.control("subscriptions", {"confirm": "ops@example.com"})
    assert listed() == [arn]
    watch.sns.unsubscribe(SubscriptionArn=arn)
    assert listed() == []
    watch.sns.subscribe(**mail)
    account.advance(4 * 86_400)
    assert listed() == []


@pytest.mark.row("sns:attributes of delivery logs come back as they were set", plain="fails")
def test_delivery_attributes(account):
    watch = Watch(account)
    wanted = {"HTTPSuccessFeedbackRoleArn": "arn:aws:iam::1:role/a", "HTTPSuccessFeedbackSampleRate": "50"}
    for name, value in wanted.items():
        watch.sns.set_topic_attributes(TopicArn=watch.topic, AttributeName=name, AttributeValue=value)
    attributes = watch.sns.get_topic_attributes(TopicArn=watch.topic)["Attributes"]
    assert {name: attributes.get(name) for name in wanted} == wanted
