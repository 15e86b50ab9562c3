//! `ce-aws validate`.

use std::path::PathBuf;

use crate::config::{self, Problems, Severity};

use super::args::Global;
use super::error::CommandError;
use super::exit::Exit;
use super::output::Output;
use super::source::{self, Source};

/// Check a plan file, without AWS
///
/// Reports everything that is wrong with it at once, each with its place and what would be right.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    if output.is_json() {
        let examined = config::examine(&source.path, &source.text, source::region(global)?);
        let valid = examined.plan.is_some();
        output.document(&serde_json::json!({ "valid": valid, "problems": problems(&examined.problems) }))?;
        return Ok(if valid { Exit::Done } else { Exit::Usage });
    }
    let plan = source.plan_file(source::region(global)?, output)?;
    source::agree(&plan, global)?;
    let region = plan.region.map_or_else(|| "the region of the AWS profile".to_owned(), |region| region.to_string());
    let (name, release, package) = (plan.name.as_str(), plan.release, plan.package);
    output.data(&format!("valid: {name}, release {release}, package {package}, {region}\n"))?;
    Ok(Exit::Done)
}

/// Problems of a plan file as scripts read them.
pub fn problems(problems: &Problems) -> serde_json::Value {
    let one = |problem: &config::Problem| {
        let (line, column) = problems.position(problem);
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        serde_json::json!({
            "code": problem.code,
            "severity": severity,
            "message": problem.message,
            "hint": problem.hint,
            "line": line,
            "column": column,
        })
    };
    problems.iter().map(one).collect()
}
