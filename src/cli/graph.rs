//! `ce-aws graph`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::ValueEnum;

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
    planning::graph(file, &names, zones, &Existing::default(), &BTreeMap::new(), 1, false)
}
