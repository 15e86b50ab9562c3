//! `ce-aws path`.

use std::path::PathBuf;

use ipnet::Ipv4Net;

use crate::checks::path::{Entrance, Hop, Origin, Passes, path, verdict};
use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::set;
use crate::existing::interfaces::{Interface, Owner};
use crate::existing::{ingress, interfaces, network};
use crate::kinds::context::Context;
use crate::live::reachability::{self, Analysis, Way};
use crate::session::{CommandError, Exit, Output, PLAN_FILE, Scope, Session, Source, catalogue, moment};
use crate::ui;
use crate::ui::path::PathHop;

use super::global::Global;
use super::interrupt::unless_ctrl_c;

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

    /// Also have AWS's Reachability Analyzer judge the way from a network interface, for 0.10 USD
    ///
    /// It sees peering connections, transit gateways and firewalls too. What it makes is deleted again. It needs AWS's
    /// managed policy AmazonVPCReachabilityAnalyzerFullAccessPolicy.
    #[arg(long)]
    analyze: bool,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let origin = read(&args.from)?;
    if args.analyze && origin.is_some() {
        let message = "Reachability Analyzer begins at a network interface, not at a network";
        return Err(CommandError::usage("usage/bad-origin", message).hint("write --from eni-…, or leave --analyze out"));
    }
    let (session, file) = Session::for_file(&Source::read(&args.file)?, &global.access(), output).await?;
    let mut scope = Scope::of(&file);
    let inventory = session.inventory(&mut scope).await?;
    let context = session.context(&scope);
    let (origin, interface) = match origin {
        Some(origin) => (origin, None),
        None => {
            let interface = interfaces::interface(&context, &args.from).await?;
            let groups = interface.groups.clone();
            (Origin { net: parse(&interface.address)?, groups }, Some(interface))
        }
    };
    let front = Front::find(&context, &file, &inventory).await?;
    let hops = path(&origin, &front.entrance);
    let result = verdict(&hops);
    let hops: Vec<PathHop> = hops.into_iter().map(shown).collect();
    let (from, to) = (args.from.as_str(), format!("{}, port {}", front.name, front.entrance.port));
    let analysis = match interface.filter(|_| args.analyze) {
        None => None,
        Some(interface) => {
            let Some(analysis) = analyze(&context, &interface, &front).await? else {
                output.always("interrupted: the analysis was deleted\n");
                return Ok(Exit::PartWay);
            };
            Some(analysis)
        }
    };
    let mut document = serde_json::json!({ "from": from, "to": to, "result": result.code(), "hops": hops });
    if let Some(analysis) = &analysis {
        document["analysis"] = serde_json::to_value(analysis).map_err(CommandError::unexpected)?;
    }
    output.answer(&document, || {
        let analysis = analysis.as_ref().map(|analysis| ui::path::analysis(analysis.reached, &reasons(analysis)));
        ui::path::path(from, &to, result.code(), &hops) + &analysis.unwrap_or_default()
    })?;
    let is_reached = analysis.is_none_or(|analysis| analysis.reached);
    Ok(if matches!(result, Passes::All | Passes::Unknown) && is_reached { Exit::Done } else { Exit::Refused })
}

/// Has AWS analyze the way to the interface in the same zone, or else to any. `None`: interrupted.
async fn analyze(context: &Context, from: &Interface, front: &Front) -> Result<Option<Analysis>, CommandError> {
    let mut doors = interfaces::of_owner(context, &front.owner).await?;
    doors.sort_by_key(|door| door.zone != from.zone);
    let Some(door) = doors.first() else {
        let message = format!("no network interface of {} is found", front.name);
        return Err(CommandError::refused("path/no-interface", message).hint("`ce-aws status` shows whether it runs"));
    };
    let clock = moment::clock()?;
    let way = Way { from: &from.id, to: &door.id, port: front.entrance.port };
    let work = async { Ok(reachability::analyze(context, &clock, way).await?) };
    let ended = unless_ctrl_c(work).await;
    let cleaned = reachability::clean_up(context).await;
    // Why there is no analysis says more than why nothing was deleted.
    let ended = ended?;
    cleaned?;
    Ok(ended)
}

fn reasons(analysis: &Analysis) -> Vec<(&str, String)> {
    analysis.reasons.iter().map(|reason| (reason.code.as_str(), reason.components.join(", "))).collect()
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

/// Where the UI is reached.
struct Front {
    /// For people.
    name: String,
    entrance: Entrance,
    /// Whose network interfaces it has.
    owner: Owner,
}

impl Front {
    async fn find(context: &Context, file: &PlanFile, inventory: &Inventory) -> Result<Self, CommandError> {
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
            let name = format!("the load balancer {}", balancer.name);
            return Ok(Self { name, entrance, owner: Owner::LoadBalancer(arn) });
        }
        if let Some(balancer) = of_kind("load-balancer") {
            let groups = ingress::security_groups(context, ids("load-balancer", "groups")).await?;
            let subnets = subnets(context, ids("load-balancer", "subnets")).await?;
            let entrance = Entrance { port: file.listens_on(), groups, subnets };
            let name = format!("the load balancer {}", context.names.stack());
            return Ok(Self { name, entrance, owner: Owner::LoadBalancer(balancer.id.clone()) });
        }
        if of_kind("service").is_none() {
            return Err(none(file));
        }
        let of_task = ids("service", "groups");
        let owner = Owner::Group(of_task.first().cloned().unwrap_or_default());
        let groups = ingress::security_groups(context, of_task).await?;
        let subnets = subnets(context, ids("service", "subnets")).await?;
        let entrance = Entrance { port: catalogue::release(file)?.web.port, groups, subnets };
        Ok(Self { name: "the task".to_owned(), entrance, owner })
    }
}

async fn subnets(context: &Context, ids: Vec<String>) -> Result<Vec<network::Subnet>, CommandError> {
    Ok(network::subnets(context, network::Which::Named(&ids)).await?)
}

fn none(file: &PlanFile) -> CommandError {
    CommandError::usage("usage/nothing-deployed", format!("nothing of {} is deployed that could be reached", file.name))
        .hint("deploy it first: `ce-aws apply`")
}
