//! What must hold of the files that a release delivers, and of the size of the task definition.
//!
//! Limits: Amazon ECS service quotas ("task definition size"), Amazon ECS API reference (`ContainerDefinition`,
//! `Volume`).

use std::collections::BTreeSet;

use super::check::{ensure, unique};
use super::delivery::{UNFINISHED, secret_variable};
use super::{CA_CERTIFICATE, Condition, Container, File, FileSource, Memory, Package, Release, Settings, Value};

/// Bytes of a task definition, as ECS counts them.
const TASK_DEFINITION: usize = 64 * 1024;
/// Of those, what a plan file may add: addresses of a proxy, registries, tags.
const RESERVED: usize = 8 * 1024;
/// For each container, volume and secret: names of roles, log groups and access points, and the ARN of a secret.
const EACH: usize = 256;
const VOLUME_NAME: usize = 255;
/// What the container runtime reserves for itself.
const LEAST_MEMORY: u32 = 6;
const SHARES: u32 = 32;

/// Volumes and files. Containers wait for each other in some order, and are known by name.
pub(super) fn check(release: &Release) -> Result<(), String> {
    task_volumes(release)?;
    unique("file", release.files.iter().map(|file| format!("{}/{}", file.volume, file.path)))?;
    unique("variable of the files", variables(release).into_iter())?;
    release.files.iter().try_for_each(|file| check_file(release, file))?;
    let deliverer = deliverer(release)?;
    if let Some(deliverer) = deliverer {
        derived(release, deliverer)?;
        for container in release.containers.iter().filter(|container| container.name != deliverer.name) {
            let reads = container.mounts.iter().find(|mount| release.files.iter().any(|f| f.volume == mount.volume));
            ensure(reads.is_none() || waits(release, container, &deliverer.name), || {
                let volume = reads.map(|mount| mount.volume.as_str()).unwrap_or_default();
                let (name, other) = (&container.name, &deliverer.name);
                format!(
                    "container {name} mounts {volume} and does not wait for the SUCCESS of {other}, which writes it"
                )
            })?;
        }
    }
    memory(release)?;
    size(release)
}

fn task_volumes(release: &Release) -> Result<(), String> {
    let points = release.access_points.iter().map(|point| &point.volume);
    unique("volume", points.chain(release.task_volumes.iter().map(|volume| &volume.name)))?;
    for volume in &release.task_volumes {
        let name = &volume.name;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        ensure(!name.is_empty() && name.len() <= VOLUME_NAME && name.bytes().all(allowed), || {
            format!("task volume {name:?}: its name is not 1 to {VOLUME_NAME} letters, digits, hyphens and underscores")
        })?;
        let mut mounts = release.containers.iter().flat_map(|container| &container.mounts);
        ensure(mounts.any(|mount| &mount.volume == name), || format!("task volume {name} is mounted nowhere"))?;
    }
    Ok(())
}

/// Every variable in which the delivering container receives something.
fn variables(release: &Release) -> Vec<String> {
    let contents = release.files.iter().filter(|file| matches!(file.source, FileSource::Content(_)));
    let secrets: BTreeSet<_> = release.files.iter().flat_map(File::secrets).collect();
    let ca = release.files.iter().any(|file| file.source == FileSource::CaCertificate);
    let variables = contents.map(File::variable).chain(secrets.into_iter().map(|key| secret_variable(*key)));
    variables.chain(ca.then(|| CA_CERTIFICATE.to_owned())).collect()
}

