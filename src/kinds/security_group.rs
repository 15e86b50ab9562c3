//! Security groups.

use async_trait::async_trait;
use aws_sdk_ec2::types::ResourceType;
use serde::{Deserialize, Serialize};

use crate::aws::answer::required;
use crate::aws::error::on;
use crate::aws::grant::Grant;
use crate::engine::failure::{Cause, Failure};
use crate::engine::kind::{Kind, Part, Spec};
use crate::engine::reference::Ref;
use crate::engine::run::Made;
use crate::engine::set::Set;

use super::group_rules;
use super::place::Place;
use super::resource::{Context, Depth, Found, Resource, Seen, Tags, Target, made};
use super::rule::{self, ANYWHERE, Existing, Peer, Rule};
use super::tags;
use super::vpc::Vpc;

/// A security group with its rules. Outputs: `id`, `arn`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub vpc: Ref<Vpc>,
    pub name: String,
    pub description: String,
    /// See [`super::rule::set`].
    pub ingress: Set<Rule>,
    /// AWS gives a new group one rule that allows everything; it is here if it is wanted.
    pub egress: Set<Rule>,
}

impl Spec for SecurityGroup {
    const KIND: Kind = Kind {
        immutable: &["vpc", "name", "description"],
        gone_after: &["service", "load-balancer", "mount-target"],
        security: true,
        late: true,
        ..Kind::new("security-group", Part::Network)
    };
}

#[async_trait]
impl Resource for SecurityGroup {
    async fn list(context: &Context, _depth: Depth) -> Result<Seen<Self>, Failure> {
        let pages = context
            .aws
            .ec2
            .describe_security_groups()
            .filters(tags::ec2::ours(context))
            .into_paginator()
            .items()
            .send();
        let groups = pages.collect::<Result<Vec<_>, _>>().await.map_err(on("ec2 DescribeSecurityGroups"))?;
        let mut found = Vec::new();
        for group in &groups {
            let tags = tags::ec2::read(group.tags());
            let Some(address) = tags::address_of(context, Self::KIND.name, &tags) else { continue };
            let id = required("ec2 DescribeSecurityGroups", "GroupId", group.group_id())?;
            let spec = Self {
                vpc: group.vpc_id().unwrap_or_default().into(),
                name: group.group_name().unwrap_or_default().to_owned(),
                description: group.description().unwrap_or_default().to_owned(),
                ingress: group_rules::split(group.ip_permissions()),
                egress: group_rules::outward(group.ip_permissions_egress()),
            };
            found.push(Found::new(address, id).output("arn", &arn(context, id)).spec(spec).tags(tags));
        }
        Ok(found.into())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let call = context
            .aws
            .ec2
            .create_security_group()
            .vpc_id(self.vpc.text())
            .group_name(&self.name)
            .description(&self.description)
            .tag_specifications(tags::ec2::at_creation(ResourceType::SecurityGroup, &target.tags));
        let answer = call.send().await.map_err(on("ec2 CreateSecurityGroup"))?;
        let id = required("ec2 CreateSecurityGroup", "GroupId", answer.group_id())?;
        let given = Existing { id: String::new(), rule: Rule::all(Peer::Cidr(ANYWHERE.to_owned())) };
        let (ingress, egress) = (rule::difference(&[], &self.ingress), rule::difference(&[given], &self.egress));
        group_rules::change(context, id, &ingress, &egress).await?;
        Ok(made(id, &[("arn", &arn(context, id))]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        group_rules::settle(context, &target.id, &self.ingress, &self.egress).await?;
        Ok(made(&target.id, &[("arn", &arn(context, &target.id))]))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let call = context.aws.ec2.delete_security_group().group_id(&target.id);
        let Err(failure) = call.send().await.map_err(on("ec2 DeleteSecurityGroup")) else { return Ok(()) };
        if failure.cause == Cause::StillHeld {
            // Two groups that admit each other hold each other for ever.
            group_rules::let_go(context, &target.id).await?;
        }
        Err(failure)
    }

    async fn retag(context: &Context, target: &Target, set: &Tags, remove: &[String]) -> Result<(), Failure> {
        tags::ec2::set(context, &target.id, set, remove).await
    }

    fn grants(place: &Place) -> Vec<Grant> {
        let vpc = place.vpc.as_slice();
        place
            .grants("ec2", &["security-group/*"])
            .see(&group_rules::SEEN)
            .create("CreateSecurityGroup")
            .change(&group_rules::CHANGED)
            .remove(&["DeleteSecurityGroup"])
            .remove(&group_rules::LET_GO)
            .at(&["vpc/*"])
            .inside(vpc, &["CreateSecurityGroup"])
            .done()
    }
}

fn arn(context: &Context, id: &str) -> String {
    context.names.arn("ec2", &format!("security-group/{id}"))
}
