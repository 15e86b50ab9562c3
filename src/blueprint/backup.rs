//! What backups are made with and kept in: a role of AWS Backup's, and a vault.

use crate::config::PlanFile;
use crate::engine::address::Address;
use crate::engine::kind::Spec;
use crate::engine::reference::{Need, Ref};
use crate::kinds::backup_vault::BackupVault;
use crate::kinds::role::Role;

use super::identity;
use super::policies;
use super::stack::Stack;

const ROLE: &str = "backup";

/// Adds the vault, and the role unless the user brings one. A first apply makes neither: they come with the first upgrade
/// or backup, and stay.
pub fn add(stack: &mut Stack<'_>) {
    if !stack.facts.backup {
        return;
    }
    let kms_key = stack.facts.borrowed.key.as_ref().and_then(|key| key.found()).map(|key| key.arn.clone());
    stack.add("main", &BackupVault { name: stack.names().stack(), kms_key });
    if stack.plan.existing.backup_role.is_none() {
        let managed = policies::backup_policies(stack.names());
        let words = "backs up and restores the file system";
        identity::role(stack, ROLE, words, policies::backup_trust(), None, &managed);
    }
}

/// The address of the role, where it is ours.
pub fn role_address() -> Address {
    Address::new(Role::KIND.name, ROLE)
}

/// The ARN of the role that AWS Backup acts with.
pub fn role(plan: &PlanFile) -> Ref<Role> {
    match &plan.existing.backup_role {
        Some(arn) => Ref::is(arn.as_str()),
        None => Ref::of(role_address(), "arn", Need::Ready),
    }
}
