//! What runs, as people read it.

pub mod all;
mod certificate;

use std::collections::BTreeMap;

use anstyle::Style;
use serde::Serialize;

use crate::engine::address::Address;
use crate::engine::clock::timestamp;
use crate::engine::inventory::{Inventory, Phase};
use crate::engine::plan::Target;
use crate::kinds::service::injected;
use crate::kinds::service::probe::ProbeView;
use crate::kinds::service::view::{ServiceView, TaskView};
use crate::price::io::FileSystemIo;

use super::finding::hint;
use super::io;
use super::probe;
use super::standing::Standing;
use super::style::{DANGER, FAINT, GOOD, TITLE, WARNING, paint};
use super::summary::Summary;
use super::text::{clean, count, duration, minute, place};
use super::whereabouts::Whereabouts;

pub use certificate::Certificate;

/// Everything that `status` shows.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    #[serde(flatten)]
    pub target: Target,
    #[serde(flatten)]
    pub state: State,
    pub whereabouts: Whereabouts,
    /// The release whose images run, where one of the catalogue has just these.
    pub release: Option<String>,
    /// How that release stands.
    pub release_support: Option<Standing>,
    /// What to do about it.
    pub release_advice: Option<String>,
    /// The certificate that ce-aws has for the name of the UI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// The day on which the internal TLS certificate is no longer valid: `2036-11-26`.
    pub internal_certificate: Option<String>,
    /// The day on which the certificate of the UI's own web server expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_certificate: Option<String>,
    /// The client VPN, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_vpn: Option<ClientVpn>,
    /// Images by container.
    pub images: BTreeMap<String, String>,
    /// Tasks that may write to the file system at this moment. More than one is dangerous.
    pub writers: usize,
    /// When the newest task that runs was started: `2026-11-29T14:02:05Z`.
    pub since: Option<String>,
    pub service: ServiceView,
    /// How many resources there are, without those that belong to the account.
    pub resources: usize,
    /// Those that are not ready.
    pub unsettled: Vec<Unsettled>,
    /// Former file systems, kept with their data, by id.
    pub former: Vec<String>,
    /// What the file system reads and writes, and what that costs; `None` where there is no file system.
    pub io: Option<FileSystemIo>,
    /// The alarms that have gone off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<Alarm>,
    /// Who has not confirmed yet that they want to be told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed: Vec<String>,
    /// An upgrade that is not over, a stop by request.
    pub notes: Vec<String>,
    /// What its containers answer themselves, if they were asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeView>,
    /// What an apply would do; only known with a plan file.
    pub drift: Option<Summary>,
    /// The time, in seconds since 1970.
    #[serde(skip)]
    pub now: f64,
}

impl Status {
    /// Whether nothing of the deployment is there.
    pub fn is_nothing(&self) -> bool {
        self.resources == 0
    }
}

/// `2026-11-29 14:02 UTC (2 h 5 min)`.
fn since(seconds: f64, now: f64) -> String {
    let age = if now > seconds { format!(" ({})", duration(now - seconds)) } else { String::new() };
    format!("since {} UTC{age}", minute(&timestamp(seconds)))
}

/// The state of the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "why", rename_all = "kebab-case")]
pub enum State {
    /// Nothing of the deployment is there, or only what a destroy keeps.
    Absent,
    Healthy,
    /// At zero on purpose.
    Stopped,
    Starting(String),
    Failed(String),
    Going(String),
}

impl State {
    /// The state of a deployment is that of its service.
    pub fn of(inventory: &Inventory) -> Self {
        let service = inventory.live.iter().find(|live| live.address.kind() == "service");
        match service.map(|live| &live.phase) {
            None => Self::Absent,
            Some(Phase::Ready) => Self::Healthy,
            Some(Phase::Idle) => Self::Stopped,
            Some(Phase::Pending(why) | Phase::Degraded(why)) => Self::Starting(why.clone()),
            Some(Phase::Failed(why)) => Self::Failed(why.clone()),
            Some(Phase::Deleting(why)) => Self::Going(why.clone()),
            Some(Phase::Recoverable) => Self::Going("marked for deletion".to_owned()),
        }
    }

