//! The plan that makes a deployment match its plan file, and the upgrade that it is where images are replaced.

use std::collections::BTreeMap;

use crate::blueprint;
use crate::blueprint::certificates::{self, Generations, INTERNAL, OF_UI, Renewal};
use crate::blueprint::image_change::{ImageChange, Running};
use crate::checks;
use crate::config::{PlanFile, UiCertificate};
use crate::engine::inventory::Inventory;
use crate::engine::plan::Finding;
use crate::existing::{self, Existing};
use crate::kinds::backup_vault;
use crate::kinds::context::Context;
use crate::live;
use crate::planners::converge;
use crate::planners::renewal::{self, Renewals};
use crate::session::Session;
use crate::session::catalogue::release;
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::intent::open_intent;
use crate::session::planning::graph;
use crate::session::scope::Scope;
use crate::session::{moment, preflight, standing};

use super::plan::{Planned, UpgradePlan, other_changes};

/// What would make a deployment match its plan file, with the findings of all checks; an upgrade if it replaces the
/// images of a running task.
pub async fn plan(
    session: &Session,
    file: &PlanFile,
    inventory: &Inventory,
    existing: &Existing,
    consent: &Consent,
) -> Result<Planned, CommandError> {
    let context = session.context(&Scope::of(file));
    let zones = async {
        Ok(match (&file.existing.vpc, &file.network.zones) {
            (None, None) => live::zones::zones(&context, inventory).await?,
            (_, Some(zones)) => zones.each_ref().map(|zone| zone.as_str()),
            // An existing VPC needs none.
            (Some(_), None) => Default::default(),
        })
    };
    let digests = session.digests(&context, file, inventory, consent.refresh_images);
    let (zones, (digests, more)) = tokio::try_join!(zones, digests)?;
    let mut findings = checks::all(&checks::Setting {
        plan: file,
        release: release(file)?,
        region: &context.names.region,
        existing,
        inventory,
        now: moment::seconds(),
    });
    let open = open_intent(inventory);
    findings.extend(more);
    let upgrade = match open {
        // What is under way has to be ended first; other findings would only distract.
        Some(_) => None,
        None => upgrade(&context, file, inventory, &digests, consent).await?,
    };
    findings.extend(open);
    let needs_backup = consent.backup || upgrade.as_ref().is_some_and(UpgradePlan::backs_up);
    if needs_backup {
        findings.extend(checks::backup::opted_in(&existing::backup::opted_in(&context).await?));
    }
    let backup = needs_backup || backs_up(inventory);
    findings.extend(checks::backup::unread(inventory, backup));
    let is_first = Running::of(inventory).is_none();
    if is_first {
        findings.extend(checks::release::release(release(file)?, consent.label(file)));
    }
    if is_first || upgrade.as_ref().is_some_and(|upgrade| upgrade.change.is_release()) {
        findings.extend(standing::finding(file, inventory)?);
    }
    findings.extend(upgrade.iter().flat_map(|upgrade| upgrade.findings.clone()));
    let internal = certificates::wanted(inventory, moment::today(), consent.renew_certificates);
    if release(file)?.internal_certificate() {
        findings.extend(expiry(internal.renewal.as_ref(), checks::certificate::internal));
    }
    let of_ui = certificates::wanted_of_ui(inventory, moment::today(), consent.renew_certificates);
    let is_self_signed = file.ui_certificate == Some(UiCertificate::SelfSigned);
    if is_self_signed {
        findings.extend(expiry(of_ui.renewal.as_ref(), checks::certificate::of_ui));
    } else if consent.renew_certificates && !release(file)?.internal_certificate() {
        findings.push(checks::certificate::none_to_renew(file.release));
    }
    let generations = Generations { internal: internal.generation, of_ui: of_ui.generation };
    let graph = graph(file, &context.names, zones, existing, &digests, generations, backup)?;
    let options = converge::Options { unprotect: consent.unprotect };
    let there = Context { known: inventory.known(), ..context.clone() };
    let strays = existing::account::strays::strays(&there, &graph, inventory).await;
    let adopted = strays.adopted(&graph, inventory);
    let mut plan = converge::converge(&graph, &adopted, session.target(file.name.as_str()), session.kinds(), options);
    let renewals = Renewals {
        internal: internal.renewal.map(|renewal| renewal.words(INTERNAL)),
        of_ui: of_ui.renewal.filter(|_| is_self_signed).map(|renewal| renewal.words(OF_UI)),
    };
    renewal::explain(&mut plan, renewals);
    findings.extend(checks::strays::strays(&strays, file.name.as_str(), &context.names.region));
    findings.extend(upgrade.iter().filter(|upgrade| upgrade.has_rollback).filter_map(|_| other_changes(&plan)));
    findings.extend(preflight::account(&context, file, &plan, inventory).await);
    plan.findings.splice(0..0, findings);
    plan.existing = checks::existing(file, existing);
    Ok(Planned { plan, upgrade, known: inventory.known() })
}

/// The upgrade that replaces the running task's images; `None` where they stay.
async fn upgrade(
    context: &Context,
    file: &PlanFile,
    inventory: &Inventory,
    digests: &BTreeMap<String, String>,
    consent: &Consent,
) -> Result<Option<UpgradePlan>, CommandError> {
    let Some(running) = Running::of(inventory) else { return Ok(None) };
    let wanted = blueprint::images(file, release(file)?).into_iter().map(|(container, image)| {
        let digest = digests.get(&container).cloned();
        (container, (image.as_str().to_owned(), digest))
    });
    let Some(change) = ImageChange::of(&running, file.release, &wanted.collect()) else { return Ok(None) };
    let context = Context { known: inventory.known(), ..context.clone() };
    let foreign_tasks = live::foreign_tasks::writing(&context).await?;
    UpgradePlan::new(file, context.names.clone(), running, change, digests.clone(), &foreign_tasks, consent).map(Some)
}

/// Whether anything that backups need exists: then all of it should.
fn backs_up(inventory: &Inventory) -> bool {
    let needed = [backup_vault::address(), blueprint::backup::role_address()];
    inventory.live.iter().any(|live| needed.contains(&live.address))
}

/// The finding about the end of a certificate; `of` takes the day, and whether it has passed.
fn expiry(renewal: Option<&Renewal>, of: impl Fn(&str, bool) -> Finding) -> Option<Finding> {
    match renewal? {
        Renewal::Expired(day) => Some(of(day, true)),
        Renewal::ExpiresSoon(day) => Some(of(day, false)),
        Renewal::Unreadable | Renewal::Asked => None,
    }
}
