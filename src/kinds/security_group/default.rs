//! The security group that every VPC has.

use aws_sdk_ec2::types::Filter;

use crate::kinds::ec2;
use crate::kinds::prelude::*;
use crate::kinds::vpc::Vpc;

use super::rule::Rule;
use super::rules;

/// The rules of a VPC's default security group, which applies to what is started without naming a group. Hardened, it
/// has none. Outputs: `id`.
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
    const TAGGING: Tagging = Tagging::Ec2;

    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        if context.of_kind("vpc").next().is_none() {
            return Ok(Vec::new());
        }
        let found = rules::groups(context, [ec2::ours(context), by_name()]).await?.into_iter().map(|group| {
            Found::new(group.group_id()).tags(tags::read(group.tags())).spec(Self {
                vpc: group.vpc_id().unwrap_or_default().into(),
                ingress: rules::split(group.ip_permissions()),
                egress: rules::split(group.ip_permissions_egress()),
            })
        });
        Ok(found.collect())
    }

    /// AWS has created it together with the VPC: it is found, tagged, and given its rules. Tagged first,
    /// because the caller may be permitted to change only what carries the deployment's tag.
    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        let in_vpc = ec2::filter("vpc-id", [self.vpc.text()]);
        let groups = rules::groups(context, [in_vpc, by_name()]).await?;
        let Some(id) = groups.first().and_then(|group| group.group_id()) else {
            let why = format!("the default security group of {} is not visible yet", self.vpc.text());
            return Err(Failure::of(Cause::NotYetVisible, why));
        };
        tags::set(Self::TAGGING, context, id, &target.tags, &[]).await?;
        rules::replace(context, id, &self.ingress, &self.egress).await?;
        Ok(made(id, &[]))
    }

    async fn update(&self, context: &Context, target: &Target) -> Result<(), Failure> {
        rules::replace(context, &target.id, &self.ingress, &self.egress).await
    }

    /// AWS deletes it with its VPC.
    async fn delete(_context: &Context, _target: &Target) -> Result<(), Failure> {
        Ok(())
    }

    fn grants(place: &Place) -> Grants<'_> {
        Grants::new(place, "ec2", &["security-group/*"])
            .see(&rules::READ)
            .retag()
            .change(&rules::WRITTEN)
            .adopt(Use::Make)
    }
}

fn by_name() -> Filter {
    ec2::filter("group-name", ["default"])
}
