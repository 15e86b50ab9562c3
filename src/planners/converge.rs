//! The plan that makes AWS match the graph.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::engine::address::Address;
use crate::engine::graph::{Graph, Node};
use crate::engine::inventory::{Inventory, Live, Phase};
use crate::engine::kind::{Kind, Kinds, Lifecycle};
use crate::engine::plan::{Action, After, Finding, Kept, Plan, Purpose, Reason, Severity, Step, Target, Until};
use crate::engine::reference::{self, Known};

use super::deletion::{self, Deletion, Holders};
use super::upstream::Dependents;
use super::{data, record, verdict};

mod one_writer;

/// What the user has consented to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Remove deletion protection from what is no longer wanted.
    pub unprotect: bool,
}

/// Plans the steps from the inventory to the graph.
pub fn converge(graph: &Graph, inventory: &Inventory, target: Target, kinds: &[Kind], options: Options) -> Plan {
    let mut planner = Planner {
        graph,
        inventory,
        kinds,
        options,
        plan: Plan::empty(Purpose::Apply, target),
        known: Known::new(),
        last: HashMap::new(),
        holders: Holders::among(&inventory.live),
        deletions: Vec::new(),
    };
    for node in graph.in_order() {
        planner.node(node);
    }
    planner.plan.known = planner.known.clone();
    planner.unwanted();
    // In this order: where both would make a circle, updates matter more than the order of deletions.
    planner.deletions_wait_for_updates();
    deletion::order(&planner.holders, &planner.deletions, &mut planner.plan.steps, kinds);
    planner.rechecks();
    planner.plan.findings.extend(data::new_file_system_beside_former(&planner.plan, inventory));
    planner.plan.findings.extend(data::new_secret_for_old_data(&planner.plan, graph, inventory));
    planner.plan
}

/// What to do about a change that cannot be made in place.
const CANNOT_REPLACE: &str =
    "undo the change in the plan file; or destroy the deployment, which keeps its data, and apply again";

struct Planner<'a> {
    graph: &'a Graph,
    inventory: &'a Inventory,
    kinds: &'a [Kind],
    options: Options,
    plan: Plan,
    /// Outputs of the planned resources that exist and keep them.
    known: Known,
    /// The last step of each resource.
    last: HashMap<Address, usize>,
    holders: Holders<'a>,
    deletions: Vec<Deletion>,
}

impl<'a> Planner<'a> {
    fn node(&mut self, node: &Node) {
        match self.choose(node) {
            None => self.create(node),
            Some(live) if matches!(node.kind.lifecycle, Lifecycle::Shared) => self.unchanged(node, self.live(live)),
            Some(live) => self.existing(node, live),
        }
    }

