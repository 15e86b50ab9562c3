//! Hosted zones that the plan file names.

use aws_sdk_route53::types::{HostedZone, RrType};

use crate::aws::answer::Answer;
use crate::config::{Dns, DnsName, ZoneName, ZoneRef};
use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::dns::{hosted_zones, normal, normal_target, records, zone_id};

use super::Named;
use super::lookup::{checked, there};

/// A hosted zone, and what it has at the name of the UI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Zone {
    pub id: String,
    /// Without the final dot.
    pub name: String,
    pub private: bool,
    /// The VPCs that see a private zone.
    pub vpcs: Vec<String>,
    pub records: Vec<Record>,
    /// Other zones of this name, by id: the plan file does not tell which one is meant.
    pub twins: Vec<String>,
}

/// The zone that validates a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidationZone {
    pub id: String,
    /// Without the final dot.
    pub name: String,
    pub private: bool,
    /// Other public zones of this name, by id.
    pub twins: Vec<String>,
    /// The values of the CAA records in force for the name, as far as this zone has them: `0 issue "amazon.com"`.
    pub caa: Vec<String>,
}

/// A record of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `A`, `CNAME`.
    pub kind: String,
    /// What it leads to: of an alias, the name without final dot; of another record its values.
    pub to: Vec<String>,
}

impl Record {
    /// Whether it is an alias for the load balancer of this name.
    pub fn leads_to(&self, balancer: &str) -> bool {
        self.kind == "A" && self.to.iter().any(|to| normal_target(to) == normal_target(balancer))
    }
}

/// The zone of the plan file's name; `None` if it names none.
pub async fn zone(context: &Context, dns: &Dns) -> Result<Option<Named<Zone>>, Failure> {
    let (Some(name), Some(zone)) = (&dns.name, &dns.zone) else { return Ok(None) };
    checked(zone, read(context, zone, name).await).map(Some)
}

/// The zone that validates the certificate for the plan file's name; `None` if none is requested.
pub async fn validation_zone(context: &Context, dns: &Dns) -> Result<Option<Named<ValidationZone>>, Failure> {
    let (Some(name), Some(zone), true) = (&dns.name, dns.validation(), dns.certificate) else { return Ok(None) };
    checked(zone, read_validation(context, zone, name).await).map(Some)
}

async fn read_validation(context: &Context, named: &ZoneName, name: &DnsName) -> Result<ValidationZone, Failure> {
    let mut ids = match named.reference() {
        ZoneRef::Id(id) => vec![id.to_owned()],
        ZoneRef::Name(zone) => {
            let zones = hosted_zones(context, zone).await?;
            let is_private = |zone: &&HostedZone| zone.config().is_some_and(|config| config.private_zone());
            // Only a public one can be meant, unless there is none.
            let (private, public): (Vec<_>, Vec<_>) = zones.iter().partition(is_private);
            let meant = if public.is_empty() { private } else { public };
            meant.iter().map(|zone| zone_id(zone.id()).to_owned()).collect()
        }
    };
    let id = there(named, (!ids.is_empty()).then(|| ids.remove(0)))?;
    let answer = context.aws.route53.get_hosted_zone().id(&id).send().await.answer()?;
    let live = there(named, answer.hosted_zone())?;
    let zone = normal(live.name());
    let caa = caa(context, &id, &zone, name).await?;
    Ok(ValidationZone {
        private: live.config().is_some_and(|config| config.private_zone()),
        name: zone,
        twins: ids,
        caa,
        id,
    })
}

/// The CAA records of the name, or else of the next name above it that has any (RFC 8659, section 3).
async fn caa(context: &Context, id: &str, zone: &str, name: &DnsName) -> Result<Vec<String>, Failure> {
    let mut name = name.as_str();
    while name == zone || name.ends_with(&format!(".{zone}")) {
        let all = records(context, id, name).await?;
        if let Some(caa) = all.iter().find(|record| *record.r#type() == RrType::Caa) {
            return Ok(caa.resource_records().iter().map(|record| record.value().to_owned()).collect());
        }
        let Some((_, above)) = name.split_once('.') else { break };
        name = above;
    }
    Ok(Vec::new())
}

async fn read(context: &Context, named: &ZoneName, name: &DnsName) -> Result<Zone, Failure> {
    let mut ids = match named.reference() {
        ZoneRef::Id(id) => vec![id.to_owned()],
        ZoneRef::Name(zone) => {
            let zones = hosted_zones(context, zone).await?;
            zones.iter().map(|zone| zone_id(zone.id()).to_owned()).collect()
        }
    };
    let id = there(named, (!ids.is_empty()).then(|| ids.remove(0)))?;
    let (answer, records) = tokio::try_join!(
        async { context.aws.route53.get_hosted_zone().id(&id).send().await.answer() },
        records(context, &id, name)
    )?;
    let live = there(named, answer.hosted_zone())?;
    Ok(Zone {
        name: normal(live.name()),
        private: live.config().is_some_and(|config| config.private_zone()),
        vpcs: answer.vpcs().iter().filter_map(|vpc| vpc.vpc_id()).map(str::to_owned).collect(),
        records: records.iter().map(record).collect(),
        twins: ids,
        id,
    })
}

fn record(live: &aws_sdk_route53::types::ResourceRecordSet) -> Record {
    let values = live.resource_records().iter().map(|record| record.value().to_owned());
    let alias = live.alias_target().map(|alias| normal(alias.dns_name()));
    Record { kind: live.r#type().as_str().to_owned(), to: alias.into_iter().chain(values).collect() }
}
