//! Commands that change something: under the lease, and recorded in the history.

use std::path::Path;
use std::time::Duration;

use crate::aws::clients::Access;
use crate::config::PlanFile;
use crate::control::clock::Clock;
use crate::control::error::ControlError;
use crate::control::history::{End, Entry};
use crate::control::keeper::{Before, Request};
use crate::control::lease::{Record, UNSEEN, VERSION};
use crate::control::objects::Store;
use crate::control::process;
use crate::engine;
use crate::engine::failure::{Cause, Failure};
use crate::engine::propagation::YOUNG;
use crate::ui::advice;
use crate::ui::finding::warning;
use crate::ui::history::{holder, waiting};
use crate::ui::text::duration;

use super::error::{CommandError, Kind};
use super::exit::Exit;
use super::moment;
use super::notify::Notify;
use super::open::{Found, Session};
use super::output::Output;
use super::scope::Scope;
use super::source::{Selected, Source};

/// How long a run whose work is done waits for the settings of a new control bucket.
const SETTLING: Duration = Duration::from_secs(30);

/// How a run goes about it, as the command line says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// Without the lease.
    pub no_lease: bool,
    /// With messages to the deployment's topic.
    pub notify: bool,
}

/// A run that changes a deployment: under its lease, or without one.
pub struct Exclusive<'a> {
    session: &'a Session,
    output: &'a Output,
    request: Option<Request>,
    me: Record,
    notify: Option<Notify<'a>>,
}

impl<'a> Exclusive<'a> {
    /// Reads who holds the lease; with `no_lease` it is not used. A plan file says who is told.
    ///
    /// # Errors
    ///
    /// The control bucket cannot be used.
    pub async fn request(
        session: &'a Session,
        deployment: &str,
        file: Option<&PlanFile>,
        how: Manner,
        output: &'a Output,
    ) -> Result<Self, CommandError> {
        let (me, clock) = (me(session, deployment), moment::clock()?);
        let notify = how.notify.then(|| Notify::new(session, deployment, file, output));
        if how.no_lease {
            output.note(&warning(
                "lease/none",
                "working without the lease, as you asked: make sure that nobody else works on this deployment \
                 meanwhile; the run is not recorded",
            ));
            // It is not known when the run before ended.
            session.young.postpone(clock.real(YOUNG));
            return Ok(Self { session, output, request: None, me, notify });
        }
        let request = Request::read(&session.store(), me.clone(), Clock::new(clock.scale())).await.map_err(refusal)?;
        Ok(Self { session, output, request: Some(request), me, notify })
    }

    /// Whether a run has ever held the lease of the deployment.
    pub fn is_known(&self) -> bool {
        self.request.as_ref().is_some_and(Request::is_known)
    }

    /// Does the work, with what was read, while nobody else works on the deployment, and records it. The lease is
    /// released whatever came of it.
    ///
    /// What is read is read while a free lease is taken, and once more if another run took it first.
    ///
    /// # Errors
    ///
    /// Those of reading and of the work; another run is at work; the control bucket cannot be used.
    pub async fn run<R>(
        self,
        read: impl AsyncFn() -> Result<R, CommandError>,
        work: impl AsyncFnOnce(R) -> Result<Exit, CommandError>,
    ) -> Result<Exit, CommandError> {
        let Self { session, output, request, me, mut notify } = self;
        let Some(request) = request else {
            begun(&mut notify, &me).await;
            let result = async { work(read().await?).await }.await;
            ended(&mut notify, &me, &result).await;
            return result;
        };
        let clock = moment::clock()?;
        let waits = |held: &Record| {
            let event = serde_json::json!({ "code": "lease-waiting", "holder": holder(held) });
            output.news(&event, || waiting(held));
        };
        let (permit, is_free) = (session.permit(), request.is_free());
        if is_free {
            wait_for_lists(session, clock, request.before, output);
        }
        let take = async { request.take(&permit, waits).await.map_err(refusal) };
        let ahead = async { Ok(if is_free { Some(read().await) } else { None }) };
        let (mut keeper, ahead) = tokio::try_join!(take, ahead)?;
        if !keeper.at_once {
            wait_for_lists(session, clock, keeper.before, output);
        }
        session.begin(entry(me.clone()));
        begun(&mut notify, &me).await;
        let store = session.store();
        let (written, result) = tokio::join!(begin(session, &store, output), async {
            let read = match ahead.filter(|_| keeper.at_once) {
                Some(read) => read,
                None => read().await,
            };
            work(read?).await
        });
        ended(&mut notify, &me, &result).await;
        let late = || Failure::of(Cause::Unavailable, "S3 does not answer in time");
        let settings = tokio::time::timeout(SETTLING, keeper.settle()).await;
        let settings = settings.unwrap_or_else(|_| Err(late().into()));
        if let Err(error) = &settings {
            let said = format!("the control bucket lacks a setting, which the next run makes: {error}");
            output.note(&warning("lease/bucket-settings", &said));
        }
        let unseen = (session.unseen.left().as_secs_f64() * clock.scale()).ceil() as u32;
        let ended = async {
            let Some(mut entry) = session.entry().filter(|_| written) else { return };
            entry.end = Some(end(&result));
            if let Err(failure) = entry.write(&store).await {
                let said = format!("the end of this run cannot be recorded: {failure}");
                output.note(&warning("history/not-written", &said));
            }
        };
        tokio::join!(ended, keeper.release(unseen, settings.is_ok()));
        result
    }
}

