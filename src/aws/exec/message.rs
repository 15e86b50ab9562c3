//! One message of the data channel, as bytes. All numbers are big-endian.
//!
//! ```text
//! offset  bytes
//!      0      4  header length: where the payload's length is, 116
//!      4     32  kind, padded with spaces or zeroes: `output_stream_data`
//!     36      4  schema version, 1
//!     40      8  when it was made, milliseconds since 1970
//!     48      8  sequence number
//!     56      8  flags: bit 0 first, bit 1 last of its sequence
//!     64     16  UUID, its second half first
//!     80     32  SHA-256 of the payload
//!    112      4  payload type
//!    116      4  payload length
//!    120      …  payload
//! ```
//!
//! Source: `AgentMessage` of `aws/amazon-ssm-agent`, `ClientMessage` of `aws/session-manager-plugin`.

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::engine::compare::hex;

/// Output of the agent: this side acknowledges each.
pub const OUTPUT: &str = "output_stream_data";
/// Input from this side: the agent acknowledges each.
pub const INPUT: &str = "input_stream_data";
pub const ACKNOWLEDGE: &str = "acknowledge";
pub const CLOSED: &str = "channel_closed";
/// The agent allows or suspends input. Their payload is not used, and their digest not checked.
const PUBLICATION: [&str; 2] = ["start_publication", "pause_publication"];

const KIND: usize = 4;
const SCHEMA: usize = 36;
const CREATED: usize = 40;
const SEQUENCE: usize = 48;
const FLAGS: usize = 56;
const ID: usize = 64;
const DIGEST: usize = 80;
const PAYLOAD_TYPE: usize = 112;
const PAYLOAD_LENGTH: usize = 116;

/// A message, without the fields that are computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// At most 32 bytes.
    pub kind: String,
    /// Milliseconds since 1970.
    pub created: u64,
    pub sequence: i64,
    pub flags: u64,
    /// A UUID.
    pub id: [u8; 16],
    /// The type of the payload, for kinds that have several: see [`super::channel`].
    pub payload_type: u32,
    pub payload: Vec<u8>,
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unreadable {
    #[error("{0} bytes are too few for a message")]
    Short(usize),
    #[error("its header cannot be {0} bytes long")]
    Header(u32),
    #[error("its kind is not text")]
    Kind,
    #[error("it announces {said} bytes and carries {are}")]
    Length { said: u32, are: usize },
    #[error("its payload does not match its digest")]
    Digest,
}

impl Message {
    /// The message as bytes. A kind longer than 32 bytes is cut.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PAYLOAD_LENGTH + 4 + self.payload.len());
        bytes.extend((PAYLOAD_LENGTH as u32).to_be_bytes());
        bytes.extend(self.kind.bytes().chain(std::iter::repeat(b' ')).take(SCHEMA - KIND));
        bytes.extend(1_u32.to_be_bytes());
        bytes.extend(self.created.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.flags.to_be_bytes());
        bytes.extend(swapped(self.id));
        bytes.extend(Sha256::digest(&self.payload));
        bytes.extend(self.payload_type.to_be_bytes());
        bytes.extend(u32::try_from(self.payload.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(&self.payload);
        bytes
    }

    /// Reads a message. Copies nothing before all lengths have been checked.
    ///
    /// # Errors
    ///
    /// The bytes are not one whole message.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let short = || Unreadable::Short(bytes.len());
        let header = u32::from_be_bytes(array(bytes, 0).ok_or_else(short)?);
        // A header that ends before the payload type has an older schema.
        let length_at = header as usize;
        if !(PAYLOAD_TYPE..=PAYLOAD_LENGTH).contains(&length_at) {
            return Err(Unreadable::Header(header));
        }
        let said = u32::from_be_bytes(array(bytes, length_at).ok_or_else(short)?);
        let payload = bytes.get(length_at + 4..).ok_or_else(short)?;
        if said as usize != payload.len() {
            return Err(Unreadable::Length { said, are: payload.len() });
        }
        let padded = bytes.get(KIND..SCHEMA).ok_or_else(short)?;
        let kind = std::str::from_utf8(padded).map_err(|_| Unreadable::Kind)?;
        let kind = kind.trim_matches(['\0', ' ']).to_owned();
        let digest: [u8; 32] = array(bytes, DIGEST).ok_or_else(short)?;
        let checked = !payload.is_empty() && !PUBLICATION.contains(&kind.as_str());
        if checked && Sha256::digest(payload)[..] != digest {
            return Err(Unreadable::Digest);
        }
        let payload_type =
            if length_at == PAYLOAD_LENGTH { array(bytes, PAYLOAD_TYPE).ok_or_else(short)? } else { [0; 4] };
        Ok(Self {
            kind,
            created: u64::from_be_bytes(array(bytes, CREATED).ok_or_else(short)?),
            sequence: i64::from_be_bytes(array(bytes, SEQUENCE).ok_or_else(short)?),
            flags: u64::from_be_bytes(array(bytes, FLAGS).ok_or_else(short)?),
            id: swapped(array(bytes, ID).ok_or_else(short)?),
            payload_type: u32::from_be_bytes(payload_type),
            payload: payload.to_vec(),
        })
    }
}

