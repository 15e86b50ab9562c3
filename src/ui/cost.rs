//! What a deployment costs, in words and in columns.

use crate::engine::inventory::Inventory;
use crate::engine::plan::Plan;
use crate::price::{self, Estimate, Item, Line, NOT_COUNTED, NoPrices, Parts, Rates, Usage};

use super::style::{FAINT, TITLE, paint};
use super::table::{Cell, table};
use super::text::clean;

/// What is no amount of money.
const NOTHING: f64 = 0.005;

/// An amount of money with two significant digits: `380`, `36`, `7.3`, `0.40`.
pub fn money(amount: f64) -> String {
    if amount.abs() < NOTHING {
        return "0".to_owned();
    }
    let digits = |amount: f64| amount.abs().log10().floor() as i32;
    let unit = 10_f64.powi(digits(amount) - 1);
    let rounded = (amount / unit).round() * unit;
    let decimals = usize::try_from(1 - digits(rounded)).unwrap_or_default();
    grouped(&format!("{rounded:.decimals$}"))
}

/// Digits in groups of three: `1,200`.
fn grouped(number: &str) -> String {
    let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut text = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text + rest
}

/// A price or a quantity as it is, without zeros at the end: `0.04048`, `5,840`.
pub(super) fn exact(number: f64) -> String {
    let text = format!("{number:.6}");
    grouped(text.trim_end_matches('0').trim_end_matches('.'))
}

/// `about 380 USD a month in us-east-1 at list price, of which 90 also while stopped`.
pub fn sentence(estimate: &Estimate) -> String {
    let about = if estimate.is_incomplete() { "at least" } else { "about" };
    let (total, stopped) = (estimate.total(), estimate.while_stopped());
    let stopped = match stopped {
        none if none < NOTHING => String::new(),
        all if total - all < NOTHING => ", all of it also while stopped".to_owned(),
        some => format!(", of which {} also while stopped", money(some)),
    };
    let (currency, region) = (clean(&estimate.currency), clean(&estimate.region));
    format!("{about} {} {currency} a month in {region} at list price{stopped}", money(total))
}

/// The unit prices of what depends on how much data there is: `0.045 per GB through NAT gateways, …`.
fn data(estimate: &Estimate) -> Option<String> {
    let price = |item: Item| {
        let line = estimate.usage_lines().find(|line| line.item == item)?;
        Some(exact(line.price.as_ref()?.amount))
    };
    let nat = price(Item::NatData).map(|price| format!("{price} per GB through the NAT gateway"));
    let elastic = price(Item::FileSystemRead).zip(price(Item::FileSystemWrite));
    let elastic = elastic.map(|(read, write)| format!("{read} to {write} per GB of file system I/O"));
    let logs = price(Item::LogsIngested).map(|price| format!("{price} per GB of logs"));
    let all: Vec<_> = [nat, elastic, logs].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// What a plan makes of the monthly price.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    before: Result<Estimate, NoPrices>,
    after: Result<Estimate, NoPrices>,
}

impl Effect {
    /// Of a plan for what exists, at the prices of the table.
    pub fn of(inventory: &Inventory, plan: &Plan) -> Self {
        let month = |parts: &Parts| price::estimate(parts, &plan.target.region, &Usage::default());
        let now = Parts::of_inventory(inventory);
        Self { before: month(&now), after: month(&now.after(plan)) }
    }

    /// In one line without a newline; nothing where nothing changes.
    pub fn line(&self) -> Option<String> {
        plan_line(&self.before, &self.after)
    }

    /// As scripts read it.
    pub fn document(&self) -> serde_json::Value {
        match &self.after {
            Err(error) => serde_json::json!({ "unknown": error.to_string() }),
            Ok(after) => serde_json::json!({
                "currency": after.currency,
                "date": after.date,
                "month": after.total(),
                "while_stopped": after.while_stopped(),
                "month_now": self.before.as_ref().ok().map(Estimate::total),
                "incomplete": after.is_incomplete(),
            }),
        }
    }
}

