//! `ce-aws policy`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::aws::grant::{Grant, Use};
use crate::blueprint;
use crate::blueprint::certificates::Generations;
use crate::config::PlanFile;
use crate::existing::{self, Existing};
use crate::images;
use crate::kinds::registry;
use crate::live;
use crate::permission::{Policy, Purpose, policies};
use crate::release::Catalogue;
use crate::session::{CommandError, Exit, Output, PLAN_FILE, Scope, Session, Source, catalogue, planning};

use super::global::Global;

/// Print the minimum IAM permissions for running ce-aws
///
/// IAM policies for one deployment, restricted to its tags and names and to what the plan file names wherever AWS
/// allows that, split into documents of the size that AWS stores. Create a managed policy from each, and attach all of
/// them to the user or role that runs ce-aws. Only asks AWS which account this is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Only what this command needs; left out, all of them
    #[arg(long = "for", value_name = "COMMAND", value_enum)]
    purpose: Option<Purpose>,
}

/// As they are named after `--for`.
impl ValueEnum for Purpose {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::List, Self::Plan, Self::Apply, Self::Upgrade, Self::Open, Self::Vpn, Self::Destroy, Self::Cost]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::List => "Reads which deployments exist and how they are; not restricted to one",
            Self::Plan => "Reads only; also for status and logs",
            Self::Apply => "With deletion of what is no longer needed; reads included",
            Self::Upgrade => "Also for apply, backup, stop, start and exec",
            Self::Open => "A tunnel to the UI, and reading the deployment",
            Self::Vpn => "Configurations for clients of the VPN: whoever has it can let anybody in",
            Self::Destroy => "With --delete-data as well",
            Self::Cost => "With --live: AWS's list prices, nothing of the deployment",
            Self::All => return None,
        };
        self.word().map(|word| PossibleValue::new(word).help(help))
    }
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, file) = Session::for_file(&Source::read(&args.file)?, &global.access(), output).await?;
    let purpose = args.purpose.unwrap_or(Purpose::All);
    let grants = grants(&session, &file, purpose)?;
    let stem = ["ce-aws", file.name.as_str()].into_iter().chain(purpose.word()).collect::<Vec<_>>().join("-");
    let policies =
        policies(&stem, grants).map_err(|error| CommandError::refused("policy/too-large", error.to_string()))?;
    if output.is_json() {
        let one = |Policy { name, document }: &Policy| serde_json::json!({ "name": name, "document": document });
        let all: Vec<_> = policies.iter().map(one).collect();
        output.document(&serde_json::json!({ "policies": all }))?;
        return Ok(Exit::Done);
    }
    for policy in &policies {
        output.raw(&format!("# {} ({} characters)\n{:#}\n\n", policy.name, policy.size(), policy.document))?;
    }
    Ok(Exit::Done)
}

/// All that is needed for a purpose. Reading and deleting know no plan file: what there is may come from a former one.
///
/// # Errors
///
/// Only a fault of this program.
pub fn grants(session: &Session, file: &PlanFile, purpose: Purpose) -> Result<Vec<Grant>, CommandError> {
    let names = &session.context(&Scope::of(file)).names;
    let zones = ["a", "b"].map(|letter| format!("{}{letter}", names.region));
    let graph = planning::graph(file, names, zones, &Existing::default(), &BTreeMap::new(), Generations::FIRST, true)?;
    let place = blueprint::place::place(file, names, &graph);
    let wanted: BTreeSet<&str> = graph.nodes().map(|node| node.kind.name).collect();
    let mut all = Vec::new();
    let in_no_graph: Vec<&str> =
        registry::JOBS.iter().chain(registry::COMPANIONS).map(|kind| kind.kind().name).collect();
    for kind in registry::all() {
        let is_made = wanted.contains(kind.kind().name) || in_no_graph.contains(&kind.kind().name);
        all.extend(kind.grants(&place).into_iter().filter(|grant| is_made || grant.usage != Use::Make));
    }
    let images = blueprint::images(file, catalogue::release(file)?);
    all.extend(images::grants(Use::Ask, images.values()));
    // Where upgrades lead, and by way of what.
    let later: Vec<_> = Catalogue::effective().releases().map(|release| blueprint::images(file, release)).collect();
    all.extend(images::grants(Use::Upgrade, later.iter().flat_map(|images| images.values())));
    all.extend(existing::grants::grants(file, &place));
    all.extend(existing::contents::grants(file, &place));
    all.extend(existing::account::grants::grants(&place));
    all.extend(live::grants::grants(&place));
    all.extend(live::deployments::grants());
    all.extend(session.store().grants(file.name.as_str()));
    all.retain(|grant| purpose.includes(grant.usage));
    Ok(all)
}
