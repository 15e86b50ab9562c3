//! One deployment in which the plans of upgrades take effect, and which objects to two writers and to what pulls
//! something away from under the task.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::samples::target;
use crate::engine::address::Address;
use crate::engine::graph::Graph;
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::kind::{Kind, Lifecycle, Part, Seconds, Spec};
use crate::engine::plan::{Action, Plan, Step, Until};
use crate::engine::queue::{Duration, Queue};
use crate::engine::reference::{self, Known, Outputs};
use crate::kinds::names;
use crate::planners::converge::{Options, converge};
use crate::planners::intent::Intent;

/// Declares a kind whose properties are any JSON.
macro_rules! kind {
    ($name:ident, $kind:expr) => {
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        struct $name(Value);

        impl Spec for $name {
            const KIND: Kind = $kind;
        }
    };
}

const SLOW: Seconds = Seconds { create: 1.0, ready: 100.0, gone: 50.0, patience: 600.0 };

kind!(FileSystem, Kind { lifecycle: Lifecycle::Data, ..Kind::new("file-system", Part::Storage) });
kind!(Point, Kind { gone_after: &["service"], seconds: SLOW, ..Kind::new("access-point", Part::Storage) });
kind!(Thing, Kind::new("thing", Part::Network));
kind!(Definition, Kind { renews: true, gone_after: &["service"], ..Kind::new("task-definition", Part::Service) });
kind!(Service, Kind { fenced: &["task_definition"], seconds: SLOW, ..Kind::new("service", Part::Service) });

const KINDS: [Kind; 5] = [FileSystem::KIND, Point::KIND, Thing::KIND, Definition::KIND, Service::KIND];

/// What a plan file asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub image: &'static str,
    /// Names of access points that the task mounts.
    pub points: BTreeSet<u8>,
    /// Things that the task names, and things that name the service, each with something that can change.
    pub below: Vec<u8>,
    pub above: Vec<u8>,
    /// Whether there is what a recovery point needs.
    pub vault: bool,
}

impl Wanted {
    fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        let file_system = graph.add("main", Default::default(), &FileSystem(json!({})));
        if self.vault {
            graph.add("vault", Default::default(), &Thing(json!({ "note": 0 })));
        }
        let volumes = self.points.iter().map(|point| {
            let spec = Point(json!({ "file_system": file_system.id(), "path": format!("/data/{point}") }));
            let point_of = graph.add(&format!("p{point}"), Default::default(), &spec);
            (format!("v{point}"), json!({ "access_point": point_of.ready() }))
        });
        let volumes: serde_json::Map<_, _> = volumes.collect();
        let below = self.below.iter().enumerate().map(|(number, note)| {
            graph.add(&format!("below-{number}"), Default::default(), &Thing(json!({ "note": note }))).id()
        });
        let below: Vec<_> = below.collect();
        let spec = Definition(json!({ "image": self.image, "volumes": volumes, "things": below }));
        let definition = graph.add("main", Default::default(), &spec);
        let spec = Service(json!({ "task_definition": definition.id(), "desired": 1 }));
        let service = graph.add("main", Default::default(), &spec);
        for (number, note) in self.above.iter().enumerate() {
            let spec = Thing(json!({ "note": note, "of": service.ready() }));
            graph.add(&format!("above-{number}"), Default::default(), &spec);
        }
        graph.finish().unwrap()
    }
}

/// What becomes of the last step before a run is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    Done,
    /// AWS has accepted it and is at it.
    Accepted,
    /// AWS has accepted it and fails.
    Failing,
}

/// What there is of the deployment.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// All but revisions.
    live: Vec<Live>,
    /// Active ones, the newest last.
    pub revisions: Vec<Live>,
    made: usize,
    /// Data steps that were run, and recovery points that were made, in order.
    pub done: Vec<String>,
}

impl World {
    /// A deployment that runs.
    pub fn running(wanted: &Wanted) -> Self {
        let mut world = Self::default();
        let plan = world.plan(wanted);
        assert!(world.execute(&plan, &[], None));
        world
    }

