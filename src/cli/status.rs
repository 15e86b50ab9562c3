//! `ce-aws status`.

mod all;

use std::collections::{BTreeMap, BTreeSet};

use dialoguer::console::Term;
use serde::Serialize;

use crate::blueprint::certificates::{self, INTERNAL, OF_UI};
use crate::blueprint::image_change::Running;
use crate::config::PlanFile;
use crate::engine::clock::timestamp;
use crate::engine::inventory::{Inventory, Live};
use crate::engine::kind::Lifecycle;
use crate::engine::plan::Target;
use crate::kinds::client_vpn::VALID_UNTIL;
use crate::kinds::file_system;
use crate::kinds::names;
use crate::kinds::secret::{internal_certificate, ui_certificate};
use crate::kinds::service::probe::ProbeView;
use crate::live;
use crate::live::probe::Web;
use crate::price::io::FileSystemIo;
use crate::release::Catalogue;
use crate::session::intent::open_intent;
use crate::session::{CommandError, Consent, Exit, Output, Scope, Session, moment, span, standing};
use crate::ui::layout::{fit, width};
use crate::ui::status::{Alarm, Certificate, ClientVpn, State, Status, Unsettled, line, text};
use crate::ui::summary::Summary;
use crate::ui::text::duration;
use crate::ui::whereabouts::Whereabouts;
use crate::upgrade::planning;

use super::global::Global;
use super::interrupt::until_ctrl_c;
use super::options::Which;

/// Show what runs
///
/// The URL, the task and its private address, the health of containers and of the load balancer's target and, with a
/// plan file, whether anything drifted. Reads only. Exits with 5 when nothing with that name exists.
///
/// With --all: how every deployment of the account and region is, in a line each, and what needs attention. It leaves
/// out drift and I/O. Exits with 0 also when there is none.
///
/// ECS replaces an unhealthy task by itself, and starts the new one while the old one is still stopping. During that
/// time two tasks may write to the file system: `status` warns about it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// All deployments of the account and region
    #[arg(long, conflicts_with = "Which")]
    all: bool,

    /// Also ask the containers themselves: an HTTP request to the UI, core's version and the database's
    ///
    /// Through ECS Exec, as `ce-aws exec`. Core has finished its migration when the two versions are the same. What
    /// cannot be asked is shown as not known; it is no fault, and changes neither state nor exit code.
    #[arg(long, conflicts_with_all = ["all", "watch"])]
    probe: bool,

    /// Repeat until Ctrl-C, every so often, such as 30s or 1m [default: 5s]
    ///
    /// Redraws a terminal; otherwise each poll adds a line, with --all one for each deployment, or a JSON document on
    /// one line with --output json.
    #[arg(
        long,
        value_name = "TIME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5s",
        value_parser = span::seconds
    )]
    watch: Option<u32>,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    if args.all {
        return all::run(args.watch, global, output).await;
    }
    let (session, mut scope, file) = Session::of(args.which.selected(), &global.access(), output).await?;
    let mut status = read(&session, &mut scope, file.as_ref(), None).await?;
    if status.is_nothing() {
        if output.is_json() {
            output.document(&status)?;
        }
        return Err(nothing(&status.target));
    }
    if args.probe {
        status.probe = Some(probe(&session, &scope, &status).await);
    }
    match args.watch {
        None => output.answer(&status, || text(&status))?,
        Some(seconds) => until_ctrl_c(watch(&session, scope, file.as_ref(), status, seconds, output)).await?,
    }
    Ok(Exit::Done)
}

/// Asks the running task.
async fn probe(session: &Session, scope: &Scope, status: &Status) -> ProbeView {
    let not_known = |why: &str| ProbeView { unknown: vec![why.to_owned()], ..ProbeView::default() };
    let Some(task) = status.service.writers().find(|task| task.last == "RUNNING") else {
        return not_known("all of it: no task is running");
    };
    let release = status.release.as_deref().and_then(|release| release.parse().ok());
    let Some(release) = release.and_then(|version| Catalogue::effective().get(version)) else {
        return not_known("all of it: the release that runs is none that this run knows");
    };
    let web = Web { container: &release.web.container, port: release.web.port };
    live::probe::probe(&session.context(scope), status.service.cluster(), &task.arn, web).await
}

