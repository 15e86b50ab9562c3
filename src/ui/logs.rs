//! Lines that containers have logged.

use anstyle::{AnsiColor, Color, Style};
use serde::Serialize;

use super::style::{CHANGE, DANGER, FAINT, GOOD, paint, plain};
use super::text::clean;

/// One line, as scripts read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine<'a> {
    /// RFC 3339 in milliseconds.
    pub time: String,
    pub container: &'a str,
    /// The task's id.
    pub task: &'a str,
    /// As it was logged.
    pub message: &'a str,
}

/// Colours of containers. Red and yellow are left out: they mean trouble everywhere else.
const COLORS: [AnsiColor; 8] = [
    AnsiColor::Cyan,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];

impl LogLine<'_> {
    /// One line for people, ended. `containers` are those of the deployment: each has its colour, and the widest gives
    /// the column its width.
    pub fn text(&self, containers: &[String]) -> String {
        let width = containers.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let color = containers.iter().position(|name| name == self.container).unwrap_or(containers.len());
        let style = Style::new().fg_color(Some(Color::Ansi(COLORS[color % COLORS.len()])));
        let name = format!("{:<width$}", clean(self.container));
        format!("{} {} {}\n", paint(FAINT, &self.time), paint(style, name), harmless(self.message))
    }
}

/// A request to the load balancer.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// RFC 3339.
    pub time: &'a str,
    pub client: &'a str,
    pub request: &'a str,
    pub status: Option<u16>,
    pub target_status: Option<u16>,
    pub seconds: Option<f64>,
    pub error_reason: Option<&'a str>,
}

impl Request<'_> {
    /// One line for people, ended: time, status, client, request, how long it took, and what the task answered if that
    /// was something else.
    pub fn text(&self) -> String {
        let status = self.status.map_or("-".to_owned(), |status| status.to_string());
        let style = match self.status {
            Some(500..) | None => DANGER,
            Some(400..) => CHANGE,
            Some(_) => GOOD,
        };
        let client = self.client.rsplit_once(':').map_or(self.client, |(address, _)| address);
        let request = self.request.rsplit_once(" HTTP/").map_or(self.request, |(request, _)| request);
        let mut line = format!(
            "{} {} {:<15} {}",
            paint(FAINT, clean(self.time)),
            paint(style, status),
            clean(client),
            harmless(request)
        );
        if let Some(seconds) = self.seconds {
            line += &format!(" {seconds:.3} s");
        }
        match (self.error_reason, self.target_status) {
            (Some(reason), _) => line += &format!(" ({})", clean(reason)),
            (None, Some(target)) if self.status != Some(target) => line += &format!(" (the task answered {target})"),
            (None, None) => line += " (did not reach the task)",
            (None, Some(_)) => {}
        }
        line + "\n"
    }
}

/// A message that cannot act on a terminal: colours and bells are taken out, tabs kept, and all else that is not
/// visible is spelled out.
fn harmless(message: &str) -> String {
    let message = plain(message.trim_end_matches(['\r', '\n']));
    message.split('\t').map(clean).collect::<Vec<_>>().join("\t")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_lose_colours_and_keep_tabs_and_text() {
        assert_eq!(harmless("\u{1b}[31mERROR\u{1b}[0m\tcafé\r\n"), "ERROR\tcafé");
        assert_eq!(harmless("one\ntwo\rthree\u{7}\u{9b}2J\u{202e}"), "one\\ntwo\\rthree\\u{9b}2J\\u{202e}");
        let long = "x".repeat(1 << 20);
        assert_eq!(harmless(&long), long);
    }

    #[test]
    fn a_request_is_one_line() {
        let request = Request {
            time: "2018-07-02T22:23:00.186641Z",
            client: "192.168.131.39:2817",
            request: "GET https://www.example.com:443/ HTTP/1.1",
            status: Some(200),
            target_status: Some(200),
            seconds: Some(0.171),
            error_reason: None,
        };
        let shown = |request: Request<'_>| plain(&request.text());
        let start = "2018-07-02T22:23:00.186641Z 200 192.168.131.39  GET https://www.example.com:443/";
        assert_eq!(shown(request), format!("{start} 0.171 s\n"));
        assert_eq!(
            shown(Request { target_status: Some(503), ..request }),
            format!("{start} 0.171 s (the task answered 503)\n")
        );
        let refused = Request { status: Some(502), target_status: None, seconds: None, ..request };
        assert!(shown(refused).ends_with(":443/ (did not reach the task)\n"));
        let reason = Some("TargetConnectionError");
        assert!(shown(Request { error_reason: reason, ..refused }).ends_with(":443/ (TargetConnectionError)\n"));
    }

    proptest! {
        #[test]
        fn no_message_controls_the_terminal(message in "\\PC{0,20}[\\x00-\\x1f\\x7f-\\x9f]{0,9}\\PC{0,20}") {
            let shown = harmless(&message);
            prop_assert!(shown.chars().all(|c| c == '\t' || !c.is_control()), "{:?}", shown);
        }
    }
}
