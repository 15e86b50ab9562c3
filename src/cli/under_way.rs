//! What is under way with a deployment, read from its service and its revisions.

use crate::engine::inventory::{Inventory, Live};
use crate::kinds::names;
use crate::kinds::task_definition::{self, TaskDefinition};
use crate::live;
use crate::planners::intent::Intent;

use super::error::CommandError;
use super::session::{Scope, Session};

/// An upgrade or a restore that is not over.
#[derive(Clone, Debug)]
pub struct UnderWay {
    pub deployment: String,
    pub inventory: Inventory,
    pub service: Live,
    pub intent: Intent,
    /// The revision that was in force when it began.
    pub before: Live,
    pub of_before: TaskDefinition,
    /// The newest revision, if it is another one: where the way leads.
    pub newest: Option<Live>,
    /// Whether there is a revision of a data step: one may have run.
    pub has_steps: bool,
}

impl UnderWay {
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
            CommandError::refused("upgrade/no-revision", message).hint("finish the upgrade with --resume")
        })?;
        let newest = live::sweep::revision(&context, &family).await?.filter(|newest| newest.id != before.id);
        let has_steps = !task_definition::active(&context, &context.names.data_family()).await?.is_empty();
        let of_before = serde_json::from_value(before.spec.clone()).map_err(CommandError::unexpected)?;
        let deployment = scope.name.clone();
        Ok(Some(Self { deployment, inventory, service, intent, before, of_before, newest, has_steps }))
    }
}
