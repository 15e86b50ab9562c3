//! Carries the connections of a local port through one session, across lost connections of its data channel.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::stream::{ReadyChunks, SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::{self, Message as Frame};

use crate::aws::clients::Clients;
use crate::aws::exec::channel::Stamp;
use crate::aws::exec::conversation::{DEAD, PING, stamp};
use crate::aws::exec::data_key::KeySource;
use crate::aws::exec::endpoint::Socket;
use crate::aws::exec::resume::{Tries, again, connect};

use super::connection::{Taken, Upload, serve};
use super::error::TunnelError;
use super::line::{Line, Outcome};
use super::session::Session;
use super::streams::Event;

/// How often to look for frames that were not acknowledged, as AWS's client does.
const TICK: Duration = Duration::from_millis(100);
/// How many frames are read at once, and how many may wait to be written.
const BATCH: usize = 64;
const QUEUE: usize = 1024;
/// Pieces that all connections together may have waiting; each has its own besides.
const UPLOADS: usize = 16;

/// What happens meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The agent is there.
    Ready,
    /// A connection was opened, and nothing listens on the port.
    Refused,
    /// The account's words to people who open sessions.
    Notice(String),
    /// The data channel is lost, and is being opened again.
    Lost,
    /// It is open again.
    Resumed,
    /// A connection was closed because its reader kept the others waiting.
    Stuck,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The service's words, often empty.
    pub why: String,
    /// Whether connections were open.
    pub was_used: bool,
}

enum Talk {
    Closed(String),
    Lost,
}

/// One session's connections.
struct Relay<'a, S> {
    line: Line<S>,
    keys: KeySource,
    listener: &'a TcpListener,
    writers: BTreeMap<u32, UnboundedSender<Vec<u8>>>,
    uploads: (Sender<Upload>, Receiver<Upload>),
    taken: (UnboundedSender<Taken>, UnboundedReceiver<Taken>),
    /// Frames that wait to be written.
    outgoing: VecDeque<Frame>,
    /// Whether the present connection has brought anything.
    is_fruitful: bool,
    /// Connections that were accepted before the session was ready.
    waiting: Option<TcpStream>,
    began: Instant,
}

/// Carries connections until the session ends. `first` was accepted already.
///
/// # Errors
///
/// The session cannot begin, or cannot go on.
pub async fn relay(
    aws: &Clients,
    session: &Session,
    listener: &TcpListener,
    first: Option<TcpStream>,
    tell: &mut impl FnMut(News),
) -> Result<Ending, TunnelError> {
    let mut socket = connect(&session.endpoint).await?;
    let mut relay = Relay {
        line: Line::new(stamp),
        keys: KeySource::new(aws, &session.id, Some(session.target.clone())),
        listener,
        writers: BTreeMap::new(),
        uploads: mpsc::channel(UPLOADS),
        taken: mpsc::unbounded_channel(),
        outgoing: VecDeque::new(),
        is_fruitful: false,
        waiting: first,
        began: Instant::now(),
    };
    let mut tries = Tries::default();
    loop {
        let (was_ready, began) = (relay.line.is_ready(), Instant::now());
        let talk = relay.talk(socket, tell).await?;
        let ended = |why| Ending { why, was_used: relay.line.is_used() };
        if let Talk::Closed(why) = talk {
            return Ok(ended(why));
        }
        if !tries.allow(began.elapsed(), relay.is_fruitful) {
            return Ok(ended(String::new()));
        }
        if was_ready || relay.line.is_ready() {
            tell(News::Lost);
        }
        match again(aws, &session.id).await? {
            Some(open) => socket = open,
            None => return Ok(ended(String::new())),
        }
        tell(News::Resumed);
        // What waited is among what was not acknowledged, but for acknowledgements: the agent repeats what they are
        // for.
        relay.outgoing = relay.line.again().into_iter().map(Frame::binary).collect();
    }
}

