//! Names in AWS: deployments, recovery points and former file systems. They are asked for at each TAB with the options
//! on the line, and nothing is completed where AWS does not answer within a moment.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use clap_complete::engine::CompletionCandidate;

use crate::aws::clients::Access;
use crate::live;
use crate::session::output::{Format, Verbosity};
use crate::session::{Found, Output, PLAN_FILE, Scope, Session, Source};

/// How long somebody waits after TAB.
const PATIENCE: Duration = Duration::from_secs(3);

/// The deployments of the account and region.
pub fn deployments() -> Vec<CompletionCandidate> {
    let found = ask(async |line| {
        let session = Session::open(&line.access()).await.ok()?;
        live::deployments::names(&session.context(&Scope::default())).await.ok()
    });
    found.into_iter().flatten().map(CompletionCandidate::new).collect()
}

/// The recovery points of the deployment whose plan file is on the line, newest first, by the end of their ARN.
pub fn points() -> Vec<CompletionCandidate> {
    of_deployment(false)
}

/// The same, and the file systems that a restored one has replaced.
pub fn droppable() -> Vec<CompletionCandidate> {
    of_deployment(true)
}

fn of_deployment(with_file_systems: bool) -> Vec<CompletionCandidate> {
    let found = ask(async |line| {
        // Warnings about the plan file have no place here.
        let output = Output::new(Format::Json, Verbosity::default(), None);
        let source = Source::read(Path::new(line.plan_file())).ok()?;
        let (session, file) = Session::for_file(&source, &line.access(), &output).await.ok()?;
        let Found { scope, inventory } = session.found(Scope::of(&file)).await.ok()?;
        live::backups::list(&session.context(&scope), &inventory).await.ok()
    });
    let Some(view) = found else { return Vec::new() };
    let former = view.file_systems.iter().filter(|one| with_file_systems && one.former);
    let former = former.map(|one| CompletionCandidate::new(&one.id).help(Some("a former file system".into())));
    let points = view.points.iter().map(|point| {
        let help = format!("{} {}", point.created, point.release.as_deref().unwrap_or_default());
        CompletionCandidate::new(point.id()).help(Some(help.trim().to_owned().into()))
    });
    points.chain(former).collect()
}

/// What somebody asks AWS for; `None` where there is no answer in time.
fn ask<T>(question: impl AsyncFnOnce(&Line) -> Option<T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let line = Line::of(std::env::args_os());
    runtime.block_on(async { tokio::time::timeout(PATIENCE, question(&line)).await.ok() })?
}

/// The words on the command line so far.
struct Line(Vec<String>);

impl Line {
    fn of(words: impl Iterator<Item = impl AsRef<OsStr>>) -> Self {
        Self(words.map(|word| word.as_ref().to_string_lossy().into_owned()).collect())
    }

    /// The options of every command, or their variables.
    fn access(&self) -> Access {
        Access {
            region: self.option("--region", "CE_AWS_REGION"),
            profile: self.option("--profile", "CE_AWS_PROFILE"),
            role_arn: self.option("--role-arn", "CE_AWS_ROLE_ARN"),
            endpoint_url: self.option("--endpoint-url", "CE_AWS_ENDPOINT_URL"),
        }
    }

    fn option(&self, name: &str, variable: &str) -> Option<String> {
        let joined = |word: &String| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
        let pairs = self.0.iter().zip(self.0.iter().skip(1));
        let separate = || pairs.into_iter().find(|(word, _)| *word == name).map(|(_, value)| value.clone());
        let given = self.0.iter().find_map(joined).or_else(separate);
        given.or_else(|| std::env::var(variable).ok()).filter(|value| !value.is_empty())
    }

    fn plan_file(&self) -> &str {
        let file = self.0.iter().find(|word| super::is_toml(Path::new(word)) && Path::new(word).is_file());
        file.map_or(PLAN_FILE, String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_from_the_line() {
        let line = Line::of("ce-aws backup restore no.toml --region=eu-west-1 --profile".split(' '));
        assert_eq!(line.access().region.as_deref(), Some("eu-west-1"));
        assert_eq!(line.access().profile, None, "its value is still to come");
        let line = Line::of("ce-aws status --profile prod --name".split(' '));
        assert_eq!(line.access().profile.as_deref(), Some("prod"));
        assert_eq!(line.plan_file(), PLAN_FILE);
    }
}