/// What a plan makes of the monthly price, in one line without a newline; nothing where it changes nothing.
pub(super) fn plan_line(before: &Result<Estimate, NoPrices>, after: &Result<Estimate, NoPrices>) -> Option<String> {
    let after = match after {
        Ok(after) => after,
        Err(error) => return Some(format!("no cost estimate: {}", clean(&error.to_string()))),
    };
    let Some(before) = before.as_ref().ok().filter(|before| !before.lines.is_empty()) else {
        let data = data(after).map(|data| format!("; plus data: {data}"));
        return Some(sentence(after) + &data.unwrap_or_default());
    };
    let items = |estimate: &Estimate| estimate.lines.iter().map(|line| line.item).collect::<Vec<_>>();
    let difference = after.total() - before.total();
    if difference.abs() < NOTHING && items(before) == items(after) {
        return None;
    }
    if after.total() < NOTHING && difference < 0.0 {
        let currency = clean(&after.currency);
        return Some(format!("no fixed monthly cost left: {} {currency} a month less than now", money(-difference)));
    }
    let change = match difference {
        more if more >= NOTHING => format!("{} more than now", money(more)),
        less if less <= -NOTHING => format!("{} less than now", money(-less)),
        _ => match data(after) {
            Some(data) => format!("as now; plus data: {data}"),
            None => "as now".to_owned(),
        },
    };
    Some(format!("{} ({change})", sentence(after)))
}

/// The whole estimate.
pub fn whole(estimate: &Estimate) -> String {
    let amount = format!("{} a month", estimate.currency);
    let table = table(&["item", "quantity and price", &amount], estimate.lines.iter().map(row));
    let notes: String = notes(estimate).iter().map(|note| format!("{}\n", paint(FAINT, clean(note)))).collect();
    let not_counted: String = NOT_COUNTED.iter().map(|what| format!("  {what}\n")).collect();
    format!("{}\n\n{table}\n{notes}\nNot counted:\n{not_counted}", paint(TITLE, sentence(estimate)))
}

fn row(line: &Line) -> Vec<Cell> {
    let title = match line.resources.len() {
        0 | 1 => line.item.title().to_owned(),
        several => format!("{} ({several})", line.item.title()),
    };
    let quantity = line.quantity.map(|quantity| format!("{} {}", exact(quantity), plural(line.unit, quantity)));
    let price = line.price.as_ref().map(|price| (exact(price.amount), if price.verified { "" } else { " ?" }));
    let counted = match (quantity, price) {
        (Some(quantity), Some((price, mark))) => format!("{quantity} at {price}{mark}"),
        (Some(quantity), None) => format!("{quantity}, price unknown"),
        (None, Some((price, mark))) => format!("{price} per {}{mark}", line.unit),
        (None, None) => "price unknown".to_owned(),
    };
    let amount = match (line.amount, line.typical) {
        (Some(amount), _) => format!("{amount:.2}"),
        (None, Some((least, most))) => format!("{} to {}", money(least), money(most)),
        (None, None) => "depends on use".to_owned(),
    };
    let stopped = if line.while_stopped { " *" } else { "" };
    [title, counted, amount + stopped].map(Cell::from).into()
}

/// `vCPU-hours`, `GB`, `hours`.
fn plural(unit: &str, quantity: f64) -> String {
    if unit == "GB" || (quantity - 1.0).abs() < f64::EPSILON { unit.to_owned() } else { format!("{unit}s") }
}

fn notes(estimate: &Estimate) -> Vec<String> {
    let unverified = estimate.lines.iter().any(|line| line.price.as_ref().is_some_and(|price| !price.verified));
    let lacking: Vec<_> = estimate.without_price().map(|line| line.item.title()).collect();
    let lacking = (!lacking.is_empty()).then(|| {
        format!("no price of {} is known for {}: the total leaves that out", lacking.join(", "), estimate.region)
    });
    let dated = format!("Prices in {} of {} or before; a month has 730 hours.", estimate.currency, estimate.date);
    let marks =
        "* also charged while stopped. What depends on use is not in the total; ranges are usual ones.".to_owned();
    let unverified = unverified.then(|| "? not verified against AWS's own price list".to_owned());
    [Some(dated), Some(marks), unverified, lacking].into_iter().flatten().collect()
}

/// The regions that the table has, for a message.
pub fn regions() -> String {
    Rates::regions().collect::<Vec<_>>().join(", ")
}
