//! The network ACL that every VPC has.

use aws_sdk_ec2::types::{self, Filter, IcmpTypeCode, PortRange, RuleAction};
use futures::future::join_all;

use crate::kinds::ec2;
use crate::kinds::prelude::*;
use crate::kinds::security_group::{ANYWHERE, ANYWHERE_IPV6};
use crate::kinds::vpc::Vpc;

use super::entry::{self, Edit, Entry, Icmp, Ports, Verdict};

/// The entries of a VPC's default network ACL, which all subnets without another one use. What AWS adds by itself is
/// not listed: the final denials (see [`LAST`]), and what comes with an IPv6 range of the VPC. Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DefaultNetworkAcl {
    pub vpc: Ref<Vpc>,
    /// By number.
    pub ingress: Vec<Entry>,
    /// By number.
    pub egress: Vec<Entry>,
}

impl DefaultNetworkAcl {
    /// The form in which wanted and live compare.
    pub fn normal(self) -> Self {
        Self { ingress: entry::normal(self.ingress), egress: entry::normal(self.egress), ..self }
    }
}

impl Spec for DefaultNetworkAcl {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Intrinsic,
        parents: &["vpc"],
        immutable: &["vpc"],
        security: true,
        ..Kind::new("default-network-acl", Part::Network)
    };
}

/// The numbers of the denials that end every ACL: of IPv4, and, in a VPC with an IPv6 range, of IPv6
/// (hashicorp/terraform#12835).
const LAST: [i32; 2] = [32767, 32768];

#[async_trait]
impl Resource for DefaultNetworkAcl {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        if context.of_kind("vpc").next().is_none() {
            return Ok(Vec::new());
        }
        let found = describe(context, ec2::ours(context)).await?.into_iter().map(|acl| {
            let (ingress, egress) = read(&acl);
            let (ingress, egress) = (without_aws(&ingress, ingress.clone()), without_aws(&egress, egress.clone()));
            let vpc = acl.vpc_id().unwrap_or_default().into();
            Found::new(acl.network_acl_id()).tags(tags::read(acl.tags())).spec(Self { vpc, ingress, egress })
        });
        Ok(found.collect())
    }

    /// AWS has created it together with the VPC: it is found, tagged, and given its entries. Tagged first,
    /// because the caller may be permitted to change only what carries the deployment's tag.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let acl = one(context, ec2::filter("vpc-id", [self.vpc.text()])).await?;
        let id = required("ec2 DescribeNetworkAcls", "NetworkAclId", acl.network_acl_id())?;
        tags::set(Self::TAGGING, context, id, &target.tags, &[]).await?;
        self.replace(context, id, &acl).await?;
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        let acl = one(context, ec2::filter("network-acl-id", [&target.id])).await?;
        self.replace(context, &target.id, &acl).await
    }

    /// AWS deletes it with its VPC.
    async fn delete(_context: &Context, _target: &Target) -> Result<(), Failure> {
        Ok(())
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "ec2", &["network-acl/*"])
            .see(&["DescribeNetworkAcls"])
            .retag()
            .change(&["CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry"])
            .adopt(Use::Make)
    }
}

impl DefaultNetworkAcl {
    /// Both directions side by side; inside one the order of the stages matters.
    async fn replace(&self, context: &Context, id: &str, acl: &types::NetworkAcl) -> Result<(), Failure> {
        let (ingress, egress) = read(acl);
        // What AWS has added goes together with the entry that it belongs to.
        let (ingress, egress) = (without_aws(&self.ingress, ingress), without_aws(&self.egress, egress));
        tokio::try_join!(
            change(context, id, false, entry::edits(&ingress, &self.ingress)),
            change(context, id, true, entry::edits(&egress, &self.egress)),
        )?;
        Ok(())
    }
}

async fn describe(context: &Context, which: Filter) -> Result<Vec<types::NetworkAcl>, Failure> {
    let call = context.aws.ec2.describe_network_acls().filters(which).filters(ec2::filter("default", ["true"]));
    call.into_paginator().items().send().try_collect().await.answer()
}

async fn one(context: &Context, which: Filter) -> Result<types::NetworkAcl, Failure> {
    let why = format!("the default network ACL of {} is not visible yet", which.values().join(", "));
    describe(context, which).await?.into_iter().next().ok_or_else(|| Failure::of(Cause::NotYetVisible, why))
}

