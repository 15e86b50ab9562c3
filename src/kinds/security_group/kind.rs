//! Security groups of the deployment.

use aws_sdk_ec2::types::ResourceType;

use crate::kinds::ec2;
use crate::kinds::notes;
use crate::kinds::prelude::*;
use crate::kinds::vpc::Vpc;

use super::rule::{self, ANYWHERE, Existing, Peer, Rule};
use super::rules;

/// A security group with its rules. Outputs: `id`, `arn`, and what is noted in its tags ([`notes`]).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    pub vpc: Ref<Vpc>,
    pub name: String,
    pub description: String,
    /// See [`super::set`].
    pub ingress: Set<Rule>,
    /// AWS gives a new group one rule that allows everything; it is here if it is wanted.
    pub egress: Set<Rule>,
}

impl Spec for SecurityGroup {
    const KIND: Kind = Kind {
        immutable: &["vpc", "name", "description"],
        // All but the first two are found through its tags, or because it exists.
        gone_after: &[
            "load-balancer",
            "mount-target",
            "dns-record",
            "dns-zone",
            "certificate",
            "client-vpn-authority",
            "client-vpn-certificate",
            "client-vpn-endpoint",
            "client-vpn-association",
            "client-vpn-rule",
        ],
        stopped_after: &["service"],
        security: true,
        late: true,
        ..Kind::new("security-group", Part::Network)
    };
}

#[async_trait]
impl Resource for SecurityGroup {
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let found = rules::groups(context, [ec2::ours(context)]).await?.into_iter().map(|group| {
            let id = group.group_id().unwrap_or_default();
            let tags = tags::read(group.tags());
            let mut found = Found::new(id).output("arn", arn(context, id).as_str());
            for note in notes::ALL {
                found =
                    found.output_if(note.tag, tags.get(note.tag).map(String::as_str).filter(|text| !text.is_empty()));
            }
            found.tags(tags).spec(Self {
                vpc: group.vpc_id().unwrap_or_default().into(),
                name: text(group.group_name()),
                description: text(group.description()),
                ingress: rules::split(group.ip_permissions()),
                egress: rules::outbound(group.ip_permissions_egress()),
            })
        });
        Ok(found.collect())
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let ec2 = &context.aws.ec2;
        let call = ec2
            .create_security_group()
            .vpc_id(self.vpc.text())
            .group_name(&self.name)
            .description(&self.description)
            .tag_specifications(ec2::at_creation(ResourceType::SecurityGroup, &target.tags));
        let answer = call.send().await.answer()?;
        let id = member(&answer, "GroupId", |answer| answer.group_id())?;
        let given = Existing { id: String::new(), rule: Rule::all(Peer::Cidr(ANYWHERE.to_owned())) };
        let (ingress, egress) = (rule::difference(&[], &self.ingress), rule::difference(&[given], &self.egress));
        rules::change(context, id, &ingress, &egress).await?;
        Ok(made(id, &[("arn", &arn(context, id))]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        rules::replace(context, &target.id, &self.ingress, &self.egress).await
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        let deleted = context.aws.ec2.delete_security_group().group_id(&target.id).send().await.done();
        if deleted.as_ref().is_err_and(|failure| failure.cause == Cause::StillHeld) {
            // Of two groups that admit each other, neither could ever be deleted.
            rules::remove_references(context, &target.id).await?;
        }
        deleted
    }

    fn grants(place: &Place) -> Grants<'_> {
        let vpc = place.vpc.as_slice();
        Grants::new(place, "ec2", &["security-group/*"])
            .see(&rules::READ)
            .create("CreateSecurityGroup")
            .change(&rules::WRITTEN)
            .remove(&["DeleteSecurityGroup"])
            .remove(&rules::REVOKED)
            .at(&["vpc/*"])
            .inside(vpc, &["CreateSecurityGroup"])
    }
}

fn arn(context: &Context, id: &str) -> String {
    context.names.arn("ec2", &format!("security-group/{id}"))
}
