//! The deployments of an account and region, as people read them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::hints;
use super::style::{DANGER, FAINT, GOOD, TITLE, WARNING, paint};
use super::table::{Cell, table};
use super::text::{clean, minute, place};

/// All of them.
#[derive(Clone, Debug, Serialize)]
pub struct Deployments {
    pub account: String,
    pub region: String,
    pub deployments: Vec<Deployment>,
    /// What could not be read, and AWS's answer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unread: BTreeMap<String, String>,
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub struct Deployment {
    pub deployment: String,
    pub state: State,
    /// The release that its service runs, where one of the catalogue has just these images.
    pub release: Option<String>,
    /// When its task was started, or when it was stopped: `2026-11-29T14:02:05Z`.
    pub since: Option<String>,
    /// The cluster's name.
    pub cluster: Option<String>,
    /// What else was found of it, by kind: `file-system`, `vpc`.
    pub kinds: Vec<String>,
    /// Who is working on it at this moment: the caller's ARN, and the command.
    pub holder: Option<Holder>,
}

/// Who is working on a deployment.
#[derive(Clone, Debug, Serialize)]
pub struct Holder {
    pub user: String,
    pub host: String,
    pub command: String,
    pub run: String,
}

/// The state of a deployment, as its service and what else is there tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Running,
    Starting,
    Unhealthy,
    Stopped,
    /// An upgrade is not over: it can be resumed or rolled back.
    UpgradeOpen,
    RestoreOpen,
    /// There is no service, and more than what a destroy keeps.
    Incomplete,
    /// Only what a destroy keeps.
    DataKept,
}

/// What a destroy keeps, of the kinds that are searched.
const KEPT: &str = "file-system";

impl State {
    /// Of a deployment without a service, from the kinds of what else there is.
    pub fn without_service<'a>(mut kinds: impl Iterator<Item = &'a str>) -> Self {
        if kinds.all(|kind| kind == KEPT) { Self::DataKept } else { Self::Incomplete }
    }

    pub(super) fn cell(self) -> Cell {
        let (style, text) = match self {
            Self::Running => (GOOD, "running"),
            Self::Starting => (WARNING, "starting"),
            Self::Unhealthy => (DANGER, "unhealthy"),
            Self::Stopped => (WARNING, "stopped"),
            Self::UpgradeOpen => (DANGER, "upgrade open"),
            Self::RestoreOpen => (DANGER, "restore open"),
            Self::Incomplete => (WARNING, "incomplete"),
            Self::DataKept => (FAINT, "data kept"),
        };
        Cell::styled(style, text)
    }

    /// What to do about it.
    pub(super) fn hint(self, name: &str) -> Option<String> {
        Some(match self {
            Self::UpgradeOpen => {
                format!("{name}: `ce-aws upgrade FILE --resume` finishes the upgrade, `--rollback` undoes it")
            }
            Self::RestoreOpen => {
                format!("{name}: `ce-aws backup restore FILE --resume` finishes the restore, `--rollback` undoes it")
            }
            Self::Incomplete => {
                format!("{name}: `ce-aws apply` completes it, `ce-aws destroy --name {name}` removes what is left")
            }
            Self::DataKept => {
                let delete = format!("`ce-aws destroy --name {name} --delete-data` deletes it");
                format!("{name}: `ce-aws apply` uses the data again, {delete}")
            }
            Self::Running | Self::Starting | Self::Unhealthy | Self::Stopped => return None,
        })
    }
}

/// The table, ended by a newline.
pub fn text(all: &Deployments) -> String {
    let place = place(&all.account, &all.region);
    if all.deployments.is_empty() {
        return format!("no deployments in {place}\n");
    }
    let cell = |text: &Option<String>| Cell::from(text.clone().unwrap_or_default());
    let rows = all.deployments.iter().map(|one| {
        let holder = one.holder.as_ref().map(|holder| format!("{} on {}", holder.command, holder.host));
        let since = one.since.as_deref().map(minute);
        let name = Cell::styled(TITLE, one.deployment.as_str());
        vec![name, one.state.cell(), cell(&one.release), cell(&since), cell(&one.cluster), cell(&holder)]
    });
    let head = ["name", "state", "release", "since (UTC)", "cluster", "run under way"];
    let text = format!("{} in {place}\n\n{}", paint(TITLE, "Deployments"), table(&head, rows));
    let text = format!("{text}{}", unread(&all.unread));
    let next: Vec<String> = all.deployments.iter().filter_map(|one| one.state.hint(&clean(&one.deployment))).collect();
    if next.is_empty() { text } else { format!("{text}\n{}", hints(&next)) }
}

/// A line for each thing that could not be read, after an empty one.
pub(super) fn unread(unread: &BTreeMap<String, String>) -> String {
    let lines = unread.iter().map(|(what, why)| {
        let what = paint(WARNING, format_args!("{} could not be read", clean(what)));
        format!("{what}: {}\n", clean(why))
    });
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}
