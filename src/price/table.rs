//! The prices of a region: from the table in the repository, or from AWS's Price List.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::partition::Partition;

use super::item::Item;

/// The table in the repository.
static TEXT: &str = include_str!("table.toml");

/// A list price.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// For one unit of the item.
    pub amount: f64,
    /// Where it was read.
    pub source: String,
    /// `2026-09-29`: when, or when the list was published.
    pub date: String,
    /// Whether AWS's own list says so.
    pub verified: bool,
}

/// What a region charges.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    pub region: String,
    /// `USD`, or `CNY` in China.
    pub currency: String,
    pub prices: BTreeMap<Item, Price>,
}

/// A region without prices. No other region's are taken in their place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPrices {
    #[error("ce-aws has no list prices of {0}")]
    Region(String),
    #[error("ce-aws has no list prices of {0}: regions in China and AWS GovCloud (US) have prices of their own")]
    Partition(String),
    #[error("the price table of this program cannot be read: {0}")]
    Table(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    sources: BTreeMap<String, Source>,
    regions: BTreeMap<String, BTreeMap<Item, Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    from: String,
    date: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    price: f64,
    source: String,
    #[serde(default)]
    unverified: bool,
}

fn table() -> Result<&'static BTreeMap<String, Rates>, NoPrices> {
    static TABLE: OnceLock<Result<BTreeMap<String, Rates>, String>> = OnceLock::new();
    TABLE.get_or_init(|| parse(TEXT)).as_ref().map_err(|error| NoPrices::Table(error.clone()))
}

pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Rates>, String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let price = |region: &str, item: Item, entry: Entry| -> Result<(Item, Price), String> {
        let source = table.sources.get(&entry.source);
        let source = source.ok_or_else(|| format!("{region}: {item:?} names an unknown source {}", entry.source))?;
        let (from, date) = (source.from.clone(), source.date.clone());
        Ok((item, Price { amount: entry.price, source: from, date, verified: !entry.unverified }))
    };
    let rates = table.regions.into_iter().map(|(region, entries)| -> Result<(String, Rates), String> {
        let prices = entries.into_iter().map(|(item, entry)| price(&region, item, entry));
        let prices = prices.collect::<Result<_, String>>()?;
        Ok((region.clone(), Rates { region, currency: "USD".to_owned(), prices }))
    });
    rates.collect()
}

impl Rates {
    /// The prices of a region in the table.
    pub fn of(region: &str) -> Result<&'static Self, NoPrices> {
        table()?.get(region).ok_or_else(|| match Partition::of_region(region) {
            Partition::Standard => NoPrices::Region(region.to_owned()),
            Partition::China | Partition::GovCloud => NoPrices::Partition(region.to_owned()),
        })
    }

    /// The regions in the table.
    pub fn regions() -> impl Iterator<Item = &'static str> {
        table().into_iter().flatten().map(|(region, _)| region.as_str())
    }

    pub fn price(&self, item: Item) -> Option<&Price> {
        self.prices.get(&item)
    }

    /// The price of one unit.
    pub fn amount(&self, item: Item) -> Option<f64> {
        Some(self.price(item)?.amount)
    }
}
