//! `ce-aws doctor`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::checks;
use crate::config::PlanFile;
use crate::engine::plan::{Finding, Severity};
use crate::existing::operator::Operator;
use crate::existing::{self, contents};
use crate::permission::Purpose;
use crate::release::Label;
use crate::session::{
    CommandError, Consent, Exit, Output, PLAN_FILE, Scope, Session, Source, other_plan_files, preflight, standing,
};
use crate::ui;
use crate::upgrade::chain::{self, ChainStep};
use crate::upgrade::planning;

use super::global::Global;
use super::options;
use super::policy;
use super::proof;

/// Check everything that a deployment needs, without changing anything
///
/// Reports at once everything that `plan` and `apply` would refuse or warn about: existing resources, the account's
/// quotas and names that are taken. Also checks every image, and what backups, upgrades and the vendor's advice need.
///
/// Exits with 5 when there is a refusal. `ce-aws explain` says what a code means.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Consent to releases that the vendor does not stand behind on Fargate
    #[arg(long, value_name = "LABEL", value_parser = options::label)]
    allow: Option<Label>,

    /// Only ask for the permissions that this command needs; left out, those of all of them
    #[arg(long = "for", value_name = "COMMAND", value_enum)]
    purpose: Option<Purpose>,

    /// Also say what was verified in this account, and what was not
    ///
    /// Reads every kind of resource once, and makes EC2's create calls with `DryRun`: nothing is changed. See
    /// docs/first-run.md.
    #[arg(long)]
    live: bool,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    let (session, file) = Session::for_file(&source, &global.access(), output).await?;
    let target = session.target(file.name.as_str());
    let release = standing::of_file(&file);
    let proofs = if args.live { proof::proofs(&session, &file).await } else { Vec::new() };
    let examined = examine(args, &source, &session, file).await;
    let (mut findings, permissions, error) = match examined {
        Ok(Examined { findings, operator, actions }) => (findings, Some((operator, actions)), None),
        Err(error) if args.live => (Vec::new(), None, Some(error)),
        Err(error) => return Err(error),
    };
    findings.extend(proof::findings(&proofs));
    let findings = ordered(findings);
    let simulated = permissions.as_ref().map(|(operator, actions)| (operator, *actions));
    let rows = if args.live { proof::rows(&proofs, simulated) } else { Vec::new() };
    if let Some(report) = output.report() {
        report.part("findings", &findings);
        report.part("live", &rows);
    }
    let refusals = findings.iter().filter(|finding| finding.severity == Severity::Refusal).count();
    let mut document = serde_json::json!({
        "deployment": target.deployment,
        "account": target.account,
        "region": target.region,
        "release": release,
        "refusals": refusals,
        "warnings": findings.len() - refusals,
        "findings": findings,
    });
    if args.live {
        document["live"] = serde_json::json!(rows);
    }
    output.answer(&document, || {
        let report = || ui::doctor::report(&target, release.as_ref(), &findings);
        ui::doctor::proofs(&rows) + &if error.is_none() { report() } else { String::new() }
    })?;
    match error {
        // What was proved is said all the same.
        Some(error) => Err(error),
        None if refusals == 0 => Ok(Exit::Done),
        None => Ok(Exit::Refused),
    }
}

/// What came of all checks.
struct Examined {
    findings: Vec<Finding>,
    operator: Operator,
    /// How many actions the operator was asked about.
    actions: usize,
}

async fn examine(args: &Args, source: &Source, session: &Session, file: PlanFile) -> Result<Examined, CommandError> {
    let inventory = session.inventory(&mut Scope::of(&file)).await?;
    let last = ChainStep { text: source.text.clone(), file };
    let steps = chain::steps(source, chain::running(&inventory), last.clone())?;
    let file = &steps.first().unwrap_or(&last).file;
    let seen = session.existing(file).await?;
    let consent = Consent { allow: args.allow, ..Consent::default() };
    let mut findings = planning::plan(session, file, &inventory, &seen, &consent).await?.plan.findings;
    findings.extend(other_plan_files::collisions(source, file));
    let context = session.context(&Scope::of(file));
    findings.extend(preflight::thorough(&context, file, &inventory, &seen).await?);
    findings.extend(session.contents(file, &seen, &contents::ALL, false).await);
    let purpose = args.purpose.unwrap_or(Purpose::All);
    let grants = policy::grants(session, file, purpose)?;
    let operator = existing::operator::operator(&context, session.caller(), &grants).await?;
    findings.extend(checks::permission::operator(&operator, purpose.word()));
    let actions: BTreeSet<&String> = grants.iter().flat_map(|grant| &grant.actions).collect();
    Ok(Examined { findings, operator, actions: actions.len() })
}

/// Each once, refusals first.
fn ordered(findings: Vec<Finding>) -> Vec<Finding> {
    let mut each: Vec<Finding> = Vec::new();
    for finding in findings {
        if !each.contains(&finding) {
            each.push(finding);
        }
    }
    each.sort_by_key(|finding| finding.severity);
    each
}
