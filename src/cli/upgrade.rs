//! `ce-aws upgrade`.

use std::path::{Path, PathBuf};

use crate::blueprint::data_steps::{Ground, data_steps};
use crate::blueprint::image_change::Running;
use crate::config::{PlanFile, edit};
use crate::engine::inventory::{Inventory, Phase};
use crate::planners::intent::{Mark, Work};
use crate::planners::upgrade::{self, Upgrade};
use crate::release::{Catalogue, Version};
use crate::session::Session;
use crate::session::catalogue::release;
use crate::session::confirm::{self, Ask};
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::intent::{describe, way_out};
use crate::session::lease::of_file;
use crate::session::output::Output;
use crate::session::scope::Scope;
use crate::session::show;
use crate::session::source::{PLAN_FILE, Source};
use crate::upgrade::chain::{self, ChainOptions, ChainStep, upgrade_chain};
use crate::upgrade::cleanup::cleanup;
use crate::upgrade::limits::Limits;
use crate::upgrade::open_operation::OpenOperation;
use crate::upgrade::plan::{OnFailure, data_task, new_id, point};
use crate::upgrade::rollback;
use crate::upgrade::run::{Context, forward};
use crate::upgrade::update_plan_file;

use super::global::Global;
use super::options::Leasing;
use super::options::UpgradeOptions;

/// Upgrade in place: stop, back up, start the new release, prove it, or go back
///
/// Shows the plan and what RabbitMQ's queues hold, asks, and then: writes on the service what is under way; stops it and
/// sees every task stopped; makes a recovery point; runs the data steps of the release; starts the new one and watches
/// it. When anything fails it goes back by itself to what ran before, and exits with 6; where the data may have changed
/// it restores the recovery point for that. It exits with 7 when only a person can decide.
///
/// On success the plan file says what runs now; its comments and its layout stay.
///
/// Whatever interrupts it, even kill -9: --resume goes on and --rollback goes back, from what is in AWS alone.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["to", "image", "resume", "rollback"]))]
pub struct Args {
    /// Plan file of the deployment
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Release to reach; where one step does not lead there, one permitted step after the other
    #[arg(long, value_name = "RELEASE")]
    to: Option<Version>,

    /// Another image for one container: a complete one, or a tag of the one it has; repeat for several
    #[arg(long, value_name = "NAME=IMAGE")]
    image: Vec<String>,

    /// Finish an upgrade that was interrupted
    #[arg(long, conflicts_with_all = ["to", "image", "rollback"])]
    resume: bool,

    /// Go back from an upgrade that was interrupted
    #[arg(long, conflicts_with_all = ["to", "image"])]
    rollback: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    leasing: Leasing,

    /// Leave the plan file as it is
    #[arg(long)]
    no_write: bool,

    /// What to do when a step fails
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    on_failure: OnFailure,

    #[command(flatten)]
    options: UpgradeOptions,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let work =
        async |session: &Session, source: &Source, file: &PlanFile| held(args, session, source, file, output).await;
    of_file(&args.file, args.leasing.no_lease, &global.access(), output, work).await
}

async fn held(
    args: &Args,
    session: &Session,
    source: &Source,
    file: &PlanFile,
    output: &Output,
) -> Result<Exit, CommandError> {
    let mut scope = Scope::of(file);
    let inventory = session.inventory(&mut scope).await?;
    let consent = args.options.consent(false, false);
    if args.resume || args.rollback {
        let Some(now) = OpenOperation::of(session, &scope, inventory).await? else {
            return Err(CommandError::refused("upgrade/none-open", "no upgrade is under way; nothing was changed")
                .hint(format!("`ce-aws status {}` shows what runs", source.path)));
        };
        let context = Context { session, scope: &scope, output, file: &source.path };
        output.note(&format!("{}\n", describe(&now.intent)));
        return if args.rollback {
            roll_back(args, context, consent).await
        } else {
            resume(args, context, source, now, consent).await
        };
    }
    let Some(now) = Running::of(&inventory) else {
        return Err(CommandError::refused("upgrade/nothing-runs", format!("{} is not deployed", scope.name))
            .hint(format!("deploy it with `ce-aws apply {}`", source.path)));
    };
    let last = wanted(args, source, file)?;
    let steps = chain::steps(source, now.release(), last)?;
    let options = ChainOptions {
        session,
        source,
        consent,
        yes: args.yes,
        on_failure: args.on_failure,
        rolls_back: false,
        write: !args.no_write,
        output,
    };
    upgrade_chain(options, &steps, None).await
}

/// The plan file as the arguments want it.
fn wanted(args: &Args, source: &Source, file: &crate::config::PlanFile) -> Result<ChainStep, CommandError> {
    let edited = |result: Result<String, edit::EditError>| {
        result.map_err(|error| CommandError::usage("usage/plan-file", error.to_string()))
    };
    let mut text = source.text.clone();
    if let Some(to) = args.to {
        text = edited(edit::release(&text, to))?;
    }
    let mut file = chain::examine(source, &text, file)?;
    let images = crate::config::image_options(&args.image, &file.images, release(&file)?)
        .map_err(|invalid| CommandError::usage(invalid.code, invalid.message).hint(invalid.hint))?;
    for (container, image) in images {
        text = edited(edit::image(&text, &container, image.as_str()))?;
    }
    file = chain::examine(source, &text, &file)?;
    Ok(ChainStep { text, file })
}

