//! Who holds a resource that cannot be deleted yet.

use crate::aws::error::on;
use crate::engine::failure::Failure;
use crate::kinds::resource::{At, Cx};
use crate::kinds::tags;

/// Adds to the failure which network interfaces still hold a subnet, security group or VPC, and whose they are.
pub async fn name(cx: &Cx, at: &At, mut failure: Failure) -> Failure {
    let filter = match at.address.kind() {
        "subnet" => "subnet-id",
        "security-group" => "group-id",
        "vpc" | "internet-gateway" => "vpc-id",
        _ => return failure,
    };
    let id = match at.address.kind() {
        "internet-gateway" => cx.outputs("vpc", "id").into_iter().next().unwrap_or_default(),
        _ => at.id.clone(),
    };
    let call = cx.aws.ec2.describe_network_interfaces().filters(tags::ec2::filter(filter, [id]));
    let Ok(answer) = call.send().await.map_err(on("ec2 DescribeNetworkInterfaces")) else { return failure };
    let holders: Vec<String> = answer
        .network_interfaces()
        .iter()
        .take(5)
        .map(|interface| {
            let owner = interface.description().filter(|text| !text.is_empty());
            let owner = owner.or(interface.requester_id()).unwrap_or("unknown owner");
            format!("{} ({owner})", interface.network_interface_id().unwrap_or_default())
        })
        .collect();
    if !holders.is_empty() {
        failure.message = format!("{}; held by {}", failure.message, holders.join(", "));
    }
    failure
}