    /// As the sweep tells it: of the revisions the one in force.
    pub fn inventory(&self) -> Inventory {
        let in_force = self.service().and_then(|service| service.spec["task_definition"].as_str());
        let revision = self.revisions.iter().find(|revision| Some(revision.id.as_str()) == in_force);
        let revision = revision.or(self.revisions.last());
        Inventory::new(self.live.iter().chain(revision).cloned().collect())
    }

    pub fn plan(&self, wanted: &Wanted) -> Plan {
        converge(&wanted.graph(), &self.inventory(), target(), &KINDS, Options::default())
    }

    pub fn service(&self) -> Option<&Live> {
        self.live.iter().find(|live| live.address.kind() == "service")
    }

    pub fn intent(&self) -> Option<Intent> {
        Some(self.service()?.tags.get(names::INTENT)?.parse().unwrap())
    }

    /// The image of the revision in force, if it runs and is healthy.
    pub fn runs(&self) -> Option<&str> {
        let service = self.service().filter(|live| live.phase == Phase::Ready && live.spec["desired"] == 1)?;
        self.of(service)?.spec["image"].as_str()
    }

    fn of(&self, service: &Live) -> Option<&Live> {
        self.revisions.iter().find(|revision| service.spec["task_definition"] == *revision.id)
    }

    /// The access points there are.
    pub fn points(&self) -> BTreeSet<String> {
        let points = self.live.iter().filter(|live| live.address.kind() == "access-point");
        points.map(|live| live.address.name().to_owned()).collect()
    }

    /// Executes a plan, one step at a time, up to a cut after so many steps. `weights` decide which of the steps that
    /// may start comes first. False when a step fails.
    pub fn execute(&mut self, plan: &Plan, weights: &[f64], cut: Option<(usize, Last)>) -> bool {
        assert_eq!(plan.refusals().collect::<Vec<_>>(), Vec::<&_>::new());
        let weight = |number: usize| weights.get(number % weights.len().max(1)).copied().unwrap_or_default();
        let durations: Vec<Duration> =
            (0..plan.steps.len()).map(|number| Duration { accept: weight(number), settle: 0.0 }).collect();
        let mut queue = Queue::new(&plan.steps, &durations).unwrap();
        let mut known = plan.known.clone();
        let mut executed = 0;
        while let Some(number) = queue.pop() {
            executed += 1;
            let last = cut.filter(|(after, _)| *after == executed).map(|(_, last)| last);
            if !self.perform(&plan.steps[number], &mut known, last.unwrap_or(Last::Done)) {
                return false;
            }
            if last.is_some() {
                return true;
            }
            queue.done(number);
        }
        assert_eq!(executed, plan.steps.len());
        true
    }

    fn perform(&mut self, step: &Step, known: &mut Known, last: Last) -> bool {
        match (step.action, step.address.kind()) {
            (Action::Create, "recovery-point") | (Action::Run, _) => {
                assert_eq!(
                    self.one(&"service/main".parse().unwrap()).phase,
                    Phase::Idle,
                    "{} while a task may write",
                    step.address
                );
                self.done.push(step.address.name().to_owned());
            }
            (Action::Create | Action::Update, "task-definition") => self.register(step, known),
            (Action::Create, _) => self.create(step, known),
            (Action::Update, _) => self.update(step, known, last),
            (Action::Delete, _) => self.delete(step, known),
            // A backup that still runs is stopped; this world has none that run.
            (Action::Stop, _) if step.address.kind() == "recovery-point" => {}
            (Action::Stop, _) => {
                let live = self.one(&step.address);
                live.spec["desired"] = json!(0);
                live.phase = if last == Last::Done { Phase::Idle } else { Phase::Pending("stopping".into()) };
            }
            (Action::Verify, _) if step.is_recheck() => return self.one(&step.address).phase == Phase::Ready,
            (Action::Verify, _) => {
                let live = self.one(&step.address);
                match (&live.phase, step.until) {
                    (Phase::Failed(_), _) => return false,
                    _ if last != Last::Done => {}
                    (Phase::Pending(_), Until::Ready { stays: false, .. }) => live.phase = Phase::Ready,
                    (Phase::Pending(_), Until::Idle) if live.spec["desired"] == 0 => live.phase = Phase::Idle,
                    (_, until) => assert_eq!(live.phase, if until == Until::Idle { Phase::Idle } else { Phase::Ready }),
                }
            }
            (Action::Prune, _) => self.prune(step.id.as_ref().unwrap_or_else(|| &known[&step.address]["id"])),
            (action, _) => panic!("no upgrade plans {action:?}"),
        }
        true
    }

