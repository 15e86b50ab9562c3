//! AWS as the executor's world.

use async_trait::async_trait;
use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::compare::{self, Change};
use crate::engine::drive::World;
use crate::engine::event::Event;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Incident, Live, Observation, Phase};
use crate::engine::plan::{Action, Reason, Step};
use crate::engine::reference::{self, Known, Outputs};
use crate::engine::run::Made;
use crate::kinds::names;
use crate::kinds::registry::{self, AnyKind};
use crate::kinds::resource::{Context, Depth, Tags, Target, token};

use super::{conflict, holders};

/// AWS, for one deployment and one run.
#[derive(Clone, Debug)]
pub struct Aws {
    context: Context,
}

impl Aws {
    /// `context` knows what exists before the run.
    pub fn new(context: Context) -> Self {
        Self { context }
    }

    fn with(&self, known: &Known) -> Context {
        Context { known: known.clone(), ..self.context.clone() }
    }
}

#[async_trait]
impl World for Aws {
    async fn perform(&self, step: &Step, known: &Known, attempt: u32) -> Result<Made, Failure> {
        let context = self.with(known);
        let kind = kind(&step.address)?;
        let mut tags = step.tags.clone();
        if kind.kind().tagged && matches!(step.action, Action::Create | Action::Run) {
            tags.insert(names::RUN.to_owned(), context.run.clone());
        }
        let mut target = Target {
            address: step.address.clone(),
            id: id(step, known),
            outputs: known.get(&step.address).cloned().unwrap_or_default(),
            token: token(&context.run, &step.address, step.action, &reference::resolve(&step.spec, known), &tags),
            tags,
            changes: step.changes.iter().filter(|change| change.top() != "tags").cloned().collect(),
            attempt,
        };
        if target.id.is_empty() && matches!(step.action, Action::Update | Action::Delete) {
            return Err(Failure::of(Cause::Internal, format!("the identifier of {} is unknown", step.address)));
        }
        match step.action {
            Action::Verify => Ok(Made::default()),
            Action::Stop | Action::Unprotect | Action::Restore | Action::Promote | Action::Prune => {
                kind.act(&context, &target, step.action).await
            }
            Action::Delete => match kind.delete(&context, &target).await {
                Ok(()) => Ok(Made::default()),
                Err(failure) if failure.cause == Cause::StillHeld => {
                    Err(holders::name(&context, &target, failure, &self.context.known).await)
                }
                Err(failure) => Err(failure),
            },
            Action::Update => update(&context, kind, &mut target, step).await,
            Action::Create | Action::Run => create(&context, kind, &mut target, step, attempt).await,
        }
    }

    async fn observe(&self, name: &str, known: &Known) -> Result<Observation, Failure> {
        let kind =
            registry::find(name).ok_or_else(|| Failure::of(Cause::Internal, format!("there is no kind {name}")))?;
        kind.list(&self.with(known), Depth::Phase).await
    }

    async fn explain(&self, incident: &Incident, known: &Known) -> Option<Event> {
        registry::find(incident.address.kind())?.explain(&self.with(known), incident).await
    }
}

/// The identifier of a step's resource; one that the same plan has created is known by now.
fn id(step: &Step, known: &Known) -> String {
    let known = || Some(known.get(&step.address)?.get("id")?.clone());
    match (&step.id, step.action) {
        (Some(id), _) => id.clone(),
        (None, Action::Create | Action::Run) => String::new(),
        (None, _) => known().unwrap_or_default(),
    }
}

fn kind(address: &Address) -> Result<&'static dyn AnyKind, Failure> {
    registry::find(address.kind())
        .ok_or_else(|| Failure::of(Cause::Internal, format!("there is no kind {}", address.kind())))
}

/// Creates it, unless an earlier attempt already has: a lost response must not lead to a duplicate.
async fn create(
    context: &Context,
    kind: &dyn AnyKind,
    target: &mut Target,
    step: &Step,
    attempt: u32,
) -> Result<Made, Failure> {
    let spec = resolved(step, &context.known)?;
    if attempt > 1
        && let Some(live) = find(context, kind, &step.address).await?
    {
        return adopt(context, kind, target, live, spec).await;
    }
    match kind.create(context, target, spec.clone()).await {
        Err(failure) if failure.cause == Cause::Taken => match find(context, kind, &step.address).await? {
            Some(live) => adopt(context, kind, target, live, spec).await,
            None => {
                let hint = conflict::hint(&failure, &context.names.deployment);
                Err(failure.hint(hint))
            }
        },
        result => result,
    }
}

async fn find(context: &Context, kind: &dyn AnyKind, address: &Address) -> Result<Option<Live>, Failure> {
    let observed = kind.list(context, Depth::Full).await?;
    let stays = |live: &Live| !live.is_going() && live.phase != Phase::Recoverable;
    Ok(observed.live.into_iter().find(|live| &live.address == address && stays(live)))
}

