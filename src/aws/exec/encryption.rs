//! Encryption of a session with a KMS key, on top of TLS: a setting of an ECS cluster, or of an account's sessions.
//!
//! ```text
//! ◄── handshake request: which key, and random bytes
//!     kms GenerateDataKey: 64 bytes, bound to the session, its target and those bytes
//! ──► handshake response: the data key as KMS has encrypted it; the agent lets KMS decrypt it
//! ◄── encryption challenge: other random bytes, encrypted
//! ──► the same bytes, encrypted by this side
//! ◄── handshake complete; from then on output and input are encrypted, each message by itself
//! ```
//!
//! Each direction has one half of the data key for AES-256-GCM: the first is the agent's, the second this side's. A
//! nonce of 12 bytes precedes what is encrypted, and the tag follows it.
//!
//! Source: `aws/amazon-ssm-agent` (`agent/session/crypto`, `agent/session/datachannel`), `aws/session-manager-plugin`
//! (`src/encryption`, `src/datachannel`). Unverified against AWS itself.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, RandomizedNonceKey, UnboundKey};
use aws_lc_rs::error::Unspecified;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::{Value, json};
use thiserror::Error;

/// The bytes of a data key: one AES-256 key for each direction.
pub const DATA_KEY: usize = 64;

/// What an agent asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRequest {
    /// The KMS key: its id or ARN, or an alias.
    pub key: String,
    /// Random text that the data key is to be bound to as well; empty from an agent that does not know of it.
    pub challenge: String,
}

/// A data key of one session.
#[derive(Debug)]
pub struct DataKey {
    plain: SecretSlice<u8>,
    encrypted: Vec<u8>,
}

/// A payload is not encrypted with the session's data key, or was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it cannot be decrypted with the data key of the session")]
pub struct Undecipherable;

impl From<Unspecified> for Undecipherable {
    fn from(_: Unspecified) -> Self {
        Self
    }
}

impl DataKey {
    /// Of its two forms; none if it is not [`DATA_KEY`] bytes long.
    pub fn new(plain: SecretSlice<u8>, encrypted: Vec<u8>) -> Option<Self> {
        (plain.expose_secret().len() == DATA_KEY && !encrypted.is_empty()).then_some(Self { plain, encrypted })
    }

    /// What the agent is told of it (`KMSEncryptionResponse` of both). The hash of the encrypted form is in the
    /// message too, but neither AWS's client fills it in nor does the agent look at it.
    pub fn response(&self, request: &KeyRequest) -> Value {
        json!({
            "KMSCipherTextKey": STANDARD.encode(&self.encrypted),
            "KMSCipherTextHash": null,
            "ChallengeAcknowledgement": !request.challenge.is_empty(),
        })
    }
}

/// Encrypts what this side sends, and decrypts what the agent does. The keys are overwritten when it is dropped.
#[derive(Debug)]
pub struct Cipher {
    of_agent: LessSafeKey,
    ours: RandomizedNonceKey,
}

