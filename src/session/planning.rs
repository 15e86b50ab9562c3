//! What plans are made from, besides the inventory; and the plan of a teardown, which needs no plan file.

use std::collections::BTreeMap;

use crate::blueprint;
use crate::blueprint::certificates::Generations;
use crate::checks;
use crate::config::PlanFile;
use crate::engine::graph::Graph;
use crate::engine::holder::Surroundings;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Finding, Plan};
use crate::existing::Existing;
use crate::existing::contents::{self, Content};
use crate::existing::survey::{Needs, survey};
use crate::images;
use crate::kinds::context::Context;
use crate::kinds::names::Names;
use crate::live;
use crate::planners::{held, teardown};

use super::catalogue::release;
use super::error::CommandError;
use super::intent::open_intent;
use super::moment;
use super::open::Session;
use super::scope::Scope;

impl Session {
    /// The existing resources that the plan file names, as AWS describes them.
    pub async fn existing(&self, file: &PlanFile) -> Result<Existing, CommandError> {
        let context = self.context(&Scope::of(file));
        let needs = blueprint::needs(file, release(file)?, &context.names);
        let needs = Needs { task: &needs.task, execution: &needs.execution, backup: &needs.backup };
        Ok(survey(&context, file, needs).await?)
    }

    /// Problems with the content of the user's secrets. `applies` says that it is about to be used.
    pub async fn contents(
        &self,
        file: &PlanFile,
        existing: &Existing,
        wanted: &[Content],
        applies: bool,
    ) -> Vec<Finding> {
        let context = self.context(&Scope::of(file));
        let faulty = contents::faulty(&context, file, existing, wanted, moment::seconds()).await;
        faulty.iter().map(|faulty| checks::storage::content(faulty, applies)).collect()
    }

    /// The digest of each image: as deployed, or from its registry.
    pub async fn digests(
        &self,
        context: &Context,
        file: &PlanFile,
        inventory: &Inventory,
        refresh: bool,
    ) -> Result<(BTreeMap<String, String>, Vec<Finding>), CommandError> {
        let wanted = blueprint::images(file, release(file)?).into_iter();
        let wanted = wanted.map(|(container, image)| (container, image.as_str().to_owned())).collect();
        let pins = images::pins(&wanted, &images::live(inventory), refresh);
        let answers = images::resolve(&context.aws, &pins.asked).await;
        Ok((pins.digests(&answers), checks::images::images(&pins, &answers)))
    }

    /// The plan that deletes a deployment. During an upgrade the data may be half changed, and only the service records
    /// how to roll back: then the data must not be left behind without it.
    pub fn teardown(
        &self,
        name: &str,
        inventory: &Inventory,
        surroundings: &Surroundings,
        options: teardown::Options,
    ) -> Plan {
        let target = self.target(name);
        let mut plan = teardown::teardown(inventory, target, self.kinds(), options, &surroundings.holders);
        if !plan.is_empty() {
            plan.findings.extend(held::not_checked(surroundings));
        }
        plan.findings.extend(open_intent(inventory).filter(|_| !options.delete_data));
        plan.findings.extend(checks::backup::unread(inventory, false));
        plan
    }

    /// What a teardown has to deal with: everything of the deployment, what AWS has created in its VPC by itself, and
    /// what others have attached to it.
    pub async fn whole(&self, scope: &Scope, inventory: Inventory) -> Result<(Inventory, Surroundings), CommandError> {
        if inventory.live.is_empty() {
            return Ok((inventory, Surroundings::default()));
        }
        let context = self.context(scope);
        let around = async |inventory: &Inventory| {
            live::foreign::surroundings(&context, inventory).await.map_err(CommandError::from)
        };
        let before = inventory.clone();
        let (whole, surroundings) = tokio::try_join!(self.with_companions(scope, inventory), around(&before))?;
        if whole.live.len() == before.live.len() {
            return Ok((whole, surroundings));
        }
        // What AWS has created belongs to nobody else, and others may hold it.
        let surroundings = around(&whole).await?;
        Ok((whole, surroundings))
    }

    /// The inventory with what AWS has created by itself in a VPC of the deployment, which is deleted with it.
    pub async fn with_companions(&self, scope: &Scope, mut inventory: Inventory) -> Result<Inventory, CommandError> {
        let companions = live::foreign::companions(&self.context(scope), &inventory).await?;
        inventory.live.extend(companions);
        let Inventory { live, unread } = inventory;
        Ok(Inventory { unread, ..Inventory::new(live) })
    }
}

/// The graph of what should exist.
///
/// # Errors
///
/// Only a bug of this program makes an invalid graph.
pub fn graph(
    file: &PlanFile,
    names: &Names,
    zones: [String; 2],
    existing: &Existing,
    digests: &BTreeMap<String, String>,
    generations: Generations,
    backup: bool,
) -> Result<Graph, CommandError> {
    let facts = blueprint::Facts { release: release(file)?, names, zones, existing, digests, generations, backup };
    blueprint::graph(file, &facts).map_err(CommandError::unexpected)
}