async fn roll_back(args: &Args, context: Context<'_>, consent: Consent) -> Result<Exit, CommandError> {
    if !args.yes {
        confirm::ask("Go back?", Ask::Yes, "--yes", context.output)?;
    }
    Ok(match rollback::run(context, limits(&consent)).await? {
        // Going back is what was asked for.
        Exit::RolledBack => Exit::Done,
        exit => exit,
    })
}

fn limits(consent: &Consent) -> Limits {
    let usual = Limits::default();
    Limits {
        deadline: consent.deadline.map_or(usual.deadline, f64::from),
        watch: consent.watch.map_or(usual.watch, f64::from),
        as_they_are: consent.no_backup,
    }
}

/// Goes on where the upgrade was interrupted, to the revision that it had registered.
async fn resume(
    args: &Args,
    context: Context<'_>,
    source: &Source,
    mut now: OpenOperation,
    consent: Consent,
) -> Result<Exit, CommandError> {
    let Context { session, scope, output, .. } = context;
    if now.intent.mark.is_back() || now.intent.work == Work::Restore {
        let message = format!("{}: this does not finish it", describe(&now.intent));
        let hint = way_out(&now.intent).replace("FILE", &source.path);
        return Err(CommandError::refused("upgrade/going-back", message).hint(hint));
    }
    let newest = now.newest.clone().ok_or_else(|| {
        CommandError::refused("upgrade/no-revision", "the revision that it was to start is no longer there")
            .hint(format!("go back: `ce-aws upgrade {} --rollback`", source.path))
    })?;
    // Whatever has run since, a recovery point of before does not hold what it wrote.
    let is_renewed = now.intent.mark == Mark::Stop && now.service.phase != Phase::Idle;
    if is_renewed {
        now.intent.id = new_id();
    }
    let file = source.plan_file(session.region(), output)?;
    let data_tasks = data_tasks(context, &file, &now)?;
    let plan = {
        let limits = limits(&consent);
        let upgrade = Upgrade {
            intent: now.intent.clone(),
            opens: is_renewed,
            point: (now.intent.backup && now.intent.mark == Mark::Stop).then(|| point(&file)),
            data_tasks: if now.intent.mark < Mark::Start { data_tasks } else { Vec::new() },
            deadline: limits.deadline,
            watch: limits.watch,
            consequence: None,
        };
        upgrade::resume(&now.inventory, session.target(&scope.name), &now.service, &newest, &upgrade)
    };
    if !output.is_json() {
        output.note(&show::text(&plan, session.kinds(), None, output));
    }
    if !args.yes {
        confirm::ask("Finish it?", Ask::Yes, "--yes", output)?;
    }
    let result = forward(context, plan, limits(&consent), args.on_failure).await?;
    if !result.is_committed {
        return Ok(result.exit);
    }
    let text = reached(source, &file, &now, &newest)?;
    if !args.no_write && text != source.text {
        update_plan_file::write(Path::new(&source.path), &source.text, &text)?;
        output.note(&format!("\n{} says now what runs\n", source.path));
    }
    if result.exit != Exit::Done {
        return Ok(result.exit);
    }
    cleanup(context, &chain::examine(source, &text, &file)?, &consent).await
}

/// The data steps of the hop; each may have run before, and can run again.
///
/// # Errors
///
/// A release that this run does not know: what is to be done to the data for it would be left out in silence.
fn data_tasks(
    context: Context<'_>,
    file: &PlanFile,
    now: &OpenOperation,
) -> Result<Vec<upgrade::DataTask>, CommandError> {
    let known = |text: &str| {
        let found = text.parse().ok().and_then(|version| Catalogue::effective().get(version));
        found.ok_or_else(|| {
            let message = format!("this run does not know release {text}, nor what it does to the data");
            CommandError::refused("upgrade/unknown-release", message)
                .hint("give the --catalog files with which the upgrade was begun")
        })
    };
    let new = known(&now.intent.to)?;
    // Where nothing said which release ran, there was no step to plan.
    if now.intent.from == now.intent.to || now.intent.from.parse::<Version>().is_err() {
        return Ok(Vec::new());
    }
    let old = known(&now.intent.from)?;
    // What ran before, on the network where the service is.
    let others = now.inventory.live.iter().filter(|live| live.address.kind() != "task-definition").cloned();
    let running = Running::of(&Inventory::new(others.chain([now.before.clone()]).collect()))
        .ok_or_else(|| CommandError::unexpected("what ran before cannot be read"))?;
    let context = context.session.context(context.scope);
    let ground = Ground { plan: file, names: &context.names, running: &running, intent: &now.intent.id };
    Ok(data_steps(ground, old, new, &Default::default()).into_iter().map(data_task).collect())
}

/// The plan file with the release that was reached, and the images in which it differs.
fn reached(
    source: &Source,
    file: &PlanFile,
    now: &OpenOperation,
    newest: &crate::engine::inventory::Live,
) -> Result<String, CommandError> {
    let mut text = source.text.clone();
    if let Ok(version) = now.intent.to.parse::<Version>()
        && version != file.release
    {
        text = edit::release(&text, version).map_err(CommandError::unexpected)?;
    }
    let file = chain::examine(source, &text, file)?;
    for (container, image) in crate::blueprint::images(&file, release(&file)?) {
        let runs = newest.spec.pointer(&format!("/containers/{container}/image")).and_then(|image| image.as_str());
        if let Some(runs) = runs.filter(|runs| *runs != image.as_str()) {
            text = edit::image(&text, &container, runs).map_err(CommandError::unexpected)?;
        }
    }
    Ok(text)
}
