//! Changes that reach all of AWS only after a while: roles, policies, secrets. Until then services refuse calls that
//! rely on them, each with its own error, as if they did not exist or were wrong.
//!
//! So a refusal is explained by age rather than by its code: it may pass by itself if the call relies on something that
//! was changed recently.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::Address;
use super::failure::{Cause, Failure};
use super::kind::Kinds;
use super::plan::{Action, Plan};
use super::reference::{self, Outputs};

/// For how many seconds after a change a refusal may be due to it. Most changes take 2 to 30 seconds, few a minute
/// (provider threads quoted in docs/aws-behaviour.md).
pub const YOUNG: f64 = 120.0;

/// How old a change must be before a call that uses it only later: such a call is accepted, and then its task or job
/// fails.
pub const USABLE: f64 = 20.0;

/// A recent change that may explain a refusal.
#[derive(Clone, Debug, PartialEq)]
pub struct Young {
    /// `None` for a change that an earlier run may have made.
    pub address: Option<Address>,
    /// When it was created or changed, in the run's time; negative before the run.
    pub made: f64,
}

/// When the things that this run relies on were created or changed.
#[derive(Debug)]
pub struct Propagation {
    plan: Arc<Plan>,
    /// Names of the kinds that spread.
    spreading: BTreeSet<String>,
    /// By step: whether AWS uses what it refers to only after the call.
    uses_later: Vec<bool>,
    /// By step, of those whose kind spreads.
    made: BTreeMap<usize, f64>,
    /// Until when the changes of an earlier run count as recent.
    earlier: f64,
}

impl Propagation {
    /// The start of a run; the changes of an earlier run count as recent for `earlier` seconds.
    pub fn new<K: Kinds + ?Sized>(plan: Arc<Plan>, kinds: &K, earlier: f64) -> Self {
        let names = plan.steps.iter().map(|step| &step.address).chain(plan.known.keys()).chain(&plan.unchanged);
        let spreads = |name: &&str| kinds.kind(name).is_some_and(|kind| kind.spreads);
        let spreading = names.map(Address::kind).filter(spreads).map(str::to_owned).collect();
        let later = |address: &Address| kinds.kind(address.kind()).is_some_and(|kind| kind.uses_later);
        let uses_later = plan.steps.iter().map(|step| later(&step.address)).collect();
        Self { spreading, uses_later, plan, made: BTreeMap::new(), earlier }
    }

    /// The call of a step was accepted, or may have been.
    pub fn made(&mut self, step: usize, now: f64) {
        let planned = &self.plan.steps[step];
        if self.spreading.contains(planned.address.kind()) && planned.action != Action::Delete {
            self.made.insert(step, now);
        }
    }

    /// For how many seconds from `now` some change of this run or an earlier one counts as recent.
    pub fn young_for(&self, now: f64) -> f64 {
        let until = self.made.values().map(|made| made + YOUNG).fold(self.earlier, f64::max);
        (until - now).max(0.0)
    }

    /// How long to wait before a step is started, and for what.
    pub fn wait(&self, step: usize, now: f64) -> Option<(f64, Address)> {
        let planned = &self.plan.steps[step];
        let is_note = !planned.changes.is_empty() && planned.changes.iter().all(|change| change.top() == "tags");
        if !self.uses_later[step] || !hands_over(planned.action) || is_note {
            return None;
        }
        let (relied_on, made) = self.relied_on(step).max_by(|a, b| a.1.total_cmp(&b.1))?;
        let seconds = USABLE - (now - made);
        (seconds > 0.0).then(|| (seconds, self.plan.steps[relied_on].address.clone()))
    }

