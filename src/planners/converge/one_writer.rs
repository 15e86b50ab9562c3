//! Changes that replace or disturb the running task: one way to stop it, and a health check afterwards.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::address::Address;
use crate::engine::compare::Change;
use crate::engine::graph::Node;
use crate::engine::inventory::{Live, Phase};
use crate::engine::plan::{Action, Reason, Step, Until};
use crate::engine::reference;
use crate::kinds::names;

use super::super::{halt, upstream::upstream, verdict};
use super::Planner;

impl<'a> Planner<'a> {
    /// The only way to replace the task: the old one is stopped and confirmed stopped, then the new one may start. A
    /// service that was stopped by request stays stopped, with its other changes.
    pub(super) fn fenced(&mut self, node: &Node, live: &'a Live, mut found: verdict::Verdict) {
        if let Some(since) = live.tags.get(names::STOPPED) {
            self.plan.findings.push(halt::stopped(node, since));
            found.changes.retain(|change| change.top() != "desired");
            return self.at_rest(node, live, found);
        }
        let id = Some(live.id.clone());
        let starts = found.changes.iter().any(|change| change.top() == "desired");
        let unhealthy = match &live.phase {
            Phase::Failed(why) => Some(why.clone()),
            _ => None,
        };
        let other_task = found.changes.iter().any(|change| node.kind.fenced.contains(&change.top()));
        if unhealthy.is_none() && !other_task && !starts {
            let step = match (live.phase.awaits(), found.changes.is_empty()) {
                (Some(why), true) => self.step(node, Action::Verify, Reason::Unfinished(why.to_owned())),
                (_, true) => return self.plan.unchanged.push(node.address.clone()),
                (_, false) => self.step(node, Action::Update, found.reason),
            };
            self.push(node, Step { changes: found.changes, id, ..step });
            return;
        }
        let fence = self.push(node, self.fence(node, live));
        self.lead_behind(fence, node, &found.changes);
        let reason = unhealthy.map_or(found.reason, Reason::Unhealthy);
        self.push(node, Step { changes: found.changes, id, ..self.step(node, Action::Update, reason) });
    }

    /// What leads users to where only the new task is, changes while no task runs: until then they reach the old one.
    /// That is an update that the new task needs, and that newly refers to the same resource as the task does: a
    /// listener, where the task moves to another target group.
    fn lead_behind(&mut self, fence: usize, node: &Node, changes: &[Change]) {
        let of_task = newly_named(&node.spec, changes);
        let needed: Vec<usize> = self.plan.steps[fence].after.iter().map(|after| after.step).collect();
        for number in needed {
            let step = &self.plan.steps[number];
            if step.action != Action::Update || newly_named(&step.spec, &step.changes).is_disjoint(&of_task) {
                continue;
            }
            self.plan.steps[fence].after.retain(|after| after.step != number);
            if !upstream(&self.plan.steps, fence).contains(&number) {
                self.plan.steps[number].wait_for([fence]);
            }
        }
    }

    /// Changes a service that is stopped by request and leaves it stopped.
    fn at_rest(&mut self, node: &Node, live: &'a Live, found: verdict::Verdict) {
        if live.phase != Phase::Idle {
            self.push(node, Step { id: Some(live.id.clone()), ..self.fence(node, live) });
        }
        if found.changes.is_empty() {
            if live.phase == Phase::Idle {
                self.plan.unchanged.push(node.address.clone());
            }
            return;
        }
        let mut step = self.step(node, Action::Update, found.reason.clone());
        step.spec["desired"] = 0.into();
        (step.until, step.id, step.changes) = (Until::Idle, Some(live.id.clone()), found.changes);
        self.push(node, step);
    }

    /// The step after which no task runs. It waits for what the new task needs, so that the old one runs as long as
    /// possible.
    fn fence(&self, node: &Node, live: &Live) -> Step {
        let stop = if live.phase == Phase::Idle { Action::Verify } else { Action::Stop };
        let mut fence = self.step(node, stop, Reason::OneWriter);
        (fence.until, fence.id) = (Until::Idle, Some(live.id.clone()));
        if stop == Action::Stop {
            fence.consequences.push("Cloud Exchange is down until the new task is healthy".to_owned());
        }
        fence
    }

    /// After anything that could disturb a running task, its health is verified again.
    pub(super) fn rechecks(&mut self) {
        for node in self.graph.nodes().filter(|node| !node.kind.fenced.is_empty()) {
            let start = self.last.get(&node.address).copied();
            let rests = self.inventory.at(&node.address).iter().any(|live| live.tags.contains_key(names::STOPPED));
            let exists = !rests && (start.is_some() || self.plan.unchanged.contains(&node.address));
            let before = start.map(|start| upstream(&self.plan.steps, start)).unwrap_or_default();
            let disturbing: Vec<usize> = (0..self.plan.steps.len())
                .filter(|step| self.plan.steps[*step].address != node.address)
                .filter(|step| disturbs(&self.plan.steps[*step]) && !before.contains(step))
                .collect();
            if disturbing.is_empty() || !exists {
                continue;
            }
            let recheck = Step { after: Vec::new(), ..self.step(node, Action::Verify, Reason::Afterwards) };
            let mut recheck = recheck.after(disturbing.into_iter().chain(start));
            recheck.id = match start {
                Some(start) => self.plan.steps[start].id.clone(),
                None => {
                    let mut here = self.inventory.at(&node.address).iter();
                    here.find(|live| !live.is_going()).map(|live| live.id.clone())
                }
            };
            self.plan.steps.push(recheck);
        }
    }
}

/// The resources that the changed properties of a specification refer to.
fn newly_named(spec: &Value, changes: &[Change]) -> BTreeSet<Address> {
    let changed: BTreeSet<&str> = changes.iter().map(Change::top).collect();
    let named = changed.into_iter().filter_map(|property| spec.get(property)).flat_map(reference::references);
    named.map(|(address, _)| address).collect()
}

fn disturbs(step: &Step) -> bool {
    step.action != Action::Restore && !(step.action == Action::Update && step.changes.iter().all(|c| c.top() == "tags"))
}
