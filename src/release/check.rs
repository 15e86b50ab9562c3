//! What must hold between the parts of a release file.
//!
//! Limits are those of Fargate and EFS: Amazon ECS API reference (`ContainerDefinition`,
//! `HealthCheck`), Amazon ECS service quotas, Amazon EFS API reference (`RootDirectory`).

use std::{collections::BTreeSet, fmt::Display};

use super::{
    AccessPoint, CA_CERTIFICATE, Condition, Container, DataStep, File, PROXY, Release, SecretHome, Side, StartTimeout,
    Value,
};

const CONTAINERS_PER_TASK: usize = 10;
const PATH_LENGTH: usize = 100;
const PATH_DEPTH: usize = 4;
/// Leaves room for the ID of an upgrade in the tags and names that contain it.
const STEP_NAME: usize = 32;

/// The first contradiction found, as a lowercase fragment.
pub(super) fn check(release: &Release) -> Result<(), String> {
    ensure(release.containers.len() <= CONTAINERS_PER_TASK, || format!("more than {CONTAINERS_PER_TASK} containers"))?;
    unique("container", release.containers.iter().map(|container| &container.name))?;
    unique("access point", release.access_points.iter().map(|point| &point.volume))?;
    unique("access point name", release.access_points.iter().map(AccessPoint::resource_name))?;
    unique("data step", release.data_steps.iter().map(|step| &step.name))?;
    unique("access point path", release.access_points.iter().map(|point| &point.path))?;
    access_points(release)?;
    let web = &release.web;
    ensure(release.container(&web.container).is_some_and(|found| found.ports.contains(&web.port)), || {
        format!("no container {} with port {}", web.container, web.port)
    })?;
    of_plan_file(release)?;
    release.containers.iter().try_for_each(|container| check_container(release, container))?;
    for name in &release.migrating {
        ensure(release.container(name).is_some(), || {
            format!("no container {name}, which is said to migrate the data")
        })?;
    }
    for older in &release.predecessors {
        ensure(*older < release.version, || format!("its predecessor {older} is not older than it"))?;
    }
    release.data_steps.iter().try_for_each(|step| data_step(release, step))?;
    start_order(release)
}

pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

pub(super) fn unique<T: Ord + Clone + Display>(what: &str, names: impl Iterator<Item = T>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        ensure(seen.insert(name.clone()), || format!("{what} {name} is there twice"))?;
    }
    Ok(())
}

/// What comes with the plan file alone.
fn of_plan_file(release: &Release) -> Result<(), String> {
    let injected = release.containers.iter().flat_map(|container| container.secrets.values());
    let mut keys = injected.chain(release.files.iter().flat_map(File::secrets));
    match keys.find(|key| key.home() == SecretHome::UiCertificate) {
        Some(key) => Err(format!("{key} comes from the plan file alone")),
        None => Ok(()),
    }
}

fn data_step(release: &Release, step: &DataStep) -> Result<(), String> {
    let DataStep { name, from, container, script, timeout, .. } = step;
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure(!name.is_empty() && name.len() <= STEP_NAME && name.bytes().all(allowed), || {
        format!("data step {name:?}: its name is not 1 to {STEP_NAME} lowercase letters, digits and hyphens")
    })?;
    ensure(!step.about.trim().is_empty() && !step.about.contains('\n'), || {
        format!("data step {name}: what it is about is not one line")
    })?;
    ensure(!script.trim().is_empty() && *timeout > 0, || format!("data step {name} has no script or no time"))?;
    if let Some(other) = from.iter().find(|version| !release.predecessors.contains(version)) {
        return Err(format!("data step {name}: {other} is not a predecessor"));
    }
    ensure(container.release == Side::Old || release.container(&container.name).is_some(), || {
        format!("data step {name}: no container {}", container.name)
    })?;
    let delivers = release.container(&container.name).is_some_and(|found| found.delivers_files);
    ensure(container.release == Side::Old || !delivers, || {
        format!("data step {name}: container {} delivers files and has no mounts of its own", container.name)
    })
}