    /// The style and the name of a state, and why it is so.
    fn parts(&self) -> (Style, &'static str, Option<&str>) {
        match self {
            Self::Absent => (WARNING, "not running, no service", None),
            Self::Healthy => (GOOD, "healthy", None),
            Self::Stopped => (WARNING, "stopped", None),
            Self::Starting(why) => (WARNING, "not healthy yet", Some(why)),
            Self::Failed(why) => (DANGER, "failed", Some(why)),
            Self::Going(why) => (WARNING, "being deleted", Some(why)),
        }
    }

    fn words(&self) -> String {
        let (style, name, why) = self.parts();
        let why = why.map(|why| format!(": {}", clean(why)));
        format!("{}{}", paint(style, name), why.unwrap_or_default())
    }
}

/// The client VPN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClientVpn {
    /// The endpoint's id.
    pub endpoint: String,
    /// The day on which the endpoint's certificate is no longer valid: `2031-11-30`. `None`: it is the user's own.
    pub certificate_valid_until: Option<String>,
}

/// An alarm that has gone off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// As CloudWatch shows it.
    pub name: String,
    /// Why, in CloudWatch's words.
    pub reason: String,
}

/// A resource that is not ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unsettled {
    pub address: Address,
    pub id: String,
    #[serde(flatten)]
    pub phase: Phase,
}

impl Unsettled {
    /// All of an inventory but the service, which is shown in full.
    pub fn all(inventory: &Inventory) -> Vec<Self> {
        let unsettled = inventory
            .live
            .iter()
            .filter(|live| live.address.kind() != "service" && !matches!(live.phase, Phase::Ready | Phase::Idle));
        unsettled
            .map(|live| Self { address: live.address.clone(), id: live.id.clone(), phase: live.phase.clone() })
            .collect()
    }

    fn words(&self) -> String {
        let state = match &self.phase {
            Phase::Pending(why) | Phase::Degraded(why) => format!("not ready yet: {}", clean(why)),
            Phase::Failed(why) => format!("failed: {}", clean(why)),
            Phase::Deleting(why) => format!("being deleted: {}", clean(why)),
            Phase::Recoverable => "marked for deletion; an apply restores it".to_owned(),
            Phase::Ready | Phase::Idle => "ready".to_owned(),
        };
        format!("{} ({}): {state}", self.address, clean(&self.id))
    }
}

/// How many of the tasks that have stopped are shown.
const STOPPED: usize = 3;
/// How many of ECS's own messages are shown while something is wrong.
const EVENTS: usize = 3;

