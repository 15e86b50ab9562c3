//! Commands and shells in the containers of the running task, as somebody at a terminal or a script uses them.

use std::io::{BufRead, BufReader, Read};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::account::{Account, text};
use crate::deploy::SCALE;
use crate::product::Product;
use crate::python::python;

const PLAN: &str = "name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"us-east-1\"\n[load_balancer]\nenabled = false\n";

fn deployed(account: &Account) -> Product<'_> {
    let product = Product::with_plan(account, PLAN);
    product.expect(0, &["apply", "FILE", "--yes"]);
    product
}

/// The command lines that ExecuteCommand was given.
fn commands(account: &Account) -> Vec<String> {
    let calls = account.journal(0);
    let ours = calls.iter().filter(|call| call["operation"] == "ExecuteCommand");
    ours.map(|call| text(&call["request"]["command"]).to_owned()).collect()
}

#[test]
fn a_command_gives_its_output_and_its_exit_code() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let output = "one\n\u{1b}[31mtwo\u{1b}[0m\nce-aws-0\n";
    for (code, fault) in [
        (0, json!(null)),
        (7, json!("reorder")),
        (255, json!("duplicate")),
        (3, json!("deaf")),
        (64, json!("deaf-input")),
    ] {
        account.post("exec", &json!({ "output": output, "exit": code, "chunks": 9, "fault": fault }));
        let ran = product.run(&["exec", "FILE", "core", "--", "ls", "it's", "-l"]);
        assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (code, output, ""), "{fault}");
    }
    let command = commands(&account).pop().unwrap_or_default();
    assert!(command.starts_with("sh -c ''\\''ls'\\'' "), "{command}");
    // Without a handshake, as an agent may, and long.
    let long = format!("{}\n", "x".repeat(2_000_000));
    account.post("exec", &json!({ "output": long, "chunks": 2000, "handshake": false }));
    let ran = product.expect(0, &["exec", "--name", "prod", "mongodb-primary", "--", "cat", "big"]);
    assert!(ran.stdout == long, "{} bytes", ran.stdout.len());

    account.post("exec", &json!({ "output": "half of it", "chunks": 2, "fault": "cut" }));
    let cut = product.expect(1, &["exec", "FILE", "core", "--", "ls"]);
    assert_eq!(cut.stdout, "half of it");
    assert!(cut.stderr.contains("the session ended before the command did"), "{}", cut.stderr);
}

/// How often a lost connection was made again.
pub fn resumed(account: &Account) -> usize {
    account.journal(0).iter().filter(|call| call["operation"] == "ResumeSession").count()
}

#[test]
fn a_command_outlives_its_connections() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let output: String = (0..5000).map(|number| format!("line {number}\n")).collect();
    for (handshake, fault) in [(true, json!(null)), (false, json!("deaf-input"))] {
        let rule = json!({
            "output": output, "exit": 7, "chunks": 90, "handshake": handshake, "fault": fault, "cut_after": [10, 1, 40],
        });
        account.post("exec", &rule);
        let before = resumed(&account);
        let ran = product.run(&["exec", "FILE", "core", "--", "ls"]);
        assert!((ran.code, ran.stdout == output) == (7, true), "{} bytes\n{}", ran.stdout.len(), ran.stderr);
        assert_eq!(resumed(&account) - before, 3);
    }
    // Without the permission it ends as it would without another connection.
    let statement = |effect: &str, action: &str| json!({ "Effect": effect, "Action": action, "Resource": "*" });
    let statements = [statement("Allow", "*"), statement("Deny", "ssm:ResumeSession")];
    let policy = json!({ "Version": "2012-10-17", "Statement": statements });
    account.post("settings", &json!({ "iam.caller_policy": policy }));
    let cut = product.expect(1, &["exec", "FILE", "core", "--", "ls"]);
    assert!(cut.stderr.contains("the session ended before the command did"), "{}", cut.stderr);
    assert!(cut.stdout.len() < output.len());
}

#[test]
fn output_comes_as_it_is_printed_and_ends_with_ctrl_c_or_without_a_reader() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    account.post("exec", &json!({ "output": "first\nsecond\n", "fault": "hangs" }));
    let mut child = product.spawn(&["exec", "FILE", "core", "--", "sleep", "9999"]);
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line, while the command still runs");
    assert_eq!(line, "first\n");
    #[cfg(unix)]
    {
        let pid = child.id().to_string();
        let killed = std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
        assert!(killed.success());
        assert_eq!(child.wait().expect("it is ours").code(), Some(130));
    }
    let mut rest = String::new();
    output.read_to_string(&mut rest).expect("text");
    assert_eq!(rest, "second\n");

    account.post("exec", &json!({ "output": "y\n".repeat(400), "chunks": 400, "pause": 0.2 }));
    let mut child = product.spawn(&["exec", "FILE", "core", "--", "yes"]);
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    output.read_line(&mut line).expect("a line");
    drop(output);
    let began = Instant::now();
    assert_eq!(child.wait().expect("it is ours").code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(30), "nobody waits for the rest");
}

