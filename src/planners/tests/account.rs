//! An account in which the steps of plans take effect, and which objects to what must never be asked of AWS.

use serde_json::{Value, json};

use super::samples::KINDS;
use crate::engine::address::Address;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::kind::{Kind, Kinds, Lifecycle};
use crate::engine::plan::{Action, Plan, Reason, Step, Until};
use crate::engine::queue::{Duration, Queue};
use crate::engine::reference::{self, Known, Outputs};
use crate::kinds::names;

/// What one deployment has.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub live: Vec<Live>,
    made: usize,
}

/// Where a run is interrupted.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// After so many steps.
    pub after: usize,
    /// Whether the last of them was accepted and AWS is still at it.
    pub half: bool,
}

impl Account {
    pub fn inventory(&self) -> Inventory {
        Inventory::new(self.live.clone())
    }

    /// The one resource at an address.
    pub fn at(&mut self, address: &str) -> &mut Live {
        let mut found = self.live.iter_mut().filter(|live| live.address.as_str() == address);
        let live = found.next().unwrap_or_else(|| panic!("there is no {address}"));
        assert!(found.next().is_none(), "{address} exists twice");
        live
    }

    /// Executes a whole plan, one step at a time. `weights` decide which of the steps that may start comes first.
    pub fn execute(&mut self, plan: &Plan, weights: &[f64]) {
        self.execute_until(plan, weights, None);
    }

    /// Executes a plan up to a cut.
    pub fn execute_until(&mut self, plan: &Plan, weights: &[f64], cut: Option<Cut>) {
        assert_eq!(plan.refusals().collect::<Vec<_>>(), Vec::<&_>::new());
        let weight = |number: usize| weights.get(number % weights.len().max(1)).copied().unwrap_or_default();
        let durations: Vec<Duration> =
            (0..plan.steps.len()).map(|number| Duration { accept: weight(number), settle: 0.0 }).collect();
        let mut queue = Queue::new(&plan.steps, &durations).unwrap();
        let mut known = plan.known.clone();
        let mut executed = 0;
        while let Some(number) = queue.pop() {
            executed += 1;
            let last = cut.filter(|cut| cut.after <= executed);
            self.perform(&plan.steps[number], &mut known, last.is_some_and(|cut| cut.half));
            if last.is_some() {
                return;
            }
            queue.done(number);
        }
        assert_eq!(executed, plan.steps.len());
    }

    fn perform(&mut self, step: &Step, known: &mut Known, half: bool) {
        let kind = *KINDS.as_slice().kind(step.address.kind()).unwrap();
        match step.action {
            Action::Create => self.create(step, &kind, known, half),
            Action::Update => self.update(step, &kind, known, half),
            Action::Delete => self.delete(step, &kind, known, half),
            Action::Stop => {
                let live = self.of(step);
                live.spec["desired"] = json!(0);
                live.phase = if half { Phase::Pending("stopping".into()) } else { Phase::Idle };
            }
            Action::Verify if step.is_recheck() => assert_eq!(self.at(step.address.as_str()).phase, Phase::Ready),
            Action::Verify if !half => self.settle(step),
            Action::Verify => {}
            Action::Unprotect => self.of(step).spec["deletion_protection"] = json!(false),
            Action::Restore => self.of(step).phase = Phase::Ready,
            Action::Run | Action::Promote | Action::Prune => panic!("converge plans no {:?}", step.action),
        }
    }

    fn of(&mut self, step: &Step) -> &mut Live {
        let is_it = |live: &&mut Live| live.address == step.address && Some(&live.id) == step.id.as_ref();
        self.live.iter_mut().find(is_it).unwrap_or_else(|| panic!("no {:?} to {:?}", step.id, step.action))
    }

    fn create(&mut self, step: &Step, kind: &Kind, known: &mut Known, half: bool) {
        let mut there = self.live.iter().filter(|live| live.address == step.address);
        let in_the_way = there.find(|live| !live.is_going() || !kind.fenced.is_empty() || kind.seconds.gone > 0.0);
        assert!(in_the_way.is_none(), "a second {}, and there is {in_the_way:?}", step.address);
        self.made += 1;
        let id = format!("{}-id-{}", kind.name, self.made);
        let outputs = outputs(&id);
        known.entry(step.address.clone()).or_default().extend(outputs.clone());
        let mut tags = step.tags.clone();
        if kind.tagged {
            tags.insert(names::RUN.to_owned(), "run".to_owned());
        }
        let phase = if half && kind.seconds.ready > 0.0 { Phase::Pending("starting".into()) } else { Phase::Ready };
        let spec = readable(step, kind, known);
        self.live.push(Live { address: step.address.clone(), id, outputs, phase, spec, tags });
    }

    fn update(&mut self, step: &Step, kind: &Kind, known: &mut Known, half: bool) {
        let tops: Vec<&str> = step.changes.iter().map(|change| change.top()).collect();
        let tags_only = !tops.is_empty() && tops.iter().all(|top| *top == "tags");
        let other_task = tops.is_empty() || tops.iter().any(|top| kind.fenced.contains(top) || *top == "desired");
        self.made += 1;
        let new_id = format!("{}-id-{}", kind.name, self.made);
        let live = self.of(step);
        if !kind.fenced.is_empty() && other_task {
            assert_eq!(live.phase, Phase::Idle, "another task of {} while one may run", step.address);
        }
        if !tags_only {
            live.spec = readable(step, kind, known);
        }
        if half && !tags_only && kind.seconds.ready > 0.0 {
            live.phase = Phase::Pending("starting".into());
        } else if !half && step.until == Until::Idle {
            assert_eq!(live.spec["desired"], json!(0), "{} would start", step.address);
            live.phase = Phase::Idle;
        } else if !half && (!tags_only || step.until == Until::READY) {
            assert!(!tags_only || live.phase != Phase::Idle, "{} never gets ready by its tags", step.address);
            live.phase = Phase::Ready;
        }
        if kind.renews && !tags_only {
            (live.id, live.outputs) = (new_id.clone(), outputs(&new_id));
            live.tags = step.tags.clone();
        } else if !half {
            for key in step.changes.iter().filter_map(|change| change.property.strip_prefix("tags.")) {
                match step.tags.get(key) {
                    Some(value) => drop(live.tags.insert(key.to_owned(), value.clone())),
                    None => drop(live.tags.remove(key)),
                }
            }
        }
        known.entry(step.address.clone()).or_default().extend(live.outputs.clone());
    }

