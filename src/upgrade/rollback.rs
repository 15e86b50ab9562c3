//! The way back to what ran before, from the intent on the service and what is there.

use crate::blueprint::{
    self,
    image_change::{ImageChange, Running},
};
use crate::engine::address::Address;
use crate::engine::event::Outcome;
use crate::engine::inventory::Live;
use crate::engine::plan::Plan;
use crate::kinds::backup_vault;
use crate::kinds::data_step;
use crate::kinds::names;
use crate::kinds::service::view::{ContainerView, DeploymentView, ServiceView, TaskView};
use crate::kinds::task_definition::{self, TaskDefinition};
use crate::planners::intent::{Intent, Mark, Work};
use crate::planners::upgrade::{self, Upgrade};
use crate::release::{Catalogue, Version};
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::execute::execute;
use crate::session::exit::Exit;

use super::cleanup::cleanup;
use super::limits::{Limits, simple};
use super::open_operation::OpenOperation;
use super::restore;
use super::run::{Context, Ending};

/// Goes back. Gives the exit code: rolled back, or stuck.
pub async fn run(context: Context<'_>, limits: Limits) -> Result<Exit, CommandError> {
    let result = rollback(context, limits).await;
    match result {
        Ok(Exit::RolledBack) => {
            context.output.note("\nrolled back: what ran before runs again, and is healthy\n");
            Ok(Exit::RolledBack)
        }
        Ok(exit) => Ok(exit),
        Err(error) => {
            context.output.error(&error);
            // Whoever holds the lease now decides.
            if error.exit() == Exit::PartWay {
                context.output.note(&lease_lost_on_the_way_back(context.file));
                return Ok(Exit::PartWay);
            }
            // A refusal says itself what can be done.
            if error.exit() != Exit::Refused {
                context.output.note(&stuck(context.file));
            }
            Ok(Exit::Stuck)
        }
    }
}

async fn rollback(context: Context<'_>, limits: Limits) -> Result<Exit, CommandError> {
    let Context { session, .. } = context;
    let mut scope = context.scope.clone();
    let inventory = session.inventory(&mut scope).await?;
    let Some(now) = OpenOperation::of(session, &scope, inventory).await? else {
        // It failed before anything was stopped: what was made is taken away, and what ran runs.
        return before_the_intent(context, limits).await;
    };
    let is_swapped = now.is_restored() || now.kept().is_some();
    let restores = match (now.intent.work, now.intent.mark) {
        (Work::Restore, _) if is_swapped => return swap_back(context, now, limits).await,
        (Work::Restore, _) | (Work::Upgrade, Mark::Back) => false,
        (Work::Upgrade, Mark::Restore) => true,
        (Work::Upgrade, Mark::Stop | Mark::Data | Mark::Start) => {
            is_swapped || now.must_restore(&session.service(&scope, &now.inventory).await?)
        }
    };
    if restores && (is_swapped || !limits.as_they_are) {
        return restored(context, &now, &now.intent.at(Mark::Restore), limits).await;
    }
    let upgrade = Upgrade { opens: now.intent.mark != Mark::Back, ..simple(now.intent.at(Mark::Back), limits) };
    let target = session.target(&scope.name);
    let plan = upgrade::back(&now.inventory, target, &now.service, &now.before, &upgrade);
    let exit = carry(context, plan).await?;
    let release = now.intent.from.parse().ok();
    settle(context, exit, release, &now.of_before).await
}

/// What runs again is what counts; that something around it could not be tidied up is only told.
async fn settle(
    context: Context<'_>,
    exit: Exit,
    release: Option<Version>,
    running: &TaskDefinition,
) -> Result<Exit, CommandError> {
    if exit != Exit::RolledBack {
        return Ok(exit);
    }
    let tidied = match restore::before(context, release, running) {
        Ok(file) => cleanup(context, &file, &Consent::default()).await,
        Err(error) => Err(error),
    };
    if let Err(error) = tidied {
        context.output.error(&error);
    }
    Ok(exit)
}

