//! Python with boto3 for the tests. Its scripts run in forks of one process (`python.py`), which loads everything once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::json;

/// The folder of the emulator's package.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/localstack/src");

/// A process of its own, for what has a terminal or gets input.
pub fn python() -> Command {
    let mut command =
        Command::new(std::env::var("EMULATOR_PYTHON").expect("`localstack/with` says where its Python is"));
    command.env("PYTHONPATH", PACKAGE);
    command
}

/// What a script is.
#[derive(Clone, Copy, Debug)]
pub enum Script<'a> {
    Text(&'a str),
    /// A module of the emulator's package.
    Module(&'a str),
}

/// Runs it to its end with these variables besides our own; gives what it prints, and insists on exit code 0.
pub fn printed(script: Script<'_>, arguments: &[&str], variables: Vec<(String, String)>) -> String {
    #[derive(Deserialize)]
    struct Answer {
        code: i32,
        stdout: String,
        stderr: String,
    }
    let (module, code) = match script {
        Script::Text(text) => (None, Some(text)),
        Script::Module(name) => (Some(format!("localstack_fargate.{name}")), None),
    };
    let environment: serde_json::Map<_, _> =
        std::env::vars().chain(variables).map(|(name, value)| (name, value.into())).collect();
    let request = json!({ "environment": environment, "module": module, "code": code, "arguments": arguments });
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, server().port)).expect("Python listens");
    writeln!(connection, "{request}").expect("Python takes the script");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("Python answers");
    let answer: Answer = serde_json::from_str(&answer).expect("an answer");
    assert_eq!(answer.code, 0, "{}{}", answer.stdout, answer.stderr);
    answer.stdout
}

struct Server {
    port: u16,
    /// It ends when its standard input closes, with our process.
    _process: Child,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stack/python.py");
        let mut child =
            python().arg(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("its port");
        let port = line.trim().parse().expect("a port");
        Server { port, _process: child }
    })
}
