//! What a deployment should become, and what is to be said against it: the plans that a session makes.

use std::collections::BTreeMap;

use crate::blueprint;
use crate::blueprint::certificates::{self, Renewal};
use crate::blueprint::image_change::{ImageChange, Running};
use crate::checks;
use crate::config::{PlanFile, Zone};
use crate::engine::graph::Graph;
use crate::engine::holder::Surroundings;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Finding, Plan};
use crate::existing::contents::{self, Content};
use crate::existing::survey::{Needs, survey};
use crate::existing::{self, Existing};
use crate::images;
use crate::kinds::backup_vault;
use crate::kinds::names::Names;
use crate::kinds::resource::Context;
use crate::live;
use crate::planners::{converge, held, renewal, teardown};

use super::super::consent::Consent;
use super::super::error::CommandError;
use super::super::moment;
use super::super::preflight;
use super::super::saga::{Planned, Saga, alone, open_intent};
use super::super::scope::Scope;
use super::super::standing;
use super::{Session, release};

impl Session {
    /// What the plan file borrows, as AWS tells it.
    pub async fn existing(&self, file: &PlanFile) -> Result<Existing, CommandError> {
        let context = self.context(&Scope::of(file));
        let needs = blueprint::needs(file, release(file)?, &context.names);
        let needs = Needs { task: &needs.task, execution: &needs.execution, backup: &needs.backup };
        Ok(survey(&context, file, needs).await?)
    }

    /// What would make a deployment what its plan file says, with everything that is to be said against it.
    pub async fn converge(
        &self,
        file: &PlanFile,
        inventory: &Inventory,
        existing: &Existing,
        consent: &Consent,
    ) -> Result<Plan, CommandError> {
        Ok(self.plan(file, inventory, existing, consent).await?.shown())
    }

    /// The same, with what makes an upgrade of it if it replaces the images of a running task.
    pub async fn plan(
        &self,
        file: &PlanFile,
        inventory: &Inventory,
        existing: &Existing,
        consent: &Consent,
    ) -> Result<Planned, CommandError> {
        let context = self.context(&Scope::of(file));
        let zones = match (&file.existing.vpc, &file.network.zones) {
            (None, None) => live::zones::zones(&context, inventory).await?,
            (_, zones) => stand_in_zones(zones.as_ref()),
        };
        let mut findings = checks::all(&checks::Setting {
            plan: file,
            release: release(file)?,
            region: &context.names.region,
            existing,
            inventory,
            now: moment::seconds(),
        });
        let open = open_intent(inventory);
        let (digests, more) = self.digests(&context, file, inventory, consent.refresh_images).await?;
        findings.extend(more);
        let saga = match open {
            // What is under way is to be ended first; whatever else could be said would only distract.
            Some(_) => None,
            None => self.saga(&context, file, inventory, &digests, consent).await?,
        };
        findings.extend(open);
        if consent.backup || saga.as_ref().is_some_and(Saga::backs_up) {
            findings.extend(checks::backup::opted_in(&existing::backup::opted_in(&context).await?));
        }
        let backup = consent.backup || backs_up(inventory) || saga.as_ref().is_some_and(Saga::backs_up);
        findings.extend(checks::backup::unread(inventory, backup));
        if Running::of(inventory).is_none() {
            findings.extend(checks::release::release(release(file)?, consent.label(file)));
        }
        if Running::of(inventory).is_none() || saga.as_ref().is_some_and(|saga| saga.hop.is_release()) {
            findings.extend(standing::finding(file, inventory)?);
        }
        findings.extend(saga.iter().flat_map(|saga| saga.findings.clone()));
        let internal = certificates::wanted(inventory, moment::today(), consent.renew_certificates);
        if release(file)?.internal_certificate() {
            findings.extend(internal.renewal.as_ref().and_then(expiry));
        } else if consent.renew_certificates {
            findings.push(checks::certificate::none_to_renew(file.release));
        }
        let graph = graph(file, &context.names, zones, existing, &digests, internal.generation, backup)?;
        let options = converge::Options { unprotect: consent.unprotect };
        let there = Context { known: inventory.known(), ..context.clone() };
        let strays = existing::account::strays::strays(&there, &graph, inventory).await;
        let adopted = strays.adopted(&graph, inventory);
        let mut plan = converge::converge(&graph, &adopted, self.target(file.name.as_str()), &self.kinds, options);
        renewal::explain(&mut plan, internal.renewal.map(|renewal| renewal.to_string()));
        findings.extend(checks::strays::strays(&strays, file.name.as_str(), &context.names.region));
        findings.extend(saga.iter().filter(|saga| saga.is_woven).filter_map(|_| alone(&plan)));
        findings.extend(preflight::account(&context, file, &plan, inventory).await);
        findings.append(&mut plan.findings);
        plan.findings = findings;
        plan.existing = checks::existing(file, existing);
        Ok(Planned { plan, saga, known: inventory.known() })
    }