/// The data may have been changed: the recovery point comes into a new file system, and what ran before onto that.
async fn restored(
    context: Context<'_>,
    now: &OpenOperation,
    intent: &Intent,
    limits: Limits,
) -> Result<Exit, CommandError> {
    let exit = exit(context, restore::into_use(context, now, intent, limits).await?);
    settle(context, exit, intent.from.parse().ok(), &now.of_before).await
}

/// A restore that failed after its file system was in use: the one before comes into use again, and what ran runs.
async fn swap_back(context: Context<'_>, now: OpenOperation, limits: Limits) -> Result<Exit, CommandError> {
    let Context { session, .. } = context;
    let mut scope = context.scope.clone();
    let kept = now.kept().ok_or_else(|| {
        CommandError::refused("backup/no-former", "the file system that was in use before is no longer there")
    })?;
    let intent = now.intent.at(Mark::Back);
    let upgrade = Upgrade { opens: restore::opens(&now, &intent), ..simple(intent.clone(), limits) };
    let plan = upgrade::swap_back(&now.inventory, session.target(&scope.name), &now.service, kept, &upgrade);
    let outcome = execute(session, &scope, plan, context.output).await?.outcome;
    if outcome != Outcome::Done {
        return Ok(exit(context, Ending::early(outcome)));
    }
    let inventory = session.inventory(&mut scope).await?;
    let Some(now) = OpenOperation::of(session, &scope, inventory).await? else {
        return Err(CommandError::unexpected("the note of what is under way is gone"));
    };
    let plan =
        upgrade::back(&now.inventory, session.target(&scope.name), &now.service, &now.before, &simple(intent, limits));
    let exit = carry(context, plan).await?;
    let release = now.intent.from.parse().ok();
    settle(context, exit, release, &now.of_before).await
}

/// Nothing was stopped: the revision in force is the one to keep.
async fn before_the_intent(context: Context<'_>, limits: Limits) -> Result<Exit, CommandError> {
    let Context { session, .. } = context;
    let mut scope = context.scope.clone();
    let inventory = session.inventory(&mut scope).await?;
    let Some(running) = Running::of(&inventory) else {
        return Err(CommandError::unexpected("there is no service any more"));
    };
    let intent = Intent {
        id: "00000000".to_owned(),
        work: Work::Upgrade,
        from: "unknown".to_owned(),
        to: "unknown".to_owned(),
        revision: running.revision(),
        count: running.of_service.desired,
        backup: false,
        mark: Mark::Back,
        point: None,
    };
    let upgrade = simple(intent, limits);
    let target = session.target(&scope.name);
    let mut plan = upgrade::back(&inventory, target, &running.service, &running.definition, &upgrade);
    let for_backups = [backup_vault::address(), blueprint::backup::role_address()];
    let is_new = |live: &&Live| live.tags.get(names::RUN).is_some_and(|run| run == session.run());
    let made = inventory.live.iter().filter(|live| for_backups.contains(&live.address)).filter(is_new);
    upgrade::take_away(&mut plan, made);
    match execute(session, &scope, plan, context.output).await?.outcome {
        Outcome::Failed => {
            context.output.note(&nothing_was_stopped(context.file));
            Ok(Exit::PartWay)
        }
        outcome => {
            settle(context, exit(context, Ending::early(outcome)), running.release(), &running.of_definition).await
        }
    }
}

async fn carry(context: Context<'_>, plan: Plan) -> Result<Exit, CommandError> {
    let Context { session, scope, output, .. } = context;
    let report = execute(session, scope, plan.clone(), output).await?;
    Ok(exit(context, Ending::of(&plan, &report)))
}

