//! The recovery points of a deployment: in its vault, in EFS's automatic one, and in others.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_backup::types::{RecoveryPointByBackupVault, RecoveryPointByResource};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use futures::future::try_join_all;
use serde_json::Value;

use crate::aws::answer::Answer;
use crate::engine::failure::{Cause, Failure};
use crate::engine::inventory::{Inventory, Live};
use crate::kinds::backup_vault::view::{BackupView, Denial, FileSystemView, Owner, PointView, VaultView};
use crate::kinds::context::Context;
use crate::kinds::convert::text;
use crate::kinds::document::{self, texts};
use crate::kinds::{backup_vault, file_system, names, recovery_point, tags};

/// The vault of EFS's automatic backups (Amazon EFS user guide, "Automatic backups").
const AUTOMATIC: &str = "aws/efs/automatic-backup-vault";

/// The recovery points of every file system of the deployment in any vault, and all of the deployment's own vault, also
/// of file systems that no longer exist. A vault that may not be read is reported in the view.
pub async fn list(context: &Context, inventory: &Inventory) -> Result<BackupView, Failure> {
    let file_systems = file_systems(inventory);
    let by_resource = try_join_all(file_systems.iter().map(|one| of_file_system(context, &one.id))).await?;
    let mut known: BTreeMap<String, PointView> = BTreeMap::new();
    known.extend(by_resource.into_iter().flatten().map(|point| (point.arn.clone(), point)));
    let mut vaults: BTreeSet<String> = known.values().map(|point| point.vault.clone()).collect();
    if !inventory.at(&backup_vault::address()).is_empty() {
        vaults.insert(context.names.stack());
    }
    let ids: BTreeSet<&str> = file_systems.iter().map(|one| one.id.as_str()).collect();
    let seen = try_join_all(vaults.into_iter().map(|vault| in_vault(context, vault))).await?;
    let mut views = Vec::new();
    for (view, points) in seen {
        let is_one = |point: &PointView| view.owner == Owner::Ours || ids.contains(point.file_system.as_str());
        // The vault's list has more details than that of the file system.
        known.extend(points.into_iter().filter(is_one).map(|point| (point.arn.clone(), point)));
        views.push(view);
    }
    let mut points: Vec<PointView> = known.into_values().collect();
    points.sort_by(|a, b| (&b.created, &b.arn).cmp(&(&a.created, &a.arn)));
    Ok(BackupView { file_systems, points, vaults: views })
}

fn file_systems(inventory: &Inventory) -> Vec<FileSystemView> {
    let view = |live: &Live| {
        let (address, former) = (live.address.clone(), file_system::is_former(&live.address));
        FileSystemView { address, id: live.id.clone(), former }
    };
    let all = inventory.live.iter().filter(|live| live.address.kind() == "file-system");
    let mut all: Vec<FileSystemView> = all.map(view).collect();
    all.sort_by_key(|one| one.former);
    all
}

async fn of_file_system(context: &Context, id: &str) -> Result<Vec<PointView>, Failure> {
    let arn = context.names.arn("elasticfilesystem", &format!("file-system/{id}"));
    let call = context.aws.backup.list_recovery_points_by_resource().resource_arn(arn);
    let points = call.into_paginator().items().send().try_collect().await.unless_gone()?.unwrap_or_default();
    // One without an ARN can neither be restored nor deleted.
    Ok(points.iter().map(|point| by_resource(point, id)).filter(|point| !point.arn.is_empty()).collect())
}

fn by_resource(point: &RecoveryPointByResource, file_system: &str) -> PointView {
    PointView {
        arn: text(point.recovery_point_arn()),
        vault: text(point.backup_vault_name()),
        file_system: file_system.to_owned(),
        state: text(point.status().map(|status| status.as_str())),
        created: moment(point.creation_date()).unwrap_or_default(),
        bytes: bytes(point.backup_size_bytes()),
        ..PointView::default()
    }
}

fn in_detail(point: &RecoveryPointByBackupVault) -> PointView {
    PointView {
        arn: text(point.recovery_point_arn()),
        vault: text(point.backup_vault_name()),
        file_system: text(point.resource_arn().and_then(|arn| arn.rsplit('/').next())),
        state: text(point.status().map(|status| status.as_str())),
        created: moment(point.creation_date()).unwrap_or_default(),
        expires: point.calculated_lifecycle().and_then(|life| moment(life.delete_at())),
        bytes: bytes(point.backup_size_in_bytes()),
        ..PointView::default()
    }
}

