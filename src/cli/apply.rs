//! `ce-aws apply`.

use std::path::PathBuf;

use crate::planners::teardown;
use crate::session::Session;
use crate::session::consent::Consent;
use crate::session::error::CommandError;
use crate::session::exit::Exit;
use crate::session::lease::under_lease;
use crate::session::output::Output;
use crate::session::saved::{Origin, Saved};
use crate::session::scope::Scope;
use crate::session::source::{self, PLAN_FILE, Source};
use crate::upgrade::chain::{self, ChainOptions, ChainStep, upgrade_chain};
use crate::upgrade::plan::OnFailure;

use super::destroy;
use super::global::Global;
use super::options::Leasing;
use super::options::UpgradeOptions;

/// Make the deployment what its plan file says
///
/// Shows the plan, asks, carries it out, and waits until Cloud Exchange is healthy. When it is interrupted or fails,
/// running it again continues. A plan saved by `ce-aws plan --out` is carried out as it is, or refused when it no
/// longer fits.
///
/// The first Ctrl-C stops starting things and waits for the calls in flight; a second one leaves at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Plan file, or a saved plan
    #[arg(value_name = "FILE", default_value = PLAN_FILE)]
    file: PathBuf,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    leasing: Leasing,

    /// Take deletion protection off what is to go
    #[arg(long)]
    unprotect: bool,

    /// Deploy what the images' tags stand for today
    ///
    /// Otherwise an image stays the one that its tag stood for when it was first deployed.
    #[arg(long)]
    refresh_images: bool,

    /// Issue a new TLS certificate for the traffic between the containers
    ///
    /// Without this it is made anew 30 days before it ends. A new one replaces the task.
    #[arg(long)]
    renew_certificates: bool,

    /// What to do when a step fails [default: an upgrade goes back, everything else is kept]
    ///
    /// A first apply that fails, with `rollback`, removes exactly what it has created, the file system with it.
    #[arg(long, value_name = "WHAT", value_enum)]
    on_failure: Option<OnFailure>,

    #[command(flatten)]
    options: UpgradeOptions,
}

impl Args {
    fn consent(&self) -> Consent {
        let renew_certificates = self.renew_certificates;
        Consent { renew_certificates, ..self.options.consent(self.unprotect, self.refresh_images) }
    }
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let source = Source::read(&args.file)?;
    let options = |session, source, consent| ChainOptions {
        session,
        source,
        consent,
        yes: args.yes,
        on_failure: args.on_failure.unwrap_or_default(),
        rolls_back: args.on_failure == Some(OnFailure::Rollback),
        write: false,
        output,
    };
    if !Saved::is_meant(&source.text) {
        let (session, file) = Session::for_file(&source, &global.access(), output).await?;
        let name = file.name.clone();
        let work = async {
            let running = chain::running(&session.inventory(&mut Scope::of(&file)).await?);
            let last = ChainStep { text: source.text.clone(), file };
            let steps = chain::steps(&source, running, last)?;
            upgrade_chain(options(&session, &source, args.consent()), &steps, None).await
        };
        return under_lease(&session, name.as_str(), args.leasing.no_lease, output, work).await;
    }
    let saved = Saved::parse(&source.path, &source.text)?;
    if args.unprotect || args.refresh_images || args.renew_certificates {
        return Err(CommandError::usage("usage/saved-plan", "a saved plan is carried out as it is")
            .hint("give --unprotect, --refresh-images and --renew-certificates to `ce-aws plan`"));
    }
    match &saved.origin {
        Origin::PlanFile { path, text, consent } => {
            let source = Source { path: path.clone(), text: text.clone() };
            let (session, file) = Session::for_file(&source, &global.access(), output).await?;
            let name = file.name.clone();
            let steps = [ChainStep { text: text.clone(), file }];
            let work = upgrade_chain(options(&session, &source, *consent), &steps, Some(&saved));
            under_lease(&session, name.as_str(), args.leasing.no_lease, output, work).await
        }
        Origin::Teardown { name, delete_data, unprotect, leave_network } => {
            let name = source::name(name)?;
            let mut access = global.access();
            access.region = Some(saved.plan.target.region.clone());
            let session = Session::open(&access).await?;
            let mut scope = Scope::named(name.as_str());
            let (delete_data, unprotect, leave_network) = (*delete_data, *unprotect, *leave_network);
            let options = teardown::Options { delete_data, unprotect, leave_network };
            let work = async {
                let inventory = session.inventory(&mut scope).await?;
                let found = session.whole(&scope, inventory).await?;
                saved.check(&session.teardown(name.as_str(), &found.0, &found.1, options))?;
                destroy::destroy(&session, &scope, found, options, args.yes, output).await
            };
            under_lease(&session, name.as_str(), args.leasing.no_lease, output, work).await
        }
    }
}