impl Cipher {
    /// # Errors
    ///
    /// Only a fault of the library.
    pub fn new(key: &DataKey) -> Result<Self, Undecipherable> {
        let (of_agent, ours) = key.plain.expose_secret().split_at(DATA_KEY / 2);
        let of_agent = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, of_agent)?);
        Ok(Self { of_agent, ours: RandomizedNonceKey::new(&AES_256_GCM, ours)? })
    }

    /// Nonce, encrypted bytes and tag: 28 bytes more.
    ///
    /// # Errors
    ///
    /// Only a fault of the library.
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, Undecipherable> {
        let mut sealed = plain.to_vec();
        let nonce = self.ours.seal_in_place_append_tag(Aad::empty(), &mut sealed)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// # Errors
    ///
    /// The agent has not sent this.
    pub fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, Undecipherable> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(Undecipherable)?;
        let mut opened = rest.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        let length = self.of_agent.open_in_place(nonce, Aad::empty(), &mut opened)?.len();
        opened.truncate(length);
        Ok(opened)
    }

    /// The answer to an encryption challenge: the same bytes, encrypted by this side
    /// (`EncryptionChallengeRequest`, `EncryptionChallengeResponse`).
    ///
    /// # Errors
    ///
    /// It is no challenge, or not the agent's.
    pub fn answer(&self, challenge: &[u8]) -> Result<Vec<u8>, Undecipherable> {
        let content: Value = serde_json::from_slice(challenge).map_err(|_| Undecipherable)?;
        let sealed = content["Challenge"].as_str().and_then(|text| STANDARD.decode(text).ok()).ok_or(Undecipherable)?;
        let answer = STANDARD.encode(self.seal(&self.open(&sealed)?)?);
        Ok(json!({ "Challenge": answer }).to_string().into_bytes())
    }
}

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A data key whose bytes are all different, and the cipher of the agent that has got it.
    pub fn shared() -> (DataKey, Cipher) {
        let bytes: Vec<u8> = (0..64).collect();
        let swapped = [&bytes[32..], &bytes[..32]].concat();
        let key = |bytes: Vec<u8>| DataKey::new(SecretSlice::from(bytes), b"as KMS has it".to_vec()).unwrap();
        (key(bytes), Cipher::new(&key(swapped)).unwrap())
    }

    #[test]
    fn a_data_key_has_64_bytes_and_shows_none() {
        let of = |length: usize| DataKey::new(SecretSlice::from(vec![b'k'; length]), vec![1]);
        assert!(of(63).is_none() && of(65).is_none() && of(0).is_none());
        assert!(DataKey::new(SecretSlice::from(vec![0; 64]), vec![]).is_none());
        let key = of(64).unwrap();
        let shown = format!("{key:?} {:?}", Cipher::new(&key).unwrap());
        assert!(!shown.contains("107") && !shown.contains("kkk") && !shown.contains("6b6b"), "{shown}");
    }

    /// Test case 14 of "The Galois/Counter Mode of Operation" (McGrew and Viega, appendix B): key, nonce and text are
    /// zero bytes.
    #[test]
    fn it_is_aes_256_gcm_with_the_nonce_in_front_and_the_tag_behind() {
        let key = DataKey::new(SecretSlice::from(vec![0; 64]), vec![1]).unwrap();
        let sealed = [
            &[0; 12][..],
            &[0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18],
            &[0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19],
        ];
        assert_eq!(Cipher::new(&key).unwrap().open(&sealed.concat()), Ok(vec![0; 16]));
    }

    #[test]
    fn each_direction_has_a_half_of_the_key_and_each_message_a_nonce() {
        let (key, agent) = shared();
        let ours = Cipher::new(&key).unwrap();
        let sealed = ours.seal(b"typed").unwrap();
        assert_eq!((sealed.len(), agent.open(&sealed)), (5 + 28, Ok(b"typed".to_vec())));
        assert_eq!(ours.open(&sealed), Err(Undecipherable), "a message of this side is not taken for the agent's");
        assert_ne!(ours.seal(b"typed").unwrap()[..12], sealed[..12]);
        for length in 0..28 {
            assert_eq!(ours.open(&vec![0; length]), Err(Undecipherable));
        }
    }

    #[test]
    fn a_challenge_is_answered_with_the_same_bytes() {
        let (key, agent) = shared();
        let ours = Cipher::new(&key).unwrap();
        let asked = |sealed: &[u8]| json!({ "Challenge": STANDARD.encode(sealed) }).to_string().into_bytes();
        let answer = ours.answer(&asked(&agent.seal(&[7; 64]).unwrap())).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let sealed = STANDARD.decode(answer["Challenge"].as_str().unwrap()).unwrap();
        assert_eq!(agent.open(&sealed), Ok(vec![7; 64]));
        for wrong in [asked(&ours.seal(b"ours").unwrap()), b"{}".to_vec(), br#"{"Challenge": "?"}"#.to_vec(), vec![]] {
            assert_eq!(ours.answer(&wrong), Err(Undecipherable));
        }
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_decrypted_and_nothing_else(
            plain in proptest::collection::vec(any::<u8>(), 0..1100),
            at in any::<prop::sample::Index>(),
            bit in 0..8_u8,
        ) {
            let (key, agent) = shared();
            let ours = Cipher::new(&key).unwrap();
            let mut sealed = agent.seal(&plain).unwrap();
            prop_assert_eq!(ours.open(&sealed), Ok(plain));
            let at = at.index(sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(ours.open(&sealed), Err(Undecipherable));
        }

        #[test]
        fn any_bytes_can_be_opened(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (key, _) = shared();
            let ours = Cipher::new(&key).unwrap();
            prop_assert_eq!(ours.open(&bytes), Err(Undecipherable));
            prop_assert_eq!(ours.answer(&bytes), Err(Undecipherable));
        }
    }
}
