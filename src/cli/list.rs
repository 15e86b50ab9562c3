//! `ce-aws list`.

use crate::blueprint::image_change::release_of;
use crate::control::clock::Clock;
use crate::control::keeper;
use crate::engine::clock::timestamp;
use crate::kinds::names;
use crate::live::deployments::{self, Deployment};
use crate::planners::intent::{Intent, Work};
use crate::ui::list::{self, Deployments, Holder, State};

use super::global::Global;
use crate::session::{CommandError, Exit, Output, Scope, Session, moment, source};

/// List the deployments of an account and region
///
/// Finds them by their tags, without a plan file: what runs, what is stopped, what is incomplete, and where only data
/// is left. Reads only.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(_args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    source::region(&global.access())?;
    let session = Session::open(&global.access()).await?;
    let found = deployments::all(&session.context(&Scope::default())).await?;
    let clock = Clock::new(moment::clock()?.scale());
    let holders = futures::future::join_all(found.iter().map(|one| holder(&session, &one.name, clock))).await;
    let place = session.target("");
    let all = Deployments {
        account: place.account,
        region: place.region,
        deployments: found.iter().zip(holders).map(|(one, holder)| shown(one, holder)).collect(),
    };
    output.answer(&all, || list::text(&all))?;
    Ok(Exit::Done)
}

/// Who is working on it. Where that may not be read, nobody is named.
async fn holder(session: &Session, name: &str, clock: Clock) -> Option<Holder> {
    match keeper::at_work(&session.store(), name, clock).await {
        Ok(record) => record.map(|record| Holder {
            user: record.user,
            host: record.host,
            command: record.command,
            run: record.run,
        }),
        Err(failure) => {
            tracing::info!(%failure, deployment = name, "the lease cannot be read");
            None
        }
    }
}

fn shown(one: &Deployment, holder: Option<Holder>) -> list::Deployment {
    let facts = one.service.as_ref().and_then(|service| service.view.service.as_ref());
    let release = one.service.as_ref().and_then(|service| {
        let definition = service.definition.as_ref()?;
        release_of(definition, &serde_json::from_value(definition.spec.clone()).ok()?)
    });
    list::Deployment {
        deployment: one.name.clone(),
        state: state(one),
        release: release.map(|version| version.to_string()),
        since: since(one),
        cluster: facts.and_then(|facts| facts.cluster.rsplit('/').next()).map(str::to_owned),
        kinds: one.kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        holder,
    }
}

/// When the newest task that runs was started, or when somebody stopped it.
fn since(one: &Deployment) -> Option<String> {
    let service = one.service.as_ref()?;
    let started = service.view.writers().filter_map(|task| task.started).reduce(f64::max).map(timestamp);
    let stopped = || service.tags.get(names::STOPPED)?.split(' ').next().map(str::to_owned);
    started.or_else(stopped)
}

/// What a destroy keeps, of the kinds that are searched.
const KEPT: &str = "file-system";

fn state(one: &Deployment) -> State {
    let Some(service) = &one.service else {
        let is_kept = one.kinds.iter().all(|kind| *kind == KEPT);
        return if is_kept { State::DataKept } else { State::Incomplete };
    };
    if let Some(tag) = service.tags.get(names::INTENT) {
        let work = tag.parse::<Intent>().map(|intent| intent.work);
        return if work == Ok(Work::Restore) { State::RestoreOpen } else { State::UpgradeOpen };
    }
    let desired = service.view.service.as_ref().map_or(0, |facts| facts.desired);
    let healths: Vec<&str> = service.view.writers().map(|task| task.health.as_str()).collect();
    match (desired, healths.as_slice()) {
        (0, []) => State::Stopped,
        (_, healths) if healths.contains(&"UNHEALTHY") => State::Unhealthy,
        (_, healths) if healths.contains(&"HEALTHY") => State::Running,
        _ => State::Starting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::service::view::{ServiceFacts, ServiceView, TaskView};
    use crate::live::deployments::Service;

    fn deployment(desired: u32, healths: &[&str], tags: &[(&str, &str)]) -> Deployment {
        let task = |health: &&str| TaskView {
            last: "RUNNING".to_owned(),
            health: (*health).to_owned(),
            started: Some(1_764_424_625.0),
            ..TaskView::default()
        };
        let facts = ServiceFacts { desired, cluster: "arn:x/ce-prod".to_owned(), ..ServiceFacts::default() };
        let view =
            ServiceView { service: Some(facts), tasks: healths.iter().map(task).collect(), ..ServiceView::default() };
        let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Deployment {
            name: "prod".to_owned(),
            service: Some(Service { tags, view, definition: None }),
            kinds: ["cluster", "file-system", "vpc"].into(),
        }
    }

    #[test]
    fn the_state_is_that_of_the_service_and_of_what_else_is_there() {
        let open = "upgrade id=1a2b3c4d from=4.2.0 revision=12 to=5.0.0 count=1 backup=yes at=stop";
        let restore = "restore id=1a2b3c4d from=5.0.0 revision=12 to=5.0.0 count=1 backup=yes at=stop point=x";
        let gone = |kinds: &[&'static str]| Deployment {
            service: None,
            kinds: kinds.iter().copied().collect(),
            ..Deployment::default()
        };
        let cases = [
            (deployment(1, &["HEALTHY"], &[]), State::Running),
            (deployment(1, &["UNKNOWN"], &[]), State::Starting),
            (deployment(1, &[], &[]), State::Starting),
            (deployment(1, &["UNHEALTHY", "HEALTHY"], &[]), State::Unhealthy),
            (deployment(0, &[], &[]), State::Stopped),
            (deployment(0, &[], &[(names::INTENT, open)]), State::UpgradeOpen),
            (deployment(1, &["HEALTHY"], &[(names::INTENT, "of a later version")]), State::UpgradeOpen),
            (deployment(0, &[], &[(names::INTENT, restore)]), State::RestoreOpen),
            (gone(&["file-system"]), State::DataKept),
            (gone(&["file-system", "vpc"]), State::Incomplete),
        ];
        for (one, expected) in cases {
            assert_eq!(state(&one), expected, "{one:?}");
        }
    }

    #[test]
    fn a_stopped_one_says_since_when() {
        let tag = (names::STOPPED, "2026-11-29T14:02:05Z by arn:aws:iam::111122223333:user/jo");
        assert_eq!(since(&deployment(0, &[], &[tag])).as_deref(), Some("2026-11-29T14:02:05Z"));
        assert_eq!(since(&deployment(1, &["HEALTHY"], &[])).as_deref(), Some("2025-11-29T13:57:05Z"));
        let shown = shown(&deployment(1, &["HEALTHY"], &[]), None);
        assert_eq!(shown.cluster.as_deref(), Some("ce-prod"));
    }
}
