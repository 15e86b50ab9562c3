//! The client's side of a data channel as pure state: a frame goes in; frames to send, output and events come out.
//!
//! Output is ordered by sequence number, as the agent repeats what it believes lost and frames may overtake each other.
//! What is acknowledged is kept; what cannot be kept is not acknowledged, so that the agent repeats it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::engine::failure::Failure;

use super::encryption::{Cipher, DataKey, KeyRequest};
use super::handshake::{self, Demand, Handshake, Sort};
use super::message::{self, Message, Unreadable};
use super::resend::Unacknowledged;

/// Payload types of output and input. Source: `PayloadType` of `aws/amazon-ssm-agent` (`agent/session/contracts`).
const STDOUT: u32 = 1;
const ERROR: u32 = 2;
const SIZE: u32 = 3;
const HANDSHAKE_REQUEST: u32 = 5;
const HANDSHAKE_RESPONSE: u32 = 6;
const HANDSHAKE_COMPLETE: u32 = 7;
const CHALLENGE: u32 = 8;
const CHALLENGE_RESPONSE: u32 = 9;
const FLAG: u32 = 10;
const STDERR: u32 = 11;
const EXIT_CODE: u32 = 12;

/// The payloads of an agent that are encrypted, where a session is (`SendStreamDataMessage` of the same). Of this
/// side's it is input alone.
const ENCRYPTED: [u32; 3] = [STDOUT, STDERR, EXIT_CODE];

/// The most that one message of ours carries (`StreamDataPayloadSize` of `aws/session-manager-plugin`).
pub const PAYLOAD: usize = 1024;

/// How far ahead of the expected message one may be and still be kept.
const AHEAD: i64 = 256;

/// The first and the last of its sequence: the flags of an acknowledgement.
const ALONE: u64 = 3;

/// What a payload of type [`FLAG`] says in its four bytes: the agent could not connect to the port
/// (`PayloadTypeFlag` of the same).
pub const REFUSED: u32 = 3;

/// What makes a message of ours unique.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Milliseconds since 1970.
    pub now: u64,
    /// A random UUID.
    pub id: [u8; 16],
}

/// The size of a terminal, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

/// What is to be done after a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send this frame, as binary.
    Send(Vec<u8>),
    /// The command runs: from now on it can be sent input.
    Ready,
    /// The command printed this, or the port's connections have sent it.
    Output(Vec<u8>),
    /// The agent says this to the person at the other end.
    Notice(String),
    /// The agent has raised a flag, such as [`REFUSED`].
    Flag(u32),
    /// The agent asks for something that it cannot have: there will be no more output.
    Unmet(Demand),
    /// The session has ended; the text is the service's, and usually empty.
    Closed(String),
}

/// A data channel. `S` gives each message of ours its stamp.
#[derive(Debug)]
pub struct Channel<S> {
    stamp: S,
    sort: Sort,
    expected: i64,
    early: BTreeMap<i64, Message>,
    sent: i64,
    unacknowledged: Unacknowledged,
    is_ready: bool,
    /// A handshake that waits for a data key: nothing is processed meanwhile.
    handshake: Option<Handshake>,
    /// Of a session that is encrypted.
    cipher: Option<Cipher>,
}

impl<S: FnMut() -> Stamp> Channel<S> {
    /// A channel for a command, without any message yet.
    pub fn new(stamp: S) -> Self {
        Self::of(Sort::Command, stamp)
    }

    /// A channel for connections to a port, without any message yet.
    pub fn to_port(stamp: S) -> Self {
        Self::of(Sort::Port, stamp)
    }

    fn of(sort: Sort, stamp: S) -> Self {
        Self {
            stamp,
            sort,
            expected: 0,
            early: BTreeMap::new(),
            sent: 0,
            unacknowledged: Unacknowledged::default(),
            is_ready: false,
            handshake: None,
            cipher: None,
        }
    }