/// How a way back ended. What failed when it was over has been told.
fn exit(context: Context<'_>, ending: Ending) -> Exit {
    let Context { output, file, .. } = context;
    match ending.outcome {
        Outcome::Done => Exit::RolledBack,
        _ if ending.is_committed => {
            output.note(&something_is_left(file));
            Exit::RolledBack
        }
        Outcome::Interrupted => {
            output.note(&interrupted_on_the_way_back(file));
            Exit::PartWay
        }
        Outcome::LeaseLost => {
            output.note(&lease_lost_on_the_way_back(file));
            Exit::PartWay
        }
        Outcome::Failed => {
            output.note(&stuck(file));
            Exit::Stuck
        }
    }
}

/// Whether the images that the intent leads to may have changed the data so that the old ones cannot read it.
pub fn may_have_changed_data(now: &OpenOperation, view: &ServiceView) -> bool {
    let known = |text: &str| text.parse().ok().and_then(|version| Catalogue::effective().get(version));
    let Some(new) = known(&now.intent.to) else { return true };
    let images = now.of_before.containers.iter().filter_map(|(name, before)| {
        // Where the revision is gone that it led to, each image may have been another one.
        let Some(newest) = &now.newest else { return Some((name.clone(), (Some(before.image.clone()), None))) };
        let after = newest.spec.pointer(&format!("/containers/{name}"))?;
        let text = |property: &str| after.get(property).and_then(|text| text.as_str());
        let same = text("image") == Some(&before.image) && text("digest") == before.digest.as_deref();
        (!same).then(|| (name.clone(), (Some(before.image.clone()), text("image").map(str::to_owned))))
    });
    let hop = ImageChange { from: now.intent.from.parse().ok(), to: new.version, images: images.collect() };
    let migrating = hop.migrating(new);
    let is_new = |arn: &str| task_definition::number(arn) > now.intent.revision;
    let of_new =
        |task: &&TaskView| is_new(&task.task_definition) && !task.started_by.starts_with(data_step::STARTED_BY);
    let started = |container: &ContainerView| migrating.contains(&container.name) && container.has_started();
    // What a lost host takes with it tells no exit code.
    let has_run = |task: &TaskView| task.started.is_some() || task.containers.iter().any(started);
    let seen = view.tasks.iter().filter(of_new).any(has_run);
    // ECS forgets a stopped task after an hour. Who has started and is forgotten has left a deployment that failed, or
    // that was stopped since.
    let is_forgotten = view.service.iter().any(|service| {
        let of_new = |deployment: &&DeploymentView| is_new(&deployment.task_definition);
        let has_ended = |deployment: &DeploymentView| deployment.failed > 0 || service.desired == 0;
        service.deployments.iter().filter(of_new).any(has_ended)
    }) && !view.tasks.iter().any(|task| of_new(&task));
    // Of a release that is not known nobody can say what its steps do.
    let changing_steps = now.intent.from != now.intent.to
        && known(&now.intent.from).is_none_or(|old| new.data_steps_from(old.version).any(|step| step.changes_data));
    let of_steps = |task: &&TaskView| task.started_by.ends_with(&format!("-{}", now.intent.id));
    let steps: Vec<&TaskView> = view.tasks.iter().filter(of_steps).collect();
    let step_has_run = |task: &&TaskView| task.containers.iter().any(ContainerView::has_started);
    // ECS forgets them as well; the revision that one was started with stays until all is over.
    let has_step_run = if steps.is_empty() { now.has_steps } else { steps.iter().any(step_has_run) };
    (!migrating.is_empty() && now.intent.mark >= Mark::Start && (seen || is_forgotten))
        || (changing_steps && (has_step_run || now.intent.mark >= Mark::Data))
}

/// What is said when a person stops it.
pub fn interrupted(file: &str) -> String {
    format!(
        "\nstopped on request. If anything was stopped or changed, the service says what is under way:\n  \
         go on:    ce-aws upgrade {file} --resume\n  go back:  ce-aws upgrade {file} --rollback\n"
    )
}

