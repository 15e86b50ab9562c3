//! `ce-aws stop`.

use crate::engine::inventory::{Inventory, Live};
use crate::planners::halt;
use crate::session::intent::open_intent;
use crate::session::lease::of_deployment;
use crate::session::{CommandError, Exit, Found, Output, Scope, Session, moment};
use crate::upgrade::limits::Limits;
use crate::upgrade::run::{Context, Work, propose_and_run};

use super::global::Global;
use super::options::{ChangeOptions, Which};

/// Stop Cloud Exchange, and confirm that every task has stopped
///
/// Sets the number of tasks to 0 and waits until none is left. The stop request is recorded on the service: a later
/// apply leaves it stopped, until `ce-aws start`. Nothing is deleted, and everything but the task keeps costing money.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    #[command(flatten)]
    change: ChangeOptions,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let work = async |session: &Session, Found { scope, inventory }: Found| {
        let service = service(&inventory, &scope)?;
        let mut plan = halt::stop(&inventory, session.target(&scope.name), service, &request(session.caller()));
        plan.findings.extend(open_intent(&inventory));
        let limits = Limits::new(None, None);
        let context =
            Context { session, scope: &scope, output, file: &args.which.shown(), yes: args.change.yes, limits };
        let already = format!("{} is stopped already", scope.name);
        let result = propose_and_run(context, Work { already, ..Work::new(plan, "Stop it?") }).await?;
        Ok(result.map_or(Exit::Done, |result| result.exit()))
    };
    of_deployment(args.which.selected(), args.change.manner(), &global.access(), output, work).await
}

/// Who asked for it and when, in characters that tags may have.
fn request(caller: &str) -> String {
    let when = moment::text();
    let who: String =
        caller.chars().filter(|c| c.is_ascii_alphanumeric() || "+-=._:/@".contains(*c)).take(200).collect();
    format!("{when} by {who}")
}

/// The service of a deployment.
pub fn service<'a>(inventory: &'a Inventory, scope: &Scope) -> Result<&'a Live, CommandError> {
    let service = inventory.live.iter().find(|live| live.address.kind() == "service" && !live.is_going());
    service.ok_or_else(|| {
        CommandError::refused("refused/not-deployed", format!("{} has no service; nothing was changed", scope.name))
            .hint("`ce-aws apply FILE` deploys it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_fits_a_tag_and_says_who_and_when() {
        let text = request("arn:aws:sts::123456789012:assumed-role/Admin/jo\u{e9} <x>");
        assert!(text.ends_with(" by arn:aws:sts::123456789012:assumed-role/Admin/jox"), "{text}");
        assert!(text.starts_with("20") && text.contains('T') && text.contains('Z'), "{text}");
        assert!(request(&"a".repeat(500)).len() <= 256);
    }
}
