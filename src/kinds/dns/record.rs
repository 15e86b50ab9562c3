//! The name of the UI: an alias for the load balancer.

use aws_sdk_route53::types::{AliasTarget, ChangeAction, ResourceRecordSet, RrType};

use crate::kinds::load_balancer::LoadBalancer;
use crate::kinds::notes;
use crate::kinds::prelude::*;

use super::calls::{change, is_in_sync, normal, normal_target, records};
use super::zone::DnsZone;

/// An alias record of type A. Records carry no tags: the one at the noted name is ours as long as it leads to our load
/// balancer, and is neither changed nor deleted otherwise. Outputs: `id` (`zone/name`), `name`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DnsRecord {
    pub zone: Ref<DnsZone>,
    pub name: String,
    pub load_balancer: Ref<LoadBalancer>,
    /// Whether Route 53 answers only while a target is healthy.
    pub evaluate_health: bool,
}

impl Spec for DnsRecord {
    const KIND: Kind = Kind {
        parents: &["security-group", "load-balancer"],
        immutable: &["zone", "name", "load_balancer"],
        replaceable: Some("the name cannot be resolved for a moment"),
        tagged: false,
        // All servers usually know a change within 60 seconds (Route 53 API reference, GetChange).
        seconds: Seconds { create: 1.0, ready: 40.0, gone: 0.0, patience: 900.0 },
        ..Kind::new("dns-record", Part::Ingress)
    };
}

#[async_trait]
impl Resource for DnsRecord {
    async fn list(context: &Context, _depth: Depth) -> Result<Vec<Found<Self>>, Failure> {
        let noted = notes::RECORD.read(context);
        let Some((zone, name)) = noted.as_deref().and_then(|noted| noted.split_once('/')) else {
            return Ok(Vec::new());
        };
        let Some(there) = there(context, zone, name).await? else { return Ok(Vec::new()) };
        let (Some(alias), Some(balancer)) = (there.alias_target(), balancer_of(context, &there)) else {
            return Ok(Vec::new());
        };
        let spec = Self {
            zone: zone.into(),
            name: name.to_owned(),
            load_balancer: balancer.arn.into(),
            evaluate_health: alias.evaluate_target_health(),
        };
        let found = Found::of(made_of(zone, name)).at(Address::new(Self::KIND.name, Self::PURPOSE)).spec(spec);
        Ok(vec![found.phase(phase(context).await?)])
    }

    async fn create(&self, context: &Context, _target: &Target) -> Result<Made, Failure> {
        let zone = self.zone.text();
        notes::RECORD.write(context, &format!("{zone}/{}", self.name)).await?;
        match there(context, zone, &self.name).await? {
            Some(there) if balancer_of(context, &there).is_some() => {}
            Some(_) => return Err(taken(&self.name)),
            None => self.write(context, ChangeAction::Create).await?,
        }
        Ok(made_of(zone, &self.name))
    }

    async fn update(&self, context: &Context, _target: &Target) -> Result<(), Failure> {
        match there(context, self.zone.text(), &self.name).await? {
            Some(there) if balancer_of(context, &there).is_some() => self.write(context, ChangeAction::Upsert).await,
            Some(_) => Err(taken(&self.name)),
            None => self.write(context, ChangeAction::Create).await,
        }
    }

    /// AWS deletes a record only if it is described exactly.
    async fn delete(context: &Context, target: &Target) -> Result<(), Failure> {
        if let Some((zone, name)) = target.id.split_once('/')
            && let Some(there) = there(context, zone, name).await?
            && balancer_of(context, &there).is_some()
        {
            change(context, zone, ChangeAction::Delete, there).await?;
        }
        notes::RECORD.erase(context).await
    }

