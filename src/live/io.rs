//! What CloudWatch has measured of the deployment's file system.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudwatch::types::{Dimension, Metric as Named, MetricDataQuery, MetricStat};
use aws_smithy_types::DateTime;

use crate::aws::answer::Answer;
use crate::aws::clients::Clients;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::Inventory;
use crate::kinds::context::Context;
use crate::kinds::file_system;
use crate::price::io::{FileSystemIo, Metric, Samples, window};

/// Nobody waits longer for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks about the file system of an inventory, if there is one, by one call; to be awaited beside other reads.
pub fn io(
    context: &Context,
    inventory: &Inventory,
    now: i64,
) -> Option<impl Future<Output = FileSystemIo> + Send + use<>> {
    let (id, throughput) = file_system::in_use(inventory)?;
    Some(about(context.aws.clone(), context.names.region.clone(), id, throughput, now))
}

/// Looks for the deployment's file system and asks about it; `None` if there is none.
pub async fn deployed(context: &Context, now: i64) -> Option<FileSystemIo> {
    let region = context.names.region.clone();
    match file_system::find(context).await {
        Ok(Some((id, throughput))) => Some(about(context.aws.clone(), region, id, throughput, now).await),
        Ok(None) => None,
        Err(failure) => Some(FileSystemIo::new("", "", &region, Err(failure.to_string()), now)),
    }
}

async fn about(aws: Arc<Clients>, region: String, id: String, throughput: String, now: i64) -> FileSystemIo {
    let found = measured(&aws, &id, throughput == "bursting", now).await.map_err(|failure| failure.to_string());
    FileSystemIo::new(&id, &throughput, &region, found, now)
}

async fn measured(aws: &Arc<Clients>, id: &str, bursts: bool, now: i64) -> Result<Samples, Failure> {
    let too_long = |_| Failure {
        operation: "cloudwatch GetMetricData".to_owned(),
        ..Failure::of(Cause::Unavailable, format!("no answer within {} s", PATIENCE.as_secs()))
    };
    tokio::time::timeout(PATIENCE, read(aws, id, bursts, now)).await.map_err(too_long)?
}

async fn read(aws: &Clients, id: &str, bursts: bool, now: i64) -> Result<Samples, Failure> {
    let asked: Vec<Metric> = Metric::IO.into_iter().chain(bursts.then_some(Metric::Credits)).collect();
    let (begin, end) = window(now);
    let call = aws
        .cloudwatch
        .get_metric_data()
        .set_metric_data_queries(Some(asked.iter().map(|metric| query(*metric, id)).collect()))
        .start_time(DateTime::from_secs(begin))
        .end_time(DateTime::from_secs(end));
    let mut pages = call.into_paginator().send();
    let mut samples = Samples::new();
    while let Some(page) = pages.next().await {
        for result in page.answer()?.metric_data_results() {
            let Some(metric) = asked.iter().find(|metric| result.id() == Some(id_of(**metric).as_str())) else {
                continue;
            };
            let hours = result.timestamps().iter().map(DateTime::secs).zip(result.values().iter().copied());
            samples.entry(*metric).or_default().extend(hours);
        }
    }
    Ok(samples)
}

/// Ids begin with a small letter (CloudWatch API reference, MetricDataQuery).
fn id_of(metric: Metric) -> String {
    format!("m{}", metric.name())
}

fn query(metric: Metric, file_system: &str) -> MetricDataQuery {
    let dimension = Dimension::builder().name("FileSystemId").value(file_system).build();
    let named = Named::builder().namespace("AWS/EFS").metric_name(metric.name()).dimensions(dimension).build();
    let statistic = MetricStat::builder().metric(named).period(3_600).stat(metric.statistic()).build();
    MetricDataQuery::builder().id(id_of(metric)).metric_stat(statistic).build()
}

/// What it must be allowed. The action knows no resources (Service Authorization Reference, Amazon CloudWatch).
pub fn grants() -> [Grant; 2] {
    [
        Grant::new(Use::Measure, "cloudwatch", &["GetMetricData"]),
        Grant::new(Use::Price, "elasticfilesystem", &["DescribeFileSystems"]),
    ]
}
