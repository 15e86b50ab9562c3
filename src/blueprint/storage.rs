//! The file system with all data of Cloud Exchange, and the secret with its passwords.

use std::collections::BTreeMap;

use crate::engine::address::Address;
use crate::engine::graph::Handle;
use crate::engine::reference::{Need, Ref};
use crate::engine::set::Set;
use crate::kinds::access_point::AccessPoint;
use crate::kinds::file_system::FileSystem;
use crate::kinds::mount_target::MountTarget;
use crate::kinds::secret::{Recipe, Secret};
use crate::kinds::secret::{internal_certificate, ui_certificate};
use crate::kinds::task_definition::container::FromSecret;
use crate::release::{SecretHome, SecretKey};

use super::groups::Groups;
use super::network::Network;
use super::stack::Stack;

/// What other parts of the stack refer to.
pub struct Storage {
    pub file_system: Handle<FileSystem>,
    pub mount_targets: Vec<Handle<MountTarget>>,
    /// By volume.
    pub access_points: BTreeMap<String, Handle<AccessPoint>>,
    pub secret: Handle<Secret>,
}

/// Adds the file system with its mount targets and access points, and the secret.
pub fn add(stack: &mut Stack<'_>, network: &Network, groups: &Groups) -> Storage {
    let wanted = &stack.plan.storage;
    let file_system = FileSystem {
        creation_token: stack.names().creation_token("main"),
        encrypted: true,
        kms_key: stack.facts.existing.key.as_ref().and_then(|key| key.found()).map(|key| key.arn.clone()),
        performance: "generalPurpose".to_owned(),
        throughput: wanted.throughput.as_str().to_owned(),
        backup: wanted.backup,
    };
    let file_system = stack.add("main", &file_system);
    let mount_targets = network.private.iter().map(|subnet| {
        // Mount targets have no tags: they are known by the name of their subnet, or by its ID if it is the user's.
        let name = subnet.address().map_or_else(|| subnet.id().text().to_owned(), |address| address.name().to_owned());
        let target = MountTarget {
            file_system: file_system.ready(),
            subnet: subnet.id(),
            groups: Set::new([groups.file_system.id()]),
        };
        stack.add(&name, &target)
    });
    let mount_targets = mount_targets.collect();
    let release = stack.facts.release;
    let access_points = release.access_points.iter().map(|wanted| {
        let point = AccessPoint {
            file_system: file_system.ready(),
            path: wanted.path.clone(),
            uid: wanted.uid,
            gid: wanted.gid,
            owner_uid: wanted.uid,
            owner_gid: wanted.gid,
            permissions: wanted.mode.as_str().to_owned(),
        };
        let handle = stack.add(&wanted.resource_name(), &point);
        (wanted.volume.clone(), handle)
    });
    let access_points = access_points.collect();
    let secret = secret(stack);
    // Once a file system exists, its database may have taken the password: no other secret is made then.
    stack.graph.order(&file_system, &secret, Need::Exists);
    Storage { file_system, mount_targets, access_points, secret }
}

fn secret(stack: &mut Stack<'_>) -> Handle<Secret> {
    let derived = &stack.facts.release.derived_secrets;
    let derived = derived.iter().map(|(key, form)| (key.as_str().to_owned(), form.as_str().to_owned()));
    let secret = Secret {
        name: stack.names().secret("credentials"),
        description: "Cloud Exchange: maintenance password, JWT secret and connection strings. Set once.".to_owned(),
        recipe: Some(Recipe {
            source: stack.plan.secrets.existing.as_ref().map(|arn| arn.as_str().to_owned()),
            derived: derived.collect(),
        }),
    };
    stack.add("credentials", &secret)
}

/// The value of a key in the secret of the deployment that holds it, for ECS to inject.
pub fn from_secret(key: SecretKey, need: Need) -> FromSecret {
    let holder = match key.home() {
        SecretHome::Credentials => Address::new("secret", "credentials"),
        SecretHome::InternalCertificate => internal_certificate::address(),
        SecretHome::UiCertificate => ui_certificate::address(),
    };
    FromSecret { secret: Ref::output(holder, "arn", need), key: key.as_str().to_owned() }
}
