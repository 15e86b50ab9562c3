//! `ce-aws graph`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::blueprint::certificates::Generations;
use crate::config::PlanFile;
use crate::engine::graph::Graph;
use crate::existing::Existing;
use crate::kinds::names::Names;
use crate::session::{CommandError, Exit, Output, PLAN_FILE, Source, planning};
use crate::ui;

use super::global::Global;

/// Draw what a deployment is made of
///
/// Works offline. An arrow leads from a resource to what waits for it: a thick one until it is ready, a thin one until
/// it exists. Arrows that follow from others are left out, except with --output json.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Format of the picture
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    format: Picture,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Picture {
    /// Graphviz
    #[default]
    Dot,
    /// For Markdown on code hosts
    Mermaid,
    /// For browsers
    Svg,
}

pub fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let file = Source::read(&args.file)?.plan_file_for(&global.access(), output)?;
    let graph = graph(&file)?;
    if output.is_json() {
        output.document(&graph)?;
        return Ok(Exit::Done);
    }
    output.raw(&match args.format {
        Picture::Dot => ui::graph::dot(&graph),
        Picture::Mermaid => ui::graph::mermaid(&graph),
        Picture::Svg => ui::graph::svg(&graph, &format!("Cloud Exchange {}: what waits for what", file.name.as_str())),
    })?;
    Ok(Exit::Done)
}

/// What the plan file asks for, with stand-ins for what only AWS knows: neither a picture nor a price depends on it.
pub(super) fn graph(file: &PlanFile) -> Result<Graph, CommandError> {
    let region = file.region.map_or("us-east-1", |region| region.as_str());
    let names = Names {
        deployment: file.name.as_str().to_owned(),
        account: "0".repeat(12),
        region: region.to_owned(),
        partition: file.region.map_or("aws", |region| region.partition().as_str()).to_owned(),
    };
    let zones = match &file.network.zones {
        Some(zones) => zones.each_ref().map(|zone| zone.as_str()),
        None => ["a", "b"].map(|letter| format!("{region}{letter}")),
    };
    planning::graph(file, &names, zones, &Existing::default(), &BTreeMap::new(), Generations::FIRST, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    type Box = [f64; 4];

    fn picture() -> String {
        let file = config::load("plan.toml", include_str!("../../plans/new-vpc.toml")).unwrap();
        ui::graph::svg(&graph(&file).unwrap(), "Cloud Exchange prod")
    }

    /// The numbers of these attributes of an element.
    fn numbers<const N: usize>(element: &str, names: [&str; N]) -> [f64; N] {
        names.map(|name| {
            let (_, rest) = element.split_once(&format!(" {name}=\"")).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        })
    }

    /// Left, top, width and height of every box.
    fn boxes(svg: &str) -> Vec<Box> {
        let boxes = svg.lines().filter(|line| line.starts_with("<rect x="));
        boxes.map(|line| numbers(line, ["x", "y", "width", "height"])).collect()
    }

    #[test]
    fn no_name_in_the_picture_leaves_its_box_and_title_and_legend_say_what_it_shows() {
        let svg = picture();
        for words in ["<title>Cloud Exchange prod</title>", ">Load balancer<", ">waits until it is ready<"] {
            assert!(svg.contains(words), "{words} is not in the picture");
        }
        let boxes = boxes(&svg);
        let texts = svg.lines().filter(|line| line.starts_with("<text "));
        let named = texts.map(|line| (line.split(['<', '>']).nth(2).unwrap(), numbers(line, ["x", "y"])));
        let addresses: Vec<_> =
            named.filter(|(text, _)| text.parse::<crate::engine::address::Address>().is_ok()).collect();
        assert!(addresses.iter().any(|(address, _)| *address == "service-linked-role/elasticloadbalancing"));
        for (address, [x, y]) in addresses {
            // A character of a monospaced font of 12 pixels is up to 7.3 pixels wide.
            let end = x + address.len() as f64 * 7.3;
            let holds =
                |[left, top, width, height]: &Box| *left < x && end < left + width && *top < y && y < top + height;
            assert!(boxes.iter().any(holds), "{address} leaves its box");
        }
    }

    #[test]
    fn every_arrow_leads_to_the_right_and_past_the_boxes() {
        let svg = picture();
        let boxes = boxes(&svg);
        let paths: Vec<&str> = svg.lines().filter_map(|line| line.strip_prefix("<path d=\"")).collect();
        assert!(paths.len() > 20, "{}", paths.len());
        for path in paths {
            let mut points = path.split('"').next().unwrap().split(' ');
            let mut at = (0.0, 0.0);
            while let Some(point) = points.next() {
                // A curve leaves and arrives level: only where it ends matters.
                let end = if point.starts_with('C') { points.nth(1).unwrap() } else { point };
                let (x, y) = end.trim_start_matches(['M', 'L']).split_once(',').unwrap();
                let next: (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                assert!(next.0 >= at.0, "{path} leads back");
                let crosses = |[left, top, width, height]: &Box| {
                    at.0 < left + width && *left < next.0 && *top < next.1 && next.1 < top + height
                };
                assert!(!(point.starts_with('L') && boxes.iter().any(crosses)), "{path} runs through a box");
                at = next;
            }
        }
    }
}
