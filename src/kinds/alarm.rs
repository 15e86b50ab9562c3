//! CloudWatch alarms.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric as SdkMetric, MetricAlarm, MetricDataQuery, MetricStat,
};

use super::names::Names;
use super::prelude::*;
use super::topic::Topic;

/// An alarm on one metric, or on an expression over several. Outputs: `id` (the ARN), `name`, `state` (`OK`, `ALARM`
/// or `INSUFFICIENT_DATA`), `why`.
///
/// Its name must begin with `context.names.alarm_prefix()`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Alarm {
    pub name: String,
    pub description: String,
    /// By the names that the expression has for them.
    pub metrics: BTreeMap<String, Metric>,
    /// Metric math; empty where the only metric counts.
    pub expression: String,
    /// `GreaterThanThreshold` and the like.
    pub comparison: String,
    pub threshold: f64,
    /// How many periods in a row must breach the threshold.
    pub periods: i32,
    /// What missing data counts as: `missing`, `ignore`, `breaching`, `notBreaching`.
    pub missing: String,
    /// Who is told when it goes off, and when it is over.
    pub on_alarm: Vec<Ref<Topic>>,
    pub on_ok: Vec<Ref<Topic>>,
    pub actions: bool,
}

/// A metric, and what is made of its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metric {
    pub namespace: String,
    pub name: String,
    /// Load balancers and target groups by ARN, although CloudWatch knows them by its end only.
    pub dimensions: BTreeMap<String, Ref>,
    pub statistic: String,
    /// Seconds.
    pub period: i32,
}

impl Spec for Alarm {
    const KIND: Kind = Kind { immutable: &["name"], ..Kind::new("alarm", Part::Alarms) };
}

#[async_trait]
impl Resource for Alarm {
    const TAGGING: Tagging = Tagging::CloudWatch;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let cloudwatch = &context.aws.cloudwatch;
        let call = cloudwatch.describe_alarms().alarm_name_prefix(context.names.alarm_prefix());
        let pages: Vec<_> = call.into_paginator().send().try_collect().await.answer()?;
        let alarms = pages.into_iter().flat_map(|page| page.metric_alarms.unwrap_or_default());
        let found = alarms.map(|alarm| async move {
            let (arn, name) = (text(alarm.alarm_arn()), text(alarm.alarm_name()));
            let call = cloudwatch.list_tags_for_resource().resource_arn(&arn).send();
            let Some(answer) = call.await.unless_gone()? else { return Ok(None) };
            let state = alarm.state_value().map_or("INSUFFICIENT_DATA", |state| state.as_str());
            let found = Found::new(arn.as_str()).output("name", name.as_str()).output("state", state);
            let found = found.output_if("why", alarm.state_reason().filter(|why| !why.is_empty()));
            let found = found.output("arn", arn.as_str()).spec(read(&context.names, &alarm));
            Ok::<_, Failure>(Some(found.tags(tags::read(answer.tags()))))
        });
        Ok(try_join_all(found).await?.into_iter().flatten().collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        self.put(context, Some(&target.tags)).await?;
        let arn = context.names.arn("cloudwatch", &format!("alarm:{}", self.name));
        // Where there is an alarm of that name already, it keeps its tags.
        tags::set(Self::TAGGING, context, &arn, &target.tags, &[]).await?;
        Ok(made(arn.as_str(), &[("name", &self.name), ("arn", &arn)]))
    }

    async fn update(&self, context: &Context, _target: &Target) -> Result<(), Failure> {
        self.put(context, None).await
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let name = target.id.split_once(":alarm:").map_or(target.id.as_str(), |(_, name)| name);
        context.aws.cloudwatch.delete_alarms().alarm_names(name).send().await.done_or_gone()
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "cloudwatch", &[&format!("alarm:{}*", place.names.alarm_prefix())])
            .see(&["DescribeAlarms"])
            .named(Use::See, &["ListTagsForResource"])
            .named(Use::Make, &["PutMetricAlarm", "SetAlarmState", "TagResource", "UntagResource"])
            .named(Use::Remove, &["DeleteAlarms"])
    }
}

/// The name of the expression among the metrics.
const EXPRESSION: &str = "expression";

impl Alarm {
    /// Replaces everything but the tags, which count only where the alarm is new (CloudWatch API reference,
    /// PutMetricAlarm).
    async fn put(&self, context: &Context, tags: Option<&Tags>) -> Result<(), Failure> {
        let topics = |topics: &[Ref<Topic>]| Some(topics.iter().map(|topic| topic.text().to_owned()).collect());
        let call = context.aws.cloudwatch.put_metric_alarm().alarm_name(&self.name);
        let call = call
            .alarm_description(&self.description)
            .comparison_operator(ComparisonOperator::from(self.comparison.as_str()))
            .threshold(self.threshold)
            .evaluation_periods(self.periods)
            .datapoints_to_alarm(self.periods)
            .treat_missing_data(&self.missing)
            .set_alarm_actions(topics(&self.on_alarm))
            .set_ok_actions(topics(&self.on_ok))
            .actions_enabled(self.actions)
            .set_tags(tags.map(tags::write));
        let call = match (self.expression.as_str(), self.metrics.values().next()) {
            ("", Some(metric)) => call
                .namespace(&metric.namespace)
                .metric_name(&metric.name)
                .set_dimensions(Some(metric.dimensions()))
                .statistic(metric.statistic.as_str().into())
                .period(metric.period),
            (expression, _) => {
                let all = self.metrics.iter().map(|(id, metric)| metric.query(id));
                let expression = MetricDataQuery::builder().id(EXPRESSION).expression(expression).return_data(true);
                call.set_metrics(Some(all.chain([expression.build()]).collect()))
            }
        };
        call.send().await.done()
    }
}