async fn begun(notify: &mut Option<Notify<'_>>, me: &Record) {
    if let Some(notify) = notify {
        notify.begun(me).await;
    }
}

async fn ended(notify: &mut Option<Notify<'_>>, me: &Record, result: &Result<Exit, CommandError>) {
    if let Some(notify) = notify {
        notify.ended(me, result).await;
    }
}

/// Whoever reads an inventory from now on waits until AWS lists what the run before has created.
fn wait_for_lists(session: &Session, clock: engine::clock::Clock, before: Option<Before>, output: &Output) {
    let Some(before) = before else { return };
    session.unseen.postpone(clock.real(before.unseen.into()).saturating_sub(before.ended));
    session.young.postpone(clock.real(YOUNG).saturating_sub(before.ended));
    report_unseen(session.unseen.left().as_secs_f64() * clock.scale(), output);
}

/// Records that a run begins; false if that is not possible.
async fn begin(session: &Session, store: &Store, output: &Output) -> bool {
    let written = session.entry().unwrap_or_default().write(store).await;
    if let Err(failure) = &written {
        output.note(&warning("history/not-written", &format!("this run cannot be recorded: {failure}")));
    }
    written.is_ok()
}

/// A change of the deployment of a plan file, which is read first. The work gets what exists of it.
///
/// # Errors
///
/// Problems of the plan file, and those of [`Exclusive::run`].
pub async fn of_file(
    path: &Path,
    how: Manner,
    access: &Access,
    output: &Output,
    work: impl AsyncFnOnce(&Session, &Source, &PlanFile, Found) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    let source = Source::read(path)?;
    let (session, file) = Session::for_file(&source, access, output).await?;
    let exclusive = Exclusive::request(&session, file.name.as_str(), Some(&file), how, output).await?;
    let read = async || session.found(Scope::of(&file)).await;
    exclusive.run(read, async |found| work(&session, &source, &file, found).await).await
}

/// The same for the deployment of a plan file or of a name.
///
/// # Errors
///
/// Problems of the plan file or the name, and those of [`Exclusive::run`].
pub async fn of_deployment(
    which: Selected<'_>,
    how: Manner,
    access: &Access,
    output: &Output,
    work: impl AsyncFnOnce(&Session, Found) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    let (session, scope, file) = Session::of(which, access, output).await?;
    let exclusive = Exclusive::request(&session, &scope.name, file.as_ref(), how, output).await?;
    let read = async || session.found(scope.clone()).await;
    exclusive.run(read, async |found| work(&session, found).await).await
}

/// Says why nothing happens for this many seconds.
fn report_unseen(seconds: f64, output: &Output) {
    if seconds >= 1.0 {
        output.news(&serde_json::json!({ "code": "lists-lag", "seconds": seconds.ceil() }), || {
            let time = duration(seconds);
            format!("waiting {time}: the run before was interrupted, and AWS may not list yet what it created last\n")
        });
    }
}

fn me(session: &Session, deployment: &str) -> Record {
    Record {
        version: VERSION,
        deployment: deployment.to_owned(),
        run: session.run().to_owned(),
        user: session.caller().to_owned(),
        host: process::host(),
        pid: std::process::id(),
        process: process::this(),
        command: command(std::env::args().skip(1)),
        since: moment::text(),
        beat: 0,
        released: false,
        unseen: UNSEEN,
        configured: false,
    }
}

fn entry(me: Record) -> Entry {
    let Record { version, deployment, run, user, host, command, since, .. } = me;
    let tool = env!("CARGO_PKG_VERSION").to_owned();
    Entry { version, deployment, run, user, host, command, tool, since, ..Entry::default() }
}

