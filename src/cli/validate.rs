//! `ce-aws validate`.

use std::path::{Path, PathBuf};

use crate::config::{self, Collision, Examined, PlanFile};
use crate::session::error::problems;
use crate::session::{CommandError, Exit, Output, PLAN_FILE, Source, source, standing};

use super::global::Global;

/// Check plan files, without AWS
///
/// Reports everything that is wrong at once, with line and remedy. Several files are also compared with each other: two
/// that claim the same deployment, target group or listener are refused.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan files
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    files: Vec<PathBuf>,
}

pub fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    match args.files.as_slice() {
        [file] => one(file, global, output),
        files => several(files, global, output),
    }
}

fn one(file: &Path, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (source, access) = (Source::read(file)?, global.access());
    if output.is_json() {
        let examined = config::examine(&source.path, &source.text, source::region(&access)?);
        let valid = examined.plan.is_some();
        let release = examined.plan.as_ref().and_then(standing::of_file);
        let problems = problems(&examined.problems);
        output.document(&serde_json::json!({ "valid": valid, "release": release, "problems": problems }))?;
        return Ok(exit(valid));
    }
    let plan = source.plan_file_for(&access, output)?;
    output.data(&format!("valid: {}\n", summary(&plan)))?;
    Ok(Exit::Done)
}

fn several(files: &[PathBuf], global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let region = source::region(&global.access())?;
    let sources = files.iter().map(|file| Source::read(file)).collect::<Result<Vec<_>, _>>()?;
    let examined = sources.iter().map(|source| (&source.path, config::examine(&source.path, &source.text, region)));
    let examined: Vec<(&String, Examined)> = examined.collect();
    let plans = || examined.iter().filter_map(|(path, examined)| Some((path.as_str(), examined.plan.as_ref()?)));
    for (_, plan) in plans() {
        source::agree(plan, &global.access())?;
    }
    let collisions = config::collisions(&plans().collect::<Vec<_>>());
    let valid = plans().count() == files.len() && collisions.is_empty();
    if output.is_json() {
        let file = |(path, examined): &(&String, Examined)| {
            serde_json::json!({
                "file": path,
                "valid": examined.plan.is_some(),
                "release": examined.plan.as_ref().and_then(standing::of_file),
                "problems": problems(&examined.problems),
            })
        };
        let files: serde_json::Value = examined.iter().map(file).collect();
        output.document(&serde_json::json!({ "valid": valid, "files": files, "collisions": collisions }))?;
        return Ok(exit(valid));
    }
    for (path, Examined { plan, problems }) in &examined {
        if !problems.is_empty() {
            let text = format!("{}\n", problems.render(true));
            if plan.is_some() { output.note(&text) } else { output.always(&text) }
        }
        if let Some(plan) = plan {
            output.data(&format!("valid: {path}: {}\n", summary(plan)))?;
        }
    }
    for Collision { code, message, hint, .. } in collisions {
        output.error(&CommandError::usage(code, message).hint(hint));
    }
    Ok(exit(valid))
}

const fn exit(valid: bool) -> Exit {
    if valid { Exit::Done } else { Exit::Usage }
}

/// What the file asks for, on one line.
fn summary(plan: &PlanFile) -> String {
    let region = plan.region.map_or_else(|| "the region of the AWS profile".to_owned(), |region| region.to_string());
    let release = standing::of_file(plan).map(|release| format!(", {}", release.line())).unwrap_or_default();
    format!("{}{release}, package {}, {region}", plan.name, plan.package)
}
