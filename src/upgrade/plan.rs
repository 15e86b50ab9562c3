//! A plan that may be an upgrade, and the checks of the step from what runs.

use std::collections::BTreeMap;

use crate::blueprint::image_change::{ImageChange, Running};
use crate::blueprint::{
    self,
    data_steps::{self, Ground, Task},
};
use crate::checks;
use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::inventory::{Live, Phase};
use crate::engine::plan::{Action, Finding, Plan, Severity};
use crate::engine::reference::{Known, Need, Ref};
use crate::kinds::backup_vault;
use crate::kinds::names::{self, Names};
use crate::kinds::recovery_point::RecoveryPoint;
use crate::planners::intent::{Intent, Mark, Work};
use crate::planners::upgrade::{DataTask, Upgrade, add_upgrade_steps};
use crate::release::{Catalogue, Release};
use crate::session::catalogue::release;
use crate::session::consent::Consent;
use crate::session::error::CommandError;

use super::limits::Limits;

/// Days until AWS deletes the recovery point of an upgrade.
const KEPT_FOR: u32 = 35;
/// Stands for the intent's id until the plan runs.
const LATER: &str = "new";

/// What happens when a step fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    #[default]
    Rollback,
    Keep,
}

/// A plan that may be an upgrade.
#[derive(Clone, Debug)]
pub struct Planned {
    pub plan: Plan,
    pub upgrade: Option<UpgradePlan>,
    /// Outputs of everything there is, from which data steps are resolved.
    pub known: Known,
}

impl Planned {
    /// As it is shown: the intent has no id yet.
    pub fn shown(&self) -> Plan {
        self.begin(LATER)
    }

    /// As it runs.
    pub fn begin(&self, id: &str) -> Plan {
        let mut plan = self.plan.clone();
        if let Some(upgrade) = self.upgrade.as_ref().filter(|upgrade| upgrade.has_rollback) {
            for (address, outputs) in &self.known {
                plan.known.entry(address.clone()).or_insert_with(|| outputs.clone());
            }
            add_upgrade_steps(&mut plan, &upgrade.running.service, &upgrade.upgrade(id));
        }
        plan
    }

    /// Whether it is an upgrade.
    pub fn is_upgrade(&self) -> bool {
        self.upgrade.as_ref().is_some_and(|upgrade| upgrade.has_rollback)
    }
}

/// Eight random hexadecimal digits.
pub fn new_id() -> String {
    format!("{:08x}", rand::random::<u32>())
}

/// The upgrade of one deployment by one step.
#[derive(Clone, Debug)]
pub struct UpgradePlan {
    pub file: PlanFile,
    pub names: Names,
    pub running: Running,
    pub change: ImageChange,
    pub findings: Vec<Finding>,
    /// Whether the plan is an upgrade with its rollback: not so where what runs is not healthy.
    pub has_rollback: bool,
    digests: BTreeMap<String, String>,
    consent: Consent,
}

impl UpgradePlan {
    /// Checks a step from what runs to what a plan file asks for. `foreign_tasks` are tasks of others that write to the
    /// file system, by ARN.
    pub fn new(
        file: &PlanFile,
        names: Names,
        running: Running,
        change: ImageChange,
        digests: BTreeMap<String, String>,
        foreign_tasks: &[String],
        consent: &Consent,
    ) -> Result<Self, CommandError> {
        let is_healthy = running.service.phase == Phase::Ready;
        let mut findings: Vec<Finding> = not_permitted(&change).into_iter().collect();
        findings.extend(not_healthy(&running.service, &change));
        findings.extend(foreign_tasks.iter().map(|arn| foreign_task(arn, "during an upgrade")));
        if change.is_release() {
            findings.extend(checks::release::release(release(file)?, consent.label(file)));
            findings.extend(own_images(file, &change));
        }
        let file = file.clone();
        Ok(Self { file, names, running, change, findings, has_rollback: is_healthy, digests, consent: *consent })
    }

    /// Whether it creates a recovery point.
    pub fn backs_up(&self) -> bool {
        self.has_rollback && !self.consent.no_backup
    }

    /// What is added to the plan, under this intent.
    pub fn upgrade(&self, id: &str) -> Upgrade {
        let from = self.change.from.map_or(UNKNOWN.to_owned(), |version| version.to_string());
        let intent = intent(&self.running, id, &from, &self.change.to.to_string());
        let data_tasks = self.data_tasks(id);
        Upgrade {
            opens: true,
            point: self.backs_up().then(|| point(&self.file)),
            consequence: self.consequence(&data_tasks),
            data_tasks,
            ..Limits::of(&self.consent).upgrade(Intent { backup: self.backs_up(), ..intent })
        }
    }

    fn data_tasks(&self, id: &str) -> Vec<DataTask> {
        let known = |version| Catalogue::effective().get(version);
        let (Some(old), Some(new)) = (self.change.from.and_then(known), known(self.change.to)) else {
            return Vec::new();
        };
        if !self.change.is_release() {
            return Vec::new();
        }
        let ground = Ground { plan: &self.file, names: &self.names, running: &self.running, intent: id };
        data_steps::data_steps(ground, old, new, &self.digests).into_iter().map(data_task).collect()
    }

    /// What the reader must know before the new task starts.
    fn consequence(&self, data_tasks: &[DataTask]) -> Option<String> {
        let new = Catalogue::effective().get(self.change.to)?;
        let rollback = match self.backs_up() {
            true => "a rollback restores the recovery point into a new file system",
            false => "without a recovery point there is no rollback",
        };
        let why = "the new images may change the data so that the old ones cannot read it";
        changes_data(&self.change, new, data_tasks).then(|| format!("{why}: {rollback}"))
    }
}

