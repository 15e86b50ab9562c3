//! `ce-aws open`.

mod browser;
mod destination;
mod refusal;

use std::sync::Mutex;
use std::time::Duration;

use clap::ValueEnum;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::aws::clients::Clients;
use crate::aws::exec::text::first_line;
use crate::aws::tunnel::relay::{Ending, News, relay};
use crate::aws::tunnel::session::{start, terminate};
use crate::session::{CommandError, Exit, Output, Session};
use crate::ui::open::Event;

use super::global::Global;
use super::interrupt::until_ctrl_c;
use super::options::Which;

use destination::{Wanted, Way};

/// Open the UI in a browser, through a tunnel
///
/// A local port leads through AWS Systems Manager and the running task to the UI; neither the AWS CLI nor the Session
/// Manager plugin is needed, and nothing has to be reachable from here but AWS. Prints the address and opens it in the
/// browser of this machine, if there is one. Only programs on this machine can connect. A lost connection is resumed; a
/// task that was replaced is followed. Ctrl-C closes the tunnel and ends its session in AWS.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Port on this machine; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    local_port: u16,

    /// Where the tunnel ends: at the task, or at the load balancer as the task reaches it
    #[arg(long, value_name = "WHERE", value_enum, default_value_t)]
    via: Via,

    /// The port there, for support: 15672 is RabbitMQ's console [default: the UI's]
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,

    /// The container whose agent carries the tunnel; all containers of a task share their ports
    #[arg(long, value_name = "NAME", default_value = destination::UI)]
    container: String,

    /// The task whose id begins so, where several run
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    task: String,

    /// Open no browser
    #[arg(long)]
    no_browser: bool,

    /// Only see whether the tunnel works, and close it again
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Via {
    #[default]
    Task,
    LoadBalancer,
}

/// How long to wait before another attempt to begin a session, and for the end of one.
const PAUSE: Duration = Duration::from_secs(5);
const END: Duration = Duration::from_secs(10);

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let (session, scope, _) = Session::of(args.which.selected(), &global.access(), output).await?;
    let wanted = Wanted {
        through_load_balancer: args.via == Via::LoadBalancer,
        port: args.port,
        container: args.container.clone(),
        task: args.task.clone(),
    };
    let way = Way::find(&session, scope.clone(), &wanted).await?;
    let listener = listen(args.local_port).await?;
    let local_port = listener.local_addr().map_err(CommandError::unexpected)?.port();
    let is_quiet = args.no_browser || args.check || args.port.is_some() || output.is_json();
    let aws = session.context(&scope).aws;
    let tunnel = Tunnel {
        aws: &aws,
        listener,
        local_port,
        opens_browser: !is_quiet,
        output,
        session: Mutex::new(None),
        works: Notify::new(),
    };
    let find = async || Way::find(&session, scope.clone(), &wanted).await;
    let work = async {
        tokio::select! {
            ended = tunnel.serve(way, find) => ended,
            () = tunnel.works.notified(), if args.check => Ok(()),
            ended = terminated() => ended.map_err(CommandError::unexpected),
        }
    };
    let ended = until_ctrl_c(work).await;
    tunnel.close().await;
    ended.map(|()| Exit::Done)
}

/// The end of the process, other than by Ctrl-C.
#[cfg(unix)]
async fn terminated() -> std::io::Result<()> {
    super::terminal::ended().await.map(drop)
}

#[cfg(not(unix))]
async fn terminated() -> std::io::Result<()> {
    std::future::pending().await
}

/// On this machine only: whoever reaches the port is at the UI.
async fn listen(port: u16) -> Result<TcpListener, CommandError> {
    use std::io::ErrorKind::{AddrInUse, PermissionDenied};
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| match error.kind() {
        AddrInUse => CommandError::refused("open/port-taken", format!("port {port} of this machine is in use"))
            .hint("--local-port chooses another one; 0 takes a free one"),
        PermissionDenied => {
            let message = format!("port {port} of this machine needs special rights");
            CommandError::refused("open/port-denied", message).hint("--local-port chooses another one, from 1024 on")
        }
        _ => CommandError::unexpected(error),
    })
}

