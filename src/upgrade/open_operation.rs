//! What is under way with a deployment, read from its service and its revisions.

use std::cmp::Reverse;

use crate::engine::inventory::{Inventory, Live};
use crate::kinds::names;
use crate::kinds::resource::Context;
use crate::kinds::task_definition::{self, TaskDefinition};
use crate::live;
use crate::planners::intent::Intent;
use crate::session::Session;
use crate::session::error::CommandError;
use crate::session::scope::Scope;

/// An upgrade or a restore that is not over.
#[derive(Clone, Debug)]
pub struct OpenOperation {
    pub deployment: String,
    pub inventory: Inventory,
    pub service: Live,
    pub intent: Intent,
    /// The revision that was in force when it began.
    pub before: Live,
    pub of_before: TaskDefinition,
    /// The newest revision of the release that it leads to, if it was registered since: where the way leads.
    pub newest: Option<Live>,
    /// Whether there is a revision of a data step: one may have run.
    pub has_steps: bool,
}

/// Somebody else may have registered revisions since; they are not what was to be started.
async fn newest(context: &Context, intent: &Intent) -> Result<Option<Live>, CommandError> {
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
    /// `None` where nothing is under way.
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
                .hint("use the version of ce-aws that wrote it; or see for yourself what runs, and remove the tag")
        })?;
        let context = session.context(scope);
        let family = context.names.stack();
        let numbered = format!("{family}:{}", intent.revision);
        let before = live::sweep::revision(&context, &numbered).await?.ok_or_else(|| {
            let message = format!("the task definition {numbered}, which ran before, is no longer there");
            let hint = format!(
                "it cannot be gone back to any more: see what runs, register a revision by hand, and remove the tag {}",
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
}
