//! The order of deletions, from the references between live resources, so that it works without a plan file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::engine::inventory::{LEAVES, Live};
use crate::engine::kind::{Kind, Kinds, Lifecycle};
use crate::engine::plan::{Action, Finding, Reason, Severity, Step, Until};
use crate::kinds::document::texts_outside;

use super::upstream::upstream;

/// A step that deletes a resource.
pub fn step(live: &Live, kind: &Kind, reason: Reason) -> Step {
    Step {
        until: if kind.seconds.gone > 0.0 { Until::Gone } else { Until::Accepted },
        consequences: match kind.lifecycle {
            Lifecycle::Data => vec![match live.outputs.get("holds") {
                Some(what) => format!("the data in it is lost: {what}"),
                None => "the data in it is lost".to_owned(),
            }],
            _ => live.outputs.get(LEAVES).cloned().into_iter().collect(),
        },
        id: Some(live.id.clone()),
        ..Step::new(live.address.clone(), Action::Delete, reason)
    }
}

/// The step before the deletion of a service: its tasks are stopped and confirmed stopped.
pub fn stop(live: &Live, kind: &Kind, reason: Reason) -> Option<Step> {
    let stop = Step {
        action: Action::Stop,
        until: Until::Idle,
        consequences: vec!["Cloud Exchange stops".to_owned()],
        ..step(live, kind, reason)
    };
    (!kind.fenced.is_empty()).then_some(stop)
}

/// The step before the deletion of a protected resource, and the refusal of `code` for want of consent.
pub fn unprotect(live: &Live, kind: &Kind, reason: Reason, code: &str, consent: &str) -> Option<(Step, Finding)> {
    if live.spec.get("deletion_protection") != Some(&Value::Bool(true)) {
        return None;
    }
    let step = Step {
        action: Action::Unprotect,
        until: Until::Accepted,
        consequences: vec!["deletion protection is removed".to_owned()],
        ..step(live, kind, reason)
    };
    let finding = Finding {
        code: code.to_owned(),
        severity: Severity::Refusal,
        address: Some(live.address.clone()),
        message: "is protected against deletion".to_owned(),
        hint: Some(consent.to_owned()),
    };
    Some((step, finding))
}

/// Which of some live resources must be deleted before which. Resources are numbers, in the order given.
pub struct Holders<'a> {
    live: &'a [Live],
    /// By resource: those with a property that refers to it.
    users: Vec<Vec<usize>>,
    by_kind: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Holders<'a> {
    /// Only `id` and `arn` count as references: a cluster and its service may have the same name. What only a policy
    /// document names is not held by it.
    pub fn among(live: &'a [Live]) -> Self {
        let mut named: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, used) in live.iter().enumerate() {
            let identity = ["id", "arn"].map(|name| used.outputs.get(name).map_or("", String::as_str));
            let texts = &identity[..if identity[0] == identity[1] { 1 } else { 2 }];
            for text in texts.iter().filter(|text| !text.is_empty()) {
                named.entry(text).or_default().push(number);
            }
            by_kind.entry(used.address.kind()).or_default().push(number);
        }
        let mut users = vec![Vec::new(); live.len()];
        for (number, user) in live.iter().enumerate() {
            for used in texts_outside(&user.spec).into_iter().filter_map(|text| named.get(text)).flatten() {
                users[*used].push(number);
            }
        }
        Self { live, users, by_kind }
    }

    /// For a teardown, in which everything goes: without the references that AWS does not mind.
    pub fn letting_go<K: Kinds + ?Sized>(mut self, kinds: &K) -> Self {
        let kind_of = |number: usize| self.live[number].address.kind();
        for (used, users) in self.users.iter_mut().enumerate() {
            let lets_go =
                |user: &usize| kinds.kind(kind_of(*user)).is_some_and(|it| it.lets_go.contains(&kind_of(used)));
            users.retain(|user| !lets_go(user));
        }
        self
    }

    /// What must be deleted or stopped before `used` can be deleted: a property refers to it, or its kind always goes
    /// first. In order.
    pub fn of<K: Kinds + ?Sized>(&self, used: usize, kinds: &K) -> BTreeSet<usize> {
        let (live, kind) = (&self.live[used], kinds.kind(self.live[used].address.kind()));
        let first = kind.into_iter().flat_map(|kind| kind.gone_after.iter().chain(kind.stopped_after));
        let by_kind = first.filter_map(|kind| self.by_kind.get(kind)).flatten();
        let all = self.users[used].iter().chain(by_kind);
        all.copied().filter(|user| self.live[*user].address != live.address).collect()
    }

    /// The resources that each one refers to.
    pub fn references(&self) -> Vec<Vec<usize>> {
        let mut references = vec![Vec::new(); self.users.len()];
        for (used, users) in self.users.iter().enumerate() {
            users.iter().for_each(|user| references[*user].push(used));
        }
        references
    }
}

