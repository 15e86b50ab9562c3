//! Frames of smux, version 1. All numbers are little-endian, unlike those of the data channel.
//!
//! ```text
//! offset  bytes
//!      0      1  version, 1
//!      1      1  command: 0 open, 1 finish, 2 data, 3 nothing
//!      2      2  length of the payload
//!      4      4  stream
//!      8      …  payload
//! ```
//!
//! Source: `xtaci/smux` (`frame.go`, `session.go`), which both ends of AWS's port sessions use. The frames are one
//! stream of bytes, cut into messages without regard to their edges.

use thiserror::Error;

const VERSION: u8 = 1;
const HEADER: usize = 8;

/// The most data in one of our frames: with its header it fills one message of the data channel.
pub const PAYLOAD: usize = crate::aws::exec::channel::PAYLOAD - HEADER;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The stream begins.
    Open(u32),
    /// The sender closes the stream.
    Finish(u32),
    Data(u32, Vec<u8>),
    /// A sign of life.
    Nothing,
}

/// Why bytes are not frames. The session cannot go on: where the next frame begins is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    #[error("a frame of version {0}")]
    Version(u8),
    #[error("a frame with the unknown command {0}")]
    Command(u8),
}

impl Frame {
    /// The frame as bytes. More than 65,535 bytes of data are cut.
    pub fn encode(&self) -> Vec<u8> {
        let (command, stream, payload): (u8, u32, &[u8]) = match self {
            Self::Open(stream) => (0, *stream, &[]),
            Self::Finish(stream) => (1, *stream, &[]),
            Self::Data(stream, payload) => (2, *stream, payload),
            Self::Nothing => (3, 0, &[]),
        };
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.extend([VERSION, command]);
        bytes.extend(length.to_le_bytes());
        bytes.extend(stream.to_le_bytes());
        bytes.extend(&payload[..usize::from(length)]);
        bytes
    }
}

/// Puts frames together again. Holds less than one frame, 64 KiB.
#[derive(Debug, Default)]
pub struct Decoder(Vec<u8>);

impl Decoder {
    /// The frames that these bytes complete.
    ///
    /// # Errors
    ///
    /// They are not frames.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Frame>, Broken> {
        self.0.extend_from_slice(bytes);
        let (mut frames, mut at) = (Vec::new(), 0);
        while let Some(&[version, command, low, high, a, b, c, d]) = self.0[at..].first_chunk::<HEADER>() {
            if version != VERSION {
                return Err(Broken::Version(version));
            }
            let stream = u32::from_le_bytes([a, b, c, d]);
            let end = at + HEADER + usize::from(u16::from_le_bytes([low, high]));
            let Some(payload) = self.0.get(at + HEADER..end) else { break };
            frames.push(match command {
                0 => Frame::Open(stream),
                1 => Frame::Finish(stream),
                2 => Frame::Data(stream, payload.to_vec()),
                3 => Frame::Nothing,
                other => return Err(Broken::Command(other)),
            });
            at = end;
        }
        self.0.drain(..at);
        Ok(frames)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frames_are_as_smux_has_them() {
        assert_eq!(Frame::Open(3).encode(), [1, 0, 0, 0, 3, 0, 0, 0]);
        assert_eq!(Frame::Finish(0x0102_0304).encode(), [1, 1, 0, 0, 4, 3, 2, 1]);
        assert_eq!(Frame::Data(5, b"abc".to_vec()).encode(), *b"\x01\x02\x03\x00\x05\x00\x00\x00abc");
        assert_eq!(Frame::Nothing.encode(), [1, 3, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_is_no_frame_ends_the_session() {
        for (bytes, why) in [
            ([2, 0, 0, 0, 3, 0, 0, 0], Broken::Version(2)),
            ([1, 4, 0, 0, 3, 0, 0, 0], Broken::Command(4)),
            (*b"HTTP/1.1", Broken::Version(b'H')),
        ] {
            assert_eq!(Decoder::default().push(&bytes), Err(why));
        }
    }

    fn frame() -> impl Strategy<Value = Frame> {
        prop_oneof![
            any::<u32>().prop_map(Frame::Open),
            any::<u32>().prop_map(Frame::Finish),
            (any::<u32>(), proptest::collection::vec(any::<u8>(), 0..3000))
                .prop_map(|(id, data)| Frame::Data(id, data)),
            Just(Frame::Nothing),
        ]
    }

    proptest! {
        #[test]
        fn frames_survive_however_their_bytes_are_cut(
            frames in proptest::collection::vec(frame(), 0..8),
            sizes in proptest::collection::vec(1..1500_usize, 1..20),
        ) {
            let bytes: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
            let (mut decoder, mut read, mut rest) = (Decoder::default(), Vec::new(), bytes.as_slice());
            for size in sizes.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, left) = rest.split_at(size.min(rest.len()));
                read.extend(decoder.push(piece).unwrap());
                rest = left;
            }
            prop_assert_eq!(read, frames);
            prop_assert!(decoder.0.is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut decoder = Decoder::default();
            if decoder.push(&bytes).is_ok() {
                prop_assert!(decoder.0.len() < HEADER + 65536);
            }
        }
    }
}