    /// What is wrong with the content of the user's secrets. `applies` says that it is about to be read.
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

    /// What surrounds the replacement of the running task's images; `None` where they stay.
    async fn saga(
        &self,
        context: &Context,
        file: &PlanFile,
        inventory: &Inventory,
        digests: &BTreeMap<String, String>,
        consent: &Consent,
    ) -> Result<Option<Saga>, CommandError> {
        let Some(running) = Running::of(inventory) else { return Ok(None) };
        let wanted = blueprint::images(file, release(file)?).into_iter().map(|(container, image)| {
            let digest = digests.get(&container).cloned();
            (container, (image.as_str().to_owned(), digest))
        });
        let Some(hop) = ImageChange::of(&running, file.release, &wanted.collect()) else { return Ok(None) };
        let context = Context { known: inventory.known(), ..context.clone() };
        let foreign_tasks = live::foreign_tasks::writing(&context).await?;
        Saga::new(file, context.names.clone(), running, hop, digests.clone(), &foreign_tasks, consent).map(Some)
    }

    /// The digest of each image: as deployed, or asked of its registry.
    async fn digests(
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

    /// What would take a deployment down. While something is under way the data may be half changed, and only the service
    /// knows how to go back: then the data are not left behind alone.
    pub fn teardown(
        &self,
        name: &str,
        inventory: &Inventory,
        surroundings: &Surroundings,
        options: teardown::Options,
    ) -> Plan {
        let target = self.target(name);
        let mut plan = teardown::teardown(inventory, target, &self.kinds, options, &surroundings.holders);
        if !plan.is_empty() {
            plan.findings.extend(held::not_checked(surroundings));
        }
        plan.findings.extend(open_intent(inventory).filter(|_| !options.delete_data));
        plan.findings.extend(checks::backup::unread(inventory, false));
        plan
    }

    /// What a teardown would meet: everything of the deployment, with what AWS has made in its VPC by itself, and what of
    /// others' is around it.
    pub async fn whole(&self, scope: &Scope, inventory: Inventory) -> Result<(Inventory, Surroundings), CommandError> {
        let inventory = self.with_companions(scope, inventory).await?;
        let surroundings = match inventory.live.is_empty() {
            true => Surroundings::default(),
            false => live::foreign::surroundings(&self.context(scope), &inventory).await?,
        };
        Ok((inventory, surroundings))
    }

    /// The inventory with what AWS has made by itself in a VPC of the deployment, which goes with that.
    pub async fn with_companions(&self, scope: &Scope, mut inventory: Inventory) -> Result<Inventory, CommandError> {
        let companions = live::foreign::companions(&self.context(scope), &inventory).await?;
        inventory.live.extend(companions);
        let Inventory { live, unread } = inventory;
        Ok(Inventory { unread, ..Inventory::new(live) })
    }
}

/// Whether anything of what backups need is there: then all of it shall be.
fn backs_up(inventory: &Inventory) -> bool {
    let needed = [backup_vault::address(), blueprint::backup::role_address()];
    inventory.live.iter().any(|live| needed.contains(&live.address))
}

/// What should exist.
///
/// # Errors
///
/// Only a fault of this program makes a graph that cannot be.
pub fn graph(
    file: &PlanFile,
    names: &Names,
    zones: [String; 2],
    existing: &Existing,
    digests: &BTreeMap<String, String>,
    certificate_generation: u32,
    backup: bool,
) -> Result<Graph, CommandError> {
    let release = release(file)?;
    let facts = blueprint::Facts { release, names, zones, existing, digests, certificate_generation, backup };
    blueprint::graph(file, &facts).map_err(CommandError::unexpected)
}

/// What is to be said of the end of the internal certificate.
fn expiry(renewal: &Renewal) -> Option<Finding> {
    match renewal {
        Renewal::Expired(day) => Some(checks::certificate::internal(day, true)),
        Renewal::ExpiresSoon(day) => Some(checks::certificate::internal(day, false)),
        Renewal::Unreadable | Renewal::Asked => None,
    }
}

/// Zones as the plan file names them; where it need not, none are asked for.
fn stand_in_zones(zones: Option<&[Zone; 2]>) -> [String; 2] {
    zones.map(|zones| zones.each_ref().map(|zone| zone.as_str())).unwrap_or_default()
}
