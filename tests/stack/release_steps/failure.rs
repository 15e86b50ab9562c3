//! What goes wrong during a release step, and how the emulator is made to do it.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::product::Product;
use crate::releases::{DataStep, Release};
use crate::upgrade_sweep::direction::{MOMENTS, SCALE, SLOW, wait_until};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The registry refuses the new release's core.
    NotPulled,
    /// The new release's core exits when it has started.
    Exits,
    /// The new release's core runs, and never answers.
    NeverHealthy,
    /// A data step exits with 1 while it works.
    DataStep(String),
    /// `kill -9`, and then `upgrade --rollback`, while one of the moments lasts.
    Killed(&'static str),
    /// The new release's containers do not come to terms about TLS.
    Tls(&'static Mistake),
}

/// A mistake in a release file of 6.x.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    name: &'static str,
    right: &'static str,
    wrong: &'static str,
    /// What is on the screen of it.
    says: &'static str,
}

const MISTAKES: [Mistake; 3] = [
    Mistake {
        name: "MongoDB does not find its key",
        right: "\"/opt/certs/mongodb_rabbitmq_certs/tls_cert_key.pem\"",
        wrong: "\"/opt/certs/mongodb_rabbitmq_certs/tls_key.pem\"",
        says: "No such file or directory",
    },
    Mistake {
        name: "RabbitMQ may not read its key",
        right: "path = \"rabbitmq_cert_key.key\"\nowner = \"1001:1001\"",
        wrong: "path = \"rabbitmq_cert_key.key\"\nowner = \"0:0\"",
        says: "rabbitmq-stats",
    },
    Mistake {
        name: "core shows MongoDB no certificate",
        right: "tls=true&tlsCertificateKeyFile=$certs/tls_cert_key.pem&tlsCAFile",
        wrong: "tls=true&tlsCAFile",
        says: "core",
    },
];

/// The moments in which the program is killed: what it waits for then.
const DATA_STEP_RUNS: &str = "the data step runs";
const NOT_HEALTHY: &str = "the new task is not healthy yet";
/// AWS seconds that a data step works, long enough for it to be seen at work.
const WORK: u32 = 240;
/// AWS seconds until core answers, likewise.
const START: u32 = 600;

impl Failure {
    /// All that can go wrong between two releases.
    pub fn of(from: &Release, to: &Release) -> impl Iterator<Item = Self> {
        let steps = to.data_steps(&from.version);
        let fails: Vec<Self> = steps.iter().map(|step| Self::DataStep(step.name.clone())).collect();
        let killed = if steps.is_empty() { None } else { Some(Self::Killed(DATA_STEP_RUNS)) };
        let others = [Self::NotPulled, Self::Exits, Self::NeverHealthy, Self::Killed(NOT_HEALTHY)];
        let has_tls = text_of(to).contains("tlsCAFile");
        let mistakes = MISTAKES.iter().filter(move |_| has_tls).map(Self::Tls);
        fails.into_iter().chain(killed).chain(others).chain(mistakes)
    }

    /// Whether the data may have changed when it happens, so that a rollback restores them; by the data steps between
    /// the releases, which run one after the other.
    pub fn changes_data(&self, steps: &[&DataStep]) -> bool {
        let is_migrated = matches!(self, Self::Exits | Self::NeverHealthy | Self::Killed(NOT_HEALTHY) | Self::Tls(_));
        let begun = match self {
            Self::DataStep(name) => steps.iter().take_while(|step| step.name != *name).count() + 1,
            // The first of them.
            Self::Killed(DATA_STEP_RUNS) => 1,
            _ => steps.len(),
        };
        is_migrated || steps.iter().take(begun).any(|step| step.changes_data)
    }

    /// How fast the clock runs: slower where a certain moment must not be missed.
    pub fn scale(&self) -> u32 {
        if matches!(self, Self::DataStep(_) | Self::Killed(_)) { SLOW } else { SCALE }
    }