/// A UUID as text, with hyphens.
pub fn uuid(id: [u8; 16]) -> String {
    [&id[..4], &id[4..6], &id[6..8], &id[8..10], &id[10..]].map(hex).join("-")
}

fn swapped(id: [u8; 16]) -> [u8; 16] {
    u128::from_be_bytes(id).rotate_left(64).to_be_bytes()
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Message {
        Message {
            kind: OUTPUT.to_owned(),
            created: 1_700_000_000_000,
            sequence: 3,
            flags: 0,
            id: *b"0123456789abcdef",
            payload_type: 1,
            payload: b"hello".to_vec(),
        }
    }

    #[test]
    fn fields_are_where_the_agent_expects_them() {
        let bytes = sample().encode();
        assert_eq!(bytes.len(), 125);
        assert_eq!(bytes[..4], [0, 0, 0, 116]);
        assert_eq!(&bytes[4..36], b"output_stream_data              ");
        assert_eq!(bytes[48..56], [0, 0, 0, 0, 0, 0, 0, 3]);
        assert_eq!(&bytes[64..80], b"89abcdef01234567");
        assert_eq!(bytes[112..120], [0, 0, 0, 1, 0, 0, 0, 5]);
        assert_eq!(uuid(sample().id), "30313233-3435-3637-3839-616263646566");
    }

    #[test]
    fn wrong_lengths_and_digests_are_detected() {
        let changed = |at: usize, byte: u8| {
            let mut bytes = sample().encode();
            bytes[at] = byte;
            Message::decode(&bytes).unwrap_err()
        };
        assert_eq!(changed(0, 0xff), Unreadable::Header(0xff00_0074));
        assert_eq!(changed(3, 0), Unreadable::Header(0));
        assert_eq!(changed(116, 0xff), Unreadable::Length { said: 0xff00_0005, are: 5 });
        assert_eq!(changed(119, 4), Unreadable::Length { said: 4, are: 5 });
        assert_eq!(changed(124, b'!'), Unreadable::Digest);
        assert_eq!(changed(80, 0), Unreadable::Digest);
        assert_eq!(changed(4, 0xff), Unreadable::Kind);
        assert_eq!(Message::decode(&[]), Err(Unreadable::Short(0)));
        assert_eq!(Message::decode(&sample().encode()[..119]), Err(Unreadable::Short(119)));
    }

    #[test]
    fn an_older_header_has_no_payload_type() {
        let mut bytes = sample().encode();
        bytes.drain(112..116);
        bytes[3] = 112;
        assert_eq!(Message::decode(&bytes), Ok(Message { payload_type: 0, ..sample() }));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            kind in "[a-z_]{1,32}",
            (created, sequence, flags, id) in any::<(u64, i64, u64, [u8; 16])>(),
            payload_type in any::<u32>(),
            payload in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let message = Message { kind, created, sequence, flags, id, payload_type, payload };
            prop_assert_eq!(Message::decode(&message.encode()), Ok(message));
        }

        #[test]
        fn any_bytes_can_be_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..300), header in 100..130_u8) {
            let _ = Message::decode(&bytes);
            let mut likelier = bytes;
            if likelier.len() > 4 {
                likelier[..4].copy_from_slice(&[0, 0, 0, header]);
            }
            let _ = Message::decode(&likelier);
        }
    }
}
