//! The line against a model of the agent, over a network that loses, repeats and reorders messages and breaks.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::aws::exec::channel::Stamp;
use crate::aws::exec::encryption::Cipher;
use crate::aws::exec::encryption::tests::shared;
use crate::aws::exec::message::{self, Message};
use crate::engine::failure::{Cause, Failure};

use super::line::{Line, Outcome};
use super::smux::{Decoder, Frame};
use super::streams::Event;

const HANDSHAKE: &str = r#"{"AgentVersion": "3.3.3572.0", "RequestedClientActions": [
    {"ActionType": "SessionType", "ActionParameters": {"SessionType": "Port", "Properties": {"portNumber": "3000"}}}]}"#;

/// The same of an agent that asks for encryption, as AWS's do not yet for ports (`isEncryptionEnabled` of
/// `aws/amazon-ssm-agent`).
fn encrypting() -> String {
    let mut request: Value = serde_json::from_str(HANDSHAKE).unwrap();
    let key = json!({"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "key", "Challenge": "cmFuZG9t"}});
    request["RequestedClientActions"].as_array_mut().unwrap().push(key);
    request.to_string()
}

/// The agent: acknowledges what it gets, repeats what is not acknowledged, and sends back all that a stream sends, each
/// byte inverted. It closes a stream when we do.
#[derive(Default)]
struct Agent {
    expected: i64,
    early: BTreeMap<i64, Message>,
    sent: i64,
    unacknowledged: BTreeMap<i64, Vec<u8>>,
    decoder: Decoder,
    opened: Vec<u32>,
    finished: Vec<u32>,
    /// Of a session that is encrypted.
    cipher: Option<Cipher>,
}

fn encoded(kind: &str, sequence: i64, payload_type: u32, payload: Vec<u8>) -> Vec<u8> {
    Message { kind: kind.to_owned(), created: 1, sequence, flags: 0, id: [1; 16], payload_type, payload }.encode()
}

impl Agent {
    fn say(&mut self, payload_type: u32, payload: &[u8]) -> Vec<u8> {
        let cipher = self.cipher.as_ref().filter(|_| payload_type == 1);
        let payload = cipher.map_or_else(|| payload.to_vec(), |cipher| cipher.seal(payload).unwrap());
        let frame = encoded(message::OUTPUT, self.sent, payload_type, payload);
        self.unacknowledged.insert(self.sent, frame.clone());
        self.sent += 1;
        frame
    }

    fn receive(&mut self, frame: &[u8]) -> Vec<Vec<u8>> {
        let message = Message::decode(frame).unwrap();
        if message.kind == message::ACKNOWLEDGE {
            let content: Value = serde_json::from_slice(&message.payload).unwrap();
            self.unacknowledged.remove(&content["AcknowledgedMessageSequenceNumber"].as_i64().unwrap());
            return Vec::new();
        }
        assert!(message.payload.len() <= 1024 + if self.cipher.is_some() { 28 } else { 0 });
        let known = json!({ "AcknowledgedMessageSequenceNumber": message.sequence });
        let mut answers = vec![encoded(message::ACKNOWLEDGE, 0, 0, known.to_string().into_bytes())];
        if message.sequence >= self.expected {
            self.early.entry(message.sequence).or_insert(message);
        }
        while let Some(next) = self.early.remove(&self.expected) {
            self.expected += 1;
            match next.payload_type {
                6 if self.cipher.is_some() => answers.push(self.challenge()),
                6 | 9 => answers.push(self.say(7, b"{}")),
                1 => {
                    let opened = self.cipher.as_ref().map(|cipher| cipher.open(&next.payload).unwrap());
                    for frame in self.decoder.push(&opened.unwrap_or(next.payload)).unwrap() {
                        answers.extend(self.stream(frame));
                    }
                }
                other => panic!("a message of type {other}"),
            }
        }
        answers
    }

    fn challenge(&mut self) -> Vec<u8> {
        let sealed = self.cipher.as_ref().unwrap().seal(&[5; 64]).unwrap();
        let challenge = json!({ "Challenge": STANDARD.encode(sealed) });
        self.say(8, challenge.to_string().as_bytes())
    }

    fn stream(&mut self, frame: Frame) -> Vec<Vec<u8>> {
        match frame {
            Frame::Open(stream) => {
                assert!(!self.opened.contains(&stream));
                self.opened.push(stream);
                Vec::new()
            }
            Frame::Data(stream, data) => {
                assert!(self.opened.contains(&stream) && !self.finished.contains(&stream));
                let bytes = Frame::Data(stream, data.iter().map(|byte| !byte).collect()).encode();
                // Frames and messages have different edges, as with AWS's agents.
                bytes.chunks(700).map(|piece| self.say(1, piece)).collect()
            }
            Frame::Finish(stream) => {
                self.finished.push(stream);
                vec![self.say(1, &Frame::Finish(stream).encode())]
            }
            Frame::Nothing => Vec::new(),
        }
    }
}

/// What becomes of the next message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Arrives,
    Lost,
    Twice,
    /// The one behind it overtakes it.
    Overtaken,
    /// The connection breaks with all that is on its way.
    Cut,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Arrives),
        2 => Just(Fate::Lost),
        2 => Just(Fate::Twice),
        2 => Just(Fate::Overtaken),
        1 => Just(Fate::Cut),
    ]
}

