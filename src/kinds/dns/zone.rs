//! The deployment's own private hosted zone.

use aws_sdk_route53::types as sdk;

use crate::kinds::notes;
use crate::kinds::prelude::*;
use crate::kinds::vpc::Vpc;

use super::calls::{hosted_zones, normal, zone_id};

/// A private hosted zone that only one VPC sees. A zone can have ten tags, fewer than a plan file may name, and no list
/// can be restricted to them; what makes it ours is the reference with which it was created, which nobody can change.
/// Outputs: `id`, `name`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DnsZone {
    pub name: String,
    pub vpc: Ref<Vpc>,
}

impl Spec for DnsZone {
    const KIND: Kind = Kind {
        parents: &["security-group"],
        immutable: &["name", "vpc"],
        replaceable: Some("its name cannot be resolved for a moment"),
        tagged: false,
        ..Kind::new("dns-zone", Part::Ingress)
    };
}

#[async_trait]
impl Resource for DnsZone {
    async fn list(context: &Context, depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let Some(name) = notes::ZONE.read(context) else { return Ok(Vec::new()) };
        let ours = prefix(context);
        let zones = hosted_zones(context, &name).await?;
        let ours = zones.iter().filter(|zone| zone.caller_reference().starts_with(&ours));
        let found = ours.map(|zone| async move {
            let found = Found::of(made_of(zone)).at(Address::new(Self::KIND.name, Self::PURPOSE));
            if depth == Depth::Phase {
                return Ok(found);
            }
            let vpc = vpc(context, zone_id(zone.id())).await?;
            Ok(found.spec(Self { name: normal(zone.name()), vpc: vpc.into() }))
        });
        try_join_all(found).await
    }

    async fn create(&self, context: &Context, target: &Target) -> Result<Made, Failure> {
        notes::ZONE.write(context, &self.name).await?;
        let vpc = sdk::Vpc::builder().vpc_id(self.vpc.text()).vpc_region(context.names.region.as_str().into());
        let comment = format!("Cloud Exchange {}, by ce-aws", context.names.deployment);
        let call = context
            .aws
            .route53
            .create_hosted_zone()
            .name(&self.name)
            .caller_reference(format!("{}{}", prefix(context), target.token))
            .vpc(vpc.build())
            .hosted_zone_config(sdk::HostedZoneConfig::builder().private_zone(true).comment(comment).build());
        let answer = call.send().await.answer().map_err(|failure| explain(failure, &self.name))?;
        let zone = answer.hosted_zone().ok_or_else(|| Failure::of(Cause::Unavailable, "the answer has no zone"))?;
        Ok(made_of(zone))
    }

    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        context.aws.route53.delete_hosted_zone().id(&target.id).send().await.done_or_gone()?;
        notes::ZONE.erase(context).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        let grants = Grants::on(place, "route53", place.names.arn_bare("route53", "hostedzone/*"));
        if !place.dns.as_ref().is_some_and(|dns| dns.own_zone) {
            return grants;
        }
        // CreateHostedZone and its VPC (Service Authorization Reference, Amazon Route 53).
        let create = Grant::new(Use::Make, "route53", &["CreateHostedZone"]);
        grants
            .see(&["ListHostedZonesByName"])
            .named(Use::See, &["GetHostedZone"])
            .also(create)
            .named(Use::Make, &["AssociateVPCWithHostedZone"])
            .named(Use::Remove, &["DeleteHostedZone"])
            .of("ec2", &["vpc/*"])
            .see(&["DescribeVpcs"])
    }
}

impl DnsZone {
    /// The name of the one zone's address.
    pub const PURPOSE: &str = "main";
}

/// How references of this deployment's zones begin. A whole one is unique for ever: it names the request too.
fn prefix(context: &Context) -> String {
    format!("ce-aws/{}/{}/", context.names.region, context.names.deployment)
}

async fn vpc(context: &Context, zone: &str) -> Result<String, Failure> {
    let answer = context.aws.route53.get_hosted_zone().id(zone).send().await.unless_gone()?;
    let vpcs = answer.and_then(|answer| answer.vpcs).unwrap_or_default();
    Ok(vpcs.first().and_then(|vpc| vpc.vpc_id()).unwrap_or_default().to_owned())
}

fn made_of(zone: &sdk::HostedZone) -> Made {
    made(zone_id(zone.id()), &[("name", normal(zone.name()).as_str())])
}

/// What to do about a zone that AWS refuses to create.
fn explain(failure: Failure, name: &str) -> Failure {
    if failure.code != "ConflictingDomainExists" {
        return failure;
    }
    failure.hint(format!(
        "the VPC sees another private zone {name} already: name its ID as `zone` in [dns], or choose another `name`"
    ))
}
