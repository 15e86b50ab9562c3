//! A conversation on a data channel: output comes, input goes, and what is lost is sent again. It outlives its
//! connections.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{SinkExt, StreamExt};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;

use crate::aws::clients::Clients;

use super::channel::{Channel, Size, Stamp, Step};
use super::data_key::KeySource;
use super::endpoint::{Endpoint, Socket};
use super::error::ExecError;
use super::message::Unreadable;
use super::resume::{Tries, again};

/// How often to look for frames that were not acknowledged.
const TICK: Duration = Duration::from_millis(500);
/// Proxies and NAT gateways cut silent connections, some after a minute.
pub const PING: Duration = Duration::from_secs(30);
/// Two pings without an answer: the connection is dead.
pub const DEAD: Duration = Duration::from_secs(75);
/// How long the other side may take to hear that we close.
const CLOSING: Duration = Duration::from_secs(1);
/// For how long a session is without a connection before it is given up: somebody at a terminal waits meanwhile.
const UNCONNECTED: Duration = Duration::from_secs(120);
/// How many of our frames may be unacknowledged before input has to wait.
const WINDOW: usize = 64;

/// What this side sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Typed, as bytes of a terminal.
    Keys(Vec<u8>),
    /// The terminal has this size.
    Size(Size),
}

/// How a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending<T> {
    /// Whoever takes the output has what it wanted.
    Enough(T),
    /// The other side has closed it; the text is the service's, and usually empty.
    Closed(String),
    /// The connection is lost, and cannot be made again.
    Lost,
}

/// A session that was begun.
#[derive(Debug)]
pub struct Session {
    pub id: String,
    /// It opens one connection.
    pub endpoint: Endpoint,
    /// Has the data key of a session that is encrypted.
    pub keys: KeySource,
}

/// Opens the channel and gives `take` the output until it returns something. A connection that is lost once the command
/// runs is made again, and nothing of the output is lost: Systems Manager closes each one after about an hour. Ending
/// early only closes our connection: Systems Manager ends a session without a listener. `unreadable` becomes what could
/// not be read on the way.
///
/// # Errors
///
/// The channel cannot be opened, the agent asks for something unsupported, or `take` fails.
pub async fn converse<T>(
    aws: &Clients,
    session: &Session,
    input: &mut Receiver<Input>,
    unreadable: &mut Option<Unreadable>,
    mut take: impl FnMut(&[u8]) -> Result<Option<T>, ExecError>,
) -> Result<Ending<T>, ExecError> {
    let mut socket = session.endpoint.connect().await?;
    let channel = Channel::new(stamp);
    let mut talk = Talk { channel, keys: &session.keys, is_ready: false, has_input: true, has_brought: false };
    let mut tries = Tries::default();
    loop {
        let began = Instant::now();
        let outcome = talk.listen(&mut socket, input, unreadable, &mut take).await;
        // The outcome is known: a failure to close changes nothing.
        let _ = timeout(CLOSING, socket.close(None)).await;
        if !matches!(outcome, Ok(Ending::Lost)) || !talk.is_ready || !tries.allow(began.elapsed(), talk.has_brought) {
            return outcome;
        }
        match timeout(UNCONNECTED, again(aws, &session.id)).await {
            Ok(Ok(Some(open))) => socket = open,
            Ok(Ok(None)) | Err(_) => return outcome,
            Ok(Err(error)) => {
                tracing::info!(%error, "the connection to the session is lost, and cannot be made again");
                return outcome;
            }
        }
        tracing::info!("the connection to the session was lost, and has been made again");
    }
}

/// What outlives a connection.
struct Talk<'a, S> {
    channel: Channel<S>,
    keys: &'a KeySource,
    /// Whether the command runs.
    is_ready: bool,
    has_input: bool,
    /// Whether the present connection has brought anything.
    has_brought: bool,
}

impl<S: FnMut() -> Stamp> Talk<'_, S> {
    /// Until the session ends or the connection is lost.
    async fn listen<T>(
        &mut self,
        socket: &mut Socket,
        input: &mut Receiver<Input>,
        unreadable: &mut Option<Unreadable>,
        take: &mut impl FnMut(&[u8]) -> Result<Option<T>, ExecError>,
    ) -> Result<Ending<T>, ExecError> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut pinged) = (Instant::now(), Instant::now());
        self.has_brought = false;
        let mut frames: Vec<Frame> = self.channel.again().into_iter().map(Frame::binary).collect();
        let mut steps = Vec::new();
        loop {
            // What is acknowledged is kept by the channel: acknowledgements go out first.
            frames.extend(steps.iter().filter_map(|step| match step {
                Step::Send(frame) => Some(Frame::binary(frame.clone())),
                _ => None,
            }));
            let mut is_lost = false;
            for frame in std::mem::take(&mut frames) {
                is_lost = is_lost || socket.send(frame).await.is_err();
            }
            // On another connection the channel takes no output a second time: it is passed on now.
            for step in std::mem::take(&mut steps) {
                match step {
                    Step::Send(_) | Step::Notice(_) | Step::Flag(_) => {}
                    Step::Ready => self.is_ready = true,
                    Step::Unmet(demand) => return Err(demand.into()),
                    Step::Closed(why) => return Ok(Ending::Closed(why)),
                    Step::Output(bytes) => {
                        if let Some(enough) = take(&bytes)? {
                            return Ok(Ending::Enough(enough));
                        }
                    }
                }
            }
            if is_lost {
                return Ok(Ending::Lost);
            }
            tokio::select! {
                frame = socket.next() => {
                    heard = Instant::now();
                    match frame {
                        Some(Ok(Frame::Binary(frame))) => match self.receive(&frame).await {
                            Ok(found) => steps = found,
                            Err(error) => *unreadable = Some(error),
                        },
                        Some(Ok(Frame::Close(_)) | Err(_)) | None => return Ok(Ending::Lost),
                        Some(Ok(_)) => {}
                    }
                }
                typed = input.recv(), if self.is_ready && self.has_input && self.channel.pending() < WINDOW => {
                    match typed {
                        Some(Input::Keys(bytes)) => {
                            frames.extend(self.channel.keys(&bytes).into_iter().map(Frame::binary));
                        }
                        Some(Input::Size(size)) => frames.push(Frame::binary(self.channel.size(size))),
                        None => self.has_input = false,
                    }
                }
                _ = tick.tick() => {
                    if heard.elapsed() > DEAD {
                        return Ok(Ending::Lost);
                    }
                    frames.extend(self.channel.overdue().into_iter().map(Frame::binary));
                    if pinged.elapsed() > PING {
                        pinged = Instant::now();
                        frames.push(Frame::Ping(Vec::new().into()));
                    }
                }
            }
        }
    }

    async fn receive(&mut self, frame: &[u8]) -> Result<Vec<Step>, Unreadable> {
        let pending = self.channel.pending();
        let mut steps = self.channel.receive(frame)?;
        if let Some(request) = self.channel.wanted_key().cloned() {
            steps.extend(self.channel.take_key(self.keys.data_key(&request).await));
        }
        self.has_brought |= !steps.is_empty() || self.channel.pending() != pending;
        Ok(steps)
    }
}

pub fn stamp() -> Stamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp { now: u64::try_from(now.as_millis()).unwrap_or(u64::MAX), id: rand::random() }
}