struct Tunnel<'a> {
    aws: &'a Clients,
    listener: TcpListener,
    local_port: u16,
    opens_browser: bool,
    output: &'a Output,
    /// The session that is open in AWS.
    session: Mutex<Option<String>>,
    /// Told when the tunnel works.
    works: Notify,
}

impl Tunnel<'_> {
    /// One session after the other, for good. The first has to succeed.
    async fn serve(&self, mut way: Way, find: impl AsyncFn() -> Result<Way, CommandError>) -> Result<(), CommandError> {
        let mut has_worked = false;
        let mut waiting: Option<TcpStream> = None;
        loop {
            match self.carry(&way, waiting.take(), &mut has_worked).await {
                Ok(ending) => {
                    let (why, waits) = (first_line(&ending.why), !ending.was_used);
                    self.tell(&Event::SessionEnded { why: &why, waits });
                    if waits {
                        let (accepted, _) = self.listener.accept().await.map_err(CommandError::unexpected)?;
                        waiting = Some(accepted);
                    }
                }
                Err(error) if has_worked && refusal::may_pass(&error) => {
                    self.tell(&Event::Waiting { why: &error.message() });
                    sleep(PAUSE).await;
                }
                Err(error) => return Err(error),
            }
            way = loop {
                match find().await {
                    Ok(way) => break way,
                    Err(error) if refusal::may_pass(&error) => {
                        self.tell(&Event::Waiting { why: &error.message() });
                        sleep(PAUSE).await;
                    }
                    Err(error) => return Err(error),
                }
            };
        }
    }

    /// One session.
    async fn carry(&self, way: &Way, first: Option<TcpStream>, has_worked: &mut bool) -> Result<Ending, CommandError> {
        let started = start(self.aws, &way.destination(self.local_port)).await.map_err(refusal::explained)?;
        self.remember(Some(started.id.clone()));
        let (mut was_refused, address) = (false, way.address(self.local_port));
        let mut hear = |news: News| match news {
            News::Ready => {
                let (task, session) = (way.task.as_str(), started.id.as_str());
                if std::mem::replace(has_worked, true) {
                    self.tell(&Event::NewSession { task, session });
                } else {
                    let (local_port, destination) = (self.local_port, way.shown.as_str());
                    let event = Event::Listening { address: &address, local_port, task, destination, session };
                    self.begin(&event, &address);
                }
            }
            News::Refused if !std::mem::replace(&mut was_refused, true) => {
                self.tell(&Event::NotListening { destination: &way.shown });
            }
            News::Refused => {}
            News::Notice(text) => self.tell(&Event::Notice { message: &text }),
            News::Lost => self.tell(&Event::Interrupted),
            News::Resumed => self.tell(&Event::Resumed),
            News::Stuck => self.tell(&Event::Stuck),
        };
        let ended = relay(self.aws, &started, &self.listener, first, &mut hear).await;
        self.end_session().await;
        ended.map_err(refusal::explained)
    }

    /// The tunnel works for the first time: the address is what was asked for, and all else a note.
    fn begin(&self, event: &Event<'_>, address: &str) {
        self.tell(event);
        if !self.output.is_json() {
            // A closed standard output keeps no browser from connecting.
            let _ = self.output.raw(&format!("{address}\n"));
        }
        if self.opens_browser {
            browser::open(address);
        }
        self.works.notify_one();
    }

    fn tell(&self, event: &Event<'_>) {
        self.output.news(event, || event.text());
    }

    fn remember(&self, id: Option<String>) -> Option<String> {
        let mut session = self.session.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::replace(&mut session, id)
    }

    /// Ends the session in AWS too: an open one counts, and could be resumed.
    async fn end_session(&self) {
        let Some(id) = self.remember(None) else { return };
        let ended = timeout(END, terminate(self.aws, &id)).await;
        let why = match ended {
            Ok(Ok(())) => return,
            Ok(Err(failure)) => failure.said(),
            Err(_) => "no answer".to_owned(),
        };
        self.output.always(&format!("session {id} could not be ended ({why}): it ends when it has been idle\n"));
    }

    async fn close(&self) {
        self.end_session().await;
        self.tell(&Event::Closed);
    }
}
