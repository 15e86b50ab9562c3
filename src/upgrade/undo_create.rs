//! Deleting what a first apply that failed has created: exactly that, and nothing else.

use std::collections::BTreeSet;

use crate::engine::address::Address;
use crate::engine::event::Outcome;
use crate::engine::inventory::{Inventory, Live};
use crate::engine::kind::{Kind, Kinds, Lifecycle};
use crate::kinds::names;
use crate::planners::teardown;
use crate::session::error::CommandError;
use crate::ui::ending;

use super::run::{Context, run_plan};

/// AWS may list late what it has made; a sweep that finds nothing more ends it.
const ROUNDS: usize = 3;

/// What there was before a first apply.
#[derive(Clone, Debug)]
pub struct Before {
    there: BTreeSet<(Address, String)>,
}

impl Before {
    /// # Errors
    ///
    /// Something of the deployment is there already that is more than kept data: what a run has changed about that
    /// cannot be undone by deleting.
    pub fn of(inventory: &Inventory, kinds: &[Kind]) -> Result<Self, CommandError> {
        let is_owned = |live: &&Live| {
            kinds.kind(live.address.kind()).is_some_and(|kind| kind.lifecycle == Lifecycle::Owned) && !live.is_going()
        };
        if let Some(live) = inventory.live.iter().find(is_owned) {
            let message = format!("--on-failure rollback is for a first apply, and {} exists already", live.address);
            return Err(CommandError::refused("refused/not-first", message)
                .hint("without it, what a failed apply has done is kept, and running it again continues"));
        }
        let there = inventory.live.iter().map(|live| (live.address.clone(), live.id.clone())).collect();
        Ok(Self { there })
    }

    /// What a run has created since. What bears no tags is its own if it was not there.
    fn created(&self, inventory: &Inventory, kinds: &[Kind], run: &str) -> Inventory {
        let is_new = |live: &&Live| {
            let by_run = live.tags.get(names::RUN).map(String::as_str) == Some(run);
            let has_tags = kinds.kind(live.address.kind()).is_some_and(|kind| kind.tagged);
            !self.there.contains(&(live.address.clone(), live.id.clone())) && (by_run || !has_tags)
        };
        Inventory::new(inventory.live.iter().filter(is_new).cloned().collect())
    }
}

/// Deletes what this run has created.
///
/// # Errors
///
/// The inventory cannot be read. What cannot be deleted is reported as it happens, and is left to the next run.
pub async fn undo_create(context: Context<'_>, before: &Before) -> Result<(), CommandError> {
    let Context { session, scope, output, file, .. } = context;
    output.note(ending::UNDOING);
    let options = teardown::Options { delete_data: true, unprotect: true, ..teardown::Options::default() };
    for _ in 0..ROUNDS {
        let inventory = session.inventory(&mut scope.clone()).await?;
        let created = before.created(&inventory, session.kinds(), session.run());
        // What AWS has made by itself in a VPC that was created goes with it.
        let created = session.with_companions(scope, created).await?;
        let plan = teardown::teardown(&created, session.target(&scope.name), session.kinds(), options, &[]);
        if plan.is_empty() {
            output.note(ending::UNDONE);
            return Ok(());
        }
        if run_plan(context, plan).await?.outcome != Outcome::Done {
            break;
        }
    }
    output.always(&ending::undo_incomplete(file));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::inventory::Phase;
    use crate::kinds::registry;
    use crate::session::exit::Exit;

    fn live(address: &str, id: &str, run: Option<&str>) -> Live {
        let tags = run.map(|run| (names::RUN.to_owned(), run.to_owned()));
        Live {
            address: address.parse().expect("an address"),
            id: id.to_owned(),
            tags: tags.into_iter().collect(),
            outputs: Default::default(),
            phase: Phase::Ready,
            spec: serde_json::json!({}),
        }
    }

    #[test]
    fn it_undoes_what_it_has_created_and_nothing_else() {
        let kept = live("file-system/main", "fs-1", Some("before"));
        let kinds = registry::facts();
        let before = Before::of(&Inventory::new(vec![kept.clone()]), &kinds).unwrap();
        let all = vec![
            kept,
            live("vpc/main", "vpc-1", Some("mine")),
            live("vpc/main", "vpc-2", Some("another")),
            live("mount-target/private-a", "fsmt-1", None),
            live("secret/credentials", "arn", Some("mine")),
        ];
        let created = before.created(&Inventory::new(all), &kinds, "mine");
        let ids: Vec<&str> = created.live.iter().map(|live| live.id.as_str()).collect();
        assert_eq!(ids, ["fsmt-1", "arn", "vpc-1"]);
    }

    #[test]
    fn it_is_for_a_first_apply() {
        let kinds = registry::facts();
        let of = |live: Live| Before::of(&Inventory::new(vec![live]), &kinds);
        assert_eq!(of(live("vpc/main", "vpc-1", None)).unwrap_err().exit(), Exit::Refused);
        let going = Phase::Deleting("soon gone".to_owned());
        assert!(of(Live { phase: going, ..live("nat-gateway/a", "nat-1", None) }).is_ok());
    }
}
