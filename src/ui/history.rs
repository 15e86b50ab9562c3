//! Who holds a lease, and past runs, as people read them. All of it was read from the control bucket, where anybody may
//! have written: it is made safe to print.

use serde_json::{Value, json};

use crate::control::history::{Entry, Stored};
use crate::control::lease::Record;
use crate::engine::event::Stamped;
use crate::engine::plan::{Plan, Purpose, Target};

use super::progress::line::{Detail, ending, line};
use super::progress::tracker::Tracker;
use super::style::{DANGER, FAINT, GOOD, TITLE, WARNING, paint};
use super::table::{Cell, table};
use super::text::{clean, count, duration, place};

/// A holder, for scripts.
pub fn holder(record: &Record) -> Value {
    let Record { run, user, host, pid, command, since, .. } = record;
    json!({ "run": run, "user": user, "host": host, "pid": pid, "command": command, "since": since })
}

/// What is said while a holder's life is being looked for.
pub fn waiting(record: &Record) -> String {
    let [deployment, user, host, command, run, since] =
        [&record.deployment, &record.user, &record.host, &record.command, &record.run, &record.since]
            .map(|text| clean(text));
    format!(
        "{}: {deployment} is held by {user} on {host}: `{command}`, run {run}, since {since}; seeing whether it is \
         still at work, which may take a minute\n",
        paint(WARNING, "waiting")
    )
}

/// How a run ended, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Ended(u8),
    /// A person said no at the prompt.
    Declined,
    /// It holds the lease.
    UnderWay,
    /// It neither said how it ended nor holds the lease.
    DidNotEnd,
}

impl State {
    /// Of a run, where `holder` is the run that holds the lease.
    pub fn of(entry: &Entry, holder: Option<&str>) -> Self {
        match &entry.end {
            Some(end) if end.error.as_deref() == Some("refused/declined") => Self::Declined,
            Some(end) => Self::Ended(end.exit),
            None if holder == Some(entry.run.as_str()) => Self::UnderWay,
            None => Self::DidNotEnd,
        }
    }

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Ended(0) => "done",
            Self::Ended(1) => "failed",
            Self::Ended(3) => "stopped part way",
            Self::Ended(5) => "refused",
            Self::Ended(6) => "rolled back",
            Self::Ended(7) => "stuck",
            Self::Ended(64) => "wrong usage",
            Self::Ended(_) => "ended otherwise",
            Self::Declined => "declined",
            Self::UnderWay => "under way",
            Self::DidNotEnd => "did not end",
        }
    }

    fn style(self) -> anstyle::Style {
        match self {
            Self::Ended(0) => GOOD,
            Self::Ended(5 | 64) | Self::Declined | Self::UnderWay => FAINT,
            Self::Ended(3 | 6) => WARNING,
            _ => DANGER,
        }
    }
}

/// `12 of 44`, or `44`.
fn steps(entry: &Entry) -> String {
    match (entry.steps_done(), entry.steps_planned()) {
        (_, 0) => String::new(),
        (done, planned) if done == planned => planned.to_string(),
        (done, planned) => format!("{done} of {planned}"),
    }
}

/// The runs of a deployment, newest first; `more` are left out.
pub fn list(target: &Target, stored: &[Stored], holder: Option<&str>, more: usize) -> String {
    let title = paint(TITLE, format_args!("Runs of {}", clean(&target.deployment)));
    let mut text = format!("{title} in {}\n", place(&target.account, &target.region));
    if stored.is_empty() {
        return text + "none is on record\n";
    }
    let head = ["since (UTC)", "run", "ended", "took", "steps", "who", "host", "command"];
    text.push_str(&table(&head, stored.iter().map(|stored| row(stored, holder))));
    if more > 0 {
        text.push_str(&format!("and {} before: --limit shows more\n", count(more, "run")));
    }
    text
}

fn row(stored: &Stored, holder: Option<&str>) -> Vec<Cell> {
    match stored {
        Stored::Entry(entry) => {
            let state = State::of(entry, holder);
            vec![
                entry.since.as_str().into(),
                entry.run.as_str().into(),
                Cell::styled(state.style(), state.text()),
                entry.seconds().map(duration).unwrap_or_default().into(),
                steps(entry).into(),
                entry.user.rsplit(':').next().unwrap_or_default().into(),
                entry.host.as_str().into(),
                entry.command.as_str().into(),
            ]
        }
        Stored::Unreadable { key, why } => {
            let mut cells = vec![Cell::default(); 8];
            cells[2] = Cell::styled(WARNING, "cannot be read");
            cells[7] = format!("{key}: {why}").into();
            cells
        }
    }
}

/// One run, with what happened.
pub fn one(entry: &Entry, holder: Option<&str>) -> String {
    let state = State::of(entry, holder);
    let mut text = format!(
        "{}: {}\n",
        paint(TITLE, format_args!("Run {}", clean(&entry.run))),
        paint(state.style(), state.text())
    );
    let mut fact = |name: &str, value: &str| text.push_str(&format!("  {name:<10}  {}\n", clean(value)));
    fact("deployment", &entry.deployment);
    fact("command", &entry.command);
    fact("who", &entry.user);
    fact("host", &entry.host);
    fact("ce-aws", &entry.tool);
    fact("since", &entry.since);
    if let Some(end) = &entry.end {
        let error = end.error.as_ref().map(|code| format!(" ({code})")).unwrap_or_default();
        let took = entry.seconds().map(|seconds| format!(" after {}", duration(seconds))).unwrap_or_default();
        fact("ended", &format!("{}{took}, exit code {}{error}", end.at, end.exit));
    }
    for plan in &entry.plans {
        fact(
            "plan",
            &format!("{:?}, {}, digest {}", plan.purpose, count(plan.steps, "step"), plan.digest).to_lowercase(),
        );
    }
    if entry.steps_planned() > 0 {
        fact("steps", &format!("{} of {} done", entry.steps_done(), entry.steps_planned()));
    }
    text.push_str(&events(&entry.events));
    if entry.left_out > 0 {
        text.push_str(&format!("and {} more\n", count(entry.left_out, "event")));
    }
    text
}

/// Events as they were shown while they happened. Unknown ones are left out: a later version may know more.
fn events(events: &[Value]) -> String {
    let nowhere = Target { deployment: String::new(), account: String::new(), region: String::new() };
    let mut purpose = Purpose::Apply;
    let mut text = String::new();
    for stamped in events.iter().filter_map(|event| serde_json::from_value::<Stamped>(event.clone()).ok()) {
        if let crate::engine::event::Event::RunStarted { purpose: of_run, .. } = &stamped.event {
            purpose = *of_run;
            text.push('\n');
        }
        let tracker = Tracker::new(&Plan::empty(purpose, nowhere.clone()), &[]);
        let shown = line(&stamped, &tracker, Detail::Ended).or_else(|| ending(&stamped.event, purpose));
        text.push_str(&shown.unwrap_or_default());
    }
    text
}
