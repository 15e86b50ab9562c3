//! The month, line by line.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::address::Address;

use super::item::{Item, Part};
use super::parts::Parts;
use super::quantity::{Quantity, quantities};
use super::table::{NoPrices, Price, Rates};
use super::usage::Usage;

/// What no estimate counts.
pub const NOT_COUNTED: &[&str] = &[
    "data out to the internet and between zones",
    "what GuardDuty, AWS Config and CloudTrail charge for watching the deployment",
    "resources of yours that the deployment uses: VPC, NAT gateway, load balancer, VPC endpoints, KMS keys",
    "tax, and discounts: savings plans lower the task's price, so that list prices are upper bounds",
];

/// All that AWS charges for one item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Line {
    pub part: Part,
    pub item: Item,
    /// The resources that it is charged for.
    pub resources: Vec<Address>,
    pub unit: &'static str,
    /// For one unit; `None`: the prices do not have it.
    pub price: Option<Price>,
    /// Units a month; `None`: it depends on use.
    pub quantity: Option<f64>,
    /// Quantity times price.
    pub amount: Option<f64>,
    /// Where the quantity depends on use: what a usual deployment pays, least and most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typical: Option<(f64, f64)>,
    /// Whether it costs as much while no task runs.
    pub while_stopped: bool,
}

impl Line {
    fn new(item: Item, needed: &[&Quantity], rates: &Rates, usage: &Usage) -> Self {
        let price = rates.price(item).cloned();
        let known: Option<f64> = needed.iter().map(|quantity| quantity.amount).sum();
        let quantity = known.or_else(|| usage.quantity(item));
        let unit_price = price.as_ref().map(|price| price.amount);
        let typical = if quantity.is_none() { Usage::typical(item) } else { None };
        Self {
            part: item.part(),
            item,
            resources: needed.iter().map(|quantity| quantity.address.clone()).collect(),
            unit: item.unit(),
            quantity,
            amount: quantity.zip(unit_price).map(|(quantity, price)| quantity * price),
            typical: typical.zip(unit_price).map(|((least, most), price)| (least * price, most * price)),
            while_stopped: item.while_stopped(),
            price,
        }
    }
}

/// What a deployment costs a month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    pub region: String,
    pub currency: String,
    /// The newest date of the prices in it.
    pub date: String,
    /// By item.
    pub lines: Vec<Line>,
}

impl Estimate {
    /// Everything of which the quantity and the price are known.
    pub fn total(&self) -> f64 {
        sum(self.lines.iter())
    }

    /// Of that, what is charged while no task runs too.
    pub fn while_stopped(&self) -> f64 {
        sum(self.lines.iter().filter(|line| line.while_stopped))
    }

    /// What depends on use and has a price.
    pub fn usage_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.quantity.is_none() && line.price.is_some())
    }

    /// What the prices do not have.
    pub fn without_price(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.price.is_none())
    }

    /// Whether the total leaves something out that is charged for certain.
    pub fn is_incomplete(&self) -> bool {
        self.without_price().any(|line| line.quantity.is_some())
    }
}

/// What lines amount to. The standard library's sum of nothing is -0.
fn sum<'a>(lines: impl Iterator<Item = &'a Line>) -> f64 {
    lines.filter_map(|line| line.amount).fold(0.0, |sum, amount| sum + amount)
}

/// The month at the prices of the table.
///
/// # Errors
///
/// The table does not have the region.
pub fn estimate(parts: &Parts, region: &str, usage: &Usage) -> Result<Estimate, NoPrices> {
    Ok(estimate_at(parts, Rates::of(region)?, usage))
}

/// The month at these prices.
pub fn estimate_at(parts: &Parts, rates: &Rates, usage: &Usage) -> Estimate {
    let all = quantities(parts);
    let mut by_item: BTreeMap<Item, Vec<&Quantity>> = BTreeMap::new();
    for quantity in &all {
        by_item.entry(quantity.item).or_default().push(quantity);
    }
    let lines: Vec<Line> = by_item.into_iter().map(|(item, needed)| Line::new(item, &needed, rates, usage)).collect();
    let dates = lines.iter().filter_map(|line| Some(line.price.as_ref()?.date.as_str()));
    Estimate {
        region: rates.region.clone(),
        currency: rates.currency.clone(),
        date: dates.max().unwrap_or_default().to_owned(),
        lines,
    }
}
