//! Running `ce-aws` in an account of the emulator.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::account::Account;
use crate::failures::wait_until;

/// The program, a plan file of its own, and the account it works in.
pub struct Product<'a> {
    pub account: &'a Account,
    folder: TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl<'a> Product<'a> {
    /// With `plans/new-vpc.toml` as it is in the repository.
    pub fn new(account: &'a Account) -> Self {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/new-vpc.toml");
        Self::with_plan(account, &std::fs::read_to_string(example).expect("the example is there"))
    }

    pub fn with_plan(account: &'a Account, plan: &str) -> Self {
        let product = Self { account, folder: TempDir::new().expect("a folder") };
        product.write_plan(plan);
        product
    }

    pub fn plan_file(&self) -> PathBuf {
        self.folder.path().join("plan.toml")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn write_plan(&self, plan: &str) {
        std::fs::write(self.plan_file(), plan).expect("the plan file can be written");
    }

    /// Replaces a line of the plan file, commented out or not.
    pub fn edit(&self, from: &str, to: &str) {
        let plan = std::fs::read_to_string(self.plan_file()).expect("the plan file is there");
        assert!(plan.contains(from), "the plan file has no {from:?}");
        self.write_plan(&plan.replace(from, to));
    }

    /// The command, ready to run. `FILE` among the arguments stands for the plan file.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program(arguments));
        let file = self.plan_file();
        for argument in arguments {
            if *argument == "FILE" {
                command.arg(&file)
            } else {
                command.arg(argument)
            };
        }
        command.current_dir(self.folder()).envs(self.account.environment()).stdin(Stdio::null());
        command
    }

    /// This build, or for the first apply in an account an older one, where `CE_AWS_BEFORE` names one: every test then
    /// says what this build does with what that one has left.
    fn program(&self, arguments: &[&str]) -> PathBuf {
        let before = before().filter(|_| arguments.first() == Some(&"apply") && self.account.is_first_use());
        before.unwrap_or_else(|| env!("CARGO_BIN_EXE_ce-aws").into())
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().expect("ce-aws runs"))
    }

    /// Runs it and insists on its exit code.
    pub fn expect(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// What a shell offers after these words, of which the last is begun.
    pub fn completed(&self, words: &[&str]) -> Vec<String> {
        let mut command = self.command(&[&["--", "ce-aws"], words].concat());
        let offered = command.env("CE_AWS_COMPLETE", "fish").output().expect("ce-aws runs");
        let offered = String::from_utf8(offered.stdout).expect("UTF-8");
        offered.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
    }

    /// Applies the plan file until a fault of the kind `hold` keeps a call waiting, and kills it there. The faults go.
    pub fn is_killed_at_the_fault(&self) {
        let account = self.account;
        let mut child = self.spawn(&["apply", "FILE", "--yes"]);
        wait_until("a held call", || account.get("faults").to_string().contains("\"held\":1"));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        account.delete("faults");
    }

    /// Starts it, for tests that interrupt it.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ce-aws starts")
    }
}

/// An older build of the program.
pub fn before() -> Option<PathBuf> {
    std::env::var_os("CE_AWS_BEFORE").map(PathBuf::from)
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