#[test]
fn what_cannot_be_entered_is_named() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    let before = commands(&account).len();
    let refused = |code: i32, arguments: &[&str], words: &[&str]| {
        let said = product.expect(code, &[arguments, &["--", "true"]].concat()).stderr;
        assert!(words.iter().all(|word| said.contains(word)), "{words:?}\n{said}");
    };
    refused(5, &["exec", "FILE", "cor"], &["exec/unknown-container", "core, "]);
    refused(5, &["exec", "FILE", "core", "--task", "0000"], &["exec/no-task", "0000"]);
    let status = product.expect(0, &["status", "FILE", "--output", "json"]).stdout;
    let status: Value = serde_json::from_str(&status).expect("JSON");
    let containers = status["service"]["tasks"][0]["containers"].as_array().expect("containers");
    let stopped = containers.iter().find(|one| one["status"] == "STOPPED").expect("the container that prepares");
    refused(5, &["exec", "FILE", text(&stopped["name"])], &["exec/container-stopped", "ce-aws logs"]);
    let shell = product.expect(64, &["exec", "FILE", "core"]).stderr;
    assert!(shell.contains("usage/no-terminal") && shell.contains("after `--`"), "{shell}");
    account.post("settings", &json!({ "ecs.exec_agent_stopped": true }));
    refused(5, &["exec", "FILE", "core"], &["exec/no-agent", "ssmmessages", "ce-aws stop"]);
    product.expect(0, &["stop", "FILE", "--yes"]);
    refused(5, &["exec", "FILE", "core"], &["exec/no-task", "ce-aws start"]);
    assert_eq!(commands(&account).len(), before, "nothing was asked for");
}

/// What somebody sees who types this at a terminal.
#[cfg(unix)]
fn typed(product: &Product<'_>, arguments: &[&str], steps: &Value) -> Value {
    let command = product.command(arguments);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let output = python()
        .args(["-c", include_str!("terminal.py"), &steps.to_string()])
        .args(words)
        .current_dir(product.folder())
        .envs(product.account.environment())
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[cfg(unix)]
#[test]
fn a_shell_has_this_terminal_until_it_ends() {
    let account = Account::new(SCALE);
    let product = deployed(&account);
    for rule in [
        json!({ "shell": true }),
        json!({ "shell": true, "handshake": false, "fault": "deaf-input" }),
        json!({ "shell": true, "cut_after": [3, 5, 20] }),
    ] {
        account.post("exec", &rule);
        let steps = json!([
            ["expect", "# "],
            ["type", "size\r"],
            ["expect", "24 80\r\n# "],
            ["size", 50, 132],
            ["type", "wrong\u{3}"],
            ["expect", "wrong^C\r\n# "],
            ["type", "size\r"],
            ["expect", "50 132\r\n# "],
            ["type", "\u{1a}echo still here\r"],
            ["expect", "^Zecho still here\r\nstill here\r\n# "],
            ["type", "exit\r"],
        ]);
        let seen = typed(&product, &["exec", "FILE", "core"], &steps);
        assert_eq!((&seen["code"], &seen["restored"]), (&json!(0), &json!(true)), "{seen:#}");
    }
    let command = commands(&account).pop().unwrap_or_default();
    assert!(command.contains("exec bash") && !command.contains("$?"), "{command}");
    // With a command of one's own, cut off, and killed: the terminal is as it was.
    account.post("exec", &json!({ "shell": true }));
    let cut = typed(
        &product,
        &["exec", "FILE", "core", "--tty", "--", "mongosh"],
        &json!([["expect", "# "], ["type", "cut\r"]]),
    );
    assert_eq!((&cut["code"], &cut["restored"]), (&json!(1), &json!(true)), "{cut:#}");
    assert!(text(&cut["shown"]).contains("the connection to the session is lost"), "{cut:#}");
    assert_eq!(commands(&account).pop().as_deref(), Some("'mongosh'"));
    let killed = typed(&product, &["exec", "FILE", "core"], &json!([["expect", "# "], ["signal", 15]]));
    assert_eq!((&killed["code"], &killed["restored"]), (&json!(143), &json!(true)), "{killed:#}");
}