fn check_file(release: &Release, file: &File) -> Result<(), String> {
    let File { volume, path, owner, source, .. } = file;
    let part = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !part.is_empty() && part != "." && part != ".." && !part.starts_with('-') && part.bytes().all(allowed)
    };
    ensure(path.split('/').all(part), || {
        format!("file {path:?} on {volume}: not a relative path of letters, digits, dots, hyphens and underscores")
    })?;
    ensure(!path.ends_with(UNFINISHED), || {
        format!("file {path} on {volume}: {UNFINISHED} ends the names of files that are not complete yet")
    })?;
    let within = release.files.iter().find(|other| {
        other.volume == *volume && other.path.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'))
    });
    ensure(within.is_none(), || format!("file {path} on {volume} is the folder of another"))?;
    let on_access_point = release.access_point(volume).is_some();
    ensure(on_access_point || release.task_volume(volume).is_some(), || {
        format!("file {path}: {volume} is neither a task volume nor an access point")
    })?;
    ensure(owner.is_none() || !on_access_point, || {
        format!("file {path} on {volume}: the access point decides about the owner")
    })?;
    match source {
        FileSource::Content(content) => ensure(content.ends_with('\n') && !content.contains('\0'), || {
            format!("file {path} on {volume}: its content does not end with a line break, or has a zero byte")
        }),
        FileSource::Secrets(keys) => keys.iter().try_for_each(|key| {
            ensure(!key.is_derived() || release.derived_secrets.contains_key(key), || {
                format!("file {path} on {volume}: nothing says how {key} is derived")
            })
        }),
        FileSource::CaCertificate => Ok(()),
    }
}

/// The container that writes the files, if there are any.
fn deliverer(release: &Release) -> Result<Option<&Container<Value>>, String> {
    let mut all = release.containers.iter().filter(|container| container.delivers_files);
    let (first, second) = (all.next(), all.next());
    ensure(second.is_none(), || "more than one container delivers files".to_owned())?;
    match first {
        None => ensure(release.files.is_empty(), || "there are files, and no container delivers them".to_owned())?,
        Some(container) => {
            let name = &container.name;
            ensure(!release.files.is_empty(), || format!("container {name} delivers files, and there are none"))?;
        }
    }
    Ok(first)
}

/// What is generated for the delivering container must not be given as well.
fn derived(release: &Release, container: &Container<Value>) -> Result<(), String> {
    let name = &container.name;
    let said = [
        ("a user", container.user.is_some()),
        ("an entry point", !container.entry_point.is_empty()),
        ("a command", !container.command.is_empty()),
        ("mounts", !container.mounts.is_empty()),
        ("ca_certificate", container.ca_certificate),
    ];
    for (what, said) in said {
        ensure(!said, || format!("container {name} delivers files: {what} cannot be given"))?;
    }
    for variable in variables(release) {
        let taken = container.environment.contains_key(&variable) || container.secrets.contains_key(&variable);
        ensure(!taken, || format!("container {name}: {variable} is the variable of a file"))?;
    }
    Ok(())
}

/// Whether a container starts only after another one's SUCCESS: it waits for that, or for anybody who does. A
/// container that is waited for has started in any case.
fn waits(release: &Release, container: &Container<Value>, deliverer: &str) -> bool {
    container.depends_on.iter().any(|(other, condition)| {
        (other == deliverer && *condition == Condition::Success)
            || release.container(other).is_some_and(|other| waits(release, other, deliverer))
    })
}

fn memory(release: &Release) -> Result<(), String> {
    for container in &release.containers {
        let fits = match container.memory {
            Some(Memory::Share(share)) => (1..=SHARES).contains(&share),
            Some(Memory::Mib(mib)) => mib >= LEAST_MEMORY,
            None => true,
        };
        ensure(fits, || {
            let name = &container.name;
            format!("container {name}: its memory is not 1 to {SHARES} shares or at least {LEAST_MEMORY} MiB")
        })?;
    }
    let package = release.minimum_package;
    let limits = release.containers.iter().filter_map(|container| container.memory);
    let sum: u64 = limits.map(|memory| u64::from(memory.mib(package))).sum();
    ensure(sum < u64::from(package.memory_mib()), || {
        format!("its containers may use {sum} MiB, and package {package} has {}", package.memory_mib())
    })
}

/// ECS counts the JSON of the whole task definition.
fn size(release: &Release) -> Result<(), String> {
    let settings = Settings { tls_version: "TLSv1.2 TLSv1.3".to_owned(), debug: false, package: Package::Large };
    let containers = release.render(&settings);
    let text = serde_json::to_string(&containers).map(|text| text.len()).unwrap_or(usize::MAX / 2);
    let injected = containers.iter().map(|container| container.secrets.len() + 1).sum::<usize>();
    let more = EACH * (injected + release.access_points.len() + release.task_volumes.len());
    let most = TASK_DEFINITION - RESERVED;
    ensure(text + more <= most, || {
        format!("its task definition takes some {} bytes, and no more than {most} are safe", text + more)
    })
}