    fn delete(&mut self, step: &Step, kind: &Kind, known: &mut Known, half: bool) {
        let used = self.of(step).clone();
        // To replace something, AWS must let it go while others still name it; nothing else may be pulled away.
        if !matches!(step.reason, Reason::Replaced(_) | Reason::Unhealthy(_)) {
            let goes_first = |user: &Live| kind.gone_after.contains(&user.address.kind());
            // A stopped task holds nothing, except where its kind has to be gone.
            let is_stopped = |user: &Live| {
                let fenced = KINDS.as_slice().kind(user.address.kind()).is_some_and(|kind| !kind.fenced.is_empty());
                fenced && user.phase == Phase::Idle
            };
            // That one kind goes after another is asked for only where both go.
            let by_kind = |user: &Live| step.reason == Reason::Teardown && goes_first(user);
            let holds = |user: &&Live| {
                let is_named = names_id(user, &used.id) && (!is_stopped(user) || goes_first(user));
                user.id != used.id && (is_named || by_kind(user))
            };
            let mut users = self.live.iter().filter(holds);
            // What comes and goes with its parent holds nothing.
            let user = users.find(|user| !user.is_going() && !is_intrinsic(user)).map(|user| &user.address);
            assert_eq!(user, None, "{} is deleted, and this holds it", used.address);
        }
        assert!(kind.fenced.is_empty() || used.phase == Phase::Idle, "{} is deleted while a task runs", used.address);
        assert_ne!(used.spec.get("deletion_protection"), Some(&json!(true)));
        match kind.lifecycle {
            Lifecycle::Owned if half && kind.seconds.gone > 0.0 => {
                self.of(step).phase = Phase::Deleting("going".into());
            }
            Lifecycle::Owned => self.live.retain(|live| live.id != used.id),
            Lifecycle::Data => self.of(step).phase = Phase::Recoverable,
            Lifecycle::Intrinsic | Lifecycle::Shared => panic!("{} is not ours to delete", used.address),
        }
        if known.get(&used.address) == Some(&used.outputs) {
            known.remove(&used.address);
        }
    }

    /// AWS comes to the end of what it is at.
    fn settle(&mut self, step: &Step) {
        let is_it = |live: &Live| live.address == step.address && step.id.as_ref().is_none_or(|id| id == &live.id);
        self.live.retain(|live| !(is_it(live) && live.is_going()));
        for live in self.live.iter_mut().filter(|live| is_it(live)) {
            match step.until {
                Until::READY => live.phase = Phase::Ready,
                Until::Idle => assert_eq!(live.phase, Phase::Idle),
                Until::Gone | Until::Accepted | Until::Ready { .. } => {
                    panic!("{} does not go by itself", live.address)
                }
            }
        }
    }

    /// Everything that matters of what there is and stays by itself, with addresses in the place of ids.
    pub fn essence(&self) -> Vec<Value> {
        let ids = self.live.iter().map(|live| (live.id.as_str(), live.address.as_str()));
        let ids: Vec<(&str, &str)> = ids.collect();
        let stays = |live: &Live| !live.is_going() && !is_intrinsic(live);
        let live = self.inventory().live.into_iter().filter(stays).map(|mut live| {
            live.tags.remove(names::RUN);
            let named = named(&live.spec, &ids);
            json!([live.address, live.phase, named, live.tags])
        });
        live.collect()
    }
}

fn names_id(user: &Live, id: &str) -> bool {
    let links = user.spec.pointer("/links/$set").and_then(Value::as_array);
    links.is_some_and(|links| links.iter().any(|link| link == id))
}

fn is_intrinsic(live: &Live) -> bool {
    KINDS.as_slice().kind(live.address.kind()).is_some_and(|kind| kind.lifecycle == Lifecycle::Intrinsic)
}

fn outputs(id: &str) -> Outputs {
    Outputs::from([("id".to_owned(), id.to_owned())])
}

/// What AWS gives back of a specification.
fn readable(step: &Step, kind: &Kind, known: &Known) -> Value {
    let mut spec = reference::resolve(&step.spec, known);
    assert!(reference::is_resolved(&spec), "{} starts before its references are known: {spec}", step.address);
    for property in kind.write_once {
        spec[property] = Value::Null;
    }
    spec
}

fn named(spec: &Value, ids: &[(&str, &str)]) -> Value {
    let mut text = spec.to_string();
    for (id, address) in ids {
        text = text.replace(&format!("\"{id}\""), &format!("\"{address}\""));
    }
    let mut spec: Value = serde_json::from_str(&text).unwrap_or_default();
    if let Some(members) = spec.pointer_mut("/links/$set").and_then(Value::as_array_mut) {
        members.sort_by_key(Value::to_string);
    }
    spec
}

/// A resource that a test puts there.
pub fn live(address: &str, id: &str, spec: Value) -> Live {
    let address: Address = address.parse().unwrap();
    Live { address, id: id.into(), outputs: outputs(id), phase: Phase::Ready, spec, tags: Default::default() }
}