/// Both directions of the connection.
#[derive(Default)]
struct Network {
    to_agent: VecDeque<Vec<u8>>,
    to_us: VecDeque<Vec<u8>>,
}

/// What arrives next, if anything. `is_cut` is set when the connection breaks.
fn next(way: &mut VecDeque<Vec<u8>>, fate: Fate, is_cut: &mut bool) -> Option<Vec<u8>> {
    match fate {
        Fate::Arrives => way.pop_front(),
        Fate::Lost => {
            way.pop_front();
            None
        }
        Fate::Twice => way.front().cloned(),
        Fate::Overtaken => {
            if way.len() > 1 {
                way.swap(0, 1);
            }
            way.pop_front()
        }
        Fate::Cut => {
            *is_cut = true;
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_byte_is_lost_or_doubled_whatever_the_network_does(
        uploads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6000), 1..6),
        fates in proptest::collection::vec(fate(), 0..400),
        is_encrypted: bool,
    ) {
        let clock = Cell::new(0);
        let mut line = Line::new(|| Stamp { now: clock.get(), id: [7; 16] });
        let (mut agent, mut network) = (Agent::default(), Network::default());
        let mut fates = fates.into_iter().chain(std::iter::repeat(Fate::Arrives));
        network.to_us.push_back(agent.say(5, if is_encrypted { encrypting() } else { HANDSHAKE.into() }.as_bytes()));
        agent.cipher = is_encrypted.then(|| shared().1);
        // What is still to be sent and what has come, by stream.
        let mut waiting: VecDeque<Vec<u8>> = uploads.iter().cloned().collect();
        let mut sending: Vec<(u32, VecDeque<u8>)> = Vec::new();
        let mut came: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut finished: Vec<u32> = Vec::new();
        let mut rounds = 0;
        while finished.len() < uploads.len() || line.pending() > 0 || !agent.unacknowledged.is_empty() {
            rounds += 1;
            prop_assert!(rounds < 20_000, "it never ends");
            clock.set(clock.get() + 10);
            // This side: one connection opens, and each sends a little.
            if line.can_open() && let Some(data) = waiting.pop_front() {
                let (stream, frames) = line.open().unwrap();
                network.to_agent.extend(frames);
                sending.push((stream, data.into()));
                came.insert(stream, Vec::new());
            }
            if line.can_send() {
                for (stream, rest) in &mut sending {
                    let piece: Vec<u8> = rest.drain(..rest.len().min(1500)).collect();
                    network.to_agent.extend(line.send(*stream, &piece));
                }
            }
            network.to_agent.extend(line.overdue());
            // The agent looks at the oldest only.
            if rounds % 20 == 0 {
                network.to_us.extend(agent.unacknowledged.values().next().cloned());
            }
            let mut is_cut = false;
            for _ in 0..4 {
                if let Some(frame) = next(&mut network.to_agent, fates.next().unwrap(), &mut is_cut) {
                    network.to_us.extend(agent.receive(&frame));
                }
                let Some(frame) = next(&mut network.to_us, fates.next().unwrap(), &mut is_cut) else { continue };
                let mut outcomes = line.receive(&frame, clock.get()).unwrap();
                if line.wanted_key().is_some() {
                    outcomes.extend(line.take_key(Ok(shared().0), clock.get()).unwrap());
                }
                for outcome in outcomes {
                    match outcome {
                        Outcome::Send(frame) => network.to_agent.push_back(frame),
                        Outcome::Stream(Event::Data(stream, data)) => {
                            line.taken(stream, data.len(), clock.get());
                            came.get_mut(&stream).unwrap().extend(data);
                        }
                        other => prop_assert!(false, "{other:?}"),
                    }
                }
            }
            if is_cut {
                network = Network::default();
                network.to_agent.extend(line.again());
            }
            // A connection whose answer is whole ends.
            for (stream, wanted) in (3..).step_by(2).zip(&uploads) {
                if came.get(&stream).is_some_and(|bytes| bytes.len() >= wanted.len()) && !finished.contains(&stream) {
                    network.to_agent.extend(line.finish(stream));
                    finished.push(stream);
                }
            }
        }
        for ((stream, bytes), wanted) in came.iter().zip(&uploads) {
            let inverted: Vec<u8> = wanted.iter().map(|byte| !byte).collect();
            prop_assert!(*bytes == inverted, "stream {stream}");
        }
        prop_assert_eq!(agent.finished.len(), uploads.len());
        prop_assert!(!line.is_used());
    }
}

