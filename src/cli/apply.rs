//! `ce-aws apply`.

use std::path::PathBuf;

use crate::session::lease::Exclusive;
use crate::session::saved::{Origin, Saved};
use crate::session::{CommandError, Consent, Exit, Output, PLAN_FILE, Scope, Session, Source, source};
use crate::upgrade::chain::{self, ChainOptions, ChainStep, Start, upgrade_chain};
use crate::upgrade::destroy::destroy;
use crate::upgrade::limits::Limits;
use crate::upgrade::plan::OnFailure;
use crate::upgrade::run::Context;

use super::global::Global;
use super::options::{ChangeOptions, UpgradeOptions};

/// Make the deployment match its plan file
///
/// Shows the plan, asks, applies it, and waits until Cloud Exchange is healthy. When it is interrupted or fails, run it
/// again to continue. A plan saved by `ce-aws plan --out` is applied as it is, or refused when it is stale.
///
/// The first Ctrl-C starts no new steps and waits for the calls in flight; a second one exits at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file, or a saved plan
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    #[command(flatten)]
    change: ChangeOptions,

    /// Remove deletion protection from what is to be deleted
    #[arg(long)]
    unprotect: bool,

    /// Deploy the images that the tags name today
    ///
    /// Otherwise an image stays the one that its tag named when it was first deployed.
    #[arg(long)]
    refresh_images: bool,

    /// Issue a new TLS certificate for the traffic between the containers
    ///
    /// Without this it is renewed 30 days before it expires. A new one replaces the task.
    #[arg(long)]
    renew_certificates: bool,

    /// What to do when a step fails [default: roll back an upgrade, keep everything else]
    ///
    /// With `rollback`, a first apply that fails deletes exactly what it has created, the file system included.
    #[arg(long, value_name = "WHAT", value_enum)]
    on_failure: Option<OnFailure>,

    #[command(flatten)]
    options: UpgradeOptions,
}

impl Args {
    fn consent(&self) -> Consent {
        let Self { unprotect, refresh_images, renew_certificates, .. } = *self;
        Consent { unprotect, refresh_images, renew_certificates, ..self.options.consent() }
    }
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    if !Saved::is_meant(&source.text) {
        return follow(args, global, output, source, args.consent(), None).await;
    }
    let saved = Saved::parse(&source.path, &source.text)?;
    if args.unprotect || args.refresh_images || args.renew_certificates {
        return Err(CommandError::usage("usage/saved-plan", "a saved plan is applied as it is")
            .hint("give --unprotect, --refresh-images and --renew-certificates to `ce-aws plan`"));
    }
    match &saved.origin {
        Origin::PlanFile { path, text, consent } => {
            let source = Source { path: path.clone(), text: text.clone() };
            follow(args, global, output, source, *consent, Some(&saved)).await
        }
        Origin::Teardown { name, options } => {
            let scope = Scope::named(source::name(name)?.as_str());
            let mut access = global.access();
            access.region = Some(saved.plan.target.region.clone());
            let session = Session::open(&access).await?;
            let limits = Limits::new(None, None);
            let context =
                Context { session: &session, scope: &scope, output, file: "FILE", yes: args.change.yes, limits };
            let exclusive = Exclusive::request(&session, &scope.name, None, args.change.manner(), output).await?;
            destroy(context, exclusive, *options, Some(&saved)).await
        }
    }
}

/// Makes a deployment what a plan file says, in the one step of a saved plan or in as many as it takes.
async fn follow(
    args: &Args,
    global: &Global,
    output: &Output,
    source: Source,
    consent: Consent,
    saved: Option<&Saved>,
) -> Result<Exit, CommandError> {
    let (session, file) = Session::for_file(&source, &global.access(), output).await?;
    let (scope, limits) = (Scope::of(&file), Limits::of(&consent));
    let context =
        Context { session: &session, scope: &scope, output, file: &source.path, yes: args.change.yes, limits };
    let options = ChainOptions {
        source: &source,
        consent,
        on_failure: args.on_failure.unwrap_or_default(),
        undoes_create: args.on_failure == Some(OnFailure::Rollback),
        write: false,
    };
    let exclusive = Exclusive::request(&session, &scope.name, Some(&file), args.change.manner(), output).await?;
    let read = async || {
        let mut scope = scope.clone();
        let (inventory, existing) = tokio::try_join!(session.inventory(&mut scope), session.existing(&file))?;
        Ok(Start { inventory, existing: Some(existing) })
    };
    let work = async |start: Start| {
        let last = ChainStep { text: source.text.clone(), file: file.clone() };
        let steps = match saved {
            Some(_) => vec![last],
            None => chain::steps(&source, chain::running(&start.inventory), last)?,
        };
        upgrade_chain(context, options, &steps, start, saved).await
    };
    exclusive.run(read, work).await
}
