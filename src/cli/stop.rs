//! `ce-aws stop`.

use crate::engine::inventory::Live;
use crate::engine::plan::Plan;
use crate::planners::halt;
use crate::session::Session;
use crate::session::confirm::{self, Ask};
use crate::session::error::CommandError;
use crate::session::execute::{execute, exit, permit};
use crate::session::exit::Exit;
use crate::session::intent::open_intent;
use crate::session::lease::under_lease;
use crate::session::moment;
use crate::session::output::Output;
use crate::session::scope::Scope;
use crate::session::show;

use super::global::Global;
use super::options::Leasing;
use super::options::Which;

/// Stop Cloud Exchange, and see every task stopped
///
/// Sets the number of tasks to 0 and waits until none is left. The request is noted on the service: a later apply leaves
/// it stopped, until `ce-aws start`. Nothing else is deleted; what costs money besides the task goes on costing it.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    leasing: Leasing,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, mut scope, _) = Session::of(args.which.selected(), &global.access(), output).await?;
    let name = scope.name.clone();
    let work = async {
        let inventory = session.inventory(&mut scope).await?;
        let service = service(&inventory, &scope)?;
        let mut plan = halt::stop(&inventory, session.target(&scope.name), service, &request(session.caller()));
        plan.findings.extend(open_intent(&inventory));
        carry_out(&session, &scope, plan, ("Stop it?", "stopped"), args.yes, output).await
    };
    under_lease(&session, &name, args.leasing.no_lease, output, work).await
}

/// Who asks for it and when, in the characters of tags.
fn request(caller: &str) -> String {
    let when = moment::text();
    let who: String =
        caller.chars().filter(|c| c.is_ascii_alphanumeric() || "+-=._:/@".contains(*c)).take(200).collect();
    format!("{when} by {who}")
}

/// The service of a deployment.
pub fn service<'a>(
    inventory: &'a crate::engine::inventory::Inventory,
    scope: &Scope,
) -> Result<&'a Live, CommandError> {
    let service = inventory.live.iter().find(|live| live.address.kind() == "service" && !live.is_going());
    service.ok_or_else(|| {
        CommandError::refused(
            "refused/not-deployed",
            format!("there is no service of {}; nothing was changed", scope.name),
        )
        .hint("`ce-aws apply FILE` deploys it")
    })
}

/// Shows, asks, and does.
pub async fn carry_out(
    session: &Session,
    scope: &Scope,
    plan: Plan,
    (question, already): (&str, &str),
    yes: bool,
    output: &Output,
) -> Result<Exit, CommandError> {
    if output.is_json() {
        output.line(&show::event(&plan))?;
    } else if plan.is_empty() && plan.findings.is_empty() {
        output.note(&format!("{} is {already} already\n", scope.name));
    } else {
        output.note(&show::text(&plan, session.kinds(), None, output));
    }
    permit(&plan, output)?;
    if plan.is_empty() {
        return Ok(Exit::Done);
    }
    if !yes {
        confirm::ask(question, Ask::Yes, "--yes", output)?;
    }
    Ok(exit(execute(session, scope, plan, output).await?.outcome))
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
