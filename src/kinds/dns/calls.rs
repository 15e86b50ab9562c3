//! Calls of Route 53 that several kinds make, and the form in which names compare.

use aws_sdk_route53::types::{
    Change, ChangeAction, ChangeBatch, HostedZone, ResourceRecord, ResourceRecordSet, RrType,
};

use crate::aws::answer::Answer;
use crate::aws::error::incomplete;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;

/// A domain name as Route 53 compares it, without the final dot that it always writes (Route 53 developer guide, "DNS
/// domain name format").
pub fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// The same of an alias's target. A load balancer has the same addresses under a name with `dualstack.` in front; that
/// matters for IPv6 only (hashicorp/terraform-provider-aws#10672).
pub fn normal_target(name: &str) -> String {
    let name = normal(name);
    name.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(name)
}

/// The id of a hosted zone, which answers call `/hostedzone/Z…`.
pub fn zone_id(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or_default()
}

/// The hosted zones of this very name: public and private ones may share it.
pub async fn hosted_zones(context: &Context, name: &str) -> Result<Vec<HostedZone>, Failure> {
    // The list begins at the name, and is in the order of names (Route 53 API reference, ListHostedZonesByName).
    let call = context.aws.route53.list_hosted_zones_by_name().dns_name(normal(name)).max_items(100);
    let zones = call.send().await.answer()?.hosted_zones;
    Ok(zones.into_iter().filter(|zone| normal(zone.name()) == normal(name)).collect())
}

/// The records of one name in a zone; none where there is no such zone.
pub async fn records(context: &Context, zone: &str, name: &str) -> Result<Vec<ResourceRecordSet>, Failure> {
    let call = context.aws.route53.list_resource_record_sets().hosted_zone_id(zone);
    let answer = call.start_record_name(normal(name)).max_items(20).send().await.unless_gone()?;
    let all = answer.map(|answer| answer.resource_record_sets).unwrap_or_default();
    Ok(all.into_iter().filter(|record| normal(record.name()) == normal(name)).collect())
}

/// Changes one record. The answer is the id of the change, which takes effect later.
pub async fn change(
    context: &Context,
    zone: &str,
    action: ChangeAction,
    record: ResourceRecordSet,
) -> Result<String, Failure> {
    let change = Change::builder().action(action).resource_record_set(record).build().map_err(incomplete)?;
    let batch = ChangeBatch::builder().comment("ce-aws").changes(change).build().map_err(incomplete)?;
    let call = context.aws.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch);
    let answer = call.send().await.answer()?;
    Ok(answer.change_info().map(|change| change.id()).unwrap_or_default().to_owned())
}

/// Creates a CNAME record where there is none of that name.
pub async fn create_cname(context: &Context, zone: &str, name: &str, value: &str) -> Result<(), Failure> {
    let value = ResourceRecord::builder().value(value).build().map_err(incomplete)?;
    let record = ResourceRecordSet::builder().name(name).r#type(RrType::Cname).ttl(300).resource_records(value);
    change(context, zone, ChangeAction::Create, record.build().map_err(incomplete)?).await.map(drop)
}

/// Whether all of Route 53's servers know a change.
pub async fn is_in_sync(context: &Context, change: &str) -> Result<bool, Failure> {
    use aws_sdk_route53::types::ChangeStatus::Insync;
    let answer = context.aws.route53.get_change().id(change).send().await.unless_gone()?;
    Ok(answer.is_none_or(|answer| answer.change_info().is_none_or(|change| *change.status() == Insync)))
}