fn nothing(target: &Target) -> CommandError {
    let Target { deployment, account, region } = target;
    let message = format!("there is no deployment {deployment:?} in account {account}, region {region}");
    CommandError::refused("status/nothing-there", message)
        .hint("`ce-aws list` shows those that there are; --region and --profile say where to look")
        .hint("`ce-aws apply` deploys what a plan file describes")
}

/// Polls until it is dropped, or until nobody reads any more.
async fn watch(
    session: &Session,
    mut scope: Scope,
    file: Option<&PlanFile>,
    mut status: Status,
    seconds: u32,
    output: &Output,
) -> Result<(), CommandError> {
    let clock = moment::clock()?;
    loop {
        if !poll(&status, text, line, seconds, output)? {
            return Ok(());
        }
        tokio::time::sleep(clock.real(seconds.into())).await;
        status = read(session, &mut scope, file, status.io).await?;
    }
}

/// Shows what one poll has found; false when nobody reads any more.
fn poll<T: Serialize>(
    found: &T,
    text: fn(&T) -> String,
    line: fn(&T) -> String,
    seconds: u32,
    output: &Output,
) -> Result<bool, CommandError> {
    let terminal = Term::stdout();
    let shown = if output.is_json() {
        serde_json::to_string(found).map_err(CommandError::unexpected)? + "\n"
    } else if terminal.is_term() {
        terminal.clear_screen().map_err(CommandError::unexpected)?;
        let shown = format!("{}\nevery {}; Ctrl-C ends it\n", text(found), duration(seconds.into()));
        fit(&shown, width(&std::io::stdout()))
    } else {
        line(found)
    };
    output.is_read(&shown)
}

/// All that there is to show. CloudWatch has the file system's I/O by the hour and charges for each question: what is
/// known of it already is not asked for again in the same hour.
async fn read(
    session: &Session,
    scope: &mut Scope,
    file: Option<&PlanFile>,
    io: Option<FileSystemIo>,
) -> Result<Status, CommandError> {
    let inventory = session.inventory(scope).await?;
    let now = moment::seconds();
    let io = io.filter(|io| io.is_current(now));
    let asked = if io.is_none() { live::io::io(&session.context(scope), &inventory, now) } else { None };
    let asked = asked.map(tokio::spawn);
    let service = session.service(scope, &inventory).await?;
    let drift = match file {
        Some(file) => {
            let existing = session.existing(file).await?;
            let planned = planning::plan(session, file, &inventory, &existing, &Consent::default()).await?;
            Some(Summary::of(&planned.shown()))
        }
        None => None,
    };
    let target = session.target(&scope.name);
    let known = inventory.known();
    let url = session.url(scope, &inventory, &known).await?;
    let whereabouts = Whereabouts::of(&target, &known, url, ui_certificate::is_served(&inventory));
    let release = Running::of(&inventory).and_then(|running| running.release());
    let known = release.and_then(|release| Catalogue::effective().get(release));
    let io = match asked {
        Some(asked) => asked.await.ok(),
        None => io,
    };
    let started = service.writers().filter_map(|task| task.started).reduce(f64::max);
    Ok(Status {
        state: State::of(&inventory),
        whereabouts: Whereabouts { cluster: whereabouts.cluster.clone().or(scope.cluster_name()), ..whereabouts },
        release: release.map(|version| version.to_string()),
        certificate: Certificate::of(&inventory),
        internal_certificate: internal_certificate::live(&inventory)
            .and_then(certificates::valid_until)
            .map(str::to_owned),
        ui_certificate: ui_certificate::live(&inventory)
            .and_then(|live| live.outputs.get(ui_certificate::VALID_UNTIL))
            .cloned(),
        client_vpn: client_vpn(&inventory),
        release_support: known.map(standing::of),
        release_advice: known.and_then(|release| standing::advice(release, file)),
        images: images(&inventory),
        writers: service.writers().count(),
        since: started.map(timestamp),
        service,
        resources: own(session, &inventory),
        unsettled: Unsettled::all(&inventory),
        former: former(&inventory),
        io,
        alarms: alarms(&inventory),
        unconfirmed: live::notices::unconfirmed(&inventory).map(str::to_owned).collect(),
        notes: notes(&inventory),
        probe: None,
        drift,
        now: moment::seconds() as f64,
        target,
    })
}

