//! Alarms and a dashboard of them, and notices of what ECS and AWS Backup report: who is told when something is wrong.
//!
//! A stop on purpose must tell nobody, however long it lasts and whatever kills the program meanwhile. So nothing is
//! switched off during `stop` and `upgrade`, and there is nothing to switch on again. What is measured is whether a
//! task is wanted and does not run, whether one runs and logs nothing, whether a registered target is unhealthy; and
//! rules leave out the tasks that are stopped because fewer are wanted, or by name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::config::Throughput;
use crate::engine::graph::Handle;
use crate::engine::kind::Spec;
use crate::engine::reference::{Need, Ref};
use crate::kinds::alarm::{Alarm, Metric, ONLY};
use crate::kinds::dashboard::Dashboard;
use crate::kinds::event_rule::EventRule;
use crate::kinds::log_group::{ALARMS, LogGroup};
use crate::kinds::service::Service;
use crate::kinds::subscription::Subscription;
use crate::kinds::topic::Topic;

use super::notices::{Notice, notices};
use super::service::Parts;
use super::stack::Stack;
use super::topic_policies as policies;

/// The vault of EFS's automatic backups.
const AUTOMATIC_VAULT: &str = "aws/efs/automatic-backup-vault";

/// Adds the topic, its subscriptions, the alarms and the rules.
pub fn add(stack: &mut Stack<'_>, parts: &Parts<'_>, service: &Handle<Service>) {
    if !stack.plan.alarms.enabled {
        return;
    }
    let retention_days = Some(stack.plan.logs.retention_days.days());
    let mark = LogGroup { name: stack.names().log_group(ALARMS), retention_days };
    let mark = stack.add(ALARMS, &mark);
    let topic = topic(stack, &mark);
    let watch = Watch { mark, topic, service: service.clone() };
    let alarms: Vec<_> = alarms(stack, parts).into_iter().map(|measure| watch.add_alarm(stack, measure)).collect();
    for (purpose, notice) in notices(stack, parts, service) {
        watch.add_rule(stack, purpose, notice);
    }
    if stack.plan.alarms.dashboard {
        let dashboard = Dashboard { name: stack.names().stack(), body: body(stack, &alarms) };
        let dashboard = stack.add("main", &dashboard);
        stack.graph.order(&dashboard, &watch.mark, Need::Exists);
    }
}

/// The state of all alarms, and below that what each of them measures, with its threshold: CloudWatch knows it by the
/// alarm (CloudWatch API reference, "Dashboard body structure and syntax"). A dashboard is 24 units wide.
fn body(stack: &Stack<'_>, alarms: &[(String, String)]) -> Value {
    const HEIGHT: usize = 6;
    let arns: Vec<_> = alarms.iter().map(|(_, arn)| arn).collect();
    let title = format!("Cloud Exchange {}", stack.names().deployment);
    let all = json!({
        "type": "alarm", "x": 0, "y": 0, "width": 24, "height": 3,
        "properties": { "title": title, "alarms": arns },
    });
    let each = alarms.iter().enumerate().map(|(number, (words, arn))| {
        json!({
            "type": "metric", "x": number % 2 * 12, "y": 3 + number / 2 * HEIGHT, "width": 12, "height": HEIGHT,
            "properties": {
                "title": words,
                "region": stack.names().region,
                "view": "timeSeries",
                "annotations": { "alarms": [arn] },
            },
        })
    });
    json!({ "widgets": std::iter::once(all).chain(each).collect::<Vec<_>>() })
}

/// The topic that is told: the user's, or one of ours with its subscriptions.
fn topic(stack: &mut Stack<'_>, mark: &Handle<LogGroup>) -> Ref<Topic> {
    let wanted = stack.plan.alarms.clone();
    if let Some(arn) = &wanted.topic {
        return Ref::value(arn.as_str());
    }
    let names = stack.names().clone();
    let delivery_role = (!wanted.https.is_empty()).then(|| {
        let (trust, inline) = (policies::delivery_trust(&names), policies::delivery_role(&names));
        stack.add_role("deliveries", "logs the delivery of notices", trust, Some(inline), &[])
    });
    let topic = Topic {
        name: names.stack(),
        policy: policies::topic(&names, &names.topic_arn()),
        kms_key: wanted.kms_key.map(|key| key.as_str().to_owned()).unwrap_or_default(),
        delivery_role: delivery_role.map_or("".into(), |role| role.output("arn", Need::Ready)),
    };
    let topic = stack.add("main", &topic.normal());
    stack.graph.order(&topic, mark, Need::Exists);
    let email = wanted.email.iter().map(|address| ("email", address.as_str()));
    let https = wanted.https.iter().map(|endpoint| ("https", endpoint.as_str()));
    for (protocol, endpoint) in email.chain(https) {
        let (protocol, endpoint) = (protocol.to_owned(), endpoint.to_owned());
        let subscription = Subscription { topic: topic.arn(), protocol, endpoint };
        let name = subscription.name();
        stack.add(&name, &subscription);
    }
    topic.arn()
}