/// The whole text, ended by a newline.
pub fn text(status: &Status) -> String {
    let Target { deployment, account, region } = &status.target;
    let name = paint(TITLE, clean(deployment));
    let mut lines = vec![format!("{name} in {}: {}", place(account, region), status.state.words())];
    if status.is_nothing() {
        lines.push("nothing of it is there".to_owned());
        return lines.join("\n") + "\n";
    }
    lines.extend(overlap(status.writers));
    lines.extend(status.notes.iter().map(|note| paint(WARNING, clean(note))));
    lines.push(String::new());
    lines.push(status.whereabouts.table().trim_end().to_owned());
    if let Some(release) = &status.release {
        let support = status.release_support.as_ref().map(|standing| format!(", {}", standing.painted()));
        let line = format!("{} {}{}", paint(TITLE, "release    "), clean(release), support.unwrap_or_default());
        lines.push(line);
    }
    if let Some(certificate) = &status.certificate {
        lines.push(format!("{} {}", paint(TITLE, "certificate"), certificate.words()));
    }
    if let Some(end) = &status.internal_certificate {
        let title = paint(TITLE, "certificate");
        lines.push(format!("{title} internal TLS, valid until {}", clean(end)));
    }
    if let Some(end) = &status.ui_certificate {
        let title = paint(TITLE, "certificate");
        lines.push(format!("{title} of the UI's web server, valid until {}", clean(end)));
    }
    if let Some(vpn) = &status.client_vpn {
        let end = vpn.certificate_valid_until.as_ref().map(|end| format!(", certificate valid until {}", clean(end)));
        lines.push(format!("{} {}{}", paint(TITLE, "client VPN "), clean(&vpn.endpoint), end.unwrap_or_default()));
    }
    lines.extend(status.io.iter().flat_map(io::lines));
    service(&status.service, &mut lines);
    for (address, task) in status.service.writers().map(|task| (task.private_ip.as_deref(), task)) {
        running(task, status, &mut lines);
        for target in status.service.targets.iter().filter(|target| Some(target.address.as_str()) == address) {
            let why = [target.reason.as_str(), target.description.as_str()].map(clean).join(" ");
            lines.push(
                format!("  {:<24} {} {}", "load balancer's target", clean(&target.state), why).trim_end().to_owned(),
            );
        }
    }
    if let Some(probe) = &status.probe {
        lines.push(String::new());
        lines.extend(probe::lines(probe));
    }
    stopped(&status.service, &mut lines);
    if status.state != State::Healthy && status.state != State::Stopped {
        let events = status.service.service.iter().flat_map(|service| &service.events).take(EVENTS);
        let events: Vec<_> = events.map(|event| format!("  {}", clean(&event.message))).collect();
        section("Messages from ECS", events, &mut lines);
    }
    let alarms = status.alarms.iter().map(|alarm| {
        let name = format!("{:<24}", clean(alarm.name.rsplit('/').next().unwrap_or_default()));
        format!("  {} {}", paint(DANGER, name), clean(&alarm.reason))
    });
    section("Alarms", alarms.collect(), &mut lines);
    let unconfirmed = status.unconfirmed.iter().map(|endpoint| format!("  {}", clean(endpoint)));
    section("Not told of alarms, because not confirmed yet", unconfirmed.collect(), &mut lines);
    section("Not settled", status.unsettled.iter().map(|one| format!("  {}", one.words())).collect(), &mut lines);
    let former = status.former.iter().map(|id| {
        let id = clean(id);
        format!("  {id}: replaced by a restored one; delete it with `ce-aws backup drop FILE {id}`")
    });
    section("Former file systems", former.collect(), &mut lines);
    lines.push(String::new());
    lines.push(match status.drift {
        None => {
            format!("{} (with a plan file, `status` also checks for drift)", count(status.resources, "resource"))
        }
        Some(drift) if drift.is_nothing() => {
            format!("no drift: {} match the plan file", count(status.resources, "resource"))
        }
        Some(drift) => {
            format!("{}: {} (`ce-aws plan` shows it)", paint(WARNING, "drift detected"), drift.words())
        }
    });
    let advice = status.service.writers().flat_map(injected::advice);
    let advice = status.release_advice.clone().into_iter().chain(advice).chain(status.io.as_ref().and_then(io::advice));
    lines.extend(advice.map(|advice| hint(&advice).trim_end().to_owned()));
    lines.join("\n") + "\n"
}

/// One line of `status --watch` where nothing can be drawn again: time, state, and the task.
pub fn line(status: &Status) -> String {
    format!("{} {}\n", timestamp(status.now), brief(&status.state.words(), &status.service))
}

/// A state, the task and the load balancer's targets in a few words.
fn brief(state: &str, service: &ServiceView) -> String {
    let task = service.writers().next();
    let task = task.map(|task| {
        let containers = &task.containers;
        let healthy = containers.iter().filter(|container| container.health == "HEALTHY").count();
        let checked = containers.iter().filter(|container| container.health != "UNKNOWN").count();
        let (id, last) = (clean(task.short_id()), clean(&task.last));
        format!("; task {id} {last}, {healthy} of {checked} containers healthy")
    });
    let targets = service.targets.iter().map(|target| clean(&target.state)).collect::<Vec<_>>().join(", ");
    let targets = if targets.is_empty() { targets } else { format!("; target {targets}") };
    format!("{state}{}{targets}", task.unwrap_or_default())
}

