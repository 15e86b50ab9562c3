//! A tunnel to a port of a running task, as `ce-aws open` has it.
//!
//! Systems Manager's StartSession returns what ExecuteCommand does, and the same data channel ([`super::exec`]) then
//! carries the bytes of connections instead of a terminal's: many at a time, in frames of smux.
//!
//! ```text
//! browser ──► listener on 127.0.0.1 ──► stream 3 ┐
//! browser ──► listener on 127.0.0.1 ──► stream 5 ┴► smux ──► data channel ──► agent in the container ──► port
//! ```
//!
//! | file | holds |
//! |---|---|
//! | [`smux`] | frames as bytes. Pure |
//! | [`streams`] | which connections there are, and how much of each is on its way. Pure |
//! | [`line`] | the data channel with streams on it: bytes and time go in, bytes and events come out. Pure |
//! | [`session`] | StartSession, TerminateSession |
//! | [`relay`] | sockets and clock around a line, for as long as its session lasts |
//! | [`connection`] | one local connection |

pub mod connection;
pub mod error;
pub mod line;
pub mod relay;
pub mod session;
pub mod smux;
pub mod streams;

#[cfg(test)]
mod tests;
