//! `ce-aws size`.

use crate::price::size::{self, EVENTS_PER_USER, Load, Module};
use crate::release::{Catalogue, Version};
use crate::ui;

use super::global::Global;
use crate::session::{CommandError, Exit, Output, catalogue, moment, source};

/// Choose the package for a load
///
/// Uses the vendor's sizing table: events a minute and the modules in use decide. Says why, how much data that is, and
/// with a region what it costs at list price. Needs no AWS account.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("load").required(true))]
pub struct Args {
    /// Events that Cloud Exchange takes in a minute
    #[arg(long, value_name = "N", group = "load", value_parser = positive)]
    events_per_minute: Option<f64>,

    /// Users behind Netskope, each with 0.75 events a minute
    #[arg(long, value_name = "N", group = "load", value_parser = positive)]
    users: Option<f64>,

    /// Modules in use: log-shipper, cto, cte, ure, are, webtx
    #[arg(long, value_name = "MODULE", value_delimiter = ',')]
    modules: Vec<Module>,

    /// Release to be deployed; left out, the recommended one
    #[arg(long, value_name = "RELEASE")]
    release: Option<Version>,
}

pub fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let release = match args.release {
        Some(version) => Some(catalogue::named(&version.to_string())?),
        None => Catalogue::effective().recommended(moment::today()),
    };
    let region = source::region(&global.access())?;
    let users = args.users.map(|users| users * EVENTS_PER_USER);
    let events_per_minute = args.events_per_minute.or(users).unwrap_or_default();
    let mut modules = args.modules.clone();
    modules.sort();
    modules.dedup();
    let sizing = size::choose(&Load { events_per_minute, modules }, release);
    let version = release.map(|release| release.version.to_string());
    let region = region.as_ref().map(|region| region.as_str());
    output.answer(&sizing, || ui::size::text(&sizing, version.as_deref(), region))?;
    Ok(Exit::Done)
}

/// A number above zero.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.replace([',', '_'], "").parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("write a number above zero".to_owned()),
    }
}
