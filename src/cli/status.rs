//! `ce-aws status`.

use std::collections::BTreeMap;

use crate::blueprint::certificates;
use crate::blueprint::image_change::Running;
use crate::engine::inventory::Inventory;
use crate::kinds::file_system;
use crate::kinds::internal_certificate;
use crate::kinds::names;
use crate::release::Catalogue;
use crate::session::Session;
use crate::session::address;
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::intent::open_intent;
use crate::session::moment;
use crate::session::output::Output;
use crate::session::standing;
use crate::ui::status::{State, Status, Unsettled, text};
use crate::ui::summary::Summary;
use crate::ui::whereabouts::Whereabouts;
use crate::upgrade::planning;

use super::global::Global;
use super::options::Which;

/// Show what runs
///
/// The URL, the task and its private address, the health of containers and of the load balancer's target, and, with a
/// plan file, whether anything drifted. Writes nothing.
///
/// ECS replaces an unhealthy task by itself and starts the new one while the old one is still stopping: for that time
/// two tasks may write, and this says so.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, mut scope, file) = Session::of(args.which.selected(), &global.access(), output).await?;
    let inventory = session.inventory(&mut scope).await?;
    let service = session.service(&scope, &inventory).await?;
    let drift = match &file {
        Some(file) => {
            let existing = session.existing(file).await?;
            Some(Summary::of(&planning::converge(&session, file, &inventory, &existing, &Consent::default()).await?))
        }
        None => None,
    };
    let target = session.target(&scope.name);
    let known = inventory.known();
    let url = match session.url(&scope, &inventory).await? {
        None => address::own(&known, has_certificate(&inventory), address::WEB_PORT),
        url => url,
    };
    let whereabouts = Whereabouts::of(&target, &known, url);
    let cluster = scope.cluster.as_deref().and_then(|cluster| cluster.rsplit('/').next()).map(str::to_owned);
    let images = images(&inventory);
    let release = Running::of(&inventory).and_then(|running| running.release());
    let known = release.and_then(|release| Catalogue::effective().get(release));
    let status = Status {
        state: State::of(&inventory),
        whereabouts: Whereabouts { cluster: whereabouts.cluster.clone().or(cluster), ..whereabouts },
        release: release.map(|version| version.to_string()),
        internal_certificate: internal_certificate::live(&inventory)
            .and_then(certificates::valid_until)
            .map(str::to_owned),
        release_support: known.map(standing::of),
        release_advice: known.and_then(|release| standing::advice(release, file.as_ref())),
        images,
        writers: service.writers().count(),
        service,
        resources: inventory.live.len(),
        unsettled: Unsettled::all(&inventory),
        former: former(&inventory),
        notes: notes(&inventory),
        drift,
        target,
    };
    if output.is_json() {
        output.document(&status)?;
    } else {
        output.data(&text(&status))?;
    }
    Ok(Exit::Done)
}

fn former(inventory: &Inventory) -> Vec<String> {
    let former = inventory.live.iter().filter(|live| file_system::is_former(&live.address));
    former.map(|live| live.id.clone()).collect()
}

/// What people should know that no property tells.
fn notes(inventory: &Inventory) -> Vec<String> {
    let open = open_intent(inventory).map(|finding| match finding.hint {
        Some(hint) => format!("{}: {hint}", finding.message),
        None => finding.message,
    });
    let service = inventory.live.iter().find(|live| live.address.kind() == "service");
    let stopped = service.and_then(|service| service.tags.get(names::STOPPED));
    let stopped = stopped.map(|request| format!("stopped by request: {request}"));
    let renewal = certificates::wanted(inventory, moment::today(), false).renewal;
    let renewal = renewal.map(|why| format!("{why}: the next `ce-aws apply` makes a new one and replaces the task"));
    open.into_iter().chain(stopped).chain(renewal).collect()
}

/// Images by container, from the task definition in force.
fn images(inventory: &Inventory) -> BTreeMap<String, String> {
    let definitions = inventory.live.iter().filter(|live| live.address.kind() == "task-definition");
    let containers = definitions.filter_map(|live| live.spec.get("containers")?.as_object());
    let images = containers.flatten().filter_map(|(name, container)| {
        let image = container.get("image")?.as_str()?;
        Some((name.clone(), image.to_owned()))
    });
    images.collect()
}

fn has_certificate(inventory: &Inventory) -> bool {
    let listeners = inventory.live.iter().filter(|live| live.address.kind() == "listener");
    listeners.filter_map(|live| live.spec.get("protocol")?.as_str()).any(|protocol| protocol == "HTTPS")
}