    /// A live resource by its number in the inventory.
    fn live(&self, number: usize) -> &'a Live {
        &self.inventory.live[number]
    }

    /// The one to keep of several at one address; the others are duplicates.
    fn choose(&mut self, node: &Node) -> Option<usize> {
        let here = self.inventory.numbers(&node.address);
        let mut candidates: Vec<usize> = here.filter(|live| !self.live(*live).is_going()).collect();
        if candidates.len() > 1 {
            candidates.sort_by_cached_key(|number| {
                let live = self.live(*number);
                let is_used = !self.holders.of(*number, self.kinds).is_empty();
                let elsewhere = node.kind.lifecycle == Lifecycle::Intrinsic && !self.is_in_place(node, live);
                (elsewhere, !is_used, rank(&live.phase), &live.id)
            });
        }
        let chosen = candidates.first().copied();
        for twin in candidates.into_iter().skip(1) {
            let id = |number| self.live(number).id.as_str();
            let both = format!("exists twice: {} and {}", id(twin), chosen.map_or("", id));
            match node.kind.lifecycle {
                Lifecycle::Owned => drop(self.delete(twin, &node.kind, Reason::Twin)),
                // It is deleted with its parent.
                Lifecycle::Intrinsic if self.goes_with_its_parent(twin) => {}
                Lifecycle::Intrinsic | Lifecycle::Shared => self.refuse(
                    "plan/twins",
                    &node.address,
                    both,
                    "both have the same tags: remove the tags ce-aws:deployment and ce-aws:address from the first one, \
                     which is not this deployment's",
                ),
                Lifecycle::Data => self.refuse(
                    "data/twins",
                    &node.address,
                    both,
                    "find out which one holds the data and remove the ce-aws tags from the other",
                ),
            }
        }
        chosen
    }

    /// Whether the properties that AWS cannot change are correct: it belongs to the right parent.
    fn is_in_place(&self, node: &Node, live: &Live) -> bool {
        let wanted = reference::resolve(&node.spec, &self.known);
        node.kind.immutable.iter().all(|property| live.spec[*property] == wanted[*property])
    }

    fn goes_with_its_parent(&self, live: usize) -> bool {
        self.deletions.iter().any(|parent| self.holders.of(parent.live, self.kinds).contains(&live))
    }

    fn create(&mut self, node: &Node) {
        self.wait_for_deletions(node);
        self.push(node, self.step(node, Action::Create, Reason::Missing));
    }

    /// A resource that is still being deleted blocks a new one: it holds the name, the address, the subnet.
    fn wait_for_deletions(&mut self, node: &Node) {
        let remnants = self.inventory.at(&node.address);
        if !node.kind.fenced.is_empty() {
            if !remnants.is_empty() {
                let step = self.step(node, Action::Verify, Reason::OneWriter);
                self.push(node, Step { until: Until::Idle, ..step });
            }
            return;
        }
        for live in remnants {
            if let (Phase::Deleting(why), true) = (&live.phase, node.kind.seconds.gone > 0.0) {
                let step = self.step(node, Action::Verify, Reason::Unfinished(why.clone()));
                self.push(node, Step { until: Until::Gone, id: Some(live.id.clone()), after: Vec::new(), ..step });
            }
        }
    }

    fn unchanged(&mut self, node: &Node, live: &Live) {
        self.known.insert(node.address.clone(), live.outputs.clone());
        self.plan.unchanged.push(node.address.clone());
    }

    fn existing(&mut self, node: &Node, number: usize) {
        let live = self.live(number);
        let mut found = verdict::compare(node, live, &self.known, &self.plan.target.deployment);
        if found.follows && found.reason == Reason::Changed && self.follows_drift(&found) {
            found.reason = Reason::Drifted;
        }
        let immutable: BTreeSet<String> = found
            .changes
            .iter()
            .filter(|change| node.kind.immutable.contains(&change.top()))
            .map(|change| change.property.clone())
            .collect();
        if !immutable.is_empty() || (matches!(live.phase, Phase::Failed(_)) && node.kind.fenced.is_empty()) {
            return self.replace(node, number, immutable.into_iter().collect());
        }
        if found.changes.is_empty() || found.tags_only() || !node.kind.renews {
            self.known.insert(node.address.clone(), live.outputs.clone());
        }
        if live.phase == Phase::Recoverable {
            let step = Step { id: Some(live.id.clone()), ..self.step(node, Action::Restore, Reason::Recoverable) };
            self.push(node, step);
        }
        if !node.kind.fenced.is_empty() {
            return self.fenced(node, live, found);
        }
        let unfinished = live.phase.awaits().map(str::to_owned);
        let mut step = match (found.changes.is_empty(), unfinished) {
            (true, None) => {
                if live.phase != Phase::Recoverable {
                    self.plan.unchanged.push(node.address.clone());
                }
                return;
            }
            (true, Some(why)) => self.step(node, Action::Verify, Reason::Unfinished(why)),
            (false, why) => {
                let mut step = self.step(node, Action::Update, found.reason);
                if why.is_none() {
                    step.until = Until::Accepted;
                }
                step
            }
        };
        step.changes = found.changes;
        step.id = Some(live.id.clone());
        self.push(node, step);
    }

    /// True when everything that its changes refer to is replaced because somebody changed it in AWS.
    fn follows_drift(&self, found: &verdict::Verdict) -> bool {
        let named = found.changes.iter().flat_map(|change| reference::references(&change.to));
        let mut steps = named.filter_map(|(address, _)| self.last.get(&address)).peekable();
        steps.peek().is_some() && steps.all(|step| self.plan.steps[*step].reason == Reason::Drifted)
    }

    fn replace(&mut self, node: &Node, number: usize, properties: Vec<String>) {
        let live = self.live(number);
        let Some(consequence) = node.kind.replaceable else {
            self.known.insert(node.address.clone(), live.outputs.clone());
            let what = if properties.is_empty() { "it has failed".to_owned() } else { properties.join(", ") };
            let message = format!("AWS cannot change this in place: {what}");
            return match node.kind.lifecycle {
                Lifecycle::Data => {
                    let message = format!("{message}, and a new one would not have the data");
                    self.refuse("data/cannot-replace", &node.address, message, "undo the change in the plan file");
                }
                _ => self.refuse("plan/cannot-replace", &node.address, message, CANNOT_REPLACE),
            };
        };
        let reason = match &live.phase {
            Phase::Failed(why) if properties.is_empty() => Reason::Unhealthy(why.clone()),
            _ => Reason::Replaced(properties),
        };
        let deletion = self.delete(number, &node.kind, reason.clone());
        self.plan.steps[deletion].consequences.push(consequence.to_owned());
        let mut step = self.step(node, Action::Create, reason);
        step.wait_for([deletion]);
        self.push(node, step);
    }

    fn delete(&mut self, number: usize, kind: &Kind, reason: Reason) -> usize {
        const CONSENT: &str = "consent with --unprotect";
        let live = self.live(number);
        let step = deletion::step(live, kind, reason.clone());
        let protection = deletion::unprotect(live, kind, reason.clone(), "plan/protected", CONSENT);
        if let (Some((_, refusal)), false) = (&protection, self.options.unprotect) {
            self.plan.findings.push(refusal.clone());
        }
        let unprotect = protection.map(|(step, _)| step);
        let stop = deletion::stop(live, kind, reason).map(|stop| self.plan.push(stop));
        let before = stop.or_else(|| unprotect.map(|step| self.plan.push(step)));
        let step = self.plan.push(step.after(before));
        self.deletions.push(Deletion { live: number, step, stop });
        step
    }

    fn refuse(&mut self, code: &str, address: &Address, message: impl Into<String>, hint: &str) {
        self.plan.findings.push(Finding {
            code: code.to_owned(),
            severity: Severity::Refusal,
            address: Some(address.clone()),
            message: message.into(),
            hint: Some(hint.to_owned()),
        });
    }

    fn step(&self, node: &Node, action: Action, reason: Reason) -> Step {
        let waits = match action {
            Action::Verify => true,
            Action::Restore => false,
            _ => node.kind.seconds.ready > 0.0,
        };
        let after = node
            .needs
            .iter()
            .filter_map(|(address, need)| self.last.get(address).map(|step| After { step: *step, need: *need }));
        Step {
            until: if waits { Until::READY } else { Until::Accepted },
            after: after.collect(),
            spec: node.spec.clone(),
            tags: if node.kind.tagged { record::tags(node, &self.plan.target.deployment) } else { BTreeMap::new() },
            ..Step::new(node.address.clone(), action, reason)
        }
    }

    /// Adds a step; later steps of the same resource wait for it.
    fn push(&mut self, node: &Node, mut step: Step) -> usize {
        step.wait_for(self.last.get(&node.address).copied());
        let index = self.plan.push(step);
        self.last.insert(node.address.clone(), index);
        index
    }

    /// What exists, belongs to the deployment and is no longer wanted.
    fn unwanted(&mut self) {
        for (number, live) in self.inventory.live.iter().enumerate() {
            let Some(kind) = self.kinds.kind(live.address.kind()) else { continue };
            let passes = live.is_going() || live.lapses() || live.phase == Phase::Recoverable;
            if passes || self.graph.get(&live.address).is_some() {
                continue;
            }
            match kind.lifecycle {
                Lifecycle::Owned if self.is_in_the_way(live, kind) => {
                    let message =
                        "would have to be deleted before its successor is created, and the running task needs it";
                    self.refuse("plan/cannot-replace", &live.address, message, CANNOT_REPLACE);
                }
                Lifecycle::Owned => drop(self.delete(number, kind, Reason::Unwanted)),
                Lifecycle::Data => {
                    // Its children are found through it while they are deleted.
                    self.plan.known.insert(live.address.clone(), live.outputs.clone());
                    self.plan.kept.push(Kept {
                        address: live.address.clone(),
                        id: live.id.clone(),
                        why: data::why_kept(&live.address, "no longer in the plan file; holds data"),
                    });
                }
                Lifecycle::Intrinsic | Lifecycle::Shared => {}
            }
        }
    }

    /// True when another one of its kind is to be created where there can be only one.
    fn is_in_the_way(&self, live: &Live, kind: &Kind) -> bool {
        let Some(room) = kind.room else { return false };
        let created = self.plan.steps.iter().filter(|step| step.action == Action::Create);
        let mut created = created.filter(|step| step.address.kind() == kind.name);
        created.any(|step| reference::resolve(&step.spec[room], &self.known) == live.spec[room])
    }

    /// A resource is deleted only after those that used it no longer refer to it, and what is no longer wanted only
    /// when the task works without it.
    fn deletions_wait_for_updates(&mut self) {
        let is_task = |live: &Live| self.kinds.kind(live.address.kind()).is_some_and(|kind| !kind.fenced.is_empty());
        let live = &self.inventory.live;
        let tasks: Vec<usize> = (0..live.len()).filter(|number| is_task(&live[*number])).collect();
        let mut dependents = Dependents::of(&self.plan.steps);
        for Deletion { live: used, step: deletion, .. } in &self.deletions {
            let mut users = self.holders.of(*used, self.kinds);
            if self.plan.steps[*deletion].reason == Reason::Unwanted {
                users.extend(&tasks);
            }
            let updates: BTreeSet<usize> =
                users.into_iter().filter_map(|user| self.last.get(&live[user].address).copied()).collect();
            if updates.is_empty() {
                continue;
            }
            let too_late = dependents.downstream(*deletion);
            for update in updates {
                if self.plan.steps[update].action != Action::Create && !too_late.contains(&update) {
                    self.plan.steps[*deletion].wait_for([update]);
                    dependents.add(*deletion, update);
                }
            }
        }
    }
}

fn rank(phase: &Phase) -> u8 {
    match phase {
        Phase::Ready => 0,
        Phase::Idle => 1,
        Phase::Pending(_) | Phase::Degraded(_) => 2,
        Phase::Failed(_) => 3,
        Phase::Recoverable => 4,
        Phase::Deleting(_) => 5,
    }
}
