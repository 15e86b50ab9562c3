//! The client's side of a data channel as pure state: a frame goes in; frames to send, output and events come out.
//!
//! Output is ordered by sequence number, as the agent repeats what it believes lost and frames may overtake each other.
//! What is acknowledged is kept; what cannot be kept is not acknowledged, so that the agent repeats it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::handshake::{self, Demand};
use super::message::{self, Message, Unreadable};

/// Payload types of output and input. Source: `PayloadType` of `aws/amazon-ssm-agent` (`agent/session/contracts`).
const STDOUT: u32 = 1;
const ERROR: u32 = 2;
const SIZE: u32 = 3;
const HANDSHAKE_REQUEST: u32 = 5;
const HANDSHAKE_RESPONSE: u32 = 6;
const HANDSHAKE_COMPLETE: u32 = 7;
const CHALLENGE: u32 = 8;
const STDERR: u32 = 11;

/// The most that one message of ours carries (`StreamDataPayloadSize` of `aws/session-manager-plugin`).
const PAYLOAD: usize = 1024;
/// After so many milliseconds without an acknowledgement a frame is sent again.
const OVERDUE: u64 = 1000;

/// How far ahead of the expected message one may be and still be kept.
const AHEAD: i64 = 256;

/// The first and the last of its sequence: the flags of an acknowledgement.
const ALONE: u64 = 3;

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
    /// The command printed this.
    Output(Vec<u8>),
    /// The agent asks for something unsupported: there will be no output.
    Unmet(Demand),
    /// The session has ended; the text is the service's, and usually empty.
    Closed(String),
}

/// A data channel. `S` gives each message of ours its stamp.
#[derive(Debug)]
pub struct Channel<S> {
    stamp: S,
    expected: i64,
    early: BTreeMap<i64, Message>,
    sent: i64,
    /// Our frames that the agent has not acknowledged, with the time at which each was last sent.
    unacknowledged: BTreeMap<i64, (u64, Vec<u8>)>,
    is_ready: bool,
}

impl<S: FnMut() -> Stamp> Channel<S> {
    /// A channel without any message yet.
    pub fn new(stamp: S) -> Self {
        let (early, unacknowledged) = (BTreeMap::new(), BTreeMap::new());
        Self { stamp, expected: 0, early, sent: 0, unacknowledged, is_ready: false }
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
                    self.unacknowledged.remove(&sequence);
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
        self.unacknowledged.len()
    }

    /// Our frames that are to be sent again now.
    pub fn overdue(&mut self) -> Vec<Vec<u8>> {
        let now = (self.stamp)().now;
        let late = self.unacknowledged.values_mut().filter(|(sent, _)| now.saturating_sub(*sent) >= OVERDUE);
        late.map(|(sent, frame)| {
            *sent = now;
            frame.clone()
        })
        .collect()
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
        while let Some(next) = self.early.remove(&self.expected) {
            self.expected += 1;
            self.process(next, steps);
        }
    }

    fn process(&mut self, message: Message, steps: &mut Vec<Step>) {
        match message.payload_type {
            // Without encryption an agent may leave the handshake out (`sessionplugin.go` of `aws/amazon-ssm-agent`):
            // then the first output is the sign.
            STDOUT | ERROR | STDERR => {
                self.ready(steps);
                steps.push(Step::Output(message.payload));
            }
            HANDSHAKE_COMPLETE => self.ready(steps),
            HANDSHAKE_REQUEST => match handshake::answer(&message.payload) {
                Ok((response, unmet)) => {
                    steps.push(Step::Send(self.input(HANDSHAKE_RESPONSE, response)));
                    steps.extend(unmet.map(Step::Unmet));
                }
                Err(_) => steps.push(Step::Unmet(Demand::Other("an invalid handshake".to_owned()))),
            },
            CHALLENGE => steps.push(Step::Unmet(Demand::Encryption)),
            // An exit code, which sessions with a terminal do not send; port forwarding.
            _ => {}
        }
    }

    fn ready(&mut self, steps: &mut Vec<Step>) {
        if !std::mem::replace(&mut self.is_ready, true) {
            steps.push(Step::Ready);
        }
    }

