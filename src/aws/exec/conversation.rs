//! A conversation on a data channel: output comes, input goes, and what is lost is sent again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::{SinkExt, StreamExt};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::Message as Frame;

use super::channel::{Channel, Size, Stamp, Step};
use super::data_key::KeySource;
use super::endpoint::{Endpoint, Socket};
use super::error::ExecError;
use super::message::Unreadable;

/// How often to look for frames that were not acknowledged.
const TICK: Duration = Duration::from_millis(500);
/// Proxies and NAT gateways cut silent connections, some after a minute.
pub const PING: Duration = Duration::from_secs(30);
/// Two pings without an answer: the connection is dead.
pub const DEAD: Duration = Duration::from_secs(75);
/// How long the other side may take to hear that we close.
const CLOSING: Duration = Duration::from_secs(1);
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
    /// The connection is lost.
    Lost,
}

/// Opens the channel and gives `take` the output until it returns something. Ending early only closes our connection:
/// Systems Manager ends a session without a listener. `keys` has the data key of a session that is encrypted;
/// `unreadable` becomes what could not be read on the way.
///
/// # Errors
///
/// The channel cannot be opened, the agent asks for something unsupported, or `take` fails.
pub async fn converse<T>(
    endpoint: &Endpoint,
    keys: &KeySource,
    input: &mut Receiver<Input>,
    unreadable: &mut Option<Unreadable>,
    mut take: impl FnMut(&[u8]) -> Result<Option<T>, ExecError>,
) -> Result<Ending<T>, ExecError> {
    let mut socket = endpoint.connect().await?;
    let outcome = listen(&mut socket, keys, input, unreadable, &mut take).await;
    // The outcome is known: a failure to close changes nothing.
    let _ = timeout(CLOSING, socket.close(None)).await;
    outcome
}

async fn listen<T>(
    socket: &mut Socket,
    keys: &KeySource,
    input: &mut Receiver<Input>,
    unreadable: &mut Option<Unreadable>,
    take: &mut impl FnMut(&[u8]) -> Result<Option<T>, ExecError>,
) -> Result<Ending<T>, ExecError> {
    let mut channel = Channel::new(stamp);
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut is_ready, mut has_input) = (false, true);
    let (mut heard, mut pinged) = (Instant::now(), Instant::now());
    loop {
        let mut frames: Vec<Frame> = Vec::new();
        let mut steps = Vec::new();
        tokio::select! {
            frame = socket.next() => {
                heard = Instant::now();
                match frame {
                    Some(Ok(Frame::Binary(frame))) => match channel.receive(&frame) {
                        Ok(found) => {
                            steps = found;
                            if let Some(request) = channel.wanted_key().cloned() {
                                steps.extend(channel.take_key(keys.data_key(&request).await));
                            }
                        }
                        Err(error) => *unreadable = Some(error),
                    },
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return Ok(Ending::Lost),
                    Some(Ok(_)) => {}
                }
            }
            typed = input.recv(), if is_ready && has_input && channel.pending() < WINDOW => match typed {
                Some(Input::Keys(bytes)) => frames.extend(channel.keys(&bytes).into_iter().map(Frame::binary)),
                Some(Input::Size(size)) => frames.push(Frame::binary(channel.size(size))),
                None => has_input = false,
            },
            _ = tick.tick() => {
                if heard.elapsed() > DEAD {
                    return Ok(Ending::Lost);
                }
                frames.extend(channel.overdue().into_iter().map(Frame::binary));
                if pinged.elapsed() > PING {
                    pinged = Instant::now();
                    frames.push(Frame::Ping(Vec::new().into()));
                }
            }
        }
        // What is acknowledged is kept by the channel: acknowledgements go out first.
        frames.extend(steps.iter().filter_map(|step| match step {
            Step::Send(frame) => Some(Frame::binary(frame.clone())),
            _ => None,
        }));
        for frame in frames {
            if socket.send(frame).await.is_err() {
                return Ok(Ending::Lost);
            }
        }
        for step in steps {
            match step {
                Step::Send(_) | Step::Notice(_) | Step::Flag(_) => {}
                Step::Ready => is_ready = true,
                Step::Unmet(demand) => return Err(demand.into()),
                Step::Closed(why) => return Ok(Ending::Closed(why)),
                Step::Output(bytes) => {
                    if let Some(enough) = take(&bytes)? {
                        return Ok(Ending::Enough(enough));
                    }
                }
            }
        }
    }
}

pub fn stamp() -> Stamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp { now: u64::try_from(now.as_millis()).unwrap_or(u64::MAX), id: rand::random() }
}
