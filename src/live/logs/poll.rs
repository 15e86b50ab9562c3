//! Reading a selection of lines from CloudWatch Logs.

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;

use crate::aws::answer::Answer;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::place::Place;

use super::cursor::{Cursor, Event};
use super::selection::{Line, Selection, Source};

/// Reads all pages from the cursor on, and gives each page's new lines to `show` as they come, until that says no more.
///
/// FilterLogEvents returns empty pages before full ones: only a missing token ends them. No end of time is asked for,
/// as a container's clock may be ahead.
///
/// # Errors
///
/// A page could not be read; the cause is `Gone` where there is no such log group. The cursor can be used again.
pub async fn poll<E: From<Failure>>(
    context: &Context,
    source: &Source,
    wanted: &Selection,
    cursor: &mut Cursor,
    now: i64,
    mut show: impl FnMut(Vec<Line>) -> Result<bool, E>,
) -> Result<bool, E> {
    let call = context
        .aws
        .logs
        .filter_log_events()
        .log_group_name(&source.group)
        .log_stream_name_prefix(wanted.stream_prefix(source))
        .start_time(cursor.start());
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.answer()?.events.unwrap_or_default().into_iter().map(event).collect();
        let new = cursor.take(page);
        let line = |event: &Event| wanted.line(source, &event.stream, event.time, &event.message);
        if !show(new.iter().filter_map(line).collect())? {
            return Ok(false);
        }
    }
    cursor.advance(now);
    Ok(true)
}

/// An event without an id is one that has the same content.
fn event(event: FilteredLogEvent) -> Event {
    let (time, received) = (event.timestamp.unwrap_or_default(), event.ingestion_time.unwrap_or_default());
    let (stream, message) = (event.log_stream_name.unwrap_or_default(), event.message.unwrap_or_default());
    let id = event.event_id.unwrap_or_else(|| format!("{stream} {time} {received} {message}"));
    Event { id, stream, time, received, message }
}

/// Whether a container that the revision in force does not have has logged: one of an earlier release, or a data step.
///
/// # Errors
///
/// The streams could not be listed.
pub async fn has_logged(context: &Context, source: &Source, container: &str) -> Result<bool, Failure> {
    let call = context.aws.logs.describe_log_streams().log_group_name(&source.group);
    let call = call.log_stream_name_prefix(source.streams_of(container)).limit(1);
    let answer = call.send().await.unless_gone()?;
    Ok(answer.is_some_and(|answer| !answer.log_streams().is_empty()))
}

/// Both actions are granted on a log group (Service Authorization Reference, Amazon CloudWatch Logs).
pub fn grant(place: &Place) -> Grant {
    let group = place.names.arn("logs", &format!("log-group:{}*", place.names.log_prefix()));
    Grant::new(Use::See, "logs", &["DescribeLogStreams", "FilterLogEvents"]).on([group])
}