fn end(result: &Result<Exit, CommandError>) -> End {
    let (exit, error) = match result {
        Ok(exit) => (*exit, None),
        Err(error) => (error.exit(), Some(error.code().to_owned())),
    };
    End { at: moment::text(), exit: exit.code(), error }
}

/// The command line without users and passwords in addresses.
fn command(arguments: impl Iterator<Item = String>) -> String {
    let shown = arguments.map(|argument| match argument.split_once("://") {
        Some((scheme, rest)) => {
            let (place, path) = rest.split_once('/').map_or((rest, None), |(place, path)| (place, Some(path)));
            let place = place.rsplit_once('@').map_or(place.to_owned(), |(_, host)| format!("***@{host}"));
            format!("{scheme}://{place}{}", path.map(|path| format!("/{path}")).unwrap_or_default())
        }
        None => argument,
    });
    shown.collect::<Vec<_>>().join(" ").chars().take(1000).collect()
}

fn refusal(error: ControlError) -> CommandError {
    let message = format!("{error}; nothing was changed");
    let without =
        "where such a bucket is not allowed, use --no-lease, and make sure that nobody else works on this deployment";
    match error {
        ControlError::Held(record) => CommandError::from(Kind::Held { message, holder: holder(&record) })
            .hint("wait until it ends, or stop it there with Ctrl-C; then run the same command again")
            .hint("if it is dead, its lease can be taken after a minute"),
        ControlError::BucketTaken { .. } => CommandError::refused("lease/bucket-taken", message).hint(without),
        ControlError::Denied { .. } => CommandError::refused("lease/denied", message)
            .hint("the caller needs s3:CreateBucket and the bucket's settings once")
            .hint("and s3:ListBucket, s3:GetObject and s3:PutObject always")
            .hint(without),
        ControlError::Unreadable { bucket, key, .. } => CommandError::refused("lease/unreadable", message)
            .hint(format!("read it with `aws s3 cp s3://{bucket}/{key} -`, and delete it if nobody is at work")),
        ControlError::Failed(failure) => {
            let error = CommandError::refused("lease/failed", format!("the lease could not be taken: {message}"));
            match failure.hints.as_slice() {
                [] => error.hint(advice::about(&failure)),
                hints => hints.iter().fold(error, CommandError::hint),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::style::plain;

    fn held() -> Record {
        Record {
            version: VERSION,
            deployment: "prod".to_owned(),
            run: "0123456789abcdef".to_owned(),
            user: "arn:aws:iam::123456789012:user/jo\u{1b}[2J".to_owned(),
            host: "desk".to_owned(),
            pid: 7,
            process: None,
            command: "apply plan.toml --yes".to_owned(),
            since: "2026-11-22T08:00:00Z".to_owned(),
            beat: 3,
            released: false,
            unseen: UNSEEN,
            configured: true,
        }
    }

    #[test]
    fn what_is_said_of_a_lease_that_cannot_be_taken() {
        let denied = Failure {
            operation: "s3 PutObject".to_owned(),
            code: "AccessDenied".to_owned(),
            request_id: Some("R1".to_owned()),
            ..Failure::of(Cause::Denied, "Access Denied")
        };
        let bucket = "ce-aws-123456789012-us-east-1".to_owned();
        let errors = [
            ControlError::Held(Box::new(held())),
            ControlError::BucketTaken { bucket: bucket.clone(), failure: denied.clone() },
            ControlError::Denied { bucket: bucket.clone(), failure: denied },
            ControlError::Failed(Failure {
                operation: "s3 CreateBucket".to_owned(),
                code: "ExpiredToken".to_owned(),
                ..Failure::of(Cause::Denied, "it has expired").hint("log in again")
            }),
            ControlError::Unreadable { bucket, key: "lease/prod.json".to_owned(), why: "it is not a lease".to_owned() },
        ];
        let texts: Vec<_> = errors.into_iter().map(|error| plain(&refusal(error).text())).collect();
        insta::assert_snapshot!(format!("{}\n{}", plain(&waiting(&held())), texts.join("\n")));
    }

    #[test]
    fn a_command_line_holds_no_passwords() {
        let said = |text: &str| command(text.split(' ').map(str::to_owned));
        assert_eq!(said("apply a.toml --yes"), "apply a.toml --yes");
        assert_eq!(said("--endpoint-url=https://u:p@h/x@y apply"), "--endpoint-url=https://***@h/x@y apply");
        assert_eq!(said("--endpoint-url http://u:p@h:1"), "--endpoint-url http://***@h:1");
    }
}