    /// What explains a refusal of the call that a step first made at `since`. `outputs` are those of an address.
    pub fn explains<'a>(
        &self,
        step: usize,
        failure: &Failure,
        since: f64,
        outputs: impl Fn(&Address) -> Option<&'a Outputs>,
    ) -> Option<Young> {
        if !hands_over(self.plan.steps[step].action) || !is_explainable(failure) {
            return None;
        }
        let young = self.relied_on(step).filter(|(_, made)| since - made < YOUNG);
        let mut young: Vec<_> = young.map(|(step, made)| (&self.plan.steps[step].address, made)).collect();
        let is_named = |address: &Address| outputs(address).is_some_and(|outputs| names(failure, outputs));
        young.sort_by(|a, b| {
            (is_named(a.0), a.1).partial_cmp(&(is_named(b.0), b.1)).unwrap_or(std::cmp::Ordering::Equal)
        });
        match young.last() {
            Some((address, made)) if is_about_access(failure) || is_named(address) => {
                Some(Young { address: Some((*address).clone()), made: *made })
            }
            None if since < self.earlier && is_about_access(failure) => {
                Some(Young { address: None, made: self.earlier - YOUNG })
            }
            _ => None,
        }
    }

    /// Advice on a refusal that propagation does not explain, or no longer.
    pub fn advice(&self, step: usize, failure: &Failure) -> Option<String> {
        let planned = &self.plan.steps[step];
        if failure.cause != Cause::Refused || !is_about_access(failure) || !hands_over(planned.action) {
            return None;
        }
        let named = reference::references(&planned.spec).into_iter().map(|(address, _)| address);
        let named = named.filter(|address| self.spreading.contains(address.kind()));
        let made = self.relied_on(step).map(|(step, _)| self.plan.steps[step].address.clone());
        let relied_on: BTreeSet<_> = named.chain(made).map(|address| address.to_string()).collect();
        let list = relied_on.into_iter().collect::<Vec<_>>().join(", ");
        (!list.is_empty()).then(|| {
            format!(
                "{list}: changed long enough ago to have taken effect, so waiting does not help; check who may use it \
                 (trust policy, resource policy) and what its policies allow"
            )
        })
    }

    /// The steps of this run that a step relies on, directly or not, and when each changed something that spreads.
    fn relied_on(&self, step: usize) -> impl Iterator<Item = (usize, f64)> {
        let mut found = BTreeSet::new();
        let mut open = vec![step];
        while let Some(next) = open.pop() {
            open.extend(
                self.plan.steps[next].after.iter().map(|after| after.step).filter(|before| found.insert(*before)),
            );
        }
        found.into_iter().filter_map(|before| Some((before, *self.made.get(&before)?)))
    }
}

/// Whether such a call passes references to AWS.
fn hands_over(action: Action) -> bool {
    matches!(action, Action::Create | Action::Update | Action::Restore | Action::Run)
}

/// Whether a message has one of these outputs in it: a name, an ARN.
fn names(failure: &Failure, outputs: &Outputs) -> bool {
    outputs.values().any(|value| value.len() > 3 && failure.message.contains(value.as_str()))
}

/// Refusals that may be due to a recent change. A denial with hints is about the caller's credentials; one that names
/// an action is about the caller's own permissions, which no run changes, unless the action is to pass a role.
fn is_explainable(failure: &Failure) -> bool {
    match failure.cause {
        Cause::Refused | Cause::Unsettled => true,
        Cause::Denied => {
            let message = &failure.message;
            failure.hints.is_empty()
                && (!message.contains("not authorized to perform: ") || message.contains("iam:PassRole"))
        }
        _ => false,
    }
}

/// A rough test, so that a malformed request is not retried for two minutes.
fn is_about_access(failure: &Failure) -> bool {
    const WORDS: [&str; 11] = [
        "role",
        "principal",
        "assume",
        "trust",
        "permission",
        "authoriz",
        "access denied",
        "access error",
        "policy",
        "secret",
        "kms",
    ];
    let message = failure.message.to_lowercase();
    is_explainable(failure) && (failure.cause == Cause::Denied || WORDS.iter().any(|word| message.contains(word)))
}

/// What a retry waits for, for people.
pub fn awaits(young: &Young, now: f64) -> String {
    let age = (now - young.made).max(0.0);
    match &young.address {
        Some(address) => {
            format!("{address} was changed {age:.0} s ago, which may not have taken effect everywhere yet")
        }
        None => "changes of the previous run may not have taken effect everywhere yet".to_owned(),
    }
}