/// The warning of more than one task.
fn overlap(writers: usize) -> Option<String> {
    (writers > 1).then(|| paint(DANGER, format_args!("{writers} tasks may write to the file system at once")))
}

fn section(title: &str, rows: Vec<String>, lines: &mut Vec<String>) {
    if !rows.is_empty() {
        lines.push(String::new());
        lines.push(paint(TITLE, title));
        lines.extend(rows);
    }
}

fn service(view: &ServiceView, lines: &mut Vec<String>) {
    let Some(service) = &view.service else { return };
    lines.push(String::new());
    let counts = format!("{} wanted, {} running, {} pending", service.desired, service.running, service.pending);
    lines.push(format!("{} {} {counts}", paint(TITLE, "Service"), clean(&service.name)));
    for deployment in &service.deployments {
        let reason =
            if deployment.reason.is_empty() { String::new() } else { format!(": {}", clean(&deployment.reason)) };
        let revision = revision(&deployment.task_definition);
        let (status, rollout) = (clean(&deployment.status), clean(&deployment.rollout));
        lines.push(format!("  {:<24} {rollout}, {revision}{reason}", format!("{status} deployment")));
    }
}

/// `ce-prod:3`.
fn revision(arn: &str) -> String {
    clean(arn.rsplit('/').next().unwrap_or(arn))
}

fn running(task: &TaskView, status: &Status, lines: &mut Vec<String>) {
    let images = &status.images;
    lines.push(String::new());
    let place = [task.private_ip.as_deref(), task.zone.as_deref()].into_iter().flatten().map(clean);
    let place = place.collect::<Vec<_>>().join(" in ");
    let started = task.started.map(|started| format!(", {}", since(started, status.now))).unwrap_or_default();
    let state = format!("{}, {}{started}", clean(&task.last), clean(&task.health));
    lines.push(format!(
        "{} {} {state}, {}, {place}",
        paint(TITLE, "Task"),
        clean(task.id()),
        revision(&task.task_definition)
    ));
    let own = task.containers.iter().map(|container| (container, None));
    let injected = task.injected.iter().map(|container| (container, Some("(injected)".to_owned())));
    for (container, origin) in own.chain(injected) {
        let code = container.exit_code.map(|code| format!("exit code {code}"));
        let health = (container.health != "UNKNOWN").then(|| clean(&container.health));
        let reason = container.reason.as_deref().map(clean);
        let image = images.get(&container.name).map(|image| paint(FAINT, clean(image)));
        let rest = [Some(clean(&container.status)), health, code, reason, image, origin].into_iter().flatten();
        lines.push(format!("  {:<24} {}", clean(&container.name), rest.collect::<Vec<_>>().join(" ")));
    }
}

/// A data step that succeeded: ECS reports its container's exit like a crash. No deployment's own family can end in
/// `_data` (`kinds::names`).
fn is_done(task: &TaskView) -> bool {
    let is_data_step =
        revision(&task.task_definition).split(':').next().is_some_and(|family| family.ends_with("_data"));
    is_data_step
        && !task.containers.is_empty()
        && task.containers.iter().all(|container| container.exit_code == Some(0))
}

fn stopped(view: &ServiceView, lines: &mut Vec<String>) {
    let gone = view.tasks.iter().filter(|task| task.last == "STOPPED").take(STOPPED);
    let rows = gone.map(|task| {
        let exits = task.containers.iter().filter_map(|container| {
            let code = container.exit_code.filter(|code| *code != 0)?;
            Some(format!("; {} exited with {code}", clean(&container.name)))
        });
        if is_done(task) {
            return format!("  {:<24} data step, succeeded", clean(task.short_id()));
        }
        let why = clean(task.stopped_reason.as_deref().or(task.stop_code.as_deref()).unwrap_or("no reason given"));
        format!("  {:<24} {why}{}", clean(task.short_id()), exits.collect::<String>())
    });
    section("Stopped in the last hour", rows.collect(), lines);
}
