//! The deployment that a command is about: from a plan file, or by name alone.

use std::path::Path;
use std::str::FromStr;

use crate::aws::clients::Access;
use crate::config::{self, Name, PlanFile, Region};

use super::error::CommandError;
use super::output::Output;

/// The plan file where none is named, in the working directory; what `ce-aws init` writes.
pub const PLAN_FILE: &str = "ce-aws.toml";

/// The hint where no region is known.
pub const NAME_A_REGION: &str = "write `region = \"us-east-1\"` into the plan file, or use --region or AWS_REGION";

/// A plan file, or the name of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected<'a> {
    File(&'a Path),
    Name(&'a str),
}

/// A plan file as it was read.
#[derive(Clone, Debug)]
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// It does not exist, or is not text.
    pub fn read(path: &Path) -> Result<Self, CommandError> {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self { path: path.display().to_string(), text })
    }

    /// Its absolute path.
    pub fn absolute(&self) -> String {
        std::path::absolute(&self.path).map_or_else(|_| self.path.clone(), |path| path.display().to_string())
    }

    /// The plan file in it. Warnings go to standard error.
    ///
    /// # Errors
    ///
    /// The problems of the plan file.
    pub fn plan_file(&self, region: Option<Region>, output: &Output) -> Result<PlanFile, CommandError> {
        let examined = config::examine(&self.path, &self.text, region);
        match examined.plan {
            None => Err(examined.problems.into()),
            Some(plan) => {
                if !examined.problems.is_empty() && !output.is_json() {
                    output.note(&format!("{}\n", examined.problems.render(true)));
                }
                Ok(plan)
            }
        }
    }

    /// The same, for the region that the command line or the environment names; --region must not contradict it.
    ///
    /// # Errors
    ///
    /// See above, and the problems of the plan file.
    pub fn plan_file_for(&self, access: &Access, output: &Output) -> Result<PlanFile, CommandError> {
        let plan = self.plan_file(region(access)?, output)?;
        agree(&plan, access)?;
        Ok(plan)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> CommandError {
    let shown = path.display();
    if error.kind() != std::io::ErrorKind::NotFound {
        return CommandError::unreadable(path, error);
    }
    if path == Path::new(PLAN_FILE) {
        return CommandError::usage("usage/unreadable", format!("there is no plan file {PLAN_FILE} in this directory"))
            .hint("`ce-aws init` writes one; a plan file of another name is given as FILE")
            .hint(
                "`ce-aws list` shows what is deployed; status, logs, exec, history, stop, start and destroy also take \
                 --name NAME",
            );
    }
    let other = if path.is_absolute() { "" } else { "; the path is relative to the working directory" };
    CommandError::usage("usage/unreadable", format!("there is no plan file {shown}"))
        .hint(format!("`ce-aws init {shown}` writes one{other}"))
}

/// The name on the command line.
///
/// # Errors
///
/// No deployment can have this name.
pub fn name(text: &str) -> Result<Name, CommandError> {
    value(text, "--name", "usage/name")
}

/// The value of an option.
fn value<T: FromStr<Err = config::Invalid>>(text: &str, option: &str, code: &'static str) -> Result<T, CommandError> {
    text.parse().map_err(|error: config::Invalid| {
        CommandError::usage(code, format!("{option}: {}", error.message)).hint(error.hint)
    })
}

/// The region that the command line or the environment names, for plan files that name none.
///
/// # Errors
///
/// This version does not know the region of `--region`.
pub fn region(access: &Access) -> Result<Option<Region>, CommandError> {
    if let Some(text) = &access.region {
        return value(text, "--region", "usage/region").map(Some);
    }
    let named = ["AWS_REGION", "AWS_DEFAULT_REGION"].into_iter().find_map(|variable| std::env::var(variable).ok());
    Ok(named.and_then(|text| text.parse().ok()))
}

/// Refuses a `--region` that contradicts the plan file.
pub fn agree(plan: &PlanFile, access: &Access) -> Result<(), CommandError> {
    match (&plan.region, &access.region) {
        (Some(file), Some(option)) if file.as_str() != option => Err(CommandError::usage(
            "usage/region",
            format!("--region is {option}, but the plan file says {}", file.as_str()),
        )
        .hint("remove one of the two; CE_AWS_REGION counts as --region")),
        _ => Ok(()),
    }
}
