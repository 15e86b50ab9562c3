//! `ce-aws path`.

use std::path::PathBuf;

use ipnet::Ipv4Net;

use crate::checks::path::{Entrance, Hop, Origin, Passes, path, verdict};
use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::set;
use crate::existing::{ingress, interfaces, network};
use crate::kinds::context::Context;
use crate::session::{CommandError, Exit, Output, PLAN_FILE, Scope, Session, Source, catalogue};
use crate::ui;
use crate::ui::path::PathHop;

use super::global::Global;

/// Say whether a network reaches the UI, and where it is stopped
///
/// Evaluates the network ACLs, security groups and routes on the way to the load balancer and back, or without one to
/// the task, as AWS has them now. Changes nothing.
///
/// Exits with 5 when the network, or a part of it, does not reach the UI. What lies beyond the VPC's own routes, such
/// as the route tables of a transit gateway or a firewall on premises, cannot be seen.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Where people come from: an IPv4 network, an address, or the ID of a network interface in the VPC
    #[arg(long, value_name = "CIDR|ENI")]
    from: String,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let origin = read(&args.from)?;
    let (session, file) = Session::for_file(&Source::read(&args.file)?, &global.access(), output).await?;
    let mut scope = Scope::of(&file);
    let inventory = session.inventory(&mut scope).await?;
    let context = session.context(&scope);
    let origin = match origin {
        Some(origin) => origin,
        None => {
            let interface = interfaces::interface(&context, &args.from).await?;
            Origin { net: parse(&interface.address)?, groups: interface.groups }
        }
    };
    let (name, entrance) = entrance(&context, &file, &inventory).await?;
    let hops = path(&origin, &entrance);
    let result = verdict(&hops);
    let hops: Vec<PathHop> = hops.into_iter().map(shown).collect();
    let (from, to) = (args.from.as_str(), format!("{name}, port {}", entrance.port));
    let document = serde_json::json!({ "from": from, "to": to, "result": result.code(), "hops": hops });
    output.answer(&document, || ui::path::path(from, &to, result.code(), &hops))?;
    Ok(if matches!(result, Passes::All | Passes::Unknown) { Exit::Done } else { Exit::Refused })
}

fn shown(hop: Hop) -> PathHop {
    PathHop { place: hop.place, subnet: hop.subnet, result: hop.passes.code(), why: hop.why }
}

/// A network; `None` for a network interface, which AWS has to be asked about.
fn read(from: &str) -> Result<Option<Origin>, CommandError> {
    if from.starts_with("eni-") {
        return Ok(None);
    }
    parse(from).map(|net| Some(Origin { net, groups: Vec::new() }))
}

fn parse(text: &str) -> Result<Ipv4Net, CommandError> {
    let net = text.parse().or_else(|_| format!("{text}/32").parse::<Ipv4Net>());
    net.map(|net| net.trunc()).map_err(|_| {
        let message = format!("{text:?} is neither an IPv4 network nor the ID of a network interface");
        CommandError::usage("usage/bad-origin", message).hint("write \"10.20.0.0/16\", \"10.20.0.7\" or \"eni-…\"")
    })
}

/// Where the UI is reached: its name, and what stands in front of it.
async fn entrance(
    context: &Context,
    file: &PlanFile,
    inventory: &Inventory,
) -> Result<(String, Entrance), CommandError> {
    let of_kind = |kind: &'static str| inventory.live.iter().find(move |live| live.address.kind() == kind);
    let ids = |kind: &'static str, property: &str| -> Vec<String> {
        let live = of_kind(kind).and_then(|live| set::members(&live.spec[property])).unwrap_or_default();
        live.into_iter().filter_map(|id| id.as_str()).map(str::to_owned).collect()
    };
    let theirs = match &file.existing.target_group {
        Some(group) => {
            let group = ingress::target_group(context, group).await?;
            group.found().and_then(|group| group.load_balancer.as_ref()).map(|balancer| balancer.arn.clone())
        }
        None => file.existing.load_balancer.as_ref().map(|arn| arn.as_str().to_owned()),
    };
    if let Some(arn) = theirs {
        let balancer = ingress::load_balancer(context, &arn).await?;
        let balancer = balancer.found().ok_or_else(|| none(file))?;
        let ours = inventory.live.iter().filter(|live| live.address.kind() == "target-group");
        let groups = ours.map(|live| live.id.as_str()).chain(file.existing.target_group.as_deref());
        let groups: Vec<&str> = groups.collect();
        let leads = |one: &&ingress::Listener| one.target_groups.iter().any(|arn| groups.contains(&arn.as_str()));
        let port = balancer.listeners.iter().find(leads);
        let port = port.map_or_else(|| file.listens_on(), |listener| listener.port);
        // Which subnets it is in is not read.
        let entrance = Entrance { port, groups: balancer.groups.clone(), subnets: Vec::new() };
        return Ok((format!("the load balancer {}", balancer.name), entrance));
    }
    if of_kind("load-balancer").is_some() {
        let groups = ingress::security_groups(context, ids("load-balancer", "groups")).await?;
        let subnets = subnets(context, ids("load-balancer", "subnets")).await?;
        let entrance = Entrance { port: file.listens_on(), groups, subnets };
        return Ok((format!("the load balancer {}", context.names.stack()), entrance));
    }
    if of_kind("service").is_none() {
        return Err(none(file));
    }
    let groups = ingress::security_groups(context, ids("service", "groups")).await?;
    let subnets = subnets(context, ids("service", "subnets")).await?;
    Ok(("the task".to_owned(), Entrance { port: catalogue::release(file)?.web.port, groups, subnets }))
}

async fn subnets(context: &Context, ids: Vec<String>) -> Result<Vec<network::Subnet>, CommandError> {
    Ok(network::subnets(context, network::Which::Named(&ids)).await?)
}

fn none(file: &PlanFile) -> CommandError {
    CommandError::usage("usage/nothing-deployed", format!("nothing of {} is deployed that could be reached", file.name))
        .hint("deploy it first: `ce-aws apply`")
}
