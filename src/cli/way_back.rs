//! The way back to what ran before, from the intent on the service and what is there.

use crate::blueprint::data_steps::{Ground, unpack};
use crate::blueprint::hop::{Hop, Running};
use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::event::Outcome;
use crate::engine::inventory::{Inventory, Live};
use crate::engine::plan::Plan;
use crate::kinds::recovery_point;
use crate::kinds::resource::Cx;
use crate::kinds::restore::Restore;
use crate::kinds::service_view::ServiceView;
use crate::kinds::task_definition::TaskDefinition;
use crate::planners::intent::{Intent, Mark, Work};
use crate::planners::upgrade::{self, Upgrade, weave};
use crate::release::{Catalogue, Version};

use super::carry::Around;
use super::error::CommandError;
use super::execute::execute;
use super::exit::Exit;
use super::saga::errand;
use super::session::Consent;
use super::source::Source;
use super::tidy::tidy;
use super::under_way::UnderWay;

/// Seconds in which a task has to become healthy, and for which it has to stay so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    pub deadline: f64,
    pub watch: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: 1200.0, watch: 60.0 }
    }
}

/// Goes back. Gives the exit code: rolled back, or stuck.
pub async fn go(around: Around<'_>, limits: Limits) -> Result<Exit, CommandError> {
    let result = back(around, limits).await;
    match result {
        Ok(Exit::RolledBack) => {
            around.output.note("\nrolled back: what ran before runs again, and is healthy\n");
            Ok(Exit::RolledBack)
        }
        Ok(exit) => Ok(exit),
        Err(error) => {
            around.output.error(&error);
            around.output.note(&stuck(around.file));
            Ok(Exit::Stuck)
        }
    }
}

async fn back(around: Around<'_>, limits: Limits) -> Result<Exit, CommandError> {
    let Around { session, .. } = around;
    let mut scope = around.scope.clone();
    let inventory = session.inventory(&mut scope).await?;
    let Some(now) = UnderWay::of(session, &scope, inventory).await? else {
        // It failed before anything was stopped: what was made is taken away, and what ran runs.
        return before_the_intent(around, limits).await;
    };
    if now.is_restored() || now.must_restore(&session.service(&scope, &now.inventory).await?) {
        return restored(around, now, limits).await;
    }
    let intent = now.intent.at(Mark::Back);
    let upgrade = Upgrade { opens: now.intent.mark != Mark::Back, ..simple(intent, limits) };
    let target = session.target(&scope.name);
    let plan = upgrade::back(&now.inventory, target, &now.service, &now.before, &upgrade);
    let exit = carry(around, plan).await?;
    let release = now.intent.from.parse().ok();
    settle(around, exit, release, &now.of_before).await
}

/// What runs again is what counts; that something around it could not be tidied up is only told.
async fn settle(
    around: Around<'_>,
    exit: Exit,
    release: Option<Version>,
    running: &TaskDefinition,
) -> Result<Exit, CommandError> {
    if exit != Exit::RolledBack {
        return Ok(exit);
    }
    let tidied = match before(around, release, running) {
        Ok(file) => tidy(around, &file, &Consent::default()).await,
        Err(error) => Err(error),
    };
    if let Err(error) = tidied {
        around.output.error(&error);
    }
    Ok(exit)
}

/// Nothing was stopped: the revision in force is the one to keep.
async fn before_the_intent(around: Around<'_>, limits: Limits) -> Result<Exit, CommandError> {
    let Around { session, .. } = around;
    let mut scope = around.scope.clone();
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
    };
    let upgrade = simple(intent, limits);
    let target = session.target(&scope.name);
    let plan = upgrade::back(&inventory, target, &running.service, &running.definition, &upgrade);
    let exit = carry(around, plan).await?;
    settle(around, exit, running.release(), &running.of_definition).await
}

