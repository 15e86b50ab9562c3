//! AWS's list prices, as its Price List tells them. What the answers mean is said in [`crate::price::list`].

use aws_sdk_pricing::types::{Filter, FilterType};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::aws::answer::Answer;
use crate::aws::clients::Clients;
use crate::aws::error::incomplete;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::Failure;
use crate::price::list::Query;

/// Questions that are open at a time: the Price List throttles early.
const AT_ONCE: usize = 4;

/// The products that answer each question, as JSON texts.
pub async fn products(aws: &Clients, queries: &[Query]) -> Result<Vec<(&'static str, Vec<String>)>, Failure> {
    let answers = queries.iter().map(async |query| Ok((query.service, ask(aws, query).await?)));
    stream::iter(answers).buffered(AT_ONCE).try_collect().await
}

async fn ask(aws: &Clients, query: &Query) -> Result<Vec<String>, Failure> {
    let filter = |field: &str, kind: FilterType, value: &str| {
        Filter::builder().field(field).r#type(kind).value(value).build().map_err(incomplete)
    };
    let call = aws
        .pricing
        .get_products()
        .service_code(query.service)
        .filters(filter("regionCode", FilterType::TermMatch, &query.region)?)
        .filters(filter("usagetype", FilterType::Contains, query.usage)?);
    call.into_paginator().items().send().try_collect().await.answer()
}

/// What it must be allowed. The Price List knows no resources (Service Authorization Reference, AWS Price List).
pub fn grant() -> Grant {
    Grant::new(Use::Price, "pricing", &["GetProducts"])
}
