//! The two directions of an upgrade, and the moments at which they can be killed.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::account::{Account, text};
use crate::product::Product;

/// As in the other tests: what is awaited takes seconds of the wall, and nothing runs into its deadline on a busy
/// machine.
pub const SCALE: u32 = 60;
/// Slower, where a certain moment must not be missed.
pub const SLOW: u32 = 30;
pub const BEFORE: &str = "4.2.0";
pub const AFTER: &str = "5.0.0";

/// Upgrade or rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From 4.2.0 to 5.0.0, which has a data step and migrates the database.
    Upgrade,
    /// Back from there while the new task is watched: it may have changed the data, so that the recovery point is
    /// restored.
    Rollback,
}

/// One changing call of a direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub service: String,
    pub operation: String,
    /// Counted from 1 among those of the same name.
    pub nth: usize,
    /// Whether it is about the control bucket.
    pub is_control: bool,
}

/// What the program waits for when it is killed.
#[derive(Debug, PartialEq, Eq)]
pub struct Moment {
    pub direction: Direction,
    pub name: &'static str,
    /// What it says then.
    says: &'static str,
}

pub const MOMENTS: [Moment; 10] = [
    upgrade("the old task stops", "stopping     service/main"),
    upgrade("the backup runs", "creating     recovery-point/"),
    upgrade("the data step runs", "running      data-step/"),
    upgrade("the new task starts", "changing     service/main (changed"),
    upgrade("the new task is not healthy yet", "health check of"),
    WATCHED,
    rollback("the new task stops", "stopping     service/main"),
    rollback("the restore runs", "creating     restore/"),
    rollback("what was restored is moved", "running      data-step/unpack"),
    rollback("the old release starts", "changing     service/main"),
];

const WATCHED: Moment = upgrade("the new task is watched", "healthy; has to stay so for");

const fn upgrade(name: &'static str, says: &'static str) -> Moment {
    Moment { direction: Direction::Upgrade, name, says }
}

const fn rollback(name: &'static str, says: &'static str) -> Moment {
    Moment { direction: Direction::Rollback, name, says }
}

impl Direction {
    pub const ALL: [Self; 2] = [Self::Upgrade, Self::Rollback];

    pub fn arguments(self) -> [&'static str; 5] {
        match self {
            Self::Upgrade => ["upgrade", "FILE", "--to", AFTER, "--yes"],
            Self::Rollback => ["upgrade", "FILE", "--rollback", "--deadline=1200", "--yes"],
        }
    }

    /// The old release, as far as it has to go before this direction begins.
    pub fn begin(self, product: &Product<'_>) {
        product.expect(0, &["apply", "FILE", "--yes"]);
        if self == Self::Rollback {
            WATCHED.kill(product, &Self::Upgrade.arguments());
        }
    }

    /// The changing calls of an undisturbed run, in their order; how often AWS refuses one for now is another number
    /// each time.
    pub fn calls(self) -> Vec<Call> {
        let account = Account::new(SCALE);
        let product = product(&account);
        self.begin(&product);
        let before = account.every_call(0).len();
        product.expect(0, &self.arguments());
        calls_since(&account, before).into_iter().filter(|call| !call.is_control).collect()
    }
}

/// How often the control bucket is written to depends on how long a run takes; so often it is in any case.
const WRITES: usize = 3;

/// The changing calls since `from`, of all calls, that were taken, in their order.
pub fn calls_since(account: &Account, from: usize) -> Vec<Call> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let calls = account.every_call(from);
    let control = account.control_bucket();
    let taken = calls.iter().filter(|call| call["mutating"] == true && call["code"].is_null());
    let calls = taken.map(|call| {
        let name = format!("{} {}", text(&call["service"]), text(&call["operation"]));
        let nth = seen.entry(name.clone()).or_default();
        *nth += 1;
        let (service, operation) = name.split_once(' ').expect("two words");
        let is_control = call["request"]["Bucket"] == control;
        Call { service: service.to_owned(), operation: operation.to_owned(), nth: *nth, is_control }
    });
    calls.filter(|call| !(call.is_control && call.operation == "PutObject" && call.nth > WRITES)).collect()
}

pub fn product(account: &Account) -> Product<'_> {
    Product::with_plan(account, &format!("name = \"prod\"\nrelease = \"{BEFORE}\"\n"))
}

impl Call {
    pub fn name(&self) -> String {
        format!("{} {}", self.service, self.operation)
    }

    /// Makes this call go wrong.
    pub fn rule(&self, account: &Account, how: &serde_json::Value) {
        let mut rule = json!({ "service": self.service, "operation": self.operation, "nth": self.nth });
        let members = how.as_object().expect("an object").clone();
        rule.as_object_mut().expect("an object").extend(members);
        account.post("faults", &rule);
    }

    /// Kills the program while this call waits: before it has any effect, or after it and before the answer.
    pub fn kill(&self, product: &Product<'_>, arguments: &[&str], before: bool) {
        // All that follow wait too: what AWS refuses for now is repeated, and does not wait.
        self.rule(product.account, &json!({ "kind": "hold", "before": before }));
        let child = product.spawn(arguments);
        let held = || {
            let rules = product.account.get("faults");
            rules.as_array().is_some_and(|rules| rules.iter().any(|rule| rule["held"].as_u64() > Some(0)))
        };
        kill_when(child, |_| held());
        product.account.delete("faults");
    }
}

impl Moment {
    /// Kills the program at this moment.
    pub fn kill(&self, product: &Product<'_>, arguments: &[&str]) {
        // Long enough for every moment to be seen.
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--watch", "1200"]).collect();
        kill_when(product.spawn(&arguments), |said| said.contains(self.says));
    }
}

/// Kills the program as soon as something is true of what it has said or of the account; `kill -9`.
fn kill_when(mut child: Child, is_time: impl Fn(&str) -> bool) {
    let heard = wait_until(&mut child, is_time);
    // It may have ended meanwhile.
    let _ = child.kill();
    child.wait().expect("it ends");
    heard.end();
}

/// What a running program says.
pub struct Heard {
    said: Arc<Mutex<String>>,
    listener: std::thread::JoinHandle<()>,
}

impl Heard {
    /// All that it has said, when it has ended.
    pub fn end(self) -> String {
        self.listener.join().expect("it only reads");
        self.said.lock().expect("no panic holds it").clone()
    }
}

/// Waits until something is true of what the program has said or of the account, which must come before it ends.
pub fn wait_until(child: &mut Child, is_time: impl Fn(&str) -> bool) -> Heard {
    let said = Arc::new(Mutex::new(String::new()));
    let (stderr, heard) = (child.stderr.take().expect("it is piped"), said.clone());
    let listener = std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            heard.lock().expect("no panic holds it").push_str(&(line + "\n"));
        }
    });
    let deadline = Instant::now() + Duration::from_secs(120);
    let is_in_time = loop {
        if is_time(&said.lock().expect("no panic holds it")) {
            break true;
        }
        if child.try_wait().expect("it is ours").is_some() || Instant::now() > deadline {
            break false;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let heard = Heard { said, listener };
    if !is_in_time {
        let _ = child.kill();
        child.wait().expect("it ends");
        panic!("it has ended before its time:\n{}", heard.end());
    }
    heard
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upgrade => "upgrade",
            Self::Rollback => "rollback",
        })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if self.nth > 1 { write!(f, ", number {}", self.nth) } else { Ok(()) }
    }
}

/// The text of a member.
pub fn member(value: &serde_json::Value, name: &str) -> String {
    text(&value[name]).to_owned()
}
