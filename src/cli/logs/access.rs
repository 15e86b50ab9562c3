//! `ce-aws logs --access`.

use crate::engine::failure::Cause;
use crate::engine::inventory::Inventory;
use crate::live::logs::access::entry::Entry;
use crate::live::logs::access::files::{Missing, Place, Seen};
use crate::live::logs::access::read::{Wanted, read};
use crate::session::{CommandError, Exit, Output, Scope, Session, moment};
use crate::ui::logs::Request;
use crate::ui::text::duration;

use super::super::interrupt::until_ctrl_c;
use super::{Args, follow};

/// Seconds between two looks while following: a file comes every five minutes.
const PAUSE: f64 = 30.0;

pub async fn run(
    args: &Args,
    containers: &[String],
    session: &Session,
    scope: &Scope,
    inventory: &Inventory,
    output: &Output,
) -> Result<Exit, CommandError> {
    if let Some(container) = containers.first() {
        let message = format!("--access shows requests to the load balancer, and {container:?} is a container");
        return Err(CommandError::usage("usage/access-of-container", message).hint("leave out one of the two"));
    }
    let target = session.target(&scope.name);
    let place = Place::of(inventory, &target.account, &target.region);
    let place = place.map_err(|missing| nothing(missing, &scope.name))?;
    let context = session.context(scope);
    let start = (moment::seconds() - i64::from(args.since)) * 1000;
    let wanted = Wanted { since: start, text: args.grep.clone() };
    let (mut seen, mut count) = (Seen::new(start), 0);
    let mut look = async || {
        let show = |entries: Vec<Entry>| {
            count += entries.len();
            output.is_read(&text(&entries, output)?)
        };
        let now = moment::seconds().saturating_mul(1000);
        let done = read(&context, &place, &wanted, &mut seen, now, show).await;
        done.map_err(|error: CommandError| if error.code() == Cause::Gone.code() { no_bucket(&place) } else { error })
    };
    let all = async {
        if !look().await? || !args.follow {
            return Ok(());
        }
        follow(output, PAUSE, look).await
    };
    until_ctrl_c(all).await?;
    if count == 0 {
        let with = if args.grep.is_empty() { String::new() } else { format!(" with {:?}", args.grep) };
        let span = duration(f64::from(args.since));
        output.note(&format!(
            "no request{with} of the last {span} was delivered; access logs come every five minutes, and --since looks \
             further back\n"
        ));
    }
    Ok(Exit::Done)
}

fn text(entries: &[Entry], output: &Output) -> Result<String, CommandError> {
    let line = |entry: &Entry| match output.is_json() {
        true => serde_json::to_string(entry).map(|text| text + "\n").map_err(CommandError::unexpected),
        false => Ok(request(entry).text()),
    };
    entries.iter().map(line).collect()
}

fn request(entry: &Entry) -> Request<'_> {
    let Entry { time, client, request, status, target_status, seconds, error_reason, .. } = entry;
    let (status, target_status, seconds) = (*status, *target_status, *seconds);
    Request { time, client, request, status, target_status, seconds, error_reason: error_reason.as_deref() }
}

fn nothing(missing: Missing, name: &str) -> CommandError {
    let (message, hint) = match missing {
        Missing::LoadBalancer => (
            format!("deployment {name:?} has no load balancer of its own"),
            "who manages an existing load balancer knows where its logs are",
        ),
        Missing::Logs => (
            format!("the load balancer of deployment {name:?} writes no access logs"),
            "turn them on: `access_logs = true` in [load_balancer], then `ce-aws apply`",
        ),
    };
    CommandError::refused("logs/no-access-logs", message).hint(hint)
}

fn no_bucket(place: &Place) -> CommandError {
    let message = format!("there is no bucket {}: the access logs are lost", place.bucket);
    CommandError::refused("logs/no-access-logs", message).hint("`ce-aws apply` creates the bucket again")
}
