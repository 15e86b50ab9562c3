//! The security group that every VPC has.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::aws::grant::{Grant, Use};
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Lifecycle, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;
use crate::engine::set::Set;

use super::group_rules;
use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::rule::Rule;
use super::tags;
use super::vpc::Vpc;

/// The rules of a VPC's default security group: of what is started without naming a group. Hardened, it has none.
/// Outputs: `id`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DefaultSecurityGroup {
    pub vpc: Ref<Vpc>,
    pub ingress: Set<Rule>,
    pub egress: Set<Rule>,
}

impl DefaultSecurityGroup {
    /// Without any rule.
    pub fn hardened(vpc: Ref<Vpc>) -> Self {
        Self { vpc, ingress: Set::new([]), egress: Set::new([]) }
    }
}

impl Spec for DefaultSecurityGroup {
    const KIND: Kind = Kind {
        lifecycle: Lifecycle::Intrinsic,
        parents: &["vpc"],
        immutable: &["vpc"],
        security: true,
        ..Kind::new("default-security-group", Part::Network)
    };
}

#[async_trait]
impl Resource for DefaultSecurityGroup {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        if context.of_kind("vpc").next().is_none() {
            return Ok(Vec::new().into());
        }
        let call = context.aws.ec2.describe_security_groups().filters(tags::ec2::ours(context)).filters(by_name());
        let pages = call.into_paginator().items().send();
        let groups = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeSecurityGroups"))?;
        let mut found = Vec::new();
        for group in &groups {
            let tags = tags::ec2::read(group.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let spec = Self {
                vpc: group.vpc_id().unwrap_or_default().into(),
                ingress: group_rules::split(group.ip_permissions()),
                egress: group_rules::split(group.ip_permissions_egress()),
            };
            found.push(
                Found::new(address, required("ec2 DescribeSecurityGroups", "GroupId", group.group_id())?)
                    .spec(spec)
                    .tags(tags),
            );
        }
        Ok(found.into())
    }

    /// AWS has made it together with the VPC: it is found, tagged, and given its rules.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let in_vpc = tags::ec2::filter("vpc-id", [self.vpc.text().to_owned()]);
        let call = context.aws.ec2.describe_security_groups().filters(in_vpc).filters(by_name());
        let answer = call.send().await.map_err(on("ec2 DescribeSecurityGroups"))?;
        let Some(id) = answer.security_groups().first().and_then(|group| group.group_id()) else {
            return Err(Failure::of(
                Cause::NotYetVisible,
                format!("the default security group of {} does not show yet", self.vpc.text()),
            ));
        };
        tags::ec2::set(context, id, &target.tags, &[]).await?;
        group_rules::settle(context, id, &self.ingress, &self.egress).await?;
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        group_rules::settle(context, &target.id, &self.ingress, &self.egress).await?;
        Ok(made(&target.id, &[]))
    }

    /// It goes with its VPC.
    async fn delete(_context: &Context, _at: &Target) -> Result<(), Failure> {
        Ok(())
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ec2::set(context, &target.id, set, remove).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        // AWS has made it without tags, and what VPC it is in cannot be said beforehand.
        let adopted = Grant::new(Use::Make, "ec2", &["CreateTags"]).on([place.names.arn("ec2", "security-group/*")]);
        place
            .grants("ec2", &["security-group/*"])
            .see(&group_rules::SEEN)
            .retag()
            .change(&group_rules::CHANGED)
            .also(adopted.adopted(&place.names.deployment))
            .done()
    }
}

fn by_name() -> aws_sdk_ec2::types::Filter {
    tags::ec2::filter("group-name", ["default".to_owned()])
}
