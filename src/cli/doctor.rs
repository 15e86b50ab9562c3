//! `ce-aws doctor`.

use std::path::PathBuf;

use crate::borrowed::{self, contents};
use crate::checks;
use crate::engine::plan::{Finding, Severity};
use crate::permission::Purpose;
use crate::release::Label;
use crate::ui;

use super::args::Global;
use super::climb::{self, Rung};
use super::consent::Consent;
use super::error::CommandError;
use super::exit::Exit;
use super::output::Output;
use super::policy;
use super::preflight;
use super::saga;
use super::scope::Scope;
use super::session::Session;
use super::siblings;
use super::source::Source;

/// Check everything that a deployment needs, and change nothing
///
/// Says at once what `plan` and `apply` would refuse or warn of: what the plan file borrows, the account's quotas and the
/// names that would be given. Also asks for every image, and says what backups, upgrades and the vendor's advice need.
///
/// Exits with 5 when there is a refusal. `ce-aws explain` says what a code means.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Consent to releases that the vendor does not stand behind on Fargate
    #[arg(long, value_name = "LABEL", value_parser = saga::label)]
    allow: Option<Label>,

    /// Only ask for the permissions that this command needs; left out, those of all of them
    #[arg(long = "for", value_name = "COMMAND", value_enum)]
    purpose: Option<policy::For>,
}

/// Runs the command.
///
/// # Errors
///
/// A wrong plan file, or AWS cannot be asked.
pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    let (session, file) = Session::for_file(&source, global, output).await?;
    let inventory = session.inventory(&mut Scope::of(&file)).await?;
    let last = Rung { text: source.text.clone(), file };
    let rungs = climb::rungs(&source, climb::running(&inventory), last.clone())?;
    let file = &rungs.first().unwrap_or(&last).file;
    let seen = session.borrowed(file).await?;
    let consent = Consent { allow: args.allow, ..Consent::default() };
    let mut findings = session.converge(file, &inventory, &seen, &consent).await?.findings;
    findings.extend(siblings::collisions(&source, file));
    let context = session.context(&Scope::of(file));
    findings.extend(preflight::thorough(&context, file, &inventory, &seen).await?);
    findings.extend(session.contents(file, &seen, &contents::ALL, false).await);
    let purpose = Purpose::from(args.purpose);
    let grants = policy::grants(&session, file, purpose)?;
    let operator = borrowed::operator::operator(&context, session.caller(), &grants).await?;
    findings.extend(checks::permission::operator(&operator, purpose.word()));
    let findings = ordered(findings);
    let target = session.target(file.name.as_str());
    let refusals = findings.iter().filter(|finding| finding.severity == Severity::Refusal).count();
    if output.is_json() {
        let mut document = serde_json::to_value(&target).map_err(CommandError::unexpected)?;
        document["refusals"] = refusals.into();
        document["warnings"] = (findings.len() - refusals).into();
        document["findings"] = serde_json::to_value(&findings).map_err(CommandError::unexpected)?;
        output.document(&document)?;
    } else {
        output.data(&ui::doctor::report(&target, &findings))?;
    }
    Ok(if refusals == 0 { Exit::Done } else { Exit::Refused })
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