    /// Takes one frame. Unknown kinds of messages are ignored.
    ///
    /// # Errors
    ///
    /// The frame is not a message. It is ignored; the agent repeats what is not acknowledged.
    pub fn receive(&mut self, frame: &[u8]) -> Result<Vec<Step>, Unreadable> {
        let message = Message::decode(frame)?;
        let content = || serde_json::from_slice::<Value>(&message.payload).unwrap_or_default();
        let mut steps = Vec::new();
        match message.kind.as_str() {
            message::OUTPUT => self.output(message, &mut steps),
            message::ACKNOWLEDGE => {
                if let Some(sequence) = content()["AcknowledgedMessageSequenceNumber"].as_i64() {
                    let now = (self.stamp)().now;
                    self.unacknowledged.acknowledged(sequence, now);
                }
            }
            message::CLOSED => {
                let output = content()["Output"].as_str().unwrap_or_default().to_owned();
                steps.push(Step::Closed(output));
            }
            _ => {}
        }
        Ok(steps)
    }

    /// The data key that the agent waits for: see [`Channel::take_key`].
    pub fn wanted_key(&self) -> Option<&KeyRequest> {
        self.handshake.as_ref()?.wanted_key()
    }

    /// Takes the data key that is wanted, or why there is none. From now on the session is encrypted.
    pub fn take_key(&mut self, key: Result<DataKey, Failure>) -> Vec<Step> {
        let Some(handshake) = self.handshake.take() else { return Vec::new() };
        let made = key.map_err(Demand::NoKey).and_then(|key| match Cipher::new(&key) {
            Ok(cipher) => Ok((key, cipher)),
            Err(_) => Err(Demand::Undecipherable),
        });
        let (key, cipher, unmet) = match made {
            Ok((key, cipher)) => (Some(key), Some(cipher), None),
            Err(demand) => (None, None, Some(demand)),
        };
        let mut steps = vec![Step::Send(self.input(HANDSHAKE_RESPONSE, handshake.response(key.as_ref())))];
        self.cipher = cipher;
        match unmet {
            Some(demand) => steps.push(Step::Unmet(demand)),
            None => self.advance(&mut steps),
        }
        steps
    }

    /// The frames that type this.
    pub fn keys(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        bytes.chunks(PAYLOAD).map(|chunk| self.input(STDOUT, chunk.to_vec())).collect()
    }

    /// The frame that gives the terminal a size.
    pub fn size(&mut self, size: Size) -> Vec<u8> {
        let content = json!({ "cols": size.columns, "rows": size.rows });
        self.input(SIZE, content.to_string().into_bytes())
    }

    /// How many frames of ours the agent has not acknowledged.
    pub fn pending(&self) -> usize {
        self.unacknowledged.count()
    }

    /// For how many milliseconds a frame of ours has not been acknowledged.
    pub fn unheard(&mut self) -> u64 {
        let now = (self.stamp)().now;
        self.unacknowledged.oldest().map_or(0, |sent| now.saturating_sub(sent))
    }

    /// Our frames that are to be sent again now.
    pub fn overdue(&mut self) -> Vec<Vec<u8>> {
        let now = (self.stamp)().now;
        self.unacknowledged.overdue(now)
    }

    /// All our frames that the agent has not acknowledged: on a new connection they are sent first.
    pub fn again(&mut self) -> Vec<Vec<u8>> {
        let now = (self.stamp)().now;
        self.unacknowledged.all(now)
    }

    fn output(&mut self, message: Message, steps: &mut Vec<Step>) {
        if message.sequence >= self.expected.saturating_add(AHEAD) {
            return;
        }
        steps.push(Step::Send(self.acknowledge(&message)));
        if message.sequence < self.expected {
            return;
        }
        self.early.entry(message.sequence).or_insert(message);
        self.advance(steps);
    }

    /// Processes what is in order.
    fn advance(&mut self, steps: &mut Vec<Step>) {
        while self.handshake.is_none()
            && let Some(next) = self.early.remove(&self.expected)
        {
            self.expected += 1;
            self.process(next, steps);
        }
    }