impl<S: FnMut() -> Stamp> Relay<'_, S> {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Until the session ends or the connection is lost.
    async fn talk(&mut self, socket: Socket, tell: &mut impl FnMut(News)) -> Result<Talk, TunnelError> {
        let (mut sink, stream) = socket.split();
        let mut incoming = stream.ready_chunks(BATCH);
        let outcome = self.exchange(&mut sink, &mut incoming, tell).await;
        // The outcome is known: a failure to close changes nothing.
        let _ = timeout(Duration::from_millis(500), sink.close()).await;
        outcome
    }

    async fn exchange(
        &mut self,
        sink: &mut SplitSink<Socket, Frame>,
        incoming: &mut ReadyChunks<SplitStream<Socket>>,
        tell: &mut impl FnMut(News),
    ) -> Result<Talk, TunnelError> {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut heard, mut pinged) = (Instant::now(), Instant::now());
        let mut is_written = false;
        self.is_fruitful = false;
        loop {
            let can_receive = self.line.has_room() && self.outgoing.len() < QUEUE;
            tokio::select! {
                frames = incoming.next(), if can_receive => {
                    heard = Instant::now();
                    let Some(frames) = frames else { return Ok(Talk::Lost) };
                    for frame in frames {
                        match frame {
                            Ok(Frame::Binary(frame)) => {
                                if let Some(why) = self.receive(&frame, tell).await? {
                                    return Ok(Talk::Closed(why));
                                }
                            }
                            Ok(Frame::Close(_)) | Err(_) => return Ok(Talk::Lost),
                            Ok(_) => {}
                        }
                    }
                }
                written = poll_fn(|context| write(sink, &mut self.outgoing, context)), if !is_written => {
                    if written.is_err() {
                        return Ok(Talk::Lost);
                    }
                    is_written = true;
                    continue;
                }
                accepted = self.listener.accept(), if self.waiting.is_none() && self.line.can_open() => {
                    match accepted {
                        Ok((socket, _)) => self.open(socket),
                        Err(error) if is_passing(&error) => {}
                        Err(error) => return Err(TunnelError::Local(error)),
                    }
                }
                Some((stream, data)) = self.uploads.1.recv(), if self.line.can_send() => {
                    let frames = match data {
                        Some(data) => self.line.send(stream, &data),
                        None => self.close(stream),
                    };
                    self.queue(frames);
                }
                Some(taken) = self.taken.1.recv() => match taken {
                    Taken::Bytes(stream, count) => {
                        let now = self.now();
                        self.line.taken(stream, count, now);
                    }
                    Taken::Nothing(stream) => {
                        let frames = self.close(stream);
                        self.queue(frames);
                    }
                },
                _ = tick.tick() => {
                    if !can_receive {
                        heard = Instant::now();
                    }
                    if heard.elapsed() > DEAD || self.line.is_unheard() {
                        return Ok(Talk::Lost);
                    }
                    if pinged.elapsed() > PING {
                        pinged = Instant::now();
                        self.outgoing.push_back(Frame::Ping(Vec::new().into()));
                    }
                    for stream in self.line.stuck(self.now()) {
                        tell(News::Stuck);
                        let frames = self.close(stream);
                        self.queue(frames);
                    }
                    let frames = self.line.overdue();
                    self.queue(frames);
                }
            }
            is_written &= self.outgoing.is_empty();
        }
    }

    /// What the service said at the end, if this was it.
    async fn receive(&mut self, frame: &[u8], tell: &mut impl FnMut(News)) -> Result<Option<String>, TunnelError> {
        let (was_ready, was_pending) = (self.line.is_ready(), self.line.pending());
        let mut outcomes = self.line.receive(frame, self.now())?;
        if let Some(request) = self.line.wanted_key().cloned() {
            let key = self.keys.data_key(&request).await;
            outcomes.extend(self.line.take_key(key, self.now())?);
        }
        self.is_fruitful |= !outcomes.is_empty() || self.line.pending() != was_pending;
        for outcome in outcomes {
            match outcome {
                Outcome::Send(frame) => self.outgoing.push_back(Frame::binary(frame)),
                Outcome::Stream(Event::Data(stream, data)) => {
                    if let Some(writer) = self.writers.get(&stream) {
                        // A browser that has gone is about to be reported.
                        let _ = writer.send(data);
                    }
                }
                // Without its sender a connection ends when all is written.
                Outcome::Stream(Event::Finished(stream)) => drop(self.writers.remove(&stream)),
                Outcome::Refused => tell(News::Refused),
                Outcome::Notice(text) => tell(News::Notice(text)),
                Outcome::Closed(why) => return Ok(Some(why)),
            }
        }
        if self.line.is_ready() && !was_ready {
            tell(News::Ready);
            if let Some(socket) = self.waiting.take() {
                self.open(socket);
            }
        }
        Ok(None)
    }

    fn open(&mut self, socket: TcpStream) {
        // Without a stream the connection is closed: a new session has new ones.
        let Some((stream, frames)) = self.line.open() else { return };
        let (writer, from_there) = mpsc::unbounded_channel();
        self.writers.insert(stream, writer);
        self.queue(frames);
        tokio::spawn(serve(stream, socket, self.uploads.0.clone(), from_there, self.taken.0.clone()));
    }

    fn close(&mut self, stream: u32) -> Vec<Vec<u8>> {
        self.writers.remove(&stream);
        self.line.finish(stream)
    }

    fn queue(&mut self, frames: Vec<Vec<u8>>) {
        self.outgoing.extend(frames.into_iter().map(Frame::binary));
    }
}

/// Writes what waits, and all that was written before.
fn write(
    sink: &mut SplitSink<Socket, Frame>,
    outgoing: &mut VecDeque<Frame>,
    context: &mut Context<'_>,
) -> Poll<Result<(), tungstenite::Error>> {
    while !outgoing.is_empty() {
        ready!(sink.poll_ready_unpin(context))?;
        if let Some(frame) = outgoing.pop_front() {
            sink.start_send_unpin(frame)?;
        }
    }
    sink.poll_flush_unpin(context)
}

/// A connection that has ended before it was accepted, or a shortage of files (accept(2)).
fn is_passing(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    const TOO_MANY: [i32; 2] = [23, 24];
    [ConnectionAborted, ConnectionReset, Interrupted].contains(&error.kind())
        || error.raw_os_error().is_some_and(|code| TOO_MANY.contains(&code))
}
