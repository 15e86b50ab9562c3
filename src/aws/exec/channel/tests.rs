use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use crate::aws::exec::encryption::tests::shared;
use crate::engine::failure::Cause;

use super::*;

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
    assert_eq!((size.sequence, size.payload_type, size.payload.as_slice()), (3, 3, &br#"{"cols":80,"rows":24}"#[..]));
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

const ENCRYPTED_SESSION: &str = r#"{"RequestedClientActions": [
    {"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}},
    {"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "alias/exec", "Challenge": "cmFuZG9t"}}]}"#;

fn bytes(sequence: i64, payload_type: u32, payload: Vec<u8>) -> Vec<u8> {
    let kind = message::OUTPUT.to_owned();
    Message { kind, created: 1, sequence, flags: 0, id: [1; 16], payload_type, payload }.encode()
}

/// A channel whose session has become encrypted, and the agent's cipher. The next message is the third.
fn encrypted() -> (Channel<impl FnMut() -> Stamp>, Cipher) {
    let (key, agent) = shared();
    let mut channel = channel();
    let steps = channel.receive(&frame(message::OUTPUT, 0, HANDSHAKE_REQUEST, ENCRYPTED_SESSION)).unwrap();
    assert_eq!(sent(&steps).len(), 1, "only the acknowledgement");
    let wanted = KeyRequest { key: "alias/exec".to_owned(), challenge: "cmFuZG9t".to_owned() };
    assert_eq!(channel.wanted_key(), Some(&wanted));
    let steps = channel.take_key(Ok(key));
    let [response] = &sent(&steps)[..] else { panic!("{steps:?}") };
    assert_eq!((response.payload_type, response.sequence, channel.wanted_key()), (HANDSHAKE_RESPONSE, 0, None));
    let challenge = json!({ "Challenge": STANDARD.encode(agent.seal(b"prove it").unwrap()) }).to_string();
    let steps = channel.receive(&frame(message::OUTPUT, 1, CHALLENGE, &challenge)).unwrap();
    let [_, answer] = &sent(&steps)[..] else { panic!("{steps:?}") };
    assert_eq!(answer.payload_type, CHALLENGE_RESPONSE);
    let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
    let answer = STANDARD.decode(answer["Challenge"].as_str().unwrap()).unwrap();
    assert_eq!(agent.open(&answer), Ok(b"prove it".to_vec()));
    (channel, agent)
}

#[test]
fn input_and_output_of_an_encrypted_session_are_encrypted_and_all_else_is_not() {
    let (mut channel, agent) = encrypted();
    let complete = channel.receive(&frame(message::OUTPUT, 2, HANDSHAKE_COMPLETE, "{}")).unwrap();
    assert_eq!(complete.last(), Some(&Step::Ready));
    for (sequence, payload_type) in [(3, STDOUT), (4, STDERR)] {
        let steps = channel.receive(&bytes(sequence, payload_type, agent.seal(b"shown").unwrap())).unwrap();
        assert_eq!(text(&steps), "shown");
    }
    assert_eq!(channel.receive(&bytes(5, EXIT_CODE, agent.seal(b"0").unwrap())).unwrap().len(), 1);
    let flag = channel.receive(&bytes(6, FLAG, vec![0, 0, 0, 3])).unwrap();
    assert_eq!(flag.last(), Some(&Step::Flag(REFUSED)));
    let typed: Vec<Message> = channel.keys(&[b'x'; 1500]).iter().map(|frame| Message::decode(frame).unwrap()).collect();
    let opened: Vec<Vec<u8>> = typed.iter().map(|message| agent.open(&message.payload).unwrap()).collect();
    assert_eq!(opened.iter().map(Vec::len).collect::<Vec<_>>(), [1024, 476]);
    let size = Message::decode(&channel.size(Size { columns: 80, rows: 24 })).unwrap();
    assert_eq!(size.payload, br#"{"cols":80,"rows":24}"#);
    // What is sent again is the same message, and not encrypted a second time.
    assert!(channel.again().iter().any(|frame| Message::decode(frame).unwrap() == typed[0]));
}

#[test]
fn what_is_not_encrypted_with_the_data_key_ends_the_session() {
    let ends = |payload_type: u32, payload: Vec<u8>| {
        let (mut channel, _) = encrypted();
        let steps = channel.receive(&bytes(2, payload_type, payload)).unwrap();
        assert_eq!((steps.last(), text(&steps).as_str()), (Some(&Step::Unmet(Demand::Undecipherable)), ""));
    };
    ends(STDOUT, b"in the clear".to_vec());
    ends(STDERR, vec![0; 64]);
    let (key, agent) = shared();
    ends(STDOUT, Cipher::new(&key).unwrap().seal(b"of this side").unwrap());
    let mut altered = agent.seal(b"rm nothing").unwrap();
    altered[13] ^= 1;
    ends(STDOUT, altered);
    ends(CHALLENGE, br#"{"Challenge": "AAAA"}"#.to_vec());
    // A second key, and a challenge without a key.
    let (mut channel, _) = encrypted();
    let steps = channel.receive(&frame(message::OUTPUT, 2, HANDSHAKE_REQUEST, ENCRYPTED_SESSION)).unwrap();
    assert!(matches!(steps.last(), Some(Step::Unmet(Demand::Other(_)))) && channel.wanted_key().is_none());
    let mut other = Channel::new(|| Stamp { now: 7, id: [7; 16] });
    let steps = other.receive(&frame(message::OUTPUT, 0, CHALLENGE, "{}")).unwrap();
    assert!(matches!(steps.last(), Some(Step::Unmet(Demand::Other(_)))));
}

#[test]
fn without_a_data_key_the_agent_hears_of_it_and_the_caller_why() {
    let mut channel = channel();
    channel.receive(&frame(message::OUTPUT, 0, HANDSHAKE_REQUEST, ENCRYPTED_SESSION)).unwrap();
    // Nothing is taken for output before the key is there.
    let early = channel.receive(&printed(1, "in the clear")).unwrap();
    assert_eq!((sent(&early).len(), text(&early).as_str()), (1, ""));
    let denied = Failure::of(Cause::Denied, "you may not");
    let steps = channel.take_key(Err(denied.clone()));
    let [response] = &sent(&steps)[..] else { panic!("{steps:?}") };
    let response: Value = serde_json::from_slice(&response.payload).unwrap();
    assert_eq!(response["Errors"], json!(["there is no data key"]));
    assert_eq!(steps[1..], [Step::Unmet(Demand::NoKey(denied.clone()))]);
    assert_eq!(channel.take_key(Err(denied)), [], "nothing is asked for any more");
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
            clock.set(clock.get() + 1000);
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
