//! Which package a load needs, in words.

use crate::config::Throughput;
use crate::price::size::Sizing;
use crate::price::{Item, Rates, choice};
use crate::release::Package;

use super::cost::money;
use super::style::{TITLE, WARNING, paint};

/// The package with its reasons, the data of a month, and what both cost where the region is known.
pub fn text(sizing: &Sizing, release: Option<&str>, region: Option<&str>) -> String {
    let package = sizing.package;
    let memory = package.memory_mib() / 1024;
    let title = format!("package = \"{package}\": {} vCPU, {memory} GB", package.vcpus());
    let mut text = format!("{}\n", paint(TITLE, title));
    if !sizing.fits {
        let warning = "no package bears this load by the vendor's sizing table: ask Netskope before you deploy";
        text.push_str(&format!("{}\n", paint(WARNING, warning)));
    }
    let mut row = |name: &str, what: String| text.push_str(&format!("  {name:<9}{what}\n"));
    row(
        "events",
        format!("{} a minute; with 30 % for peaks {}", whole(sizing.events_per_minute), whole(sizing.events_to_bear)),
    );
    row("", format!("{package} bears {} (vendor's sizing table of 2022)", whole(sizing.capacity)));
    if sizing.credits_needed > 0 {
        row("modules", format!("{} credits needed, {package} has {}", sizing.credits_needed, sizing.credits));
    }
    if let Some(minimum) = sizing.minimum.filter(|minimum| *minimum > Package::ExtraSmall) {
        let release = release.map_or_else(|| "the release".to_owned(), |version| format!("release {version}"));
        row("release", format!("{release} accepts nothing smaller than {minimum}"));
    }
    row("data", format!("about {} GB a month in, and as much out to wherever events are sent", money(sizing.volume)));
    row("storage", storage(sizing));
    for line in cost(sizing, region) {
        row("cost", line);
    }
    text
}

fn storage(sizing: &Sizing) -> String {
    let mode = sizing.throughput.as_str();
    let written = money(sizing.written);
    match sizing.throughput {
        Throughput::Bursting => {
            format!("throughput = \"{mode}\": about {written} GB written a day stay well below EFS's free baseline")
        }
        Throughput::Elastic => {
            format!("throughput = \"{mode}\": about {written} GB written a day would use up EFS's burst credits")
        }
    }
}

fn cost(sizing: &Sizing, region: Option<&str>) -> Vec<String> {
    let Some(region) = region else { return vec!["name a region with --region for prices".to_owned()] };
    let rates = match Rates::of(region) {
        Ok(rates) => rates,
        Err(error) => return vec![error.to_string()],
    };
    let task = choice::package(region, sizing.package)
        .map(|price| format!("task: about {} USD a month in {region} at list price", money(price)));
    let priced = |item: Item, quantity: f64| Some(money(rates.amount(item)? * quantity));
    let nat = priced(Item::NatData, sizing.volume)
        .map(|price| format!("NAT gateway: about {price} USD for the data in, and as much for the data out"));
    let out = priced(Item::DataOut, sizing.volume)
        .map(|price| format!("sending it over the internet: about {price} USD more"));
    let written = match sizing.throughput {
        Throughput::Bursting => None,
        Throughput::Elastic => priced(Item::FileSystemWrite, sizing.written * 730.0 / 24.0)
            .map(|price| format!("file system writes: about {price} USD (elastic throughput)")),
    };
    [task, nat, out, written].into_iter().flatten().collect()
}

/// `26,000`.
fn whole(number: f64) -> String {
    super::cost::exact(number.round())
}
