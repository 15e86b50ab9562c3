//! What must hold between the parts of a release file.
//!
//! Limits are those of Fargate and EFS: Amazon ECS API reference (`ContainerDefinition`,
//! `HealthCheck`), Amazon ECS service quotas, Amazon EFS API reference (`RootDirectory`).

use std::{collections::BTreeSet, ops::RangeInclusive};

use super::{
    AccessPoint, CA_CERTIFICATE, Condition, Container, DataStep, PROXY, Release, Side, StartTimeout, Value,
    check_files,
    ensure::{ensure, unique},
};

const CONTAINERS_PER_TASK: usize = 10;
const START_TIMEOUT: RangeInclusive<u32> = 2..=120;
const STOP_TIMEOUT: RangeInclusive<u32> = 0..=120;
const HEALTH_INTERVAL: RangeInclusive<u32> = 5..=300;
const HEALTH_TIMEOUT: RangeInclusive<u32> = 2..=60;
const HEALTH_RETRIES: RangeInclusive<u32> = 1..=10;
const HEALTH_START_PERIOD: RangeInclusive<u32> = 0..=300;
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
    start_order(release)?;
    check_files::check(release)
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
    within(name, "stop timeout", container.stop_timeout, STOP_TIMEOUT)?;
    if let Some(StartTimeout::Seconds(seconds)) = container.start_timeout {
        within(name, "start timeout", seconds, START_TIMEOUT)?;
    }
    if let Some(health) = &container.health_check {
        within(name, "health check interval", health.interval, HEALTH_INTERVAL)?;
        within(name, "health check timeout", health.timeout, HEALTH_TIMEOUT)?;
        within(name, "health check retries", health.retries, HEALTH_RETRIES)?;
        within(name, "health check start period", health.start_period, HEALTH_START_PERIOD)?;
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
    for dependency in &container.depends_on {
        let (name, other) = (&container.name, &dependency.container);
        let found = release
            .container(other)
            .ok_or_else(|| format!("container {name} waits for {other}, which is not a container"))?;
        let fits = match dependency.condition {
            Condition::Start => true,
            // ECS stops the task when an essential container ends, so nobody can wait for its end.
            Condition::Complete | Condition::Success => !found.essential,
            Condition::Healthy => found.health_check.is_some(),
        };
        ensure(fits, || {
            format!("container {name} waits for {other} {}, which it never is", dependency.condition.as_str())
        })?;
        ensure(dependency.condition == Condition::Start || found.start_timeout.is_some(), || {
            format!("container {other}: others wait for it, so its start timeout must be said")
        })?;
    }
    Ok(())
}

/// Removes, round by round, the containers that wait for none of the remaining ones.
fn start_order(release: &Release) -> Result<(), String> {
    let mut waiting: BTreeSet<&str> = release.containers.iter().map(|container| container.name.as_str()).collect();
    loop {
        let free: Vec<&str> = release
            .containers
            .iter()
            .filter(|container| waiting.contains(container.name.as_str()))
            .filter(|container| !container.depends_on.iter().any(|other| waiting.contains(other.container.as_str())))
            .map(|container| container.name.as_str())
            .collect();
        if free.is_empty() {
            break;
        }
        free.iter().for_each(|name| {
            waiting.remove(name);
        });
    }
    ensure(waiting.is_empty(), || format!("containers wait for each other: {waiting:?}"))
}

fn within(container: &str, what: &str, seconds: u32, range: RangeInclusive<u32>) -> Result<(), String> {
    ensure(range.contains(&seconds), || {
        format!("container {container}: {what} {seconds} is not within {} to {}", range.start(), range.end())
    })
}
