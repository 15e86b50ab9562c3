//! `ce-aws alarms`.

use crate::live::notices;
use crate::session::lease::{Manner, of_deployment};
use crate::session::{CommandError, Exit, Found, Output, Session};
use crate::ui::alarms::{Fired, fired};

use super::global::Global;
use super::options::Which;

/// Try the alarms of a deployment
///
/// They come with `enabled = true` under [alarms] in the plan file. `ce-aws status` shows which have gone off, and who
/// has not confirmed yet that they want to be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Test(TestArgs),
}

/// Set each alarm off, so that everybody who is told gets a real message
///
/// CloudWatch judges each of them again within minutes, and tells then that it is over. One that has gone off already
/// is left alone. Nothing else is changed. The rules for stopped and retired tasks, failed deployments and failed
/// backups cannot be tried: only AWS itself may send such events.
#[derive(Debug, clap::Args)]
struct TestArgs {
    #[command(flatten)]
    which: Which,

    /// Work without the lease, where its bucket is not allowed
    #[arg(long)]
    no_lease: bool,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let Command::Test(args) = &args.command;
    let work = async |session: &Session, Found { scope, inventory }: Found| {
        let context = session.context(&scope);
        let mut all = Vec::new();
        for alarm in notices::alarms(&inventory) {
            let is_off = alarm.state == "ALARM";
            if !is_off {
                notices::set_off(&context, alarm.name).await?;
            }
            all.push(Fired { name: alarm.name.to_owned(), was_off_already: is_off });
        }
        if all.is_empty() {
            let message = format!("{} has no alarms", scope.name);
            return Err(CommandError::refused("alarms/none", message)
                .hint("write `enabled = true` under [alarms] in the plan file, and apply it"));
        }
        let unconfirmed: Vec<String> = notices::unconfirmed(&inventory).map(str::to_owned).collect();
        let document = serde_json::json!({ "alarms": &all, "unconfirmed": &unconfirmed });
        output.answer(&document, || fired(&all, &unconfirmed))?;
        Ok(Exit::Done)
    };
    let how = Manner { no_lease: args.no_lease, notify: false };
    of_deployment(args.which.selected(), how, &global.access(), output, work).await
}