/// A resource that is deleted.
#[derive(Clone, Copy, Debug)]
pub struct Deletion {
    /// Its number among the live ones.
    pub live: usize,
    pub step: usize,
    /// The step that stops it first, if there is one.
    pub stop: Option<usize>,
}

/// Makes each deletion wait until everything that holds its resource is gone. `deletions` are in the order of
/// addresses.
///
/// What has been stopped holds nothing any more, except for the kinds that say so: a service without tasks has no
/// network interface, mounts nothing and registers no target, and only its cluster cannot be deleted before it is gone
/// (Amazon ECS API reference, DeleteCluster: ClusterContainsServicesException).
///
/// Resources that refer to each other in a circle (two security groups) would wait forever: the wait that would close
/// the circle is left out, so that of two the one with the greater address is deleted first.
pub fn order<K: Kinds + ?Sized>(holders: &Holders<'_>, deletions: &[Deletion], steps: &mut [Step], kinds: &K) {
    let mut deleted: BTreeMap<usize, Vec<&Deletion>> = BTreeMap::new();
    for deletion in deletions {
        deleted.entry(deletion.live).or_default().push(deletion);
    }
    let kind_of = |live: usize| holders.live[live].address.kind();
    let mut waits = Vec::new();
    for used in deletions {
        let until_gone = kinds.kind(kind_of(used.live)).map_or(&[][..], |kind| kind.gone_after);
        for user in holders.of(used.live, kinds).into_iter().filter_map(|user| deleted.get(&user)).flatten() {
            let stop = user.stop.filter(|_| !until_gone.contains(&kind_of(user.live)));
            waits.push((used.step, stop.unwrap_or(user.step)));
        }
    }
    if waits.is_empty() {
        return;
    }
    let may_close = may_be_in_a_circle(steps, &waits);
    for (later, earlier) in waits {
        let closes = may_close[later] && may_close[earlier] && upstream(steps, earlier).contains(&later);
        if !closes {
            steps[later].wait_for([earlier]);
        }
    }
}

/// The steps that remain when those that wait for nothing, and those that nothing waits for, are taken away until
/// there are none: no circle goes through any other.
fn may_be_in_a_circle(steps: &[Step], more: &[(usize, usize)]) -> Vec<bool> {
    let planned = steps.iter().enumerate();
    let planned = planned.flat_map(|(later, step)| step.after.iter().map(move |after| (later, after.step)));
    let forwards: Vec<(usize, usize)> = planned.chain(more.iter().copied()).collect();
    let backwards: Vec<(usize, usize)> = forwards.iter().map(|(later, earlier)| (*earlier, *later)).collect();
    let mut left = vec![true; steps.len()];
    for waits in [forwards, backwards] {
        let (mut open, mut next) = (vec![0_usize; left.len()], vec![Vec::new(); left.len()]);
        for (later, earlier) in waits {
            if left[later] && left[earlier] {
                open[later] += 1;
                next[earlier].push(later);
            }
        }
        let mut free: Vec<usize> = (0..left.len()).filter(|step| left[*step] && open[*step] == 0).collect();
        while let Some(step) = free.pop() {
            left[step] = false;
            for later in std::mem::take(&mut next[step]) {
                open[later] -= 1;
                if open[later] == 0 {
                    free.push(later);
                }
            }
        }
    }
    left
}
