//! The streams of a session: one for each local connection. Pure.
//!
//! Smux's version 1 has no flow control for one stream: what the agent sends must be taken, or all streams wait. So
//! each may hold some megabytes that its local reader has not taken yet; beyond that the whole session waits, and a
//! reader that takes nothing for long loses its connection, so that the others go on.

use std::collections::BTreeMap;

use super::smux::{Broken, Decoder, Frame, PAYLOAD};

/// The most bytes that a stream holds for its local reader: what smux gives a whole session (`MaxReceiveBuffer`).
pub const HELD: usize = 4 << 20;
/// For so many milliseconds a full stream may take nothing before it is closed.
const STUCK: u64 = 30_000;

/// What has come for a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Data(u32, Vec<u8>),
    /// The other side has closed it: nothing more comes, and nothing more is taken.
    Finished(u32),
}

#[derive(Debug, Default)]
struct Stream {
    /// Bytes that were handed on and that the local reader has not taken.
    held: usize,
    /// Since when it has been full without anything being taken.
    full: Option<u64>,
}

/// All streams. Times are in milliseconds.
#[derive(Debug, Default)]
pub struct Streams {
    last: u32,
    open: BTreeMap<u32, Stream>,
    decoder: Decoder,
}

impl Streams {
    /// How many are open.
    pub fn count(&self) -> usize {
        self.open.len()
    }

    /// A new stream, and the bytes that open it. None after two billion.
    pub fn open(&mut self) -> Option<(u32, Vec<u8>)> {
        // A client's are odd, and the first is 3 (`NewSession` of `xtaci/smux`).
        let stream = self.last.max(1).checked_add(2)?;
        self.last = stream;
        self.open.insert(stream, Stream::default());
        Some((stream, Frame::Open(stream).encode()))
    }

    /// The bytes that send this, in pieces for one message each; none for a stream that is closed.
    pub fn send(&self, stream: u32, data: &[u8]) -> Vec<Vec<u8>> {
        if !self.open.contains_key(&stream) {
            return Vec::new();
        }
        data.chunks(PAYLOAD).map(|piece| Frame::Data(stream, piece.to_vec()).encode()).collect()
    }

    /// The bytes that close it, if it is open.
    pub fn finish(&mut self, stream: u32) -> Option<Vec<u8>> {
        self.open.remove(&stream).map(|_| Frame::Finish(stream).encode())
    }

    /// Takes what has come. What is for no open stream is dropped: it was on its way when we closed the stream.
    ///
    /// # Errors
    ///
    /// It is not smux.
    pub fn receive(&mut self, bytes: &[u8], now: u64) -> Result<Vec<Event>, Broken> {
        let mut events = Vec::new();
        for frame in self.decoder.push(bytes)? {
            match frame {
                Frame::Data(stream, data) => {
                    if let Some(open) = self.open.get_mut(&stream) {
                        open.held += data.len();
                        if open.held >= HELD {
                            open.full.get_or_insert(now);
                        }
                        events.push(Event::Data(stream, data));
                    }
                }
                Frame::Finish(stream) => {
                    events.extend(self.open.remove(&stream).map(|_| Event::Finished(stream)));
                }
                // The agent opens none.
                Frame::Open(_) | Frame::Nothing => {}
            }
        }
        Ok(events)
    }

    /// The local reader has taken so many bytes.
    pub fn taken(&mut self, stream: u32, count: usize, now: u64) {
        if let Some(open) = self.open.get_mut(&stream) {
            open.held = open.held.saturating_sub(count);
            open.full = (open.held >= HELD).then_some(now);
        }
    }

    /// Whether more can be taken from the channel.
    pub fn has_room(&self) -> bool {
        self.open.values().all(|stream| stream.full.is_none())
    }

    /// Streams whose reader keeps all others waiting.
    pub fn stuck(&self, now: u64) -> Vec<u32> {
        let is_stuck = |stream: &Stream| stream.full.is_some_and(|since| now.saturating_sub(since) >= STUCK);
        self.open.iter().filter(|(_, stream)| is_stuck(stream)).map(|(id, _)| *id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(stream: u32, length: usize) -> Vec<u8> {
        let piece = Frame::Data(stream, vec![b'x'; 32_768]).encode();
        piece.repeat(length / 32_768)
    }

    #[test]
    fn streams_are_odd_from_three_on_and_used_once() {
        let mut streams = Streams::default();
        assert_eq!(streams.open(), Some((3, Frame::Open(3).encode())));
        assert_eq!(streams.finish(3), Some(Frame::Finish(3).encode()));
        assert_eq!((streams.finish(3), streams.send(3, b"late"), streams.count()), (None, vec![], 0));
        assert_eq!(streams.open().map(|(stream, _)| stream), Some(5));
        streams.last = u32::MAX - 1;
        assert_eq!(streams.open(), None);
    }

    #[test]
    fn what_is_sent_fits_into_single_messages() {
        let mut streams = Streams::default();
        streams.open();
        let pieces = streams.send(3, &[7; 2 * PAYLOAD + 1]);
        assert_eq!(pieces.iter().map(Vec::len).collect::<Vec<_>>(), [1024, 1024, 9]);
        assert_eq!(streams.send(3, b""), [] as [Vec<u8>; 0]);
    }

    #[test]
    fn what_comes_for_a_closed_stream_is_dropped() {
        let mut streams = Streams::default();
        streams.open();
        let mut bytes = Frame::Data(9, vec![1]).encode();
        bytes.extend(Frame::Data(3, vec![2]).encode());
        bytes.extend(Frame::Finish(3).encode());
        bytes.extend(Frame::Data(3, vec![3]).encode());
        bytes.extend(Frame::Finish(3).encode());
        let events = streams.receive(&bytes, 0);
        assert_eq!(events, Ok(vec![Event::Data(3, vec![2]), Event::Finished(3)]));
    }

    #[test]
    fn a_reader_that_takes_nothing_stops_all_and_then_loses_its_stream() {
        let mut streams = Streams::default();
        streams.open();
        streams.open();
        streams.receive(&data(3, HELD - 32_768), 0).unwrap();
        assert!(streams.has_room());
        streams.receive(&data(3, 32_768), 5).unwrap();
        streams.receive(&data(3, 32_768), 9).unwrap();
        assert!(!streams.has_room() && streams.stuck(5 + STUCK - 1).is_empty());
        assert_eq!(streams.stuck(5 + STUCK), [3]);
        // Slow is not stuck.
        streams.taken(3, 1, 20_000);
        assert!(!streams.has_room() && streams.stuck(20_000 + STUCK - 1).is_empty());
        streams.taken(3, 40_000, 21_000);
        assert!(streams.has_room() && streams.stuck(90_000).is_empty());
        streams.receive(&data(3, 65_536), 30_000).unwrap();
        assert_eq!(streams.stuck(90_000), [3]);
        streams.finish(3);
        assert!(streams.has_room());
    }
}