/// What everything that watches has in common.
struct Watch {
    mark: Handle<LogGroup>,
    topic: Ref<Topic>,
    /// Before it is healthy there is nothing to watch.
    service: Handle<Service>,
}

impl Watch {
    /// What it measures in words, and its ARN, which is known before there is an alarm.
    fn add_alarm(&self, stack: &mut Stack<'_>, measure: Measure) -> (String, String) {
        let alarm = Alarm {
            name: format!("{}{}", stack.names().alarm_prefix(), measure.purpose),
            description: format!("Cloud Exchange {}: {}.", stack.names().deployment, measure.words),
            metrics: measure.metrics,
            expression: measure.expression.to_owned(),
            comparison: measure.comparison.to_owned(),
            threshold: measure.threshold,
            periods: measure.periods,
            missing: measure.missing.to_owned(),
            on_alarm: vec![self.topic.clone()],
            on_ok: vec![self.topic.clone()],
            actions: true,
        };
        let arn = stack.names().arn("cloudwatch", &format!("alarm:{}", alarm.name));
        let alarm = stack.add(measure.purpose, &alarm);
        self.order(stack, &alarm);
        (measure.words, arn)
    }

    fn add_rule(&self, stack: &mut Stack<'_>, purpose: &str, notice: Notice) {
        let rule = EventRule {
            name: format!("{}{purpose}", stack.names().rule_prefix()),
            description: format!("Cloud Exchange {}: {}", stack.names().deployment, notice.words),
            pattern: notice.pattern,
            enabled: true,
            topics: vec![self.topic.clone()],
            template: format!("\"Cloud Exchange {}: {}\"", stack.names().deployment, notice.line),
            takes: notice.takes.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect(),
        };
        let rule = stack.add(purpose, &rule);
        self.order(stack, &rule);
    }

    fn order<K: Spec>(&self, stack: &mut Stack<'_>, watching: &Handle<K>) {
        stack.graph.order(watching, &self.mark, Need::Exists);
        stack.graph.order(watching, &self.service, Need::Ready);
    }
}

/// What an alarm measures, and when it goes off.
struct Measure {
    purpose: &'static str,
    words: String,
    metrics: BTreeMap<String, Metric>,
    expression: &'static str,
    comparison: &'static str,
    threshold: f64,
    periods: i32,
    missing: &'static str,
}

const ABOVE: &str = "GreaterThanThreshold";
const AT_LEAST: &str = "GreaterThanOrEqualToThreshold";
const BELOW: &str = "LessThanThreshold";

fn alarms(stack: &Stack<'_>, parts: &Parts<'_>) -> Vec<Measure> {
    let service = dimensions([("ClusterName", cluster_name(stack)), ("ServiceName", stack.names().stack().into())]);
    let of_service = |name: &str, statistic: &str, period| metric("AWS/ECS", name, &service, statistic, period);
    let file_system = dimensions([("FileSystemId", parts.storage.file_system.id().any())]);
    let of_file_system = |name: &str, statistic: &str| metric("AWS/EFS", name, &file_system, statistic, MINUTES_5);
    let mut all =
        vec![no_task(stack, &service), silence(parts, of_service("CPUUtilization", "SampleCount", MINUTES_5))];
    all.extend(of_balancer(parts));
    all.push(Measure {
        words: "the task has used more than 90 % of its CPU for an hour".to_owned(),
        ..one("cpu", of_service("CPUUtilization", "Average", MINUTES_5), ABOVE, 90.0, 12)
    });
    all.push(Measure {
        words: "the task has used more than 90 % of its memory for 15 minutes".to_owned(),
        ..one("memory", of_service("MemoryUtilization", "Average", MINUTES_5), ABOVE, 90.0, 3)
    });
    all.push(Measure {
        words: "the file system has been above 90 % of its limit of operations for 15 minutes".to_owned(),
        ..one("file-system-io", of_file_system("PercentIOLimit", "Maximum"), ABOVE, 90.0, 3)
    });
    if stack.plan.storage.throughput == Throughput::Bursting {
        all.push(Measure {
            words: "less than 100 GB of the file system's burst credits are left; without them it is slow".to_owned(),
            ..one("burst-credits", of_file_system("BurstCreditBalance", "Minimum"), BELOW, 1e11, 3)
        });
    }
    if stack.plan.storage.backup {
        all.push(failed_backups(stack));
    }
    all
}

/// What has no data is not breaching: an alarm that lost its data would otherwise tell of that, and once more when it
/// has some again, at every stop and start.
const NOT_BREACHING: &str = "notBreaching";

const MINUTE: i32 = 60;
const MINUTES_5: i32 = 300;
const HOUR: i32 = 3600;

