//! Whether the data may have changed so that the old images cannot read them.

use crate::blueprint::image_change::ImageChange;
use crate::kinds::data_step::STARTED_BY;
use crate::kinds::service::view::{ContainerView, DeploymentView, ServiceView, TaskView};
use crate::kinds::task_definition;
use crate::planners::intent::Mark;
use crate::release::{Catalogue, DataStep, Release};

use super::open_operation::OpenOperation;

/// Whether the images that the intent leads to may have changed the data so that the old ones cannot read them.
pub fn may_have_changed_data(now: &OpenOperation, view: &ServiceView) -> bool {
    let known = |text: &str| text.parse().ok().and_then(|version| Catalogue::effective().get(version));
    let Some(new) = known(&now.intent.to) else { return true };
    let images = now.of_before.containers.iter().filter_map(|(name, before)| {
        // Without the revision that it led to, any image may have been another one.
        let Some(newest) = &now.newest else { return Some((name.clone(), (Some(before.image.clone()), None))) };
        let after = newest.spec.pointer(&format!("/containers/{name}"))?;
        let text = |property: &str| after.get(property).and_then(|text| text.as_str());
        let same = text("image") == Some(&before.image) && text("digest") == before.digest.as_deref();
        (!same).then(|| (name.clone(), (Some(before.image.clone()), text("image").map(str::to_owned))))
    });
    let change = ImageChange { from: now.intent.from.parse().ok(), to: new.version, images: images.collect() };
    let migrating = change.migrating(new);
    let is_new = |arn: &str| task_definition::number(arn) > now.intent.revision;
    let of_new = |task: &&TaskView| is_new(&task.task_definition) && !task.started_by.starts_with(STARTED_BY);
    let started = |container: &ContainerView| migrating.contains(&container.name) && container.has_started();
    // A task that is lost with its host has no exit codes.
    let has_run = |task: &TaskView| task.started.is_some() || task.containers.iter().any(started);
    let seen = view.tasks.iter().filter(of_new).any(has_run);
    // ECS forgets a stopped task after an hour. A forgotten task that had started has left a deployment that failed, or
    // that was stopped since.
    let is_forgotten = view.service.iter().any(|service| {
        let of_new = |deployment: &&DeploymentView| is_new(&deployment.task_definition);
        let has_ended = |deployment: &DeploymentView| deployment.failed > 0 || service.desired == 0;
        service.deployments.iter().filter(of_new).any(has_ended)
    }) && !view.tasks.iter().any(|task| of_new(&task));
    (!migrating.is_empty() && now.intent.mark >= Mark::Start && (seen || is_forgotten))
        || may_have_run_changing_step(now, known(&now.intent.from), new, view)
}

/// Whether a data step that changes data may have run. They run one after the other.
fn may_have_run_changing_step(now: &OpenOperation, old: Option<&Release>, new: &Release, view: &ServiceView) -> bool {
    let steps: Vec<&DataStep> = old.into_iter().flat_map(|old| new.data_steps_from(old.version)).collect();
    // What the steps of an unknown release do is not known either.
    let first_change = old.map_or(Some(0), |_| steps.iter().position(|step| step.changes_data));
    let Some(first_change) = first_change.filter(|_| now.intent.from != now.intent.to) else { return false };
    if now.intent.mark >= Mark::Data {
        return true;
    }
    let suffix = format!("-{}", now.intent.id);
    let name = |task: &TaskView| task.started_by.strip_suffix(&suffix).map(|start| start.replace(STARTED_BY, ""));
    let seen: Vec<_> = view.tasks.iter().filter_map(|task| Some((name(task)?, task))).collect();
    // ECS forgets them as well; the revision that one was started with stays until the upgrade is finished.
    if seen.is_empty() {
        return now.has_steps;
    }
    let has_run = |task: &TaskView| task.containers.iter().any(ContainerView::has_started);
    let is_before = |name: &str| steps.iter().take(first_change).any(|step| step.name == name);
    seen.iter().any(|(name, task)| has_run(task) && !is_before(name))
}

#[cfg(test)]
mod tests;