impl Metric {
    fn dimensions(&self) -> Vec<Dimension> {
        let all = self.dimensions.iter();
        all.map(|(name, value)| Dimension::builder().name(name).value(short(value.text())).build()).collect()
    }

    fn query(&self, id: &str) -> MetricDataQuery {
        let metric = SdkMetric::builder().namespace(&self.namespace).metric_name(&self.name);
        let metric = metric.set_dimensions(Some(self.dimensions())).build();
        let stat = MetricStat::builder().metric(metric).period(self.period).stat(&self.statistic).build();
        MetricDataQuery::builder().id(id).metric_stat(stat).return_data(false).build()
    }

    fn read(names: &Names, metric: &SdkMetric, statistic: &str, period: Option<i32>) -> Self {
        Self {
            namespace: text(metric.namespace()),
            name: text(metric.metric_name()),
            dimensions: dimensions(names, metric.dimensions()),
            statistic: statistic.to_owned(),
            period: period.unwrap_or_default(),
        }
    }
}

/// What CloudWatch calls a load balancer or a target group: `app/ce-prod/50dc6c495c0c9188`,
/// `targetgroup/ce-prod-ui/73e2d6bc24d8a067` (Elastic Load Balancing user guide, "CloudWatch metrics for your
/// Application Load Balancer").
pub fn short(value: &str) -> &str {
    let end = if value.starts_with("arn:") { value.rsplit(':').next().unwrap_or(value) } else { value };
    end.strip_prefix("loadbalancer/").unwrap_or(end)
}

fn dimensions(names: &Names, dimensions: &[Dimension]) -> BTreeMap<String, Ref> {
    let all = dimensions.iter().map(|one| {
        let (name, value) = (text(one.name()), text(one.value()));
        let value = match name.as_str() {
            "LoadBalancer" => names.arn("elasticloadbalancing", &format!("loadbalancer/{value}")),
            "TargetGroup" => names.arn("elasticloadbalancing", &value),
            _ => value,
        };
        (name, value.into())
    });
    all.collect()
}

fn read(names: &Names, alarm: &MetricAlarm) -> Alarm {
    let queries = alarm.metrics();
    let metrics = if queries.is_empty() {
        let metric = SdkMetric::builder().set_namespace(alarm.namespace.clone());
        let metric = metric.set_metric_name(alarm.metric_name.clone()).set_dimensions(alarm.dimensions.clone()).build();
        let statistic = alarm.statistic().map_or("", |statistic| statistic.as_str());
        BTreeMap::from([(ONLY.to_owned(), Metric::read(names, &metric, statistic, alarm.period()))])
    } else {
        let all = queries.iter().filter_map(|query| {
            let stat = query.metric_stat()?;
            let metric = Metric::read(names, stat.metric()?, stat.stat().unwrap_or_default(), stat.period());
            Some((text(query.id()), metric))
        });
        all.collect()
    };
    let topics = |arns: &[String]| arns.iter().map(|arn| arn.as_str().into()).collect();
    Alarm {
        name: text(alarm.alarm_name()),
        description: text(alarm.alarm_description()),
        metrics,
        expression: text(queries.iter().find_map(|query| query.expression())),
        comparison: text(alarm.comparison_operator().map(|operator| operator.as_str())),
        threshold: alarm.threshold().unwrap_or_default(),
        periods: alarm.evaluation_periods().unwrap_or_default(),
        missing: alarm.treat_missing_data().unwrap_or("missing").to_owned(),
        on_alarm: topics(alarm.alarm_actions()),
        on_ok: topics(alarm.ok_actions()),
        actions: alarm.actions_enabled().unwrap_or(true),
    }
}

/// What the only metric is called where there is no expression.
pub const ONLY: &str = "metric";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_balancers_and_target_groups_are_found_again_by_what_cloudwatch_calls_them() {
        let names = Names {
            deployment: "prod".to_owned(),
            account: "111122223333".to_owned(),
            region: "us-east-1".to_owned(),
            partition: "aws".to_owned(),
        };
        let written = Metric {
            namespace: "AWS/ApplicationELB".to_owned(),
            name: "UnHealthyHostCount".to_owned(),
            dimensions: BTreeMap::from([
                ("LoadBalancer".to_owned(), names.arn("elasticloadbalancing", "loadbalancer/app/ce-prod/5").into()),
                ("TargetGroup".to_owned(), names.arn("elasticloadbalancing", "targetgroup/ce-prod-ui/7").into()),
                ("FileSystemId".to_owned(), "fs-1".into()),
            ]),
            statistic: "Maximum".to_owned(),
            period: 60,
        };
        let sent = written.dimensions();
        let values: Vec<_> = sent.iter().map(|one| one.value().unwrap_or_default()).collect();
        assert_eq!(values, ["fs-1", "app/ce-prod/5", "targetgroup/ce-prod-ui/7"]);
        assert_eq!(dimensions(&names, &sent), written.dimensions);
    }
}