    fn input(&mut self, payload_type: u32, payload: Vec<u8>) -> Vec<u8> {
        let stamp = (self.stamp)();
        let frame = made(stamp, message::INPUT, self.sent, 0, payload_type, payload);
        self.unacknowledged.insert(self.sent, (stamp.now, frame.clone()));
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn channel() -> Channel<impl FnMut() -> Stamp> {
        Channel::new(|| Stamp { now: 7, id: [7; 16] })
    }

    fn frame(kind: &str, sequence: i64, payload_type: u32, payload: &str) -> Vec<u8> {
        let (kind, payload) = (kind.to_owned(), payload.as_bytes().to_vec());
        Message { kind, created: 1, sequence, flags: 0, id: [1; 16], payload_type, payload }.encode()
    }

    fn printed(sequence: i64, text: &str) -> Vec<u8> {
        frame(message::OUTPUT, sequence, STDOUT, text)
    }

    fn sent(steps: &[Step]) -> Vec<Message> {
        let frames = steps.iter().filter_map(|step| match step {
            Step::Send(frame) => Some(Message::decode(frame).unwrap()),
            _ => None,
        });
        frames.collect()
    }

    fn text(steps: &[Step]) -> String {
        let parts = steps.iter().filter_map(|step| match step {
            Step::Output(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        });
        parts.collect()
    }

    #[test]
    fn output_is_acknowledged_and_returned() {
        let steps = channel().receive(&printed(0, "hello")).unwrap();
        assert_eq!(text(&steps), "hello");
        let [acknowledgement] = &sent(&steps)[..] else { panic!("{steps:?}") };
        assert_eq!((acknowledgement.kind.as_str(), acknowledgement.flags), (message::ACKNOWLEDGE, 3));
        let content: Value = serde_json::from_slice(&acknowledgement.payload).unwrap();
        assert_eq!(content["AcknowledgedMessageId"], "01010101-0101-0101-0101-010101010101");
        assert_eq!(content["AcknowledgedMessageSequenceNumber"], 0);
    }

    #[test]
    fn a_handshake_is_answered_and_the_answer_kept_until_it_is_acknowledged() {
        let mut channel = channel();
        let action = r#"{"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}}"#;
        let request = format!(r#"{{"RequestedClientActions": [{action}]}}"#);
        let steps = channel.receive(&frame(message::OUTPUT, 0, HANDSHAKE_REQUEST, &request)).unwrap();
        let [_, response] = &sent(&steps)[..] else { panic!("{steps:?}") };
        assert_eq!((response.kind.as_str(), response.payload_type, response.sequence), (message::INPUT, 6, 0));
        assert_eq!(channel.pending(), 1);
        let known = r#"{"AcknowledgedMessageSequenceNumber": 0}"#;
        assert_eq!(channel.receive(&frame(message::ACKNOWLEDGE, 0, 0, known)), Ok(vec![]));
        assert_eq!(channel.pending(), 0);
    }

    #[test]
    fn input_is_sent_in_pieces_and_again_until_it_is_acknowledged() {
        let mut now = 0;
        let clock = std::cell::Cell::new(0);
        let mut channel = Channel::new(|| Stamp { now: clock.get(), id: [7; 16] });
        let frames = channel.keys(&[b'x'; 2500]);
        let size = channel.size(Size { columns: 80, rows: 24 });
        let lengths: Vec<usize> = frames.iter().map(|frame| Message::decode(frame).unwrap().payload.len()).collect();
        assert_eq!(lengths, [1024, 1024, 452]);
        let size = Message::decode(&size).unwrap();
        assert_eq!(
            (size.sequence, size.payload_type, size.payload.as_slice()),
            (3, 3, &br#"{"cols":80,"rows":24}"#[..])
        );
        let mut late = |channel: &mut Channel<_>, after: u64| {
            now += after;
            clock.set(now);
            channel.overdue().iter().map(|frame| Message::decode(frame).unwrap().sequence).collect::<Vec<_>>()
        };
        assert_eq!(late(&mut channel, 999), [0; 0]);
        assert_eq!(late(&mut channel, 1), [0, 1, 2, 3]);
        for known in [r#"{"AcknowledgedMessageSequenceNumber": 1}"#, r#"{"AcknowledgedMessageSequenceNumber": 3}"#] {
            channel.receive(&frame(message::ACKNOWLEDGE, 0, 0, known)).unwrap();
        }
        assert_eq!(late(&mut channel, 500), [0; 0], "they were sent half a second ago");
        assert_eq!(late(&mut channel, 500), [0, 2]);
        assert_eq!(channel.pending(), 2);
    }

    #[test]
    fn input_is_possible_after_the_handshake_or_with_the_first_output() {
        let ready = |steps: &[Step]| steps.iter().filter(|step| **step == Step::Ready).count();
        let mut one = channel();
        assert_eq!(ready(&one.receive(&frame(message::OUTPUT, 0, HANDSHAKE_COMPLETE, "{}")).unwrap()), 1);
        assert_eq!(ready(&one.receive(&printed(1, "$ ")).unwrap()), 0);
        let steps = channel().receive(&printed(0, "$ ")).unwrap();
        assert_eq!(steps[1..], [Step::Ready, Step::Output(b"$ ".to_vec())]);
    }

    #[test]
    fn encryption_is_refused_to_the_agent_and_reported() {
        let request = r#"{"RequestedClientActions": [{"ActionType": "KMSEncryption", "ActionParameters": {}}]}"#;
        let steps = channel().receive(&frame(message::OUTPUT, 0, HANDSHAKE_REQUEST, request)).unwrap();
        assert_eq!(sent(&steps).len(), 2);
        assert_eq!(steps.last(), Some(&Step::Unmet(Demand::Encryption)));
    }

    #[test]
    fn unknown_messages_are_ignored() {
        let mut channel = channel();
        for kind in ["start_publication", "pause_publication", "news"] {
            assert_eq!(channel.receive(&frame(kind, 0, 0, "")), Ok(vec![]));
        }
        assert_eq!(channel.receive(&frame(message::ACKNOWLEDGE, 0, 0, "no JSON")), Ok(vec![]));
        assert_eq!(channel.receive(b"abc"), Err(Unreadable::Short(3)));
        let closed = frame(message::CLOSED, 0, 0, r#"{"Output": "gone"}"#);
        assert_eq!(channel.receive(&closed), Ok(vec![Step::Closed("gone".to_owned())]));
        assert_eq!(channel.receive(&frame(message::CLOSED, 0, 0, "")), Ok(vec![Step::Closed(String::new())]));
    }

    #[test]
    fn messages_too_far_ahead_are_neither_kept_nor_acknowledged() {
        let mut channel = channel();
        for sequence in [AHEAD, i64::MAX] {
            assert_eq!(channel.receive(&printed(sequence, "x")), Ok(vec![]));
        }
        assert_eq!(sent(&channel.receive(&printed(i64::MIN, "x")).unwrap()).len(), 1, "an old one may be repeated");
        assert!(channel.early.is_empty());
    }

    proptest! {
        #[test]
        fn input_arrives_once_and_in_order_whatever_is_lost(
            typed in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..1500), 0..6),
            losses in proptest::collection::vec(any::<bool>(), 0..60),
        ) {
            let clock = std::cell::Cell::new(0);
            let mut channel = Channel::new(|| Stamp { now: clock.get(), id: [7; 16] });
            let mut is_lost = losses.into_iter().chain(std::iter::repeat(false));
            let mut arrived: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
            let mut frames: Vec<Vec<u8>> = typed.iter().flat_map(|bytes| channel.keys(bytes)).collect();
            while channel.pending() > 0 {
                for sent in frames {
                    if is_lost.next() == Some(true) {
                        continue;
                    }
                    let Message { sequence, payload, .. } = Message::decode(&sent).unwrap();
                    prop_assert!(payload.len() <= PAYLOAD);
                    prop_assert_eq!(arrived.entry(sequence).or_insert_with(|| payload.clone()), &payload);
                    let known = format!(r#"{{"AcknowledgedMessageSequenceNumber": {sequence}}}"#);
                    if is_lost.next() == Some(false) {
                        channel.receive(&frame(message::ACKNOWLEDGE, 0, 0, &known)).unwrap();
                    }
                }
                clock.set(clock.get() + OVERDUE);
                frames = channel.overdue();
            }
            prop_assert_eq!(arrived.keys().copied().collect::<Vec<_>>(), (0..channel.sent).collect::<Vec<_>>());
            prop_assert_eq!(arrived.into_values().flatten().collect::<Vec<_>>(), typed.concat());
        }

        #[test]
        fn output_is_returned_once_and_in_order_whatever_the_order_of_frames(
            order in Just((0..20_i64).chain(5..15).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut channel = channel();
            let mut seen = String::new();
            for sequence in order {
                let steps = channel.receive(&printed(sequence, &format!("{sequence} "))).unwrap();
                prop_assert_eq!(sent(&steps).len(), 1);
                seen += &text(&steps);
            }
            prop_assert_eq!(seen, (0..20).map(|sequence| format!("{sequence} ")).collect::<String>());
        }
    }
}
