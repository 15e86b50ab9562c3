//! The role that AWS Backup acts with, and the vault that keeps the backups.

use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::graph::{Graph, Handle, InvalidGraph};
use crate::engine::kind::Spec;
use crate::engine::reference::{Need, Ref};
use crate::kinds::backup_vault::BackupVault;
use crate::kinds::recovery_point::RecoveryPoint;
use crate::kinds::role::Role;

use super::policies;
use super::stack::{Facts, Stack};

const ROLE: &str = "backup";

/// Adds the vault, and the role unless the user brings one, where backups are made. A first apply makes neither: they
/// come with the first upgrade or backup, and stay.
pub fn add(stack: &mut Stack<'_>) {
    if stack.facts.backup {
        vault(stack);
    }
}

fn vault(stack: &mut Stack<'_>) -> Handle<BackupVault> {
    let kms_key = stack.facts.existing.key.as_ref().and_then(|key| key.found()).map(|key| key.arn.clone());
    let vault = stack.add("main", &BackupVault { name: stack.names().stack(), kms_key });
    if stack.plan.existing.backup_role.is_none() {
        let managed = policies::backup_policies(stack.names());
        let words = "backs up and restores the file system";
        stack.add_role(ROLE, words, policies::backup_trust(), None, &managed);
    }
    vault
}

/// A backup that somebody asks for.
#[derive(Clone, Copy, Debug)]
pub struct Backup<'a> {
    /// The name of its address.
    pub intent: &'a str,
    /// ARN of the file system.
    pub file_system: &'a str,
    /// Days until AWS deletes it.
    pub delete_after: Option<u32>,
}

/// The graph of one backup, and of nothing that it does not need.
///
/// # Errors
///
/// An invalid graph is a bug of this program.
pub fn graph(plan: &PlanFile, facts: &Facts<'_>, backup: Backup<'_>) -> Result<Graph, InvalidGraph> {
    let mut stack = Stack::new(plan, facts);
    let vault = vault(&mut stack);
    let point = RecoveryPoint {
        vault: vault.output("name", Need::Exists),
        file_system: Ref::value(backup.file_system),
        role: role(plan),
        delete_after: backup.delete_after,
    };
    stack.add(backup.intent, &point);
    stack.graph.finish()
}

/// The address of the role, unless the user brings one.
pub fn role_address() -> Address {
    Address::new(Role::KIND.name, ROLE)
}

/// The ARN of the role that AWS Backup acts with.
pub fn role(plan: &PlanFile) -> Ref<Role> {
    match &plan.existing.backup_role {
        Some(arn) => Ref::value(arn.as_str()),
        None => Ref::output(role_address(), "arn", Need::Ready),
    }
}