    /// Upgrades while it happens. Gives the exit codes; panics with what is not as it must be.
    pub fn meet(&self, product: &Product<'_>, to: &Release) -> String {
        let account = product.account;
        let upgrade = [["upgrade", "FILE", "--to", &to.version, "--yes"].as_slice(), &to.consent()].concat();
        let fails = |images: Value, says: &[&str]| {
            account.post("images", &images);
            let said = product.expect(6, &upgrade).stderr;
            says_all(&said, says);
            "6".to_owned()
        };
        let core = to.core();
        match self {
            Self::NotPulled => fails(json!({ (core): { "behaviour": "denied" } }), &["CannotPullContainerError"]),
            Self::Exits => {
                let exits = json!({ "behaviour": "exit", "exit_code": 137, "log": ["no space left"] });
                fails(json!({ (format!("{core}#core")): exits }), &["core: STOPPED, exit code 137", "no space left"])
            }
            Self::NeverHealthy => {
                let stuck = json!({ "behaviour": "unhealthy", "log": ["stuck in a migration"] });
                fails(json!({ (format!("{core}#core")): stuck }), &["core is UNHEALTHY", "stuck in a migration"])
            }
            Self::DataStep(name) => {
                let said = data_step_fails(product, &upgrade, name);
                says_all(&said, &[name, "ended with exit code 1"]);
                "6".to_owned()
            }
            Self::Tls(mistake) => {
                let release = text_of(to);
                assert!(release.contains(mistake.right), "{} has no {:?}", to.version, mistake.right);
                let release = release.replace(mistake.right, mistake.wrong);
                std::fs::write(product.folder().join("mistaken.toml"), release).expect("it can be written");
                let upgrade = [upgrade.as_slice(), &["--catalog", "mistaken.toml"]].concat();
                says_all(&product.expect(6, &upgrade).stderr, &[mistake.says]);
                "6".to_owned()
            }
            Self::Killed(moment) => {
                // So slow that the moment is not missed.
                account.post("settings", &json!({ "ecs.one_shot": WORK }));
                account.post("images", &json!({ (format!("{core}#core")): { "behaviour": "slow", "after": START } }));
                let moment = MOMENTS.iter().find(|one| one.name == *moment).expect("a moment");
                moment.kill(product, &upgrade);
                product.expect(0, &["upgrade", "FILE", "--rollback", "--yes"]);
                "0".to_owned()
            }
        }
    }
}

/// The file of a release.
fn text_of(release: &Release) -> String {
    let path = format!("{}/src/release/catalogue/{}.toml", env!("CARGO_MANIFEST_DIR"), release.version);
    std::fs::read_to_string(path).expect("each release has its file")
}

fn says_all(said: &str, words: &[&str]) {
    for words in words.iter().chain(&["the upgrade has failed", "rolled back: what ran before runs again"]) {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
}

/// Lets a certain data step fail while it works, and no other one-shot task: what is restored is moved by one too.
fn data_step_fails(product: &Product<'_>, upgrade: &[&str], name: &str) -> String {
    let account = product.account;
    account.post("settings", &json!({ "ecs.one_shot": WORK }));
    let mut child = product.spawn(upgrade);
    let address = format!("running      data-step/{name}-");
    let is_running = |said: &str| {
        let step = last_step(account);
        said.contains(&address) && step["started_at"].is_number() && text(&step["started_by"]).contains(name)
    };
    let heard = wait_until(&mut child, is_running);
    let fails = json!({ "behaviour": "exit", "exit_code": 1, "after": 1 });
    account.post("images", &json!({ "*#data-step": fails }));
    let has_failed = || last_step(account)["exit_code"] == 1;
    while !has_failed() && child.try_wait().expect("it is ours").is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let step = last_step(account);
    account.delete("images");
    let code = child.wait().expect("it ends").code();
    let said = heard.end();
    assert!(text(&step["started_by"]).contains(name) && step["exit_code"] == 1, "it has not failed: {step}\n{said}");
    assert_eq!(code, Some(6), "{said}");
    said
}

/// The one-shot task that was started last, if any was.
fn last_step(account: &Account) -> Value {
    let steps = account.get("one-shot-tasks");
    steps.as_array().and_then(|steps| steps.last()).cloned().unwrap_or_default()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPulled => f.write_str("an image cannot be pulled"),
            Self::Exits => f.write_str("core exits at once"),
            Self::NeverHealthy => f.write_str("core never gets healthy"),
            Self::DataStep(name) => write!(f, "{name} fails"),
            Self::Killed(moment) => write!(f, "killed while {moment}"),
            Self::Tls(mistake) => f.write_str(mistake.name),
        }
    }
}
