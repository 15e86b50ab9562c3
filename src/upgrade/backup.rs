//! The plans of `backup create` and `backup drop`.

use std::collections::BTreeMap;

use crate::aws::answer::required;
use crate::blueprint::Facts;
use crate::blueprint::backup::{self, Backup};
use crate::blueprint::certificates::Generations;
use crate::checks;
use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::inventory::Inventory;
use crate::engine::plan::{Plan, Purpose};
use crate::existing;
use crate::kinds::backup_vault::view::BackupView;
use crate::planners::converge::{Options, converge};
use crate::planners::discard::{self, Refusal};
use crate::session::catalogue::release;
use crate::session::error::CommandError;
use crate::session::preflight;

use super::run::Context;

/// The backup, what it needs and does not exist yet, and the findings of the checks.
///
/// # Errors
///
/// There is nothing to back up.
pub async fn create(
    context: Context<'_>,
    file: &PlanFile,
    inventory: &Inventory,
    intent: &str,
    delete_after: Option<u32>,
) -> Result<Plan, CommandError> {
    let missing = || {
        CommandError::refused("refused/nothing-there", format!("{} has no file system yet", file.name.as_str()))
            .hint("`ce-aws apply` creates it")
    };
    let main = Address::new("file-system", "main");
    let live = inventory.at(&main).first().ok_or_else(missing)?;
    let Context { session, scope, file: path, .. } = context;
    let aws = session.context(scope);
    let (existing, opted_in) = futures::join!(session.existing(file), existing::backup::opted_in(&aws));
    let (existing, opted_in) = (existing?, opted_in?);
    let facts = Facts {
        release: release(file)?,
        names: &aws.names,
        zones: Default::default(),
        existing: &existing,
        digests: &BTreeMap::new(),
        generations: Generations::FIRST,
        backup: true,
    };
    let arn = live.outputs.get("arn").map(String::as_str);
    let file_system = required("efs DescribeFileSystems", "FileSystemArn", arn)?;
    let wanted = Backup { intent, file_system, delete_after };
    let graph = backup::graph(file, &facts, wanted).map_err(CommandError::unexpected)?;
    // Without the rest of the inventory, nothing else is unwanted.
    let part = inventory.live.iter().filter(|live| graph.get(&live.address).is_some()).cloned().collect();
    let target = session.target(file.name.as_str());
    let mut plan = converge(&graph, &Inventory::new(part), target, session.kinds(), Options::default());
    plan.purpose = Purpose::Backup;
    plan.findings.extend(preflight::account(&aws, file, &plan, inventory).await);
    plan.findings.extend(checks::backup::role(&existing));
    plan.findings.extend(checks::backup::opted_in(&opted_in));
    plan.findings.extend(checks::backup::running(inventory, path));
    Ok(plan)
}

/// The deletion of a recovery point, or of a former file system.
///
/// # Errors
///
/// It is not the deployment's, or is in use.
pub fn discard(
    context: Context<'_>,
    inventory: &Inventory,
    view: &BackupView,
    what: &str,
) -> Result<Plan, CommandError> {
    let Context { session, scope, .. } = context;
    let target = session.target(&scope.name);
    let discarded = if what.starts_with("fs-") {
        discard::file_system(inventory, target, session.kinds(), what)
    } else {
        discard::recovery_point(inventory, target, view, what)
    };
    discarded.map(|plan| Plan { purpose: Purpose::Backup, ..plan }).map_err(|refusal| match refusal {
        Refusal::Unknown => CommandError::usage("usage/unknown-backup", format!("the deployment has no {what}"))
            .hint("`ce-aws backup list` shows what there is"),
        Refusal::InUse(why) => CommandError::refused("refused/in-use", format!("{what} {why}; nothing was changed")),
        Refusal::NotOurs(vault) => {
            let message = format!("{what} is in the vault {vault}, which is not the deployment's; nothing was changed");
            CommandError::refused("refused/not-ours", message)
        }
    })
}
