//! Whether the data may have changed so that the old images cannot read them.

use crate::blueprint::image_change::ImageChange;
use crate::kinds::data_step;
use crate::kinds::service::view::{ContainerView, DeploymentView, ServiceView, TaskView};
use crate::kinds::task_definition;
use crate::planners::intent::Mark;
use crate::release::Catalogue;

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
    let of_new =
        |task: &&TaskView| is_new(&task.task_definition) && !task.started_by.starts_with(data_step::STARTED_BY);
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
    // What the steps of an unknown release do is not known either.
    let changing_steps = now.intent.from != now.intent.to
        && known(&now.intent.from).is_none_or(|old| new.data_steps_from(old.version).any(|step| step.changes_data));
    let of_steps = |task: &&TaskView| task.started_by.ends_with(&format!("-{}", now.intent.id));
    let steps: Vec<&TaskView> = view.tasks.iter().filter(of_steps).collect();
    let step_has_run = |task: &&TaskView| task.containers.iter().any(ContainerView::has_started);
    // ECS forgets them as well; the revision that one was started with stays until the upgrade is finished.
    let has_step_run = if steps.is_empty() { now.has_steps } else { steps.iter().any(step_has_run) };
    (!migrating.is_empty() && now.intent.mark >= Mark::Start && (seen || is_forgotten))
        || (changing_steps && (has_step_run || now.intent.mark >= Mark::Data))
}

#[cfg(test)]
mod tests;