    fn one(&mut self, address: &Address) -> &mut Live {
        let mut found = self.live.iter_mut().filter(|live| &live.address == address);
        let live = found.next().unwrap_or_else(|| panic!("there is no {address}"));
        assert!(found.next().is_none(), "{address} exists twice");
        live
    }

    fn new_one(&mut self, step: &Step, known: &mut Known) -> Live {
        self.made += 1;
        let id = format!("{}-id-{}", step.address.kind(), self.made);
        let outputs =
            Outputs::from([("id", id.clone()), ("revision", self.made.to_string())].map(|(k, v)| (k.to_owned(), v)));
        let spec = reference::resolve(&step.spec, known);
        assert!(reference::is_resolved(&spec), "{} starts before its references are known: {spec}", step.address);
        known.insert(step.address.clone(), outputs.clone());
        Live { address: step.address.clone(), id, outputs, phase: Phase::Ready, spec, tags: step.tags.clone() }
    }

    fn register(&mut self, step: &Step, known: &mut Known) {
        let revision = self.new_one(step, known);
        self.revisions.push(revision);
    }

    fn create(&mut self, step: &Step, known: &mut Known) {
        let live = self.new_one(step, known);
        assert!(!self.live.iter().any(|there| there.address == live.address), "a second {}", live.address);
        self.live.push(live);
    }

    fn update(&mut self, step: &Step, known: &Known, last: Last) {
        let tags_only = !step.changes.is_empty() && step.changes.iter().all(|change| change.top() == "tags");
        let spec = reference::resolve(&step.spec, known);
        let live = self.one(&step.address);
        assert_eq!(step.id.as_ref(), Some(&live.id));
        if !tags_only {
            assert!(reference::is_resolved(&spec));
            if live.address.kind() == "service" {
                assert_eq!(live.phase, Phase::Idle, "a task is started while another one may write");
                live.phase = match last {
                    Last::Done => Phase::Ready,
                    Last::Accepted => Phase::Pending("starting".into()),
                    Last::Failing => Phase::Failed("it keeps exiting".into()),
                };
            }
            live.spec = spec;
        }
        if tags_only || last == Last::Done {
            for key in step.changes.iter().filter_map(|change| change.property.strip_prefix("tags.")) {
                match step.tags.get(key) {
                    Some(value) => drop(live.tags.insert(key.to_owned(), value.clone())),
                    None => drop(live.tags.remove(key)),
                }
            }
        }
    }

    fn delete(&mut self, step: &Step, known: &mut Known) {
        let id = step.id.clone().unwrap_or_else(|| known[&step.address]["id"].clone());
        let service = self.service().unwrap();
        let is_named =
            self.of(service).is_some_and(|revision| revision.spec.to_string().contains(&format!("\"{id}\"")));
        assert!(!is_named, "{} goes, and the revision in force names it", step.address);
        self.live.retain(|live| live.id != id);
        known.remove(&step.address);
    }

    /// What is newer than the revision in force goes, and all but two of the older ones.
    fn prune(&mut self, in_force: &str) {
        let service = self.service().unwrap();
        assert_eq!(service.spec["task_definition"], in_force, "another revision than the one in force is taken for it");
        let place = self.revisions.iter().position(|revision| revision.id == in_force).unwrap();
        self.revisions.truncate(place + 1);
        self.revisions.drain(..place.saturating_sub(2));
    }
}