/// Inbound and outbound entries.
fn read(acl: &types::NetworkAcl) -> (Vec<Entry>, Vec<Entry>) {
    let editable = acl.entries().iter().filter(|entry| !entry.rule_number().is_some_and(|last| LAST.contains(&last)));
    let (egress, ingress): (Vec<_>, Vec<_>) = editable.partition(|entry| entry.egress() == Some(true));
    let all = |entries: Vec<&types::NetworkAclEntry>| entry::normal(entries.into_iter().map(read_one).collect());
    (all(ingress), all(egress))
}

/// The entries of a direction without the one that AWS adds with an IPv6 range where nobody has changed that direction
/// (Amazon VPC user guide, "Default network ACL"). Whether somebody has can be seen from the entries in `like`.
fn without_aws(like: &[Entry], mut entries: Vec<Entry>) -> Vec<Entry> {
    if like.contains(&Entry::all(100, Verdict::Allow, ANYWHERE)) {
        entries.retain(|entry| *entry != Entry::all(101, Verdict::Allow, ANYWHERE_IPV6));
    }
    entries
}

fn read_one(entry: &types::NetworkAclEntry) -> Entry {
    let port = |port: Option<i32>| port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
    Entry {
        number: entry.rule_number().unwrap_or_default(),
        protocol: entry::name_of(entry.protocol().unwrap_or_default()).to_owned(),
        action: if entry.rule_action() == Some(&RuleAction::Allow) { Verdict::Allow } else { Verdict::Deny },
        cidr: entry.cidr_block().or(entry.ipv6_cidr_block()).unwrap_or_default().to_owned(),
        ports: entry.port_range().map(|range| Ports { from: port(range.from()), to: port(range.to()) }),
        icmp: entry
            .icmp_type_code()
            .map(|icmp| Icmp { kind: icmp.r#type().unwrap_or(-1), code: icmp.code().unwrap_or(-1) }),
    }
}

/// Makes the edits of one direction: one stage after the other, those of one stage side by side.
async fn change(context: &Context, acl: &str, egress: bool, mut stages: Vec<Vec<Edit>>) -> Result<(), Failure> {
    let all = async |edits: &[Edit]| join_all(edits.iter().map(|edit| make(context, acl, egress, edit))).await;
    while !stages.is_empty() {
        let stage = stages.remove(0);
        for (edit, result) in stage.iter().zip(all(&stage).await) {
            match result {
                // A full ACL has room for another entry only when what is to go has gone.
                Err(failure) if failure.cause == Cause::Quota && stages.iter().flatten().any(Edit::deletes) => {
                    let deletions: Vec<Edit> =
                        stages.iter_mut().flat_map(|stage| stage.extract_if(.., |edit| edit.deletes())).collect();
                    all(&deletions).await.into_iter().collect::<Result<(), _>>()?;
                    make(context, acl, egress, edit).await?;
                }
                // Of several that found no room, the first has made it.
                Err(failure) if failure.cause == Cause::Quota => make(context, acl, egress, edit).await?,
                result => result?,
            }
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
            .rule_action(match $entry.action {
                Verdict::Allow => RuleAction::Allow,
                Verdict::Deny => RuleAction::Deny,
            })
            .set_cidr_block(v4)
            .set_ipv6_cidr_block(v6)
            .set_port_range($entry.ports.map(|it| PortRange::builder().from(it.from.into()).to(it.to.into()).build()))
            .set_icmp_type_code($entry.icmp.map(|it| IcmpTypeCode::builder().r#type(it.kind).code(it.code).build()))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody has given the VPC an IPv6 range before its ACL was changed.
    #[test]
    fn what_aws_adds_goes_with_the_entry_that_it_belongs_to() {
        let usual = Entry::all(100, Verdict::Allow, ANYWHERE);
        let added = Entry::all(101, Verdict::Allow, ANYWHERE_IPV6);
        let live = vec![usual.clone(), added.clone()];
        assert_eq!(without_aws(&live, live.clone()), std::slice::from_ref(&usual), "no drift");
        assert_eq!(without_aws(std::slice::from_ref(&usual), live.clone()), [usual], "nothing to delete");
        let wanted = [Entry::all(90, Verdict::Deny, ANYWHERE)];
        assert_eq!(without_aws(&wanted, live.clone()), live, "both go when the direction is changed");
    }
}