fn access_points(release: &Release) -> Result<(), String> {
    let mounts = || release.containers.iter().flat_map(|container| &container.mounts);
    for point in &release.access_points {
        let parts: Vec<_> = point.path.split('/').skip(1).collect();
        let proper = point.path.starts_with('/')
            && point.path.len() <= PATH_LENGTH
            && parts.len() <= PATH_DEPTH
            && parts.iter().all(|part| !part.is_empty());
        ensure(proper, || format!("access point {}: {} is not a path EFS accepts", point.volume, point.path))?;
        ensure(mounts().any(|mount| mount.volume == point.volume), || {
            format!("access point {} is mounted nowhere", point.volume)
        })?;
    }
    for mount in mounts() {
        let known = release.access_point(&mount.volume).is_some() || release.task_volume(&mount.volume).is_some();
        ensure(known, || format!("mount of {}, which is neither an access point nor a task volume", mount.volume))?;
    }
    Ok(())
}

fn check_container(release: &Release, container: &Container<Value>) -> Result<(), String> {
    let name = &container.name;
    let mut times = vec![("stop timeout", container.stop_timeout, 0..=120)];
    times.extend(container.start_timeout.and_then(StartTimeout::seconds).map(|time| ("start timeout", time, 2..=120)));
    if let Some(health) = &container.health_check {
        times.extend([
            ("health check interval", health.interval, 5..=300),
            ("health check timeout", health.timeout, 2..=60),
            ("health check retries", health.retries, 1..=10),
            ("health check start period", health.start_period, 0..=300),
        ]);
    }
    for (what, number, range) in times {
        ensure(range.contains(&number), || {
            format!("container {name}: {what} {number} is not within {} to {}", range.start(), range.end())
        })?;
    }
    for variable in container.secrets.keys() {
        ensure(!container.environment.contains_key(variable), || {
            format!("container {name}: {variable} is both in the environment and a secret")
        })?;
    }
    let proxy = PROXY.iter().filter(|_| container.proxy);
    for variable in proxy.chain([&CA_CERTIFICATE].into_iter().filter(|_| container.ca_certificate)) {
        let taken = container.environment.contains_key(*variable) || container.secrets.contains_key(*variable);
        ensure(!taken, || format!("container {name}: {variable} comes from the plan file alone"))?;
    }
    for key in container.secrets.values() {
        ensure(!key.is_derived() || release.derived_secrets.contains_key(key), || {
            format!("container {name}: nothing says how {key} is derived")
        })?;
    }
    dependencies(release, container)
}

fn dependencies(release: &Release, container: &Container<Value>) -> Result<(), String> {
    for (other, condition) in &container.depends_on {
        let name = &container.name;
        let found = release
            .container(other)
            .ok_or_else(|| format!("container {name} waits for {other}, which is not a container"))?;
        let fits = match condition {
            Condition::Start => true,
            // ECS stops the task when an essential container ends, so nobody can wait for its end.
            Condition::Complete | Condition::Success => !found.essential,
            Condition::Healthy => found.health_check.is_some(),
        };
        ensure(fits, || format!("container {name} waits for {other} {condition}, which it never is"))?;
        ensure(*condition == Condition::Start || found.start_timeout.is_some(), || {
            format!("container {other}: others wait for it, so its start timeout must be said")
        })?;
    }
    Ok(())
}

/// Removes, round by round, the containers that wait for none of the remaining ones.
fn start_order(release: &Release) -> Result<(), String> {
    let mut waiting: BTreeSet<&str> = release.containers.iter().map(|container| container.name.as_str()).collect();
    loop {
        let is_held =
            |container: &&Container<Value>| container.depends_on.keys().any(|other| waiting.contains(other.as_str()));
        let held: BTreeSet<&str> = release
            .containers
            .iter()
            .filter(|container| waiting.contains(container.name.as_str()))
            .filter(is_held)
            .map(|container| container.name.as_str())
            .collect();
        if held.len() == waiting.len() {
            return ensure(held.is_empty(), || format!("containers wait for each other: {held:?}"));
        }
        waiting = held;
    }
}