/// Only Container Insights says how many tasks are wanted. Without it an alarm cannot tell a stop on purpose from a
/// failure, and goes off after ten minutes of either.
fn no_task(stack: &Stack<'_>, service: &BTreeMap<String, Ref>) -> Measure {
    let words = "no task has run for ten minutes".to_owned();
    if !has_insights(stack) {
        let samples = metric("AWS/ECS", "CPUUtilization", service, "SampleCount", MINUTE);
        return Measure { words, missing: "breaching", ..one("no-task", samples, BELOW, 1.0, 10) };
    }
    let count = |name: &str| metric("ECS/ContainerInsights", name, service, "Average", MINUTE);
    Measure {
        words: "a task has been wanted and has not run for ten minutes".to_owned(),
        metrics: [("wanted", count("DesiredTaskCount")), ("running", count("RunningTaskCount"))].map(owned).into(),
        expression: "IF(FILL(wanted, 0) > 0 AND FILL(running, 0) < 1, 1, 0)",
        ..of("no-task", AT_LEAST, 1.0, 10)
    }
}

fn has_insights(stack: &Stack<'_>) -> bool {
    match &stack.plan.existing.cluster {
        None => stack.plan.service.container_insights,
        Some(_) => {
            let seen = stack.facts.existing.cluster.as_ref().and_then(|cluster| cluster.found());
            seen.is_some_and(|cluster| cluster.container_insights)
        }
    }
}

/// No event at all means no data, which counts as none here.
fn silence(parts: &Parts<'_>, tasks: Metric) -> Measure {
    let group = dimensions([("LogGroupName", parts.identity.logs.output("name", Need::Exists).any())]);
    let lines = metric("AWS/Logs", "IncomingLogEvents", &group, "Sum", MINUTES_5);
    Measure {
        words: "a task runs, and has logged nothing for half an hour".to_owned(),
        metrics: [("tasks", tasks), ("lines", lines)].map(owned).into(),
        expression: "IF(FILL(tasks, 0) > 0 AND FILL(lines, 0) < 1, 1, 0)",
        ..of("silence", AT_LEAST, 1.0, 6)
    }
}

/// Answers of the load balancer itself are not counted: while there is no target, on purpose or not, all are errors.
fn of_balancer(parts: &Parts<'_>) -> Vec<Measure> {
    let (Some(group), Some(balancer)) = (&parts.ingress.target_group, &parts.ingress.load_balancer) else {
        return Vec::new();
    };
    let target = dimensions([("TargetGroup", group.arn().any()), ("LoadBalancer", balancer.any())]);
    let of = |name: &str, statistic: &str, period| metric("AWS/ApplicationELB", name, &target, statistic, period);
    let unhealthy = of("UnHealthyHostCount", "Maximum", MINUTE);
    let errors = of("HTTPCode_Target_5XX_Count", "Sum", MINUTES_5);
    vec![
        Measure {
            words: "the UI has not answered the load balancer's checks for ten minutes".to_owned(),
            ..one("unhealthy-target", unhealthy, AT_LEAST, 1.0, 10)
        },
        Measure {
            words: "the UI has answered more than ten requests in five minutes with an error of its own".to_owned(),
            ..one("server-errors", errors, ABOVE, 10.0, 1)
        },
    ]
}

/// AWS Backup counts by vault, not by what is backed up.
fn failed_backups(stack: &Stack<'_>) -> Measure {
    let failed = |vault: &str| {
        metric("AWS/Backup", "NumberOfBackupJobsFailed", &dimensions([("BackupVaultName", vault.into())]), "Sum", HOUR)
    };
    let own = stack.names().stack();
    Measure {
        words: format!(
            "a backup job has failed in the vault {AUTOMATIC_VAULT}, which other file systems share, or {own}"
        ),
        metrics: [("automatic", failed(AUTOMATIC_VAULT)), ("own", failed(&own))].map(owned).into(),
        expression: "FILL(automatic, 0) + FILL(own, 0)",
        ..of("backup-failed", AT_LEAST, 1.0, 1)
    }
}

fn owned((name, metric): (&str, Metric)) -> (String, Metric) {
    (name.to_owned(), metric)
}

fn of(purpose: &'static str, comparison: &'static str, threshold: f64, periods: i32) -> Measure {
    let (words, metrics) = (String::new(), BTreeMap::new());
    Measure { purpose, words, metrics, expression: "", comparison, threshold, periods, missing: NOT_BREACHING }
}

fn one(purpose: &'static str, metric: Metric, comparison: &'static str, threshold: f64, periods: i32) -> Measure {
    let metrics = BTreeMap::from([(ONLY.to_owned(), metric)]);
    Measure { metrics, ..of(purpose, comparison, threshold, periods) }
}

fn metric(namespace: &str, name: &str, dimensions: &BTreeMap<String, Ref>, statistic: &str, period: i32) -> Metric {
    Metric {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.clone(),
        statistic: statistic.to_owned(),
        period,
    }
}

fn dimensions<const N: usize>(all: [(&str, Ref); N]) -> BTreeMap<String, Ref> {
    all.map(|(name, value)| (name.to_owned(), value)).into()
}

fn cluster_name(stack: &Stack<'_>) -> Ref {
    match &stack.plan.existing.cluster {
        Some(cluster) => cluster.name().into(),
        None => stack.names().stack().into(),
    }
}
