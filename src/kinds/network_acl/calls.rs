//! The calls that change the entries of an ACL.

use aws_sdk_ec2::types::{IcmpTypeCode, PortRange, RuleAction};

use crate::kinds::prelude::*;

use super::entry::{self, Edit, Entry, Icmp, Ports, Verdict};

pub async fn change(context: &Context, acl: &str, egress: bool, mut edits: Vec<Edit>) -> Result<(), Failure> {
    while !edits.is_empty() {
        let edit = edits.remove(0);
        match make(context, acl, egress, &edit).await {
            // A full ACL has room for another entry only when what is to go has gone.
            Err(failure) if failure.cause == Cause::Quota && edits.iter().any(Edit::deletes) => {
                let (deletions, others): (Vec<_>, Vec<_>) = edits.into_iter().partition(Edit::deletes);
                for deletion in &deletions {
                    make(context, acl, egress, deletion).await?;
                }
                edits = others;
                make(context, acl, egress, &edit).await?;
            }
            result => result?,
        }
    }
    Ok(())
}

/// Creating and replacing an entry take the same parameters, in two types of the SDK.
macro_rules! put {
    ($call:expr, $acl:expr, $egress:expr, $entry:expr) => {{
        let (v4, v6) = blocks($entry);
        $call
            .network_acl_id($acl)
            .egress($egress)
            .rule_number($entry.number)
            .protocol(entry::number_of(&$entry.protocol))
            .rule_action(action($entry))
            .set_cidr_block(v4)
            .set_ipv6_cidr_block(v6)
            .set_port_range($entry.ports.map(port_range))
            .set_icmp_type_code($entry.icmp.map(icmp_type_code))
            .send()
            .await
            .done()
    }};
}

async fn make(context: &Context, acl: &str, egress: bool, edit: &Edit) -> Result<(), Failure> {
    let ec2 = &context.aws.ec2;
    match edit {
        Edit::Create(entry) => match put!(ec2.create_network_acl_entry(), acl, egress, entry) {
            Err(failure) if failure.cause == Cause::Taken => {
                put!(ec2.replace_network_acl_entry(), acl, egress, entry)
            }
            result => result,
        },
        Edit::Replace(entry) => put!(ec2.replace_network_acl_entry(), acl, egress, entry),
        Edit::Delete(number) => {
            let call = ec2.delete_network_acl_entry().network_acl_id(acl).egress(egress).rule_number(*number);
            call.send().await.done_or_gone()
        }
    }
}

/// IPv4 and IPv6 are two parameters.
fn blocks(entry: &Entry) -> (Option<String>, Option<String>) {
    let cidr = Some(entry.cidr.clone());
    if entry.cidr.contains(':') { (None, cidr) } else { (cidr, None) }
}

fn action(entry: &Entry) -> RuleAction {
    match entry.action {
        Verdict::Allow => RuleAction::Allow,
        Verdict::Deny => RuleAction::Deny,
    }
}

fn port_range(ports: Ports) -> PortRange {
    PortRange::builder().from(ports.from.into()).to(ports.to.into()).build()
}

fn icmp_type_code(icmp: Icmp) -> IcmpTypeCode {
    IcmpTypeCode::builder().r#type(icmp.kind).code(icmp.code).build()
}