/// The data may have been changed: the recovery point comes into a new file system, and the old release onto that.
async fn restored(around: Around<'_>, now: UnderWay, limits: Limits) -> Result<Exit, CommandError> {
    let Around { session, .. } = around;
    let mut scope = around.scope.clone();
    let intent = now.intent.at(Mark::Back);
    let inventory = if now.is_restored() {
        now.inventory.clone()
    } else {
        let Some(spec) = recovery(around, &now).await? else {
            return Err(no_recovery_point(around.file));
        };
        let upgrade = Upgrade { opens: now.intent.mark != Mark::Back, ..simple(intent.clone(), limits) };
        let target = session.target(&scope.name);
        let plan = upgrade::restore(&now.inventory, target, &now.service, &upgrade, &spec);
        if carry(around, plan).await? != Exit::RolledBack {
            return Ok(Exit::Stuck);
        }
        session.inventory(&mut scope).await?
    };
    // What is there now, with the old revision in the place of the new one.
    let service = inventory.live.iter().find(|live| live.address.kind() == "service").cloned();
    let live = inventory.live.into_iter().filter(|live| live.address.kind() != "task-definition");
    let inventory = Inventory::new(live.chain([now.before.clone()]).collect());
    let file = before(around, now.intent.from.parse().ok(), &now.of_before)?;
    let borrowed = session.borrowed(&file).await?;
    let mut planned = session.plan(&file, &inventory, &borrowed, &Consent::default()).await?;
    planned.plan.findings.retain(|finding| finding.code != "upgrade/open");
    super::execute::permit(&planned.plan)?;
    let (Some(service), Some(running)) = (service, Running::of(&inventory)) else {
        return Err(CommandError::unexpected("there is no service any more"));
    };
    let context = session.context(&scope);
    let ground = Ground { plan: &file, names: &context.names, running: &running, intent: &intent.id };
    let is_unpacked = service_runs_on(&service, &running, &inventory);
    let errands = if is_unpacked { Vec::new() } else { vec![errand(unpack(ground))] };
    let mut plan = planned.plan;
    plan.known.extend(inventory.known());
    weave(&mut plan, &service, &Upgrade { errands, ..simple(intent, limits) });
    policy_after_errands(&mut plan);
    carry(around, plan).await
}

/// True when the service runs the old revision on the restored file system already.
fn service_runs_on(service: &Live, running: &Running, inventory: &Inventory) -> bool {
    let main = inventory.at(&Address::new("file-system", "main")).next().map(|live| live.id.as_str());
    let mounts = |id: &str| running.of_definition.volumes.values().all(|volume| volume.file_system.text() == id);
    main.is_some_and(mounts)
        && service.spec.get("task_definition").and_then(|arn| arn.as_str()) == Some(&running.definition.id)
}

/// A file system without a policy lets the task that unpacks be root; one with the deployment's policy would not.
fn policy_after_errands(plan: &mut Plan) {
    use crate::engine::plan::{Action, After};
    use crate::engine::reference::Need;
    let errands: Vec<usize> =
        plan.steps.iter().enumerate().filter(|(_, step)| step.action == Action::Run).map(|(index, _)| index).collect();
    for step in plan.steps.iter_mut().filter(|step| step.address.kind() == "file-system-policy") {
        step.after.extend(errands.iter().map(|errand| After { step: *errand, need: Need::Ready }));
    }
}

/// The specification of the restore, if there is a recovery point of this upgrade.
async fn recovery(around: Around<'_>, now: &UnderWay) -> Result<Option<serde_json::Value>, CommandError> {
    let Around { session, scope, .. } = around;
    let context = Cx { known: now.inventory.known(), ..session.context(scope) };
    let Some(file_system) = now.file_system() else { return Ok(None) };
    let arn = file_system.outputs.get("arn").cloned().unwrap_or_default();
    let Some(point) = recovery_point::find(&context, &arn, &now.intent.id).await? else { return Ok(None) };
    let text = |property: &str| file_system.spec.get(property).and_then(|value| value.as_str()).map(str::to_owned);
    let restore = Restore {
        recovery_point: crate::engine::reference::Ref::is(point),
        role: crate::blueprint::backup::role(&before(around, None, &now.of_before)?),
        source: file_system.id.clone(),
        creation_token: context.names.creation_token(&now.intent.id),
        encrypted: file_system.spec.get("encrypted").and_then(|value| value.as_bool()).unwrap_or(true),
        kms_key: text("kms_key"),
        performance: text("performance").unwrap_or_else(|| "generalPurpose".to_owned()),
    };
    serde_json::to_value(restore).map(Some).map_err(CommandError::unexpected)
}

/// The plan file as it was: its release, and the very images of the revision before.
fn before(
    around: Around<'_>,
    release: Option<Version>,
    running: &TaskDefinition,
) -> Result<PlanFile, CommandError> {
    let source = Source::read(std::path::Path::new(around.file))?;
    let mut file = source.plan_file(super::source::region(around.global)?, around.output)?;
    file.release = release.unwrap_or(file.release);
    for (name, container) in &running.containers {
        if let Ok(image) = container.image.parse() {
            file.images.overrides.insert(name.clone(), image);
        }
    }
    Ok(file)
}

fn simple(intent: Intent, limits: Limits) -> Upgrade {
    Upgrade {
        intent,
        opens: false,
        point: None,
        errands: Vec::new(),
        deadline: limits.deadline,
        watch: limits.watch,
        consequence: None,
    }
}