/// What is said when a person stops it on the way back.
fn interrupted_on_the_way_back(file: &str) -> String {
    format!("\nstopped on request. Go on going back:  ce-aws upgrade {file} --rollback\n")
}

/// What is said when a person stops a restore.
pub fn interrupted_restore(file: &str) -> String {
    format!(
        "\nstopped on request:\n  go on:    ce-aws backup restore {file} --resume\n  \
         go back:  ce-aws backup restore {file} --rollback\n"
    )
}

/// What is said when somebody else may hold the lease: this run does nothing more, not even go back.
/// `command` is the one that goes on and goes back.
pub fn lease_lost(file: &str, command: &str) -> String {
    format!(
        "\nnothing more is done, and nothing is taken back: somebody else may be working on it. Once nobody is:\n  \
         see what there is:  ce-aws status {file}\n  go on:              ce-aws {command} {file} --resume\n  \
         go back:            ce-aws {command} {file} --rollback\n"
    )
}

/// The same, on the way back.
fn lease_lost_on_the_way_back(file: &str) -> String {
    format!(
        "\nnothing more is done: somebody else may be working on it. Once nobody is, go on going back:\n  \
         ce-aws upgrade {file} --rollback\n"
    )
}

/// What is said when it failed and nobody wants it to go back by itself.
pub fn left_as_it_is(file: &str) -> String {
    format!(
        "\nthe upgrade has failed and everything is left as it is, as you asked:\n  \
         try again from here:  ce-aws upgrade {file} --resume\n  go back:              ce-aws upgrade {file} --rollback\n"
    )
}

/// What is said when the new release is proven and something behind it failed.
pub fn only_tidying_is_left(file: &str, is_committed: bool) -> String {
    let how = if is_committed { format!("apply {file}") } else { format!("upgrade {file} --resume") };
    format!("\nwhat was wanted runs and is proven; finish what is left with: ce-aws {how}\n")
}

/// What is said when it is over and something behind it failed.
fn something_is_left(file: &str) -> String {
    format!("\nwhat ran before runs again; finish what is left with: ce-aws apply {file}\n")
}

/// What is said when what was made for an upgrade that has stopped nothing cannot be taken away.
fn nothing_was_stopped(file: &str) -> String {
    format!("\nnothing was stopped, and what ran before runs; finish what is left with: ce-aws apply {file}\n")
}

fn stuck(file: &str) -> String {
    format!(
        "\nit is stuck, and a person must decide. ce-aws does nothing more; no data is deleted.\n  \
         see what there is:    ce-aws status {file}\n  go back once more:    ce-aws upgrade {file} --rollback\n  \
         onto other data:      ce-aws backup list {file}, and ce-aws backup restore {file} POINT\n"
    )
}

impl OpenOperation {
    /// Whether the file system in use is the one that was restored for this intent.
    pub fn is_restored(&self) -> bool {
        self.main().is_some_and(|live| self.was_restored(live))
    }

    fn must_restore(&self, view: &ServiceView) -> bool {
        may_have_changed_data(self, view)
    }

    /// The file system in use, or the one that was until a moment ago.
    pub fn file_system(&self) -> Option<&Live> {
        self.main().or_else(|| self.kept())
    }

    fn main(&self) -> Option<&Live> {
        self.inventory.at(&Address::new("file-system", "main")).next()
    }

    /// The file system that was in use, from the moment at which the restored one begins to take its place. On the way
    /// back from that both bear its name for a moment.
    fn kept(&self) -> Option<&Live> {
        let name = format!("kept-{}", self.intent.id);
        self.inventory.at(&Address::new("file-system", &name)).find(|live| !self.was_restored(live))
    }

    fn was_restored(&self, live: &Live) -> bool {
        let token = live.spec.get("creation_token").and_then(|token| token.as_str());
        token.is_some_and(|token| token.starts_with(&format!("ce-aws-{}-{}", self.deployment, self.intent.id)))
    }
}

#[cfg(test)]
mod tests;
