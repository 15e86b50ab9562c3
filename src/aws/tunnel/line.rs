//! The data channel of a port session with streams on it, as pure state: bytes and time go in; frames to send and
//! events come out.

use crate::aws::exec::channel::{Channel, REFUSED, Stamp, Step};
use crate::aws::exec::encryption::{DataKey, KeyRequest};
use crate::engine::failure::Failure;

use super::error::TunnelError;
use super::streams::{Event, Streams};

/// How many of our frames may be unacknowledged before connections have to wait. The agent keeps 100,000 that come out
/// of order (`IncomingMessageBufferCapacity` of `aws/amazon-ssm-agent`); this many fill 256 KiB on the way.
const WINDOW: usize = 256;
/// For so many milliseconds a frame may be unacknowledged; AWS's client gives up then, after 3,000 tries.
const UNHEARD: u64 = 300_000;
/// The most connections at a time.
const CONNECTIONS: usize = 512;

/// What comes out.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Send this frame, as binary.
    Send(Vec<u8>),
    /// For a connection.
    Stream(Event),
    /// Nothing listens on the port.
    Refused,
    /// What the account tells people who open sessions.
    Notice(String),
    /// The session has ended; the text is the service's, and often empty.
    Closed(String),
}

/// A data channel with streams. `S` gives each message its stamp.
#[derive(Debug)]
pub struct Line<S> {
    channel: Channel<S>,
    streams: Streams,
    is_ready: bool,
}

impl<S: FnMut() -> Stamp> Line<S> {
    /// Of a session that was just started.
    pub fn new(stamp: S) -> Self {
        Self { channel: Channel::to_port(stamp), streams: Streams::default(), is_ready: false }
    }

    /// Whether a connection can be opened now.
    pub fn can_open(&self) -> bool {
        self.can_send() && self.streams.count() < CONNECTIONS
    }

    /// Whether connections may send now.
    pub fn can_send(&self) -> bool {
        self.is_ready && self.channel.pending() < WINDOW
    }

    /// How many of our frames are not acknowledged.
    pub fn pending(&self) -> usize {
        self.channel.pending()
    }

    /// Whether more may be received: no connection has too much that it has not taken.
    pub fn has_room(&self) -> bool {
        self.streams.has_room()
    }

    /// Whether there are connections.
    pub fn is_used(&self) -> bool {
        self.streams.count() > 0
    }

    /// Whether the session has begun.
    pub fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Takes a frame of the channel.
    ///
    /// # Errors
    ///
    /// The session cannot go on.
    pub fn receive(&mut self, frame: &[u8], now: u64) -> Result<Vec<Outcome>, TunnelError> {
        // The agent repeats what cannot be read, as it is not acknowledged.
        let Ok(steps) = self.channel.receive(frame) else { return Ok(Vec::new()) };
        self.outcomes(steps, now)
    }

    /// The data key that the agent waits for, where the session is to be encrypted.
    pub fn wanted_key(&self) -> Option<&KeyRequest> {
        self.channel.wanted_key()
    }

    /// Takes the data key that is wanted, or why there is none.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn take_key(&mut self, key: Result<DataKey, Failure>, now: u64) -> Result<Vec<Outcome>, TunnelError> {
        let steps = self.channel.take_key(key);
        self.outcomes(steps, now)
    }

    fn outcomes(&mut self, steps: Vec<Step>, now: u64) -> Result<Vec<Outcome>, TunnelError> {
        let mut outcomes = Vec::with_capacity(steps.len());
        for step in steps {
            match step {
                Step::Send(frame) => outcomes.push(Outcome::Send(frame)),
                Step::Ready => self.is_ready = true,
                Step::Output(bytes) => {
                    let events = self.streams.receive(&bytes, now)?;
                    outcomes.extend(events.into_iter().map(Outcome::Stream));
                }
                Step::Flag(REFUSED) => outcomes.push(Outcome::Refused),
                Step::Flag(_) => {}
                Step::Notice(text) => outcomes.push(Outcome::Notice(text)),
                Step::Closed(why) => outcomes.push(Outcome::Closed(why)),
                Step::Unmet(demand) => return Err(TunnelError::Channel(demand.into())),
            }
        }
        Ok(outcomes)
    }

    /// Opens a stream: its number, and what to send. None after two billion.
    pub fn open(&mut self) -> Option<(u32, Vec<Vec<u8>>)> {
        let (stream, bytes) = self.streams.open()?;
        Some((stream, self.channel.keys(&bytes)))
    }

    /// What to send for a connection's bytes.
    pub fn send(&mut self, stream: u32, data: &[u8]) -> Vec<Vec<u8>> {
        let pieces = self.streams.send(stream, data);
        pieces.iter().flat_map(|piece| self.channel.keys(piece)).collect()
    }

    /// What to send when a connection has ended here.
    pub fn finish(&mut self, stream: u32) -> Vec<Vec<u8>> {
        self.streams.finish(stream).map(|bytes| self.channel.keys(&bytes)).unwrap_or_default()
    }

    /// A connection has taken so many bytes.
    pub fn taken(&mut self, stream: u32, count: usize, now: u64) {
        self.streams.taken(stream, count, now);
    }

    /// Connections that keep the others waiting: they are to be closed.
    pub fn stuck(&self, now: u64) -> Vec<u32> {
        self.streams.stuck(now)
    }

    /// What to send again now.
    pub fn overdue(&mut self) -> Vec<Vec<u8>> {
        self.channel.overdue()
    }

    /// What to send first on a new connection to the same session.
    pub fn again(&mut self) -> Vec<Vec<u8>> {
        self.channel.again()
    }

    /// Whether the agent does not answer any more, although something does.
    pub fn is_unheard(&mut self) -> bool {
        self.channel.unheard() > UNHEARD
    }
}
