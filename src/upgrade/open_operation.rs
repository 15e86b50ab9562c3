//! An upgrade or a restore that is not finished, read from the service and its revisions.

use std::cmp::Reverse;

use crate::engine::address::Address;
use crate::engine::inventory::{Inventory, Live};
use crate::engine::plan::Plan;
use crate::kinds::names;
use crate::kinds::resource;
use crate::kinds::task_definition::{self, TaskDefinition};
use crate::live;
use crate::planners::intent::{Intent, Mark};
use crate::session::Session;
use crate::session::error::CommandError;
use crate::session::scope::Scope;

use super::run::{Context, RunResult, run_plan};

/// An upgrade or a restore that is not finished.
#[derive(Clone, Debug)]
pub struct OpenOperation {
    pub deployment: String,
    pub inventory: Inventory,
    pub service: Live,
    pub intent: Intent,
    /// The revision that was in force when it began.
    pub before: Live,
    pub of_before: TaskDefinition,
    /// The newest revision of the release that it leads to, if it was registered since: what it is to start.
    pub newest: Option<Live>,
    /// Whether there is a revision of a data step: one may have run.
    pub has_steps: bool,
}

/// The newest revision of the intent's release. Somebody else may have registered others since.
async fn newest(context: &resource::Context, intent: &Intent) -> Result<Option<Live>, CommandError> {
    let mut since = task_definition::active(context, &context.names.stack()).await?;
    since.retain(|arn| task_definition::number(arn) > intent.revision);
    since.sort_by_key(|arn| Reverse(task_definition::number(arn)));
    for arn in since {
        let found = live::sweep::revision(context, &arn).await?;
        if let Some(found) = found.filter(|live| live.tags.get(names::RELEASE) == Some(&intent.to)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

impl OpenOperation {
    /// `None` where every upgrade and restore is finished.
    ///
    /// # Errors
    ///
    /// A tag that is no intent, or that names a revision which is no longer there.
    pub async fn of(session: &Session, scope: &Scope, inventory: Inventory) -> Result<Option<Self>, CommandError> {
        let service = inventory.live.iter().find(|live| live.address.kind() == "service" && !live.is_going()).cloned();
        let Some(service) = service else { return Ok(None) };
        let Some(text) = service.tags.get(names::INTENT) else { return Ok(None) };
        let intent: Intent = text.parse().map_err(|error| {
            CommandError::refused("upgrade/open", format!("the tag {} cannot be read: {error}", names::INTENT))
                .hint("use the version of ce-aws that wrote it, or check what runs and remove the tag")
        })?;
        let context = session.context(scope);
        let family = context.names.stack();
        let numbered = format!("{family}:{}", intent.revision);
        let before = live::sweep::revision(&context, &numbered).await?.ok_or_else(|| {
            let message = format!("the task definition {numbered}, which ran before, no longer exists");
            let hint = format!(
                "it cannot be rolled back: check what runs, register a revision by hand, and remove the tag {}",
                names::INTENT
            );
            CommandError::refused("upgrade/no-revision", message).hint(hint)
        })?;
        let newest = newest(&context, &intent).await?;
        let has_steps = !task_definition::active(&context, &context.names.data_family()).await?.is_empty();
        let of_before = serde_json::from_value(before.spec.clone()).map_err(CommandError::unexpected)?;
        let deployment = scope.name.clone();
        Ok(Some(Self { deployment, inventory, service, intent, before, of_before, newest, has_steps }))
    }

    /// The same, further on.
    pub fn at(&self, mark: Mark) -> Self {
        Self { intent: self.intent.at(mark), ..self.clone() }
    }

    /// The inventory with the revision that ran before, instead of the one that the service uses now.
    pub fn inventory_before(&self) -> Inventory {
        let others = self.inventory.live.iter().filter(|live| live.address.kind() != "task-definition").cloned();
        Inventory::new(others.chain([self.before.clone()]).collect())
    }

    /// Whether the service does not carry this intent yet.
    pub fn is_unrecorded(&self) -> bool {
        self.service.tags.get(names::INTENT) != Some(&self.intent.to_string())
    }

    /// Whether the file system in use is the one that was restored for this intent.
    pub fn is_restored(&self) -> bool {
        self.main().is_some_and(|live| self.was_restored(live))
    }

    /// The file system in use, or the one that was until a moment ago.
    pub fn file_system(&self) -> Option<&Live> {
        self.main().or_else(|| self.kept())
    }

    fn main(&self) -> Option<&Live> {
        self.inventory.at(&Address::new("file-system", "main")).first()
    }

    /// The file system that was in use before, from the moment at which the restored one begins to take its place. In a
    /// rollback of that, both have its name for a moment.
    pub fn kept(&self) -> Option<&Live> {
        let name = format!("kept-{}", self.intent.id);
        self.inventory.at(&Address::new("file-system", &name)).iter().find(|live| !self.was_restored(live))
    }

    fn was_restored(&self, live: &Live) -> bool {
        let token = live.spec.get("creation_token").and_then(|token| token.as_str());
        token.is_some_and(|token| token.starts_with(&format!("ce-aws-{}-{}", self.deployment, self.intent.id)))
    }
}

/// A plan that ends an open operation, or brings it nearer to its end.
#[derive(Clone, Debug)]
pub struct Next {
    pub plan: Plan,
    pub is_last: bool,
}

/// Runs a plan and those that follow it. Each is made from what is in AWS when the one before has run, so that any of
/// them can be made again after an interruption.
pub async fn run_all(
    context: Context<'_>,
    first: Next,
    next: impl AsyncFn(Context<'_>, &OpenOperation) -> Result<Next, CommandError>,
) -> Result<RunResult, CommandError> {
    let Context { session, output, .. } = context;
    let Next { mut plan, mut is_last } = first;
    loop {
        let result = run_plan(context, plan).await?;
        if is_last || !result.is_reached() {
            return Ok(result);
        }
        let following = async {
            let mut scope = context.scope.clone();
            let inventory = session.inventory(&mut scope).await?;
            match OpenOperation::of(session, &scope, inventory).await? {
                Some(now) => next(Context { scope: &scope, ..context }, &now).await,
                None => Err(CommandError::unexpected("the service no longer records what is under way")),
            }
        };
        match following.await {
            Ok(next) => Next { plan, is_last } = next,
            // Everything is stopped by now: it is a failure like that of a step.
            Err(error) => {
                output.error(&error);
                return Ok(RunResult::failed());
            }
        }
    }
}
