//! AWS's Price List: what to ask it, and what its answers say.
//!
//! An answer is a list of products, each a JSON text. A product is known by its usage type, whose prefix depends on the
//! region and the age of the product (`USE1-`, `EU-`, `EUW1-`, or none), and by further attributes where several share
//! one. A price has tiers, and the first may be free.

use std::collections::BTreeMap;

use serde_json::Value;

use super::item::Item;
use super::table::{Price, Rates};

/// A question: a service, and the values that attributes of its products must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub service: &'static str,
    pub region: String,
    /// What the usage type must contain.
    pub usage: &'static str,
}

/// How the Price List knows an item.
struct Product {
    item: Item,
    /// Several where lists differ in which service has it: the first that knows it counts.
    services: &'static [&'static str],
    usage: &'static str,
    /// Other attributes that it must have.
    attributes: &'static [(&'static str, &'static str)],
}

const fn product(item: Item, services: &'static [&'static str], usage: &'static str) -> Product {
    Product { item, services, usage, attributes: &[] }
}

const ALB: &[(&str, &str)] = &[("operation", "LoadBalancing:Application")];
/// Application load balancers of some regions are listed under EC2.
const ELB: &[&str] = &["AWSELB", "AmazonEC2"];

const PRODUCTS: &[Product] = &[
    product(Item::FargateVcpu, &["AmazonECS"], "Fargate-vCPU-Hours:perCPU"),
    product(Item::FargateMemory, &["AmazonECS"], "Fargate-GB-Hours"),
    product(Item::NatHour, &["AmazonEC2"], "NatGateway-Hours"),
    product(Item::NatData, &["AmazonEC2"], "NatGateway-Bytes"),
    product(Item::PublicIpv4, &["AmazonVPC"], "PublicIPv4:InUseAddress"),
    product(Item::VpnAssociationHour, &["AmazonVPC"], "ClientVPN-EndpointHours"),
    product(Item::VpnConnectionHour, &["AmazonVPC"], "ClientVPN-ConnectionHours"),
    Product { attributes: ALB, ..product(Item::LoadBalancerHour, ELB, "LoadBalancerUsage") },
    Product { attributes: ALB, ..product(Item::LoadBalancerCapacity, ELB, "LCUUsage") },
    product(Item::FileSystemStorage, &["AmazonEFS"], "TimedStorage-ByteHrs"),
    Product {
        attributes: &[("accessType", "Read")],
        ..product(Item::FileSystemRead, &["AmazonEFS"], "ETDataAccess-Bytes")
    },
    Product {
        attributes: &[("accessType", "Write")],
        ..product(Item::FileSystemWrite, &["AmazonEFS"], "ETDataAccess-Bytes")
    },
    product(Item::BackupStorage, &["AWSBackup"], "WarmStorage-ByteHrs-EFS"),
    product(Item::LogsIngested, &["AmazonCloudWatch"], "DataProcessing-Bytes"),
    product(Item::LogsStored, &["AmazonCloudWatch"], "TimedStorage-ByteHrs"),
    product(Item::FlowLogs, &["AmazonCloudWatch"], "VendedLog-Bytes"),
    product(Item::Metric, &["AmazonCloudWatch"], "CW:MetricMonitorUsage"),
    product(Item::Alarm, &["AmazonCloudWatch"], "CW:AlarmMonitorUsage"),
    product(Item::Dashboard, &["AmazonCloudWatch"], "DashboardsUsageHour"),
    product(Item::BucketStorage, &["AmazonS3"], "TimedStorage-ByteHrs"),
    product(Item::Secret, &["AWSSecretsManager"], "AWSSecretsManager-Secrets"),
];

/// Everything to ask for one region, each question once.
pub fn queries(region: &str) -> Vec<Query> {
    let mut queries: Vec<Query> = Vec::new();
    for product in PRODUCTS {
        for service in product.services {
            let query = Query { service, region: region.to_owned(), usage: product.usage };
            if !queries.contains(&query) {
                queries.push(query);
            }
        }
    }
    queries
}

/// The prices that the answers give. Items that no answer has are left out.
pub fn rates(region: &str, answers: &[(&'static str, Vec<String>)]) -> Rates {
    let parsed = |(service, products): &(&'static str, Vec<String>)| {
        let products = products.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok());
        products.map(|product| (*service, product)).collect::<Vec<_>>()
    };
    let all: Vec<(&str, Value)> = answers.iter().flat_map(parsed).collect();
    let mut currency = None;
    let mut prices = BTreeMap::new();
    for product in PRODUCTS {
        let of = |service: &&str| all.iter().find(|(of, value)| of == service && product.is(value, region));
        let Some((service, value)) = product.services.iter().find_map(of) else { continue };
        let Some((unit, amount)) = on_demand(value) else { continue };
        // One answer has one currency; a product in another one is not comparable.
        if currency.get_or_insert_with(|| unit.clone()) != &unit {
            continue;
        }
        let date = value["publicationDate"].as_str().and_then(|date| date.get(..10)).unwrap_or_default();
        let source = format!("AWS Price List, {service}");
        prices.insert(product.item, Price { amount, source, date: date.to_owned(), verified: true });
    }
    Rates { region: region.to_owned(), currency: currency.unwrap_or_else(|| "USD".to_owned()), prices }
}

impl Product {
    fn is(&self, value: &Value, region: &str) -> bool {
        let attributes = &value["product"]["attributes"];
        let has = |name: &str, wanted: &str| attributes[name].as_str() == Some(wanted);
        attributes["usagetype"].as_str().is_some_and(|usage| is_usage(usage, self.usage))
            && has("regionCode", region)
            && self.attributes.iter().all(|(name, wanted)| has(name, wanted))
    }
}

/// Whether a usage type is the wanted one, with or without the prefix of a region. Other prefixes make another product:
/// `EU-Outposts-LoadBalancerUsage`, `TS-LoadBalancerUsage`.
fn is_usage(usage: &str, wanted: &str) -> bool {
    let Some(prefix) = usage.strip_suffix(wanted) else { return false };
    prefix.is_empty() || prefix.strip_suffix('-').is_some_and(is_region)
}

fn is_region(prefix: &str) -> bool {
    let letters = prefix.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = prefix.len() - letters.len();
    prefix == "EU" || (digits == 1 && !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// Currency and price of the first tier that is not free; zero where all are.
fn on_demand(product: &Value) -> Option<(String, f64)> {
    let terms = product["terms"]["OnDemand"].as_object()?;
    let dimensions = terms.values().filter_map(|term| term["priceDimensions"].as_object()).flat_map(|all| all.values());
    let mut tiers: Vec<(f64, String, f64)> = dimensions.filter_map(tier).collect();
    tiers.sort_by(|one, other| one.0.total_cmp(&other.0));
    let paid = tiers.iter().find(|(_, _, price)| *price > 0.0).or(tiers.first())?;
    Some((paid.1.clone(), paid.2))
}

/// Where a tier begins, its currency and its price.
fn tier(dimension: &Value) -> Option<(f64, String, f64)> {
    let begins = dimension["beginRange"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    let (currency, price) = dimension["pricePerUnit"].as_object()?.iter().next()?;
    Some((begins, currency.clone(), price.as_str()?.parse().ok()?))
}