/// A vault, and its recovery points of file systems.
async fn in_vault(context: &Context, name: String) -> Result<(VaultView, Vec<PointView>), Failure> {
    let owner = match name.as_str() {
        AUTOMATIC => Owner::Automatic,
        name if name == context.names.stack() => Owner::Ours,
        _ => Owner::Others,
    };
    let (points, policy) = futures::join!(points(context, &name), policy(context, &name));
    let (mut points, why_hidden) = unless_denied(points)?;
    let (policy, policy_hidden) = unless_denied(policy)?;
    if owner == Owner::Ours {
        let tags = try_join_all(points.iter().map(|point| tags::of_backup(context, &point.arn))).await?;
        for (point, tags) in points.iter_mut().zip(tags) {
            point.intent = recovery_point::intent_of(context, &tags);
            point.release = tags.get(names::RELEASE).cloned();
        }
    }
    let denials = denials(&policy);
    Ok((VaultView { name, owner, denials, policy_hidden, why_hidden }, points))
}

async fn points(context: &Context, vault: &str) -> Result<Vec<PointView>, Failure> {
    let call =
        context.aws.backup.list_recovery_points_by_backup_vault().backup_vault_name(vault).by_resource_type("EFS");
    let points = call.into_paginator().items().send().try_collect().await.answer()?;
    Ok(points.iter().map(in_detail).filter(|point| !point.arn.is_empty()).collect())
}

/// Null where there is none.
async fn policy(context: &Context, vault: &str) -> Result<Value, Failure> {
    let answer = context.aws.backup.get_backup_vault_access_policy().backup_vault_name(vault).send().await;
    let policy = answer.unless_gone()?.and_then(|answer| answer.policy);
    Ok(policy.map(|policy| document::parse(&policy)).unwrap_or_default())
}

/// An answer, or nothing and AWS's denial.
fn unless_denied<T: Default>(answer: Result<T, Failure>) -> Result<(T, Option<String>), Failure> {
    match answer {
        Err(failure) if failure.cause == Cause::Denied && failure.hints.is_empty() => {
            Ok((T::default(), Some(failure.said())))
        }
        answer => answer.map(|answer| (answer, None)),
    }
}

/// The actions on recovery points that a vault's policy may deny.
const OF_INTEREST: [&str; 2] = ["backup:StartRestoreJob", "backup:DeleteRecoveryPoint"];

fn denials(policy: &Value) -> Vec<Denial> {
    let statements = policy["Statement"].as_array().map(Vec::as_slice).unwrap_or_default();
    let denying = statements.iter().filter(|statement| statement["Effect"] == "Deny");
    let mut all = Vec::new();
    for statement in denying {
        let denied = |action: &&str| match &statement["NotAction"] {
            Value::Null => texts(&statement["Action"]).iter().any(|pattern| covers(pattern, action)),
            spared => !texts(spared).iter().any(|pattern| covers(pattern, action)),
        };
        let principals = match &statement["Principal"] {
            Value::Null => vec![format!("everybody except {}", texts(&statement["NotPrincipal"]).join(", "))],
            named => texts(named).into_iter().map(str::to_owned).collect(),
        };
        all.extend(OF_INTEREST.iter().filter(|action| denied(action)).map(|action| Denial {
            action: (*action).to_owned(),
            principals: principals.clone(),
            conditional: !statement["Condition"].is_null(),
        }));
    }
    all
}

/// Whether a pattern, with `*` only at its end, matches an action.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    match pattern.strip_suffix('*') {
        Some(start) => action.starts_with(start),
        None => pattern == action,
    }
}

fn moment(date: Option<&DateTime>) -> Option<String> {
    DateTime::from_secs(date?.secs()).fmt(Format::DateTime).ok()
}

fn bytes(size: Option<i64>) -> Option<u64> {
    size.and_then(|size| u64::try_from(size).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn denial(action: &str, principals: &[&str], conditional: bool) -> Denial {
        let principals = principals.iter().map(|one| (*one).to_owned()).collect();
        Denial { action: action.to_owned(), principals, conditional }
    }

    #[test]
    fn a_vaults_policy_says_who_may_neither_restore_nor_delete() {
        // The policy that EFS gives to its own vault (AWS re:Post, "Insufficient privileges to perform this action").
        let automatic = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Deny",
            "Principal": { "AWS": "*" },
            "Action": ["backup:DeleteBackupVault", "backup:DeleteRecoveryPoint", "backup:StartRestoreJob"],
            "Resource": "*",
        }] });
        let everybody =
            [denial("backup:StartRestoreJob", &["*"], false), denial("backup:DeleteRecoveryPoint", &["*"], false)];
        assert_eq!(denials(&automatic), everybody);
        let some = json!({ "Statement": [
            { "Effect": "Allow", "Principal": "*", "Action": "backup:*" },
            {
                "Effect": "Deny",
                "Principal": { "AWS": ["a", "b"] },
                "Action": "backup:Start*",
                "Condition": { "Bool": {} },
            },
            { "Effect": "Deny", "NotPrincipal": { "AWS": "c" }, "NotAction": "backup:StartRestoreJob" },
        ] });
        let denied = [
            denial("backup:StartRestoreJob", &["a", "b"], true),
            denial("backup:DeleteRecoveryPoint", &["everybody except c"], false),
        ];
        assert_eq!(denials(&some), denied);
        assert_eq!(denials(&Value::Null), []);
    }
}