/// Completes what an earlier attempt created: properties, then tags, as [`update`] does.
async fn adopt(
    context: &Context,
    kind: &dyn AnyKind,
    target: &mut Target,
    live: Live,
    spec: Value,
) -> Result<Made, Failure> {
    target.changes = compare::changes(&live.spec, &spec);
    target.changes.retain(|change| !kind.kind().write_once.contains(&change.top()));
    target.id = live.id.clone();
    target.outputs = live.outputs.clone();
    let made = if target.changes.is_empty() {
        Made { id: live.id, outputs: live.outputs }
    } else {
        kind.update(context, target, spec).await?
    };
    if kind.kind().tagged && made.id == target.id {
        let (set, remove) = tag_difference(&target.tags, &live.tags, &[]);
        if !set.is_empty() {
            kind.retag(context, target, &set, &remove).await?;
        }
    }
    Ok(made)
}

/// Changes properties, then tags: the digest in the tags records that the properties are set.
async fn update(context: &Context, kind: &dyn AnyKind, target: &mut Target, step: &Step) -> Result<Made, Failure> {
    let spec = resolved(step, &context.known)?;
    let made = if concerns_only_tags(step) {
        Made { id: target.id.clone(), outputs: Outputs::new() }
    } else {
        kind.update(context, target, spec).await?
    };
    if kind.kind().tagged && (made.id == target.id || made.id.is_empty()) {
        let (set, remove) = tag_difference(&target.tags, &Tags::new(), &step.changes);
        if !set.is_empty() || !remove.is_empty() {
            kind.retag(context, target, &set, &remove).await?;
        }
    }
    Ok(made)
}

/// True when only tags have to be set. An unhealthy service was just stopped, so that it always needs the update that
/// starts it again.
fn concerns_only_tags(step: &Step) -> bool {
    let is_unhealthy = matches!(step.reason, Reason::Unhealthy(_));
    !is_unhealthy && !step.changes.is_empty() && step.changes.iter().all(|change| change.top() == "tags")
}

/// The tags to set and the keys to remove: those in `changes`; without changes, all that differ from `live`.
fn tag_difference(wanted: &Tags, live: &Tags, changes: &[Change]) -> (Tags, Vec<String>) {
    let named: Vec<&str> = changes.iter().filter_map(|change| change.property.strip_prefix("tags.")).collect();
    let remove = named.iter().filter(|key| !wanted.contains_key(**key)).map(|key| (*key).to_owned()).collect();
    let differs = |key: &str, value: &String| {
        if changes.is_empty() { live.get(key) != Some(value) } else { named.contains(&key) }
    };
    let set = wanted.iter().filter(|(key, value)| differs(key, value));
    (set.map(|(key, value)| (key.clone(), value.clone())).collect(), remove)
}

fn resolved(step: &Step, known: &Known) -> Result<Value, Failure> {
    let spec = reference::resolve(&step.spec, known);
    match reference::references(&spec).first() {
        None => Ok(spec),
        Some((missing, _)) => {
            Err(Failure::of(Cause::Internal, format!("{} needs {missing}, which is not known yet", step.address)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::Until;

    fn step(reason: Reason, properties: &[&str]) -> Step {
        let change = |property: &&str| Change { property: (*property).to_owned(), from: Value::Null, to: "new".into() };
        Step {
            until: Until::READY,
            changes: properties.iter().map(change).collect(),
            ..Step::new(Address::new("service", "main"), Action::Update, reason)
        }
    }

    #[test]
    fn an_unhealthy_service_is_updated_even_if_only_tags_differ() {
        assert!(concerns_only_tags(&step(Reason::Changed, &["tags.team"])));
        assert!(!concerns_only_tags(&step(Reason::Changed, &["tags.team", "desired"])));
        assert!(!concerns_only_tags(&step(Reason::Unhealthy("no task runs".into()), &["tags.team"])));
        assert!(!concerns_only_tags(&step(Reason::Unhealthy("no task runs".into()), &[])));
    }

    #[test]
    fn a_step_uses_its_own_id_or_that_of_what_the_plan_has_created() {
        let mut step = step(Reason::Changed, &[]);
        let outputs = Outputs::from([("id".to_owned(), "made".to_owned())]);
        let known = Known::from_iter([(step.address.clone(), outputs)]);
        for action in [Action::Update, Action::Delete, Action::Prune, Action::Promote] {
            step.action = action;
            assert_eq!(id(&step, &known), "made");
            assert_eq!(id(&step, &Known::new()), "");
        }
        for action in [Action::Create, Action::Run] {
            step.action = action;
            assert_eq!(id(&step, &known), "", "something new has no id yet");
        }
        step.id = Some("named".to_owned());
        assert_eq!(id(&step, &known), "named");
    }
}
