//! What the containers log: all pages by time, filters, late events while following, and what is said where there is
//! nothing.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n[load_balancer]\nenabled = false\n";
const GROUP: &str = "/ce-aws/prod/task";

/// A deployment, and the id of its task.
fn deployed(account: &Account) -> (Product<'_>, String) {
    let product = Product::with_plan(account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let status = product.expect(0, &["status", "FILE", "--output", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let task = text(&status["service"]["tasks"][0]["arn"]).rsplit('/').next().unwrap_or_default().to_owned();
    (product, task)
}

/// Events of a container's stream, as `(message, seconds from now, seconds until it arrives)`.
fn logged(account: &Account, container: &str, task: &str, events: &[(&str, i64, u64)]) {
    let events: Vec<Value> = events
        .iter()
        .map(|(message, at, arrives)| json!({ "message": message, "at": at, "arrives": arrives }))
        .collect();
    let stream = format!("cloud-exchange/{container}/{task}");
    account.post("logs", &json!({ "group": GROUP, "stream": stream, "events": events }));
}

/// The lines that contain `probe`, without their times.
fn probes(shown: &str) -> Vec<&str> {
    shown.lines().filter(|line| line.contains("probe")).map(|line| &line["2026-11-29T14:02:05.120Z ".len()..]).collect()
}

#[test]
fn lines_of_all_containers_come_by_time_whatever_the_pages() {
    let account = Account::new(SCALE);
    let (product, task) = deployed(&account);
    account.post("settings", &json!({ "logs.page": 2, "logs.empty_pages": true }));
    // All that follows is logged at one moment.
    account.post("clock", &json!({ "paused": true }));
    let long = format!("probe {}", "x".repeat(100_000));
    logged(&account, "core", &task, &[("probe 1", -9, 0), ("probe 4\u{1b}[31m red\u{1b}[0m\u{7}", -6, 0)]);
    logged(&account, "ui", &task, &[("probe 2", -8, 0), ("probe 3", -7, 0), (&long, -5, 0)]);
    logged(&account, "data-step", "9999aaaa", &[("probe 5", -4, 0)]);
    let shown = product.expect(0, &["logs", "FILE"]).stdout;
    let width = probes(&shown)[0].find("probe").expect("a column");
    let line = |container: &str, message: &str| format!("{container:<width$}{message}");
    let all = [
        line("core", "probe 1"),
        line("ui", "probe 2"),
        line("ui", "probe 3"),
        line("core", "probe 4 red"),
        line("ui", &long),
        line("data-step", "probe 5"),
    ];
    assert_eq!(probes(&shown), all, "{shown}");
    assert!(!shown.contains('\u{1b}'), "a pipe gets no colours");
    let coloured = product.expect(0, &["logs", "FILE", "--color", "always"]).stdout;
    assert!(coloured.contains("\u{1b}[3"), "{coloured}");

    let some = |arguments: &[&str]| product.expect(0, arguments).stdout;
    assert_eq!(probes(&some(&["logs", "FILE", "core"])), [&*all[0], &*all[3]]);
    assert_eq!(probes(&some(&["logs", "--name", "prod", "core", "ui"])), all[..5]);
    assert_eq!(probes(&some(&["logs", "FILE", "--grep", "probe 3"])), [&*all[2]]);
    assert_eq!(probes(&some(&["logs", "FILE", "--task", "9999"])), [&*all[5]]);
    assert_eq!(probes(&some(&["logs", "FILE", "data-step"])), [&*all[5]], "no container of the revision in force");
    let lines = some(&["logs", "FILE", "core", "--task", &task[..8], "--grep", "probe 4", "--output", "json"]);
    let line: Value = serde_json::from_str(&lines).expect("one line of JSON");
    assert_eq!((text(&line["container"]), text(&line["task"])), ("core", task.as_str()));
    assert_eq!(text(&line["message"]), "probe 4\u{1b}[31m red\u{1b}[0m\u{7}");
    assert!(text(&line["time"]).ends_with('Z') && text(&line["time"]).len() == 24, "{line}");
}

#[test]
fn what_is_not_there_is_said() {
    let account = Account::new(SCALE);
    let product = Product::with_plan(&account, PLAN);
    let none = product.expect(5, &["logs", "FILE"]);
    assert!(none.stderr.contains("logs/nothing-there") && none.stderr.contains("ce-aws list"), "{}", none.stderr);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let unknown = product.expect(5, &["logs", "FILE", "cor"]).stderr;
    assert!(unknown.contains("logs/unknown-container") && unknown.contains("core, "), "{unknown}");
    let silent = product.expect(0, &["logs", "FILE", "core", "--task", "0000", "--grep", "x y", "--since", "400d"]);
    assert_eq!(silent.stdout, "");
    for said in [
        "nothing with \"x y\" was logged by core in task 0000 in the last 400d",
        "log group /ce-aws/prod/task keeps lines for 365 days only",
    ] {
        assert!(silent.stderr.contains(said), "{}", silent.stderr);
    }
    let usage = product.expect(64, &["logs", "FILE", "--since", "soon"]).stderr;
    assert!(usage.contains("20m or 3d"), "{usage}");
    account.by_hand("logs.delete_log_group(logGroupName='/ce-aws/prod/task')");
    let gone = product.expect(5, &["logs", "FILE"]).stderr;
    assert!(gone.contains("logs/no-group") && gone.contains(GROUP), "{gone}");
}

/// `ce-aws logs --follow`, and the lines that it prints.
pub struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    pub fn new(product: &Product<'_>, arguments: &[&str]) -> Self {
        let mut child = product.spawn(&[&["logs", "FILE", "--follow"], arguments].concat());
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break; // nobody wants the rest, and the pipe is closed
                }
            }
        });
        Self { child, lines }
    }

    /// The next so many lines.
    pub fn next(&self, count: usize) -> Vec<String> {
        let line = |_| self.lines.recv_timeout(Duration::from_secs(60)).expect("a line within a minute");
        (0..count).map(line).collect()
    }

    /// Ctrl-C.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let killed = std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
        assert!(killed.success());
    }

    pub fn ended(mut self) -> i32 {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child.kill().expect("it is ours");
        panic!("it did not end");
    }
}