/// Stands in an intent for a release that nothing names.
pub const UNKNOWN: &str = "unknown";

/// The intent to replace what runs, from one release to another. Nothing of it has happened yet.
pub fn intent(running: &Running, id: &str, from: &str, to: &str) -> Intent {
    let [id, from, to] = [id, from, to].map(str::to_owned);
    let (revision, count) = (running.revision(), running.of_service.desired);
    Intent { id, work: Work::Upgrade, from, to, revision, count, backup: false, mark: Mark::Stop, point: None }
}

/// Whether a rollback to the old images alone would be wrong.
fn changes_data(change: &ImageChange, new: &Release, data_tasks: &[DataTask]) -> bool {
    !change.migrating(new).is_empty() || data_tasks.iter().any(|data_task| data_task.changes_data)
}

/// A task between two releases, as the planner takes it.
pub fn data_task(task: Task) -> DataTask {
    let Task { address, about, timeout, changes_data, spec, tools } = task;
    let consequence = "writes data that the previous release may be unable to read";
    DataTask { address, about, spec, patience: f64::from(timeout) + LAUNCH, changes_data, consequence, tools }
}

/// Seconds that a task takes to be provisioned, to pull its image, and to stop.
const LAUNCH: f64 = 300.0;

/// The recovery point of an upgrade.
pub fn point(file: &PlanFile) -> serde_json::Value {
    let point = RecoveryPoint {
        vault: Ref::output(backup_vault::address(), "id", Need::Ready),
        file_system: Ref::output(Address::new("file-system", "main"), "arn", Need::Ready),
        role: blueprint::backup::role(file),
        delete_after: Some(KEPT_FOR),
    };
    // The specification of a kind is always JSON.
    serde_json::to_value(point).unwrap_or_default()
}

fn finding(code: &str, severity: Severity, message: String, hint: &str) -> Finding {
    let hint = Some(hint.to_owned());
    Finding { code: code.to_owned(), severity, address: Some(Address::new("service", "main")), message, hint }
}

/// Refuses a step that is not permitted.
fn not_permitted(change: &ImageChange) -> Option<Finding> {
    let from = change.from.filter(|from| *from != change.to)?;
    match Catalogue::effective().chain(from, change.to) {
        Ok(chain) if chain.len() == 1 => None,
        Ok(chain) => {
            let steps: Vec<_> = chain.iter().map(ToString::to_string).collect();
            let message = format!("runs {from}, and the upgrade path to {} is {}", change.to, steps.join(", "));
            let hint = "`ce-aws upgrade FILE --to` and `ce-aws apply` take these steps one by one";
            Some(finding("upgrade/several-steps", Severity::Refusal, message, hint))
        }
        Err(no_way) => Some(finding("upgrade/no-way", Severity::Refusal, no_way.to_string(), &no_way.hint())),
    }
}

/// The user's own images stay when the release changes.
fn own_images(file: &PlanFile, change: &ImageChange) -> Option<Finding> {
    let stay = file.images.overrides.keys().filter(|container| !change.images.contains_key(*container));
    let stay: Vec<_> = stay.map(String::as_str).collect();
    let message = format!("[images.override] keeps the image of {} as it is, whatever the release", stay.join(", "));
    let hint = "remove the override from the plan file, or name the image of the new release";
    (!stay.is_empty()).then(|| finding("upgrade/own-image", Severity::Warning, message, hint))
}

/// Only a healthy service can be rolled back to.
fn not_healthy(service: &Live, change: &ImageChange) -> Option<Finding> {
    if service.tags.contains_key(names::STOPPED) || service.phase == Phase::Idle {
        let message = "is stopped: a new release could not be verified".to_owned();
        let hint = "start it with `ce-aws start FILE`, then upgrade";
        return Some(finding("upgrade/stopped", Severity::Refusal, message, hint));
    }
    let why = match &service.phase {
        Phase::Ready | Phase::Idle => return None,
        Phase::Pending(why) | Phase::Degraded(why) | Phase::Failed(why) | Phase::Deleting(why) => why.clone(),
        Phase::Recoverable => "it does not run".to_owned(),
    };
    let message = format!("is not healthy, so there would be nothing to roll back to: {why}");
    if change.is_release() {
        let hint = "make it healthy first: `ce-aws apply` with the release that it runs";
        return Some(finding("upgrade/not-steady", Severity::Refusal, message, hint));
    }
    let hint = "the images are changed anyway, without a recovery point and without a rollback";
    Some(finding("upgrade/not-steady", Severity::Warning, message, hint))
}

/// Refuses while somebody else's task may write; `meanwhile` is the end of a sentence.
pub(super) fn foreign_task(arn: &str, meanwhile: &str) -> Finding {
    let message = format!("the task {arn} does not belong to this deployment and mounts its file system");
    let hint = format!("stop it: nothing else may write {meanwhile}");
    finding("upgrade/foreign-writer", Severity::Refusal, message, &hint)
}

/// A rollback starts the service as it was before and changes nothing else about it: other changes must not come with
/// the images.
pub fn other_changes(plan: &Plan) -> Option<Finding> {
    let of_service = plan.steps.iter().filter(|step| step.address.kind() == "service" && step.action == Action::Update);
    let changes = of_service.flat_map(|step| &step.changes).map(|change| change.property.as_str());
    let other = |property: &&str| !["task_definition", "desired"].contains(property) && !property.starts_with("tags.");
    let others: Vec<&str> = changes.filter(other).collect();
    let message = format!("{} of the service would change together with its images", others.join(", "));
    let hint = "make one change at a time: first `ce-aws apply` with the release and the images that run";
    (!others.is_empty()).then(|| finding("upgrade/not-alone", Severity::Refusal, message, hint))
}

#[cfg(test)]
mod tests;
