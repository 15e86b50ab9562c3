//! What a job must be able to do: work that runs once and ends, such as a backup, a restore or a one-shot task.
//!
//! A job is no resource: it is in no graph and no inventory, and nothing of it is compared, changed or tagged later.
//! The run that starts it, or resumes it, finds it by its address, which names the operation that it belongs to.

use async_trait::async_trait;

use crate::aws::grant::Grant;
use crate::engine::event::Event;
use crate::engine::failure::Failure;
use crate::engine::inventory::Incident;
use crate::engine::kind::Spec;
use crate::engine::plan::Action;
use crate::engine::run::Made;

use super::found::Listing;
use super::place::Place;
use super::resource::{Context, Target};

/// A kind of job in AWS. `self` is its specification with every reference resolved.
#[async_trait]
pub trait Job: Spec {
    /// The jobs that this run knows of, or that AWS still lists.
    async fn list(context: &Context) -> Result<Listing<Self>, Failure>;

    /// Starts it. Returns at acceptance. What an earlier attempt has started is found again, not started twice; after
    /// one that has failed, it is started again.
    async fn start(&self, context: &Context, target: &Target) -> Result<Made, Failure>;

    /// [`Action::Stop`] and [`Action::Promote`], for kinds that know them.
    async fn act(_context: &Context, target: &Target, action: Action) -> Result<Made, Failure> {
        Err(target.no_step(action))
    }

    /// Deletes what it has made, where that is no resource of its own.
    async fn delete(_context: &Context, _target: &Target) -> Result<(), Failure> {
        Ok(())
    }

    /// What caused an incident that `list` reported.
    async fn explain(_context: &Context, _incident: &Incident) -> Option<Event> {
        None
    }

    /// What a caller must be allowed to do for all of this.
    fn grants(place: &Place) -> Vec<Grant>;
}
