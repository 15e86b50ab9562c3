//! Whether the account has room for a deployment, checked before anything is created.

use crate::blueprint;
use crate::checks;
use crate::config::PlanFile;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Finding, Plan, Severity};
use crate::existing::{self, Existing, account};
use crate::images;
use crate::kinds::context::Context;

use super::catalogue::release;
use super::error::CommandError;
use super::moment;
use super::standing;

/// Findings about quotas and names. A plan that creates nothing makes no calls.
pub async fn account(context: &Context, file: &PlanFile, plan: &Plan, inventory: &Inventory) -> Vec<Finding> {
    let demands = checks::quota::demands(plan, inventory, f64::from(file.package.vcpus()));
    let names = checks::names::given(plan);
    let (rooms, held) =
        futures::join!(account::quota::rooms(context, demands), account::names::holders(context, names));
    let mut findings = checks::quota::quotas(&rooms, &context.names.region);
    findings.extend(checks::names::names(&held, file.name.as_str()));
    findings
}

/// What no plan checks: every image, also those that run already, and what will be needed later.
///
/// # Errors
///
/// A call fails; a missing permission to read is a finding.
pub async fn thorough(
    context: &Context,
    file: &PlanFile,
    inventory: &Inventory,
    seen: &Existing,
) -> Result<Vec<Finding>, CommandError> {
    let release = release(file)?;
    let wanted = blueprint::images(file, release).into_iter();
    let wanted = wanted.map(|(container, image)| (container, image.as_str().to_owned())).collect();
    let pins = images::pins(&wanted, &images::live(inventory), true);
    let (answers, opted_in, support) = futures::join!(
        images::resolve(&context.aws, &pins.asked),
        existing::backup::opted_in(context),
        account::support::role(context),
    );
    let mut findings = checks::images::images(&pins, &answers);
    // It would prevent an upgrade or a backup, and neither was asked for.
    let later = checks::backup::opted_in(&opted_in?);
    findings.extend(later.map(|finding| Finding { severity: Severity::Warning, ..finding }));
    findings.extend(standing::finding(file, inventory)?);
    let region = &context.names.region;
    let setting = checks::Setting { plan: file, release, region, existing: seen, inventory, now: moment::seconds() };
    findings.extend(checks::advice::outbound(file, &setting.registries()));
    findings.extend(checks::advice::support(&support?));
    Ok(findings)
}
