//! The UI through a tunnel: a client of HTTP on this side, and the web server behind the emulator's agent on the other.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n[load_balancer]\nenabled = false\n";

/// What is downloaded across cuts: all of 100 MB only where everything is swept, as an emulated agent takes half
/// a minute for it.
fn large() -> usize {
    if std::env::var("CE_AWS_SWEEP").is_ok_and(|sweep| sweep == "full") { 100_000_000 } else { 20_000_000 }
}

fn account() -> Account {
    let account = Account::new(SCALE);
    // Twenty minutes are as many seconds here.
    account.post("settings", &json!({ "ssm.idle_minutes": 10_000 }));
    account
}

fn deployed(account: &Account) -> Product<'_> {
    let product = Product::with_plan(account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product
}

/// The bytes that the web server has.
fn content(count: usize) -> Vec<u8> {
    const BLOCK: usize = 1 << 16;
    let blocks = (0..=count / BLOCK).flat_map(|number| Sha256::digest(number.to_string()).repeat(BLOCK / 32));
    blocks.take(count).collect()
}

/// A tunnel that is open.
struct Tunnel {
    child: Child,
    events: Receiver<Value>,
    seen: Vec<String>,
    address: String,
}

const PATIENCE: Duration = Duration::from_secs(90);

impl Tunnel {
    fn new(product: &Product<'_>, arguments: &[&str]) -> Self {
        let all = [&["open", "FILE", "--local-port", "0", "--output", "json"], arguments].concat();
        let mut child = product.command(&all).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).expect("JSON"));
            }
        });
        let mut tunnel = Self { child, events, seen: Vec::new(), address: String::new() };
        let listening = tunnel.until("listening");
        text(&listening["address"]).clone_into(&mut tunnel.address);
        tunnel
    }

    /// The next event with this code.
    fn until(&mut self, code: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.events.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(event) => {
                    self.seen.push(text(&event["code"]).to_owned());
                    if event["code"] == code {
                        return event;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {code} after {:?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    let mut said = String::new();
                    let _ = self.child.stderr.take().expect("a pipe").read_to_string(&mut said);
                    panic!("no {code} after {:?}: {said}", self.seen);
                }
            }
        }
    }

    fn get(&self, path: &str) -> Vec<u8> {
        get(&format!("{}{path}", self.address)).expect("an answer")
    }

    fn echo(&self, body: &[u8]) -> Vec<u8> {
        let mut answer = ureq::post(format!("{}/echo", self.address)).send(body).expect("an answer");
        answer.body_mut().with_config().limit(1 << 30).read_to_vec().expect("a body")
    }

    /// What Ctrl-C does.
    #[cfg(unix)]
    fn interrupt(mut self, account: &Account) {
        let pid = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
        assert_eq!(self.child.wait().expect("it is ours").code(), Some(0));
        self.until("closed");
        assert_eq!(sessions(account), [""; 0]);
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is to be opened in the browser.
pub fn address_of(product: &Product<'_>) -> String {
    Tunnel::new(product, &[]).address.clone()
}

fn get(address: &str) -> Result<Vec<u8>, ureq::Error> {
    ureq::get(address).call()?.body_mut().with_config().limit(1 << 30).read_to_vec()
}

/// The sessions that are open in AWS.
fn sessions(account: &Account) -> Vec<String> {
    let script = "ids = [one['SessionId'] for one in client('ssm').describe_sessions(State='Active')['Sessions']]\n\
                  print('\\n'.join(ids))";
    account.by_hand(script).lines().map(str::to_owned).collect()
}

/// The sessions that were asked for.
fn starts(account: &Account) -> Vec<Value> {
    account.journal(0).into_iter().filter(|call| call["operation"] == "StartSession").collect()
}

#[cfg(unix)]
#[test]
fn many_connections_share_the_tunnel_and_ctrl_c_leaves_no_session() {
    let account = account();
    let product = deployed(&account);
    let tunnel = Tunnel::new(&product, &[]);
    assert!(tunnel.address.starts_with("http://127.0.0.1:"), "{}", tunnel.address);
    assert!(String::from_utf8_lossy(&tunnel.get("/")).contains("Cloud Exchange"));
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..100_usize)
            .map(|number| {
                let size = number * 997;
                let address = format!("{}/bytes/{size}", tunnel.address);
                (size, scope.spawn(move || get(&address).expect("an answer")))
            })
            .collect();
        for (size, body) in all {
            assert!(body.join().expect("it ends") == content(size), "{size}");
        }
    });
    let body = content(1_000_000);
    assert!(tunnel.echo(&body) == body);
    assert_eq!(sessions(&account).len(), 1);
    let [start] = &starts(&account)[..] else { panic!("one session") };
    assert_eq!(start["request"]["DocumentName"], "AWS-StartPortForwardingSession");
    assert_eq!(start["request"]["Parameters"]["portNumber"], json!(["3000"]));
    tunnel.interrupt(&account);
}

#[cfg(unix)]
#[test]
fn a_large_download_survives_lost_connections_byte_for_byte() {
    let account = account();
    let product = deployed(&account);
    let size = large();
    // The client sends one message for each that it gets: the connection breaks at a fifth and at two fifths.
    account.post("ports", &json!({ "cut_after": [size / 5000, size / 5000] }));
    let mut tunnel = Tunnel::new(&product, &[]);
    let began = Instant::now();
    let got = tunnel.get(&format!("/bytes/{size}"));
    println!("{size} bytes in {:.1} s", began.elapsed().as_secs_f64());
    assert!(got == content(size), "{} bytes", got.len());
    for _ in 0..2 {
        tunnel.until("interrupted");
        tunnel.until("resumed");
    }
    assert_eq!(starts(&account).len(), 1, "it was the same session");
    tunnel.interrupt(&account);
}

