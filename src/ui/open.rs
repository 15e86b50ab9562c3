//! What happens while the UI is open through a tunnel.

use serde::Serialize;

use super::text::clean;

/// One event, for people and for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Event<'a> {
    /// The tunnel works.
    Listening {
        /// What to open; only host and port where it is not the UI's.
        address: &'a str,
        local_port: u16,
        /// The task's id.
        task: &'a str,
        /// What it leads to, as `ui:3000`.
        destination: &'a str,
        session: &'a str,
    },
    /// A new session has taken the place of one that ended.
    NewSession {
        task: &'a str,
        session: &'a str,
    },
    Interrupted,
    Resumed,
    /// `waits`: nothing happens until something connects.
    SessionEnded {
        why: &'a str,
        waits: bool,
    },
    /// There is no session now, for this reason; it is tried again.
    Waiting {
        why: &'a str,
    },
    NotListening {
        destination: &'a str,
    },
    Stuck,
    Notice {
        message: &'a str,
    },
    Closed,
}

impl Event<'_> {
    /// A note for people, ended by a newline.
    pub fn text(&self) -> String {
        match self {
            Self::Listening { task, destination, .. } => {
                format!("connected to {} through task {}; Ctrl-C closes the tunnel\n", clean(destination), clean(task))
            }
            Self::NewSession { task, .. } => {
                format!("a new session, through task {}; reload the page\n", clean(task))
            }
            Self::Interrupted => "the connection to AWS is lost; reconnecting\n".to_owned(),
            Self::Resumed => "reconnected; nothing was lost\n".to_owned(),
            Self::SessionEnded { why, waits } => {
                let why = if why.is_empty() { String::new() } else { format!(" ({})", clean(why)) };
                let next = if *waits { "the next connection opens a new one" } else { "opening a new one" };
                format!("the session has ended{why}; {next}\n")
            }
            Self::Waiting { why } => format!("no session for now: {}; trying again\n", clean(why)),
            Self::NotListening { destination } => format!(
                "nothing listens on {} yet, or any more: `ce-aws status` and `ce-aws logs` show why\n",
                clean(destination)
            ),
            Self::Stuck => {
                "closed a connection that had not been read for half a minute: it kept the others waiting\n".to_owned()
            }
            Self::Notice { message } => format!("{}\n", clean(message)),
            Self::Closed => "the tunnel is closed\n".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_code_and_words() {
        let (task, destination, session) = ("0123abcd", "ui:3000", "op-0a1b2c");
        let address = "http://127.0.0.1:8000";
        let events = [
            Event::Listening { address, local_port: 8000, task, destination, session },
            Event::NewSession { task, session },
            Event::Interrupted,
            Event::Resumed,
            Event::SessionEnded { why: "The task has stopped.", waits: false },
            Event::SessionEnded { why: "", waits: true },
            Event::Waiting { why: "no task is running" },
            Event::NotListening { destination },
            Event::Stuck,
            Event::Notice { message: "be \u{1b}[31mcareful" },
            Event::Closed,
        ];
        let shown = events.map(|event| format!("{}{}\n", event.text(), serde_json::to_string(&event).unwrap()));
        insta::assert_snapshot!(shown.join("\n"));
    }
}