/// How many resources are the deployment's, and not the whole account's.
fn own(session: &Session, inventory: &Inventory) -> usize {
    let shared: BTreeSet<&str> =
        session.kinds().iter().filter(|kind| kind.lifecycle == Lifecycle::Shared).map(|kind| kind.name).collect();
    inventory.live.iter().filter(|live| !shared.contains(live.address.kind())).count()
}

/// The alarms that have gone off.
fn alarms(inventory: &Inventory) -> Vec<Alarm> {
    let all = live::notices::alarms(inventory).filter(|alarm| alarm.state == "ALARM");
    all.map(|alarm| Alarm { name: alarm.name.to_owned(), reason: alarm.why.to_owned() }).collect()
}

fn former(inventory: &Inventory) -> Vec<String> {
    let former = inventory.live.iter().filter(|live| file_system::is_former(&live.address));
    former.map(|live| live.id.clone()).collect()
}

/// What is open or was asked for.
fn notes(inventory: &Inventory) -> Vec<String> {
    let renewal = certificates::wanted(inventory, moment::today(), false).renewal;
    let renewal = renewal.map(|why| why.words(INTERNAL));
    let of_ui = ui_certificate::live(inventory)
        .and_then(|live| certificates::wanted_of_ui(inventory, moment::today(), false).renewal.map(|why| (live, why)));
    let is_self_signed = |live: &Live| live.spec.get("fingerprint").is_some_and(|text| text == "");
    let of_ui = of_ui.filter(|(live, _)| is_self_signed(live)).map(|(_, why)| why.words(OF_UI));
    let renewals = renewal.into_iter().chain(of_ui);
    let renewals = renewals.map(|why| format!("{why}: the next `ce-aws apply` makes a new one and replaces the task"));
    of_service(inventory).chain(renewals).chain(vpn_renewal(inventory)).collect()
}

fn client_vpn(inventory: &Inventory) -> Option<ClientVpn> {
    let one = |kind: &str| inventory.live.iter().find(|live| live.address.kind() == kind);
    let certificate = one("client-vpn-certificate").and_then(|live| live.outputs.get(VALID_UNTIL).cloned());
    Some(ClientVpn { endpoint: one("client-vpn-endpoint")?.id.clone(), certificate_valid_until: certificate })
}

/// The end of the VPN's certificate, if it is near.
fn vpn_renewal(inventory: &Inventory) -> Option<String> {
    let certificate = inventory.live.iter().find(|live| live.address.kind() == "client-vpn-certificate")?;
    let end = certificate.outputs.get(VALID_UNTIL).filter(|_| certificate.spec["expires_soon"] == true)?;
    Some(format!("the client VPN's certificate expires on {end}: the next `ce-aws apply` renews it"))
}

/// What the service's tags say.
fn of_service(inventory: &Inventory) -> impl Iterator<Item = String> {
    let open = open_intent(inventory).map(|finding| match finding.hint {
        Some(hint) => format!("{}: {hint}", finding.message),
        None => finding.message,
    });
    let service = inventory.live.iter().find(|live| live.address.kind() == "service");
    let stopped = service.and_then(|service| service.tags.get(names::STOPPED));
    let stopped = stopped.map(|request| format!("stopped by request: {request}"));
    open.into_iter().chain(stopped)
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
