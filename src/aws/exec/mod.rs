//! ECS Exec: running a command in a container of a running task, with or without a terminal of one's own.
//!
//! ExecuteCommand returns an address and a token: of the data channel of Systems Manager's Session Manager, a WebSocket
//! on which the agent in the container and this side exchange framed messages.
//!
//! ```text
//! ecs ExecuteCommand ──► session {address, token}
//! WebSocket          ──► a signed upgrade, then the token, as JSON
//!                    ◄── handshake request, ──► handshake response, ◄── handshake complete
//!                        (with a KMS key in between: see [`encryption`])
//!                    ◄── output, input ──►, one acknowledgement each
//!                    ◄── channel closed
//! ```
//!
//! Source of the protocol: AWS's own two ends of it, `aws/session-manager-plugin` (`src/message`, `src/datachannel`)
//! and `aws/amazon-ssm-agent` (`agent/session`). Unverified against AWS itself: it has only been tested with the
//! emulator.

pub mod channel;
pub mod conversation;
pub mod data_key;
pub mod encryption;
pub mod endpoint;
pub mod error;
pub mod handshake;
pub mod message;
pub mod resend;
pub mod resume;
pub mod run;
pub mod script;
pub mod session;
pub mod signature;
pub mod streamed;
pub mod text;
