//! `ce-aws list`.

use std::collections::BTreeMap;

use crate::blueprint::image_change::release_of;
use crate::control::clock::Clock;
use crate::control::keeper;
use crate::control::lease::Record;
use crate::engine::clock::timestamp;
use crate::engine::failure::Failure;
use crate::kinds::context::Context;
use crate::kinds::names;
use crate::live::deployments::{self, Definitions, Deployment, Depth};
use crate::planners::intent::{Intent, Work};
use crate::release::Version;
use crate::session::{CommandError, Exit, Output, Scope, Session, moment, source};
use crate::ui::list::{self, Deployments, Holder, State};

use super::global::Global;

/// List the deployments of an account and region
///
/// Finds them by their tags, without a plan file: what runs, what is stopped, what is incomplete, and where only data
/// is left. Reads only. `ce-aws status --all` says how each of them is.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(_args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    source::region(&global.access())?;
    let session = Session::open(&global.access()).await?;
    let context = session.context(&Scope::default());
    let (found, holders) = read(&session, &context, Depth::Tasks, &mut Definitions::new()).await?;
    if let Some(failure) = found.failure() {
        return Err(failure.clone().into());
    }
    let Holders { by_deployment: holders, unread } = holders;
    let place = session.target("");
    let all = Deployments {
        account: place.account,
        region: place.region,
        deployments: found.found.iter().map(|one| shown(one, holders.get(&one.name).cloned())).collect(),
        unread,
    };
    output.answer(&all, || list::text(&all))?;
    Ok(Exit::Done)
}

/// All deployments, and who is working on them.
pub(super) async fn read(
    session: &Session,
    context: &Context,
    depth: Depth,
    known: &mut Definitions,
) -> Result<(deployments::Deployments, Holders), CommandError> {
    let (store, clock) = (session.store(), Clock::new(moment::clock()?.scale()));
    let (found, holders) = tokio::join!(deployments::all(context, depth, known), keeper::all_at_work(&store, clock));
    Ok((found?, Holders::of(holders)?))
}

/// Who is working.
#[derive(Debug, Default)]
pub(super) struct Holders {
    pub by_deployment: BTreeMap<String, Holder>,
    /// Why that is not known, by what could not be read.
    pub unread: BTreeMap<String, String>,
}

impl Holders {
    fn of(records: Result<BTreeMap<String, Record>, Failure>) -> Result<Self, CommandError> {
        let holder = |Record { user, host, command, run, .. }| Holder { user, host, command, run };
        match records {
            Ok(records) => {
                let holders = records.into_iter().map(|(name, record)| (name, holder(record)));
                Ok(Self { by_deployment: holders.collect(), ..Self::default() })
            }
            Err(failure) if failure.concerns_every_call() => Err(failure.into()),
            Err(failure) => Ok(Self { unread: [("lease".to_owned(), failure.said())].into(), ..Self::default() }),
        }
    }
}

fn shown(one: &Deployment, holder: Option<Holder>) -> list::Deployment {
    let facts = one.service.as_ref().and_then(|service| service.view.service.as_ref());
    list::Deployment {
        deployment: one.name.clone(),
        state: state(one),
        release: release(one).map(|version| version.to_string()),
        since: since(one),
        cluster: facts.and_then(|facts| facts.cluster.rsplit('/').next()).map(str::to_owned),
        kinds: one.kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        holder,
    }
}

/// The release of the revision in force.
pub(super) fn release(one: &Deployment) -> Option<Version> {
    let definition = one.service.as_ref()?.definition.as_ref()?;
    release_of(definition, &serde_json::from_value(definition.spec.clone()).ok()?)
}

/// When the newest task that runs was started, or when somebody stopped it.
pub(super) fn since(one: &Deployment) -> Option<String> {
    let service = one.service.as_ref()?;
    let started = service.view.writers().filter_map(|task| task.started).reduce(f64::max).map(timestamp);
    let stopped = || service.tags().get(names::STOPPED)?.split(' ').next().map(str::to_owned);
    started.or_else(stopped)
}

pub(super) fn state(one: &Deployment) -> State {
    let Some(service) = one.service.as_ref().filter(|service| service.is_there()) else {
        return State::without_service(one.kinds.iter().copied());
    };
    if let Some(tag) = service.tags().get(names::INTENT) {
        let work = tag.parse::<Intent>().map(|intent| intent.work);
        return if matches!(work, Ok(Work::Restore | Work::Load)) { State::RestoreOpen } else { State::UpgradeOpen };
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
    use crate::engine::inventory::{Live, Phase};
    use crate::engine::reference::Outputs;
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
        let live = Live {
            address: "service/main".parse().unwrap(),
            id: "arn:x".to_owned(),
            outputs: Outputs::new(),
            phase: Phase::Ready,
            spec: serde_json::Value::Null,
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        };
        Deployment {
            name: "prod".to_owned(),
            service: Some(Service { live, view, definition: None, target_group: None }),
            kinds: ["cluster", "file-system", "vpc"].into(),
            unread: None,
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
