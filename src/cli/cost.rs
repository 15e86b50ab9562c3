//! `ce-aws cost`.

use std::path::PathBuf;

use crate::config::PlanFile;
use crate::live;
use crate::price::io::{FileSystemIo, Measured};
use crate::price::{self, Estimate, Item, NOT_COUNTED, Parts, Usage, list};
use crate::ui;

use super::global::Global;
use super::graph::graph;
use crate::session::{CommandError, Exit, Output, PLAN_FILE, Scope, Session, Source, moment, source};

/// Estimate what a deployment costs a month
///
/// Counts what the plan file asks for and multiplies by AWS's list prices, from a dated table that ce-aws brings
/// along: no AWS account is needed. What depends on use is shown with its unit price and a usual range, and is not in
/// the total. What the plan file names under [existing] costs nothing more. docs/cost.md has the sources.
///
/// With --live, the I/O of a deployment that is there already is what CloudWatch has measured of its file system.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Count the data of so many events a minute
    #[arg(long, value_name = "N", value_parser = super::size::positive)]
    events_per_minute: Option<f64>,

    /// Ask AWS for today's prices and for the measured I/O of the deployment; needs credentials
    #[arg(long)]
    live: bool,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let access = global.access();
    let file = Source::read(&args.file)?.plan_file_for(&access, output)?;
    let Some(region) = file.region.or(source::region(&access)?) else {
        return Err(CommandError::usage("usage/no-region", "prices differ by region, and the plan file names none")
            .hint(source::NAME_A_REGION));
    };
    let parts = Parts::of_graph(&graph(&file)?);
    let usage = Usage { events_per_minute: args.events_per_minute, measured: None };
    let mut io = None;
    let estimate = if args.live {
        let (estimate, measured) = live(&file, &parts, region.as_str(), usage, global).await?;
        io = measured;
        estimate
    } else {
        price::estimate(&parts, region.as_str(), &usage).map_err(|error| {
            let hint = format!("with --live, AWS's Price List is asked; the table has {}", ui::cost::regions());
            CommandError::refused("cost/no-prices", error.to_string()).hint(hint)
        })?
    };
    output.answer(&document(&estimate, io.as_ref()), || {
        let bills_io = estimate.lines.iter().any(|line| line.item == Item::FileSystemRead);
        let measured = io.iter().filter(|_| bills_io).map(ui::io::of_estimate);
        ui::cost::whole(&estimate) + &measured.collect::<String>()
    })?;
    Ok(Exit::Done)
}

/// At today's prices, with the I/O that was measured unless it follows from the number of events.
async fn live(
    file: &PlanFile,
    parts: &Parts,
    region: &str,
    mut usage: Usage,
    global: &Global,
) -> Result<(Estimate, Option<FileSystemIo>), CommandError> {
    let mut access = global.access();
    access.region = Some(region.to_owned());
    let context = Session::open(&access).await?.context(&Scope::of(file));
    let queries = list::queries(region);
    let measuring = async {
        match usage.events_per_minute {
            Some(_) => None,
            None => live::io::deployed(&context, moment::seconds()).await,
        }
    };
    let (answers, io) = tokio::join!(live::prices::products(&context.aws, &queries), measuring);
    let answers = answers?;
    usage.measured = io.as_ref().and_then(|io| io.measured.as_ref()).map(Measured::gigabytes);
    let rates = list::rates(region, &answers);
    if rates.prices.is_empty() {
        let message = format!("AWS's Price List has no prices of {region}");
        return Err(CommandError::refused("cost/no-prices", message));
    }
    Ok((price::estimate_at(parts, &rates, &usage), io))
}

/// As scripts read it.
fn document(estimate: &Estimate, io: Option<&FileSystemIo>) -> serde_json::Value {
    serde_json::json!({
        "region": estimate.region,
        "currency": estimate.currency,
        "date": estimate.date,
        "total": estimate.total(),
        "while_stopped": estimate.while_stopped(),
        "incomplete": estimate.is_incomplete(),
        "lines": estimate.lines,
        "io": io,
        "not_counted": NOT_COUNTED,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::ui::style::plain;

    fn month(text: &str) -> Estimate {
        let file = config::load("plan.toml", text).unwrap();
        let region = file.region.map_or("us-east-1", |region| region.as_str());
        price::estimate(&Parts::of_graph(&graph(&file).unwrap()), region, &Usage::default()).unwrap()
    }

    #[test]
    fn the_sample_with_a_network_of_its_own() {
        insta::assert_snapshot!(plain(&ui::cost::whole(&month(include_str!("../../plans/new-vpc.toml")))));
    }

    #[test]
    fn what_exists_costs_nothing_more() {
        let own = month("name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n");
        let existing = month(include_str!("../../plans/existing-vpc.toml"));
        let has = |month: &Estimate, item| month.lines.iter().any(|line| line.item == item);
        assert!(has(&own, Item::NatHour) && !has(&existing, Item::NatHour));
        assert!(existing.while_stopped() < own.while_stopped());
        let balancer = month(include_str!("../../plans/existing-load-balancer.toml"));
        assert!(has(&own, Item::LoadBalancerHour) && !has(&balancer, Item::LoadBalancerHour));
    }

    #[test]
    fn scripts_read_quantities_prices_and_amounts() {
        let document = document(&month("name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"eu-west-1\"\n"), None);
        let lines = document["lines"].as_array().unwrap();
        let line = |item: &str| lines.iter().find(|line| line["item"] == item).unwrap();
        assert_eq!((&line("nat-hour")["quantity"], &line("nat-hour")["unit"]), (&1460.0.into(), &"hour".into()));
        assert_eq!(line("nat-hour")["resources"], serde_json::json!(["nat-gateway/a", "nat-gateway/b"]));
        assert!(line("nat-data")["quantity"].is_null() && line("nat-data")["price"]["amount"].is_number());
        // Nobody has published the price of EFS in Ireland where we looked: there is no number then.
        assert!(line("file-system-storage")["price"].is_null());
        assert!(document["total"].as_f64().unwrap() > document["while_stopped"].as_f64().unwrap());
    }
}