async fn carry(around: Around<'_>, plan: Plan) -> Result<Exit, CommandError> {
    let Around { session, scope, global, output, file } = around;
    let report = execute(session, scope, plan, global, output).await?;
    Ok(match report.outcome {
        Outcome::Done => Exit::RolledBack,
        Outcome::Interrupted => {
            output.note(&interrupted(file));
            Exit::PartWay
        }
        Outcome::Failed => {
            output.note(&stuck(file));
            Exit::Stuck
        }
    })
}

/// Whether the images that the intent leads to may have changed the data so that the old ones cannot read it.
pub fn may_have_changed_data(now: &UnderWay, view: &ServiceView) -> bool {
    let Some(newest) = &now.newest else { return false };
    let known = |text: &str| text.parse().ok().and_then(|version| Catalogue::effective().get(version));
    let Some(new) = known(&now.intent.to) else { return true };
    let images = now.of_before.containers.iter().filter_map(|(name, before)| {
        let after = newest.spec.pointer(&format!("/containers/{name}/image"))?.as_str()?;
        (before.image != after).then(|| (name.clone(), (Some(before.image.clone()), Some(after.to_owned()))))
    });
    let hop = Hop { from: now.intent.from.parse().ok(), to: new.version, images: images.collect() };
    let migrating = hop.migrating(new);
    let of_new = |task: &&crate::kinds::service_view::TaskView| task.task_definition == newest.id;
    let started = |container: &crate::kinds::service_view::ContainerView| {
        migrating.contains(&container.name) && container.has_started()
    };
    let seen = view.tasks.iter().any(|task| task.task_definition == newest.id && task.containers.iter().any(started));
    // ECS forgets a stopped task after an hour. Who has started and is forgotten has left a deployment that failed.
    let is_forgotten = view.service.iter().flat_map(|service| &service.deployments).any(|deployment| {
        deployment.task_definition == newest.id && deployment.failed > 0 && !view.tasks.iter().any(|task| of_new(&task))
    });
    let changing_steps = known(&now.intent.from).is_some_and(|old| {
        old.version != new.version && new.data_steps_from(old.version).any(|step| step.changes_data)
    });
    let has_step_run = view.tasks.iter().any(|task| {
        task.started_by.ends_with(&format!("-{}", now.intent.id))
            && task.containers.iter().any(crate::kinds::service_view::ContainerView::has_started)
    });
    (!migrating.is_empty() && now.intent.mark != Mark::Stop && (seen || is_forgotten))
        || (changing_steps && (has_step_run || now.intent.mark != Mark::Stop))
}

fn no_recovery_point(file: &str) -> CommandError {
    CommandError::refused(
        "upgrade/no-recovery-point",
        "the new release may have changed the data, and there is no recovery point of this upgrade to go back to",
    )
    .hint(format!("finish the upgrade instead: `ce-aws upgrade {file} --resume`"))
    .hint(format!(
        "or bring an older recovery point into use: `ce-aws backup list {file}`, `ce-aws backup restore {file}`"
    ))
}

/// What is said when a person stops it.
pub fn interrupted(file: &str) -> String {
    format!(
        "\nstopped on request. If anything was stopped or changed, the service says what is under way:\n  \
         go on:    ce-aws upgrade {file} --resume\n  go back:  ce-aws upgrade {file} --rollback\n"
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
pub fn only_tidying_is_left(file: &str) -> String {
    format!("\nthe new release runs and is proven; finish what is left with: ce-aws upgrade {file} --resume\n")
}

fn stuck(file: &str) -> String {
    format!(
        "\nit is stuck, and a person must decide. Nothing is started or stopped any more; the data is where it was.\n  \
         see what there is:    ce-aws status {file}\n  go back once more:    ce-aws upgrade {file} --rollback\n  \
         or finish it:         ce-aws upgrade {file} --resume\n"
    )
}

impl UnderWay {
    /// Whether the file system in use is the one that was restored for this intent.
    pub fn is_restored(&self) -> bool {
        let main = self.inventory.at(&Address::new("file-system", "main")).next();
        let token = main.and_then(|live| live.spec.get("creation_token")?.as_str());
        let wanted = format!("ce-aws-{}-{}", self.deployment, self.intent.id);
        token.is_some_and(|token| token.starts_with(&wanted))
    }

    fn must_restore(&self, view: &ServiceView) -> bool {
        may_have_changed_data(self, view)
    }

    /// The file system in use before.
    fn file_system(&self) -> Option<&Live> {
        let named = |name: &str| self.inventory.at(&Address::new("file-system", name)).next();
        named("main").or_else(|| named(&format!("kept-{}", self.intent.id)))
    }
}