#[test]
fn following_neither_loses_nor_repeats_a_line() {
    let account = Account::new(SCALE);
    let (product, task) = deployed(&account);
    account.post("settings", &json!({ "logs.page": 3, "logs.empty_pages": true }));
    logged(&account, "core", &task, &[("probe first", -1, 0)]);
    let following = Following::new(&product, &["--grep", "probe", "--output", "json"]);
    let message = |line: &String| {
        let line: Value = serde_json::from_str(line).expect("JSON");
        text(&line["message"]).to_owned()
    };
    assert_eq!(following.next(1).iter().map(message).collect::<Vec<_>>(), ["probe first"]);
    let mut wanted = BTreeSet::new();
    for round in 0..8_u64 {
        // Of one millisecond, later than others, and in two streams.
        for (container, late) in [("core", 0), ("ui", 5 * round), ("mongodb-primary", 60 - 5 * round)] {
            let messages: Vec<String> = (0..5).map(|n| format!("probe {round} {container} {n}")).collect();
            let events: Vec<_> = messages.iter().map(|message| (message.as_str(), -3, late)).collect();
            logged(&account, container, &task, &events);
            wanted.extend(messages);
        }
        if round == 4 {
            account.post("faults", &json!({ "operation": "FilterLogEvents", "kind": "truncated", "times": 2 }));
        }
        std::thread::sleep(Duration::from_millis(150));
    }
    let shown: Vec<String> = following.next(wanted.len()).iter().map(message).collect();
    assert_eq!(shown.iter().cloned().collect::<BTreeSet<_>>(), wanted);
    for container in ["core", "ui", "mongodb-primary"] {
        let of_one = shown.iter().filter(|line| line.contains(&format!(" 3 {container} ")));
        let numbers: Vec<&str> = of_one.filter_map(|line| line.rsplit(' ').next()).collect();
        assert_eq!(numbers, ["0", "1", "2", "3", "4"], "lines of one millisecond keep their order");
    }
    assert!(following.lines.recv_timeout(Duration::from_secs(1)).is_err(), "nothing twice");
    #[cfg(unix)]
    {
        following.interrupt();
        assert_eq!(following.ended(), 0);
    }
}

#[cfg(unix)]
#[test]
fn following_ends_when_nobody_reads_although_nothing_is_logged() {
    let account = Account::new(SCALE);
    let (product, task) = deployed(&account);
    logged(&account, "core", &task, &[("probe", -1, 0)]);
    let mut child = product.spawn(&["logs", "FILE", "--follow", "--grep", "probe"]);
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert!(line.ends_with("probe\n"), "{line}");
    drop(output);
    let (_, lines) = channel();
    assert_eq!(Following { child, lines }.ended(), 0);
}