    fn process(&mut self, mut message: Message, steps: &mut Vec<Step>) {
        if let Some(cipher) = self.cipher.as_ref().filter(|_| ENCRYPTED.contains(&message.payload_type)) {
            match cipher.open(&message.payload) {
                Ok(opened) => message.payload = opened,
                Err(_) => return steps.push(Step::Unmet(Demand::Undecipherable)),
            }
        }
        match message.payload_type {
            // Without encryption an agent may leave the handshake out (`sessionplugin.go` of `aws/amazon-ssm-agent`):
            // then the first output is the sign.
            STDOUT => {
                self.ready(steps);
                steps.push(Step::Output(message.payload));
            }
            ERROR | STDERR if self.sort == Sort::Command => {
                self.ready(steps);
                steps.push(Step::Output(message.payload));
            }
            HANDSHAKE_COMPLETE => {
                let notice = handshake::notice(&message.payload);
                steps.extend(notice.map(Step::Notice));
                self.ready(steps);
            }
            HANDSHAKE_REQUEST => self.shake_hands(&message.payload, steps),
            CHALLENGE => match self.cipher.as_ref().map(|cipher| cipher.answer(&message.payload)) {
                Some(Ok(answer)) => steps.push(Step::Send(self.input(CHALLENGE_RESPONSE, answer))),
                Some(Err(_)) => steps.push(Step::Unmet(Demand::Undecipherable)),
                None => {
                    steps.push(Step::Unmet(Demand::Other("proof of a data key that it has not asked for".to_owned())))
                }
            },
            FLAG => {
                let flag = message.payload.as_slice().try_into().map(u32::from_be_bytes);
                steps.extend(flag.ok().map(Step::Flag));
            }
            // An exit code, which sessions with a terminal do not send.
            _ => {}
        }
    }

    fn shake_hands(&mut self, request: &[u8], steps: &mut Vec<Step>) {
        let Ok(handshake) = Handshake::read(request, self.sort) else {
            return steps.push(Step::Unmet(Demand::Other("an invalid handshake".to_owned())));
        };
        if self.cipher.is_some() {
            return steps.push(Step::Unmet(Demand::Other("another handshake".to_owned())));
        }
        if handshake.wanted_key().is_some() {
            self.handshake = Some(handshake);
            return;
        }
        steps.push(Step::Send(self.input(HANDSHAKE_RESPONSE, handshake.response(None))));
        steps.extend(handshake.unmet().cloned().map(Step::Unmet));
    }

    fn ready(&mut self, steps: &mut Vec<Step>) {
        if !std::mem::replace(&mut self.is_ready, true) {
            steps.push(Step::Ready);
        }
    }

    fn input(&mut self, payload_type: u32, mut payload: Vec<u8>) -> Vec<u8> {
        if let Some(cipher) = self.cipher.as_ref().filter(|_| payload_type == STDOUT) {
            // Should the library fail, nothing is sent instead of the text, and the agent ends the session.
            payload = cipher.seal(&payload).unwrap_or_default();
        }
        let stamp = (self.stamp)();
        let frame = made(stamp, message::INPUT, self.sent, 0, payload_type, payload);
        self.unacknowledged.add(self.sent, stamp.now, frame.clone());
        self.sent += 1;
        frame
    }

    fn acknowledge(&mut self, message: &Message) -> Vec<u8> {
        let content = json!({
            "AcknowledgedMessageType": message.kind,
            "AcknowledgedMessageId": message::uuid(message.id),
            "AcknowledgedMessageSequenceNumber": message.sequence,
            "IsSequentialMessage": true,
        });
        let stamp = (self.stamp)();
        made(stamp, message::ACKNOWLEDGE, 0, ALONE, 0, content.to_string().into_bytes())
    }
}

fn made(stamp: Stamp, kind: &str, sequence: i64, flags: u64, payload_type: u32, payload: Vec<u8>) -> Vec<u8> {
    let kind = kind.to_owned();
    Message { kind, created: stamp.now, sequence, flags, id: stamp.id, payload_type, payload }.encode()
}

#[cfg(test)]
mod tests;