#[cfg(unix)]
#[test]
fn nothing_is_lost_on_a_bad_connection() {
    let account = account();
    let product = deployed(&account);
    account.post("ports", &json!({ "drop": 0.02, "duplicate": 0.1, "reorder": 0.1, "cut_after": [150] }));
    let mut tunnel = Tunnel::new(&product, &[]);
    let body = content(200_000);
    assert!(tunnel.echo(&body) == body);
    tunnel.until("resumed");
    tunnel.interrupt(&account);
    account.post("ports", &json!({ "delay": 0.05 }));
    let tunnel = Tunnel::new(&product, &[]);
    assert!(tunnel.echo(&body) == body);
    tunnel.interrupt(&account);
}

#[cfg(unix)]
#[test]
fn a_task_that_is_replaced_is_followed() {
    let account = account();
    let product = deployed(&account);
    let mut tunnel = Tunnel::new(&product, &[]);
    let slow = format!("{}/wait/60", tunnel.address);
    let waiting = std::thread::spawn(move || get(&slow));
    std::thread::sleep(Duration::from_millis(500));
    let stop = "arn = ecs.list_tasks(cluster='ce-prod')['taskArns'][0]; ecs.stop_task(cluster='ce-prod', task=arn)";
    account.by_hand(stop);
    assert_eq!(tunnel.until("session-ended")["waits"], false);
    let new = tunnel.until("new-session");
    assert!(waiting.join().expect("it ends").is_err(), "its connection has ended with the task");
    assert!(tunnel.get("/bytes/70000") == content(70_000));
    let targets: Vec<String> =
        starts(&account).iter().map(|call| text(&call["request"]["Target"]).to_owned()).collect();
    assert!(targets.first() != targets.last() && targets.last().is_some_and(|it| it.contains(text(&new["task"]))));

    // Without a connection nothing is opened before somebody connects.
    let count = starts(&account).len();
    let idle: Vec<String> = sessions(&account);
    account.by_hand(&format!("client('ssm').terminate_session(SessionId='{}')", idle[0]));
    assert_eq!(tunnel.until("session-ended")["waits"], true);
    assert_eq!(starts(&account).len(), count);
    assert!(tunnel.get("/bytes/10") == content(10));
    tunnel.until("new-session");
    tunnel.interrupt(&account);
}

#[test]
fn a_tunnel_ends_at_the_load_balancer_where_that_is_wanted() {
    let account = account();
    let product = Product::new(&account);
    product.expect(0, &["apply", "FILE", "--yes"]);
    let tunnel = Tunnel::new(&product, &["--via", "load-balancer"]);
    assert!(tunnel.get("/bytes/1000") == content(1000));
    let [start] = &starts(&account)[..] else { panic!("one session") };
    assert_eq!(start["request"]["DocumentName"], "AWS-StartPortForwardingSessionToRemoteHost");
    assert!(text(&start["request"]["Parameters"]["host"][0]).contains("elb"), "{start}");
    drop(tunnel);
    let checked = product.expect(0, &["open", "FILE", "--local-port", "0", "--check"]);
    assert!(checked.stdout.starts_with("http://127.0.0.1:"), "{}", checked.stdout);
    assert!(checked.stderr.contains("connected to ui:3000"), "{}", checked.stderr);
}

#[test]
fn what_keeps_a_tunnel_from_being_built_is_named() {
    let account = account();
    let product = deployed(&account);
    let refused = |code: i32, arguments: &[&str], words: &[&str]| {
        let said = product.expect(code, &[&["open", "FILE", "--check"], arguments].concat()).stderr;
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}\n{said}");
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    refused(5, &["--local-port", &port], &["open/port-taken", &port, "--local-port"]);
    let free = ["--local-port", "0"];
    let with = |more: &[&'static str]| [&free, more].concat();
    refused(5, &with(&["--via", "load-balancer"]), &["open/no-load-balancer"]);
    refused(5, &with(&["--container", "uo"]), &["exec/unknown-container", "ui"]);
    account.post("ports", &json!({ "agent_version": "3.1.1511.0" }));
    refused(1, &free, &["version 3.1.1511.0", "one connection at a time", "ce-aws stop"]);
    account.delete("ports");
    account.post(
        "faults",
        &json!({ "service": "ssm", "operation": "StartSession", "kind": "error",
        "code": "TargetNotConnected", "message": "it is not connected", "status": 400, "times": 1 }),
    );
    refused(1, &free, &["TargetNotConnected", "ssmmessages"]);
    let allowed = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ssm:StartSession", "Resource": "*"},
    ]});
    account.post("settings", &json!({ "iam.caller_policy": allowed }));
    refused(1, &free, &["ssm:StartSession", "--for open", "ce-aws exec"]);
    account.post("settings", &json!({ "iam.caller_policy": null }));
    product.expect(0, &["stop", "FILE", "--yes"]);
    refused(5, &free, &["exec/no-task", "ce-aws start"]);
    assert_eq!(sessions(&account), [""; 0]);
}

#[test]
fn a_port_where_nothing_listens_is_named_and_the_tunnel_stays() {
    let account = account();
    let product = deployed(&account);
    let mut tunnel = Tunnel::new(&product, &["--port", "9"]);
    assert!(tunnel.address.starts_with("127.0.0.1:"));
    for _ in 0..2 {
        assert!(get(&format!("http://{}/", tunnel.address)).is_err());
    }
    assert_eq!(tunnel.until("not-listening")["destination"], "ui:9");
    assert_eq!(sessions(&account).len(), 1);
}