#[test]
fn a_tunnel_without_its_data_key_or_with_another_ends() {
    let mut line = Line::new(|| Stamp { now: 0, id: [7; 16] });
    let mut agent = Agent::default();
    line.receive(&agent.say(5, encrypting().as_bytes()), 0).unwrap();
    let error = line.take_key(Err(Failure::of(Cause::Denied, "you may not")), 0).unwrap_err();
    assert!(error.to_string().contains("you may not"), "{error}");

    let mut line = Line::new(|| Stamp { now: 0, id: [7; 16] });
    let mut agent = Agent::default();
    line.receive(&agent.say(5, encrypting().as_bytes()), 0).unwrap();
    line.take_key(Ok(shared().0), 0).unwrap();
    let error = line.receive(&agent.say(1, b"in the clear"), 0).unwrap_err();
    assert!(error.to_string().contains("not encrypted with the data key"), "{error}");
}

#[test]
fn a_port_where_nothing_listens_is_reported_and_its_stream_ends() {
    let clock = Cell::new(0);
    let mut line = Line::new(|| Stamp { now: clock.get(), id: [7; 16] });
    let mut agent = Agent::default();
    line.receive(&agent.say(5, HANDSHAKE.as_bytes()), 0).unwrap();
    assert!(!line.can_open());
    line.receive(&agent.say(7, br#"{"CustomerMessage": "be careful"}"#), 0).unwrap();
    assert!(line.can_open());
    let (stream, _) = line.open().unwrap();
    let outcomes = |line: &mut Line<_>, frame: &[u8]| {
        let all = line.receive(frame, 0).unwrap();
        all.into_iter().filter(|outcome| !matches!(outcome, Outcome::Send(_))).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(&mut line, &agent.say(10, &[0, 0, 0, 3])), [Outcome::Refused]);
    let end = agent.say(1, &Frame::Finish(stream).encode());
    assert_eq!(outcomes(&mut line, &end), [Outcome::Stream(Event::Finished(stream))]);
    assert!(!line.is_used());
    assert_eq!(outcomes(&mut line, &agent.say(10, &[0, 0, 0, 9])), []);
    let broken = line.receive(&agent.say(1, b"HTTP/1.1 200"), 0).unwrap_err();
    assert!(broken.to_string().contains("a frame of version 72"), "{broken}");
}

#[test]
fn connections_wait_while_too_much_is_not_acknowledged() {
    let clock = Cell::new(0);
    let mut line = Line::new(|| Stamp { now: clock.get(), id: [7; 16] });
    let mut agent = Agent::default();
    line.receive(&agent.say(5, HANDSHAKE.as_bytes()), 0).unwrap();
    line.receive(&agent.say(7, b"{}"), 0).unwrap();
    let (stream, _) = line.open().unwrap();
    let mut count = 0;
    while line.can_send() {
        count += line.send(stream, &[0; 8192]).len();
    }
    assert!((250..280).contains(&count), "{count}");
    clock.set(299_000);
    assert!(!line.is_unheard());
    clock.set(301_000);
    assert!(line.is_unheard());
}