    fn grants(place: &Place) -> Grants<'_> {
        let Some(dns) = &place.dns else { return Grants::new(place, "route53", &[]) };
        let zone = dns.zone.as_deref().unwrap_or("*");
        let zone = place.names.arn_bare("route53", &format!("hostedzone/{zone}"));
        let changing = |usage| {
            let grant = Grant::new(usage, "route53", &["ChangeResourceRecordSets"]).on([zone.clone()]);
            let names = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
            grant.when("ForAllValues:StringEquals", names, [dns.name.as_str()])
        };
        let changes = place.names.arn_bare("route53", "change/*");
        Grants::on(place, "route53", zone.clone())
            .named(Use::See, &["ListResourceRecordSets"])
            .also(changing(Use::Make))
            .also(changing(Use::Remove))
            .also(Grant::new(Use::Make, "route53", &["GetChange"]).on([changes]))
            // The notes of record and zone, which a teardown erases before it deletes the group that carries them.
            .of("ec2", &["security-group/*"])
            .remove(&["DeleteTags"])
    }
}

impl DnsRecord {
    /// The name of the one record's address.
    pub const PURPOSE: &str = "ui";

    /// AWS carries it out later: what it calls the change is remembered for the polls of this run.
    async fn write(&self, context: &Context, action: ChangeAction) -> Result<(), Failure> {
        let of = |balancer: &Balancer<'_>| balancer.arn == self.load_balancer.text();
        let balancer = balancers(context).find(of);
        let unknown = || Failure::of(Cause::Internal, "the load balancer's name is not known");
        let Balancer { dns, zone, .. } = balancer.ok_or_else(unknown)?;
        let alias = AliasTarget::builder().dns_name(dns).hosted_zone_id(zone);
        let alias = alias.evaluate_target_health(self.evaluate_health).build().map_err(incomplete)?;
        let record = ResourceRecordSet::builder().name(&self.name).r#type(RrType::A).alias_target(alias);
        let record = record.build().map_err(incomplete)?;
        let id = change(context, self.zone.text(), action, record).await?;
        context.notes.put(CHANGE, Some(&id));
        Ok(())
    }
}

/// Where a run remembers the last change.
const CHANGE: &str = "dns-record change";

async fn phase(context: &Context) -> Result<Phase, Failure> {
    let Some(change) = context.notes.get(CHANGE).flatten().filter(|id| !id.is_empty()) else {
        return Ok(Phase::Ready);
    };
    if !is_in_sync(context, &change).await? {
        return Ok(Phase::Pending("Route 53 is telling its servers".to_owned()));
    }
    context.notes.put(CHANGE, None);
    Ok(Phase::Ready)
}

/// The record that decides which addresses a name has: there is an A record, or a CNAME instead.
async fn there(context: &Context, zone: &str, name: &str) -> Result<Option<ResourceRecordSet>, Failure> {
    let all = records(context, zone, name).await?;
    Ok(all.into_iter().find(|record| matches!(record.r#type(), RrType::A | RrType::Cname)))
}

fn taken(name: &str) -> Failure {
    Failure::of(Cause::Refused, format!("{name} has a record already, which leads elsewhere"))
        .hint("ce-aws replaces no record that is not its own: delete it, or choose another `name` in [dns]")
}

/// A load balancer of the deployment.
struct Balancer<'a> {
    arn: &'a str,
    dns: &'a str,
    zone: &'a str,
}

fn balancers(context: &Context) -> impl Iterator<Item = Balancer<'_>> {
    context.of_kind("load-balancer").filter_map(|(_, outputs)| {
        let output = |name: &str| outputs.get(name).map(String::as_str);
        Some(Balancer { arn: output("arn")?, dns: output("dns")?, zone: output("zone")? })
    })
}

/// The load balancer of ours to which a record leads.
fn balancer_of<'a>(context: &'a Context, record: &ResourceRecordSet) -> Option<Balancer<'a>> {
    let target = normal_target(record.alias_target()?.dns_name());
    balancers(context).find(|balancer| normal(balancer.dns) == target)
}

fn made_of(zone: &str, name: &str) -> Made {
    made(format!("{zone}/{name}").as_str(), &[("name", name)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_in_one_form() {
        assert_eq!(normal("CE.Example.com."), "ce.example.com");
        let plain = normal_target("internal-ce-prod-1.us-east-1.elb.amazonaws.com.");
        assert_eq!(plain, normal_target("dualstack.Internal-ce-prod-1.us-east-1.elb.amazonaws.com."));
    }
}
