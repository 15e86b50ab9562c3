//! The command line itself: help, usage errors, and what works offline. No emulator, no AWS.

// In tests, helpers may fail as loudly as tests themselves.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

#[path = "commands/global.rs"]
mod global;
#[path = "commands/install.rs"]
mod install;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/plans/new-vpc.toml");

/// Runs the program without any AWS configuration.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ce-aws"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("CE_")) {
        command.env_remove(name);
    }
    let none = folder.join("none");
    command
        .env("AWS_CONFIG_FILE", &none)
        .env("AWS_SHARED_CREDENTIALS_FILE", &none)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command.current_dir(folder).args(arguments).output().expect("ce-aws runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The same with variables of the environment.
fn run_with(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ce-aws"));
    command.env_clear().env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", folder);
    command.envs(variables.iter().copied()).current_dir(folder).args(arguments).output().expect("ce-aws runs")
}

const COMMANDS: [&str; 35] = [
    "init",
    "discover",
    "validate",
    "doctor",
    "explain",
    "plan",
    "apply",
    "upgrade",
    "stop",
    "start",
    "destroy",
    "status",
    "logs",
    "exec",
    "path",
    "list",
    "releases",
    "releases import",
    "backup",
    "backup create",
    "backup list",
    "backup drop",
    "database",
    "database dump",
    "database restore",
    "files list",
    "files get",
    "files put",
    "history",
    "graph",
    "cost",
    "size",
    "policy",
    "schema",
    "completions",
];

/// A command and what it is asked.
fn words<'a>(command: &'a str, option: &'a str) -> Vec<&'a str> {
    command.split(' ').chain([option]).collect()
}

#[test]
fn help_says_what_each_command_does() {
    let folder = TempDir::new().expect("a folder");
    let mut all = text(&run(folder.path(), &["--help"]).stdout);
    for command in COMMANDS {
        let output = run(folder.path(), &words(command, "--help"));
        assert_eq!(output.status.code(), Some(0));
        // What every command takes is shown once, above.
        let own = text(&output.stdout);
        let own = own.split("Global options:").next().unwrap_or_default();
        all += &format!("\n---- ce-aws {command} --help\n{own}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn wrong_usage_exits_64_whatever_the_command() {
    let folder = TempDir::new().expect("a folder");
    for command in COMMANDS {
        let output = run(folder.path(), &words(command, "--no-such-option"));
        assert_eq!(output.status.code(), Some(64), "{command}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{command} complains on standard error");
    }
    for arguments in [
        &[] as &[&str],
        &["frobnicate"],
        &["plan"],
        &["destroy"],
        &["history", "plan.toml", "--name", "prod"],
        &["completions", "tcsh-2"],
        &["discover"],
        &["size"],
        &["size", "--users", "0"],
        &["size", "--users", "10", "--events-per-minute", "10"],
        &["size", "--users", "10", "--modules", "clothes"],
        &["history"],
        &["history", "not-a-run", "plan.toml"],
        &["history", "0123456789abcdef", "plan.toml", "--name", "prod"],
        &["discover", "clusters", "--vpc", "vpc-0a1b2c3d"],
        &["init", "--yes", "--subnet", "subnet-0a1b2c3d"],
        &["init", "--yes", "--vpc", "vpc-0a1b2c3d", "--subnet", "subnet-0a1b2c3d"],
        &["init", "--yes", "--no-load-balancer", "--certificate", "arn:x"],
    ] {
        assert_eq!(run(folder.path(), arguments).status.code(), Some(64), "{arguments:?}");
    }
}

#[test]
fn a_wrong_plan_file_exits_64_and_names_line_and_remedy() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("bad.toml"), "name = \"prod\"\nrelase = \"5.0.0\"\n").expect("written");
    for command in ["validate", "plan", "apply", "destroy", "status", "graph"] {
        let output = run(folder.path(), &[command, "bad.toml"]);
        assert_eq!(output.status.code(), Some(64), "{command}");
        let screen = text(&output.stderr);
        for words in ["bad.toml:2", "relase", "release"] {
            assert!(screen.contains(words), "{command} does not say {words:?}:\n{screen}");
        }
    }
    let output = run(folder.path(), &["validate", "missing.toml"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("missing.toml"));
}

#[test]
fn every_example_is_valid_beside_the_others() {
    let folder = TempDir::new().expect("a folder");
    let examples = Path::new(EXAMPLE).parent().expect("a folder");
    let entries =
        std::fs::read_dir(examples).expect("the folder is there").map(|entry| entry.expect("an entry").path());
    let plans: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    let plans: Vec<_> = plans.iter().map(|path| path.to_str().expect("text")).collect();
    let output = run(folder.path(), &[&["validate"], plans.as_slice()].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).matches("valid: ").count(), plans.len());
    assert!(output.stderr.is_empty(), "no warnings either: {}", text(&output.stderr));
}

#[test]
fn conflicting_plan_files_are_reported() {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, region: &str| {
        let plan = format!("name = \"prod\"\nrelease = \"5.0.0\"\nregion = \"{region}\"\n");
        std::fs::write(folder.path().join(name), plan).expect("written");
    };
    write("a.toml", "us-east-1");
    write("b.toml", "eu-west-1");
    write("c.toml", "us-east-1");
    assert_eq!(run(folder.path(), &["validate", "a.toml", "b.toml"]).status.code(), Some(0));
    let output = run(folder.path(), &["validate", "a.toml", "b.toml", "c.toml"]);
    assert_eq!(output.status.code(), Some(64));
    let screen = text(&output.stderr);
    for words in ["plan-file/same-deployment", "a.toml", "c.toml", "hint"] {
        assert!(screen.contains(words), "{words:?} is missing:\n{screen}");
    }
    let output = run(folder.path(), &["validate", "a.toml", "c.toml", "--output", "json"]);
    assert_eq!(output.status.code(), Some(64));
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["valid"], false);
    assert_eq!(document["files"][0]["valid"], true);
    assert_eq!(document["collisions"][0]["code"], "plan-file/same-deployment");
    assert_eq!(document["collisions"][0]["files"], serde_json::json!(["a.toml", "c.toml"]));
}

#[test]
fn one_invalid_plan_file_hides_no_other() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("bad.toml"), "name = \"prod\"\nrelase = \"5.0.0\"\n").expect("written");
    let output = run(folder.path(), &["validate", "bad.toml", EXAMPLE]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("bad.toml:2"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("new-vpc.toml: prod"), "{}", text(&output.stdout));
}

#[test]
fn validate_schema_graph_and_completions_work_offline() {
    let folder = TempDir::new().expect("a folder");
    assert_eq!(run(folder.path(), &["validate", EXAMPLE]).status.code(), Some(0));
    let schema = run(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    assert!(schema["properties"]["release"].is_object());
    for (format, sign) in [("dot", "digraph"), ("mermaid", "flowchart"), ("svg", "<svg")] {
        let output = run(folder.path(), &["graph", EXAMPLE, "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", text(&output.stderr));
        let drawn = text(&output.stdout);
        assert!(drawn.contains(sign) && drawn.contains("nat-gateway"), "{format}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&run(folder.path(), &["completions", shell]).stdout);
        assert!(script.contains("ce-aws") && script.contains("CE_AWS_COMPLETE"), "{shell}: {script}");
    }
}

#[test]
fn releases_are_listed_with_user_defined_ones() {
    let folder = TempDir::new().expect("a folder");
    let list = run(folder.path(), &["releases"]);
    assert_eq!(list.status.code(), Some(0));
    assert!(text(&list.stdout).contains("5.0.0") && !text(&list.stdout).contains("5.0.9"));
    assert_eq!(run(folder.path(), &["releases", "5.0.9"]).status.code(), Some(64));
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/src/release/catalogue/5.0.0.toml");
    let shipped = std::fs::read_to_string(shipped).expect("it is there");
    let own = shipped.replace("version = \"5.0.0\"", "version = \"5.0.9\"").replace("core5:11062023", "core5:own");
    std::fs::write(folder.path().join("own.toml"), own).expect("written");
    let one = run(folder.path(), &["releases", "5.0.9", "--catalog", "own.toml", "--output", "json"]);
    let one: serde_json::Value = serde_json::from_slice(&one.stdout).expect("JSON");
    assert_eq!(one["version"], "5.0.9");
    assert!(one["containers"][1]["image"].as_str().expect("text").ends_with("core5:own"));
    std::fs::write(folder.path().join("plan.toml"), "name = \"prod\"\nrelease = \"5.0.9\"\n").expect("written");
    assert_eq!(run(folder.path(), &["validate", "plan.toml"]).status.code(), Some(64));
    assert_eq!(run(folder.path(), &["validate", "plan.toml", "--catalog", "own.toml"]).status.code(), Some(0));
    std::fs::write(folder.path().join("bad.toml"), "version = \"5.0.9\"\n").expect("written");
    let bad = run(folder.path(), &["releases", "--catalog", "bad.toml"]);
    assert_eq!(bad.status.code(), Some(64));
    assert!(text(&bad.stderr).contains("bad.toml"), "{}", text(&bad.stderr));
}

#[test]
fn a_listed_user_defined_release_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/src/release/catalogue/6.1.0.toml");
    let shipped = std::fs::read_to_string(shipped).expect("it is there");
    let own = shipped.replace("version = \"6.1.0\"", "version = \"9.0.0\"\nundeployable = \"it needs a host\"");
    std::fs::write(folder.path().join("own.toml"), own).expect("written");
    std::fs::write(folder.path().join("plan.toml"), "name = \"prod\"\nrelease = \"9.0.0\"\n").expect("written");
    let refused = run(folder.path(), &["validate", "plan.toml", "--catalog", "own.toml"]);
    assert_eq!(refused.status.code(), Some(64));
    let stderr = text(&refused.stderr);
    assert!(stderr.contains("plan-file/undeployable-release") && stderr.contains("it needs a host"), "{stderr}");
    assert!(stderr.contains("\"6.1.0\""), "the hint names what can be deployed: {stderr}");
}

#[test]
fn every_release_makes_a_graph() {
    let folder = TempDir::new().expect("a folder");
    let list = run(folder.path(), &["releases", "--output", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    for release in list["releases"].as_array().expect("a list") {
        let version = release["version"].as_str().expect("text");
        let plan = format!("name = \"prod\"\nrelease = \"{version}\"\nregion = \"us-east-1\"\n");
        std::fs::write(folder.path().join("plan.toml"), plan).expect("written");
        let output = run(folder.path(), &["graph", "plan.toml"]);
        assert_eq!(output.status.code(), Some(0), "{version}: {}", text(&output.stderr));
        let points = release["access_points"].as_array().expect("a list").iter();
        let names = points.map(|point| format!("access-point/{}", point["name"].as_str().expect("text")));
        for name in names {
            assert!(text(&output.stdout).contains(&name), "{version}: {name}");
        }
    }
}

#[test]
fn init_writes_a_valid_plan_file_offline_and_never_overwrites_one() {
    let folder = TempDir::new().expect("a folder");
    let options = ["init", "--yes", "--name", "ce-1", "--region", "eu-west-1", "--allow", "10.0.0.0/8"];
    let output = run(folder.path(), &options);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(
        said.starts_with("wrote ce-aws.toml\nwrote ce-aws.schema.json, ")
            && said.contains("\nnext: ce-aws plan ce-aws.toml"),
        "{said}"
    );
    assert_eq!(run(folder.path(), &["validate", "ce-aws.toml"]).status.code(), Some(0));
    let written = std::fs::read(folder.path().join("ce-aws.toml")).expect("it is there");
    let output = run(folder.path(), &["init", "--yes"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("--force"), "{}", text(&output.stderr));
    assert_eq!(std::fs::read(folder.path().join("ce-aws.toml")).expect("it is there"), written);
    let output = run(folder.path(), &["init", "--yes", "--force", "--region", "eu-west-1", "--output", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["file"], "ce-aws.toml");
    for wrong in [&["init", "b.toml", "--yes", "--name", "No Name"] as &[&str], &["init", "b.toml"]] {
        let output = run(folder.path(), wrong);
        assert_eq!(output.status.code(), Some(64), "{wrong:?}");
        assert!(output.stdout.is_empty());
    }
    let names = std::fs::read_dir(folder.path()).expect("a folder");
    let mut names: Vec<_> = names.map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["ce-aws.schema.json", "ce-aws.toml"], "nothing else was written");
    let schema = std::fs::read_to_string(folder.path().join("ce-aws.schema.json")).expect("it is there");
    assert_eq!(schema, text(&run(folder.path(), &["schema"]).stdout));
    let written = String::from_utf8(written).expect("text");
    assert!(written.starts_with("#:schema ./ce-aws.schema.json\n") && written.contains("region = \"eu-west-1\""));
}

#[test]
fn init_asks_for_a_region_where_none_is_known() {
    let folder = TempDir::new().expect("a folder");
    let output = run(folder.path(), &["init", "--yes"]);
    assert_eq!(output.status.code(), Some(64));
    for words in ["usage/no-region", "--region"] {
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing was written");
}

#[test]
fn the_plan_file_in_the_working_directory_is_the_default() {
    let folder = TempDir::new().expect("a folder");
    for command in ["plan", "apply", "validate", "status", "history", "destroy", "graph", "doctor"] {
        let output = run(folder.path(), &[command]);
        assert_eq!(output.status.code(), Some(64), "{command}");
        let said = text(&output.stderr);
        assert_eq!(said.matches("error[").count(), 1, "{command}: {said}");
        for words in ["there is no plan file ce-aws.toml in this directory", "`ce-aws init`"] {
            assert!(said.contains(words), "{command}: {words:?} is not in\n{said}");
        }
    }
    let missing = text(&run(folder.path(), &["plan", "prod.toml"]).stderr);
    assert!(
        missing.contains("there is no plan file prod.toml") && missing.contains("ce-aws init prod.toml"),
        "{missing}"
    );
    let made = run(folder.path(), &["init", "--yes", "--region", "eu-west-1"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let valid = run(folder.path(), &["validate"]);
    assert!(text(&valid.stdout).starts_with("valid: prod, "), "{}", text(&valid.stdout));
    assert!(text(&run(folder.path(), &["graph"]).stdout).starts_with("digraph"));
}

#[test]
fn explain_alone_lists_every_code_by_group() {
    let folder = TempDir::new().expect("a folder");
    let said = text(&run(folder.path(), &["explain"]).stdout);
    for words in ["Findings about existing resources", "\nvpc/dns ", "\nlease/held ", "\nusage/no-region "] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    let output = run(folder.path(), &["explain", "--output", "json"]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["groups"][0]["codes"][0]["code"], "vpc/not-found");
}

/// A release file of the user's: 5.0.0 with another number, label and end of support.
fn release_file(folder: &Path, version: &str, label: &str, end: &str) -> String {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/src/release/catalogue/5.0.0.toml");
    let shipped = std::fs::read_to_string(shipped).expect("it is there");
    let own = shipped
        .replace("version = \"5.0.0\"", &format!("version = \"{version}\""))
        .replace("label = \"vendor-tested\"", &format!("label = \"{label}\""))
        .replace("end_of_life = 2026-01-31", &format!("end_of_life = {end}"))
        .replace("predecessors = [\"4.2.0\"]", "predecessors = [\"5.0.0\"]");
    let (own, _) = own.split_once("[[data_steps]]").expect("it has data steps");
    let name = format!("{version}.toml");
    std::fs::write(folder.join(&name), own).expect("written");
    name
}

#[test]
fn init_recommends_what_is_supported_and_its_next_line_works() {
    let folder = TempDir::new().expect("a folder");
    let catalog = release_file(folder.path(), "90.0.0", "unsupported", "9999-12-31");
    let made = |more: &[&str]| {
        let options = ["init", "--yes", "--force", "--region", "eu-west-1", "--catalog", &catalog];
        let output = run(folder.path(), &[&options, more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let written = std::fs::read_to_string(folder.path().join("ce-aws.toml")).expect("it is there");
        (text(&output.stdout), text(&output.stderr), written)
    };
    let (said, hint, written) = made(&[]);
    assert_eq!(
        said,
        "wrote ce-aws.toml\nwrote ce-aws.schema.json, which editors complete and check it with\nrelease 90.0.0 (unsupported), supported until 9999-12-31\n\
         next: ce-aws plan ce-aws.toml --allow unsupported --catalog 90.0.0.toml\n"
    );
    assert!(hint.contains("allow = \"unsupported\""), "{hint}");
    assert!(
        written.contains("release = \"90.0.0\"") && !written.contains("allow ="),
        "nobody has consented: {written}"
    );
    // Without credentials it gets as far as AWS, so that the words before were understood.
    let next = said.lines().find_map(|line| line.strip_prefix("next: ce-aws ")).expect("a next line");
    let output = run(folder.path(), &next.split(' ').collect::<Vec<_>>());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let (said, hint, written) = made(&["--allow", "unsupported", "--allow", "10.0.0.0/8"]);
    assert!(said.ends_with("next: ce-aws plan ce-aws.toml --catalog 90.0.0.toml\n"), "{said}");
    assert!(hint.is_empty(), "{hint}");
    assert!(written.contains("allow = \"unsupported\"") && written.contains("[\"10.0.0.0/8\"]"), "{written}");
    let valid = run(folder.path(), &["validate", "ce-aws.toml", "--catalog", &catalog]);
    assert!(
        text(&valid.stdout).contains("release 90.0.0 (unsupported), supported until 9999-12-31"),
        "{}",
        text(&valid.stdout)
    );
}

#[test]
fn end_of_support_is_in_the_json_output() {
    let folder = TempDir::new().expect("a folder");
    let ended = release_file(folder.path(), "90.0.0", "unsupported", "2020-01-31");
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = run(folder.path(), &[arguments, &["--catalog", &ended, "--output", "json"]].concat());
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let one = json(&["releases", "90.0.0"]);
    assert_eq!((&one["end_of_life"], &one["support"]), (&"2020-01-31".into(), &"ended".into()));
    let all = json(&["releases"]);
    let recommended = all["releases"].as_array().expect("a list").iter().filter(|one| one["is_recommended"] == true);
    assert_eq!(recommended.count(), 1);
    std::fs::write(folder.path().join("plan.toml"), "name = \"prod\"\nrelease = \"90.0.0\"\n").expect("written");
    let release = &json(&["validate", "plan.toml"])["release"];
    assert_eq!(
        release,
        &serde_json::json!({
            "version": "90.0.0", "label": "unsupported", "end_of_life": "2020-01-31", "support": "ended"
        })
    );
}

#[test]
fn a_compose_file_becomes_a_release_file_that_is_accepted() {
    let folder = TempDir::new().expect("a folder");
    let compose = concat!(env!("CARGO_MANIFEST_DIR"), "/src/release/tests/compose-5.1.2.yml");
    std::fs::copy(compose, folder.path().join("compose.yml")).expect("copied");
    std::fs::write(
        folder.path().join("tags.env"),
        "# of the setup script\nexport CORE_TAG='x/y:core-90.1.0'\nUI_TAG=x/y:ui\n",
    )
    .expect("written");
    let options = ["releases", "import", "compose.yml", "--env-file", "tags.env", "--set", "MONGO_TAG=x/y:mongo"];
    let output = run(folder.path(), &options);
    assert_eq!(output.status.code(), Some(64));
    let said = text(&output.stderr);
    for words in ["compose.yml:", "RABBITMQ_TAG", "--set", "setup"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let whole = [&options as &[&str], &["--set", "RABBITMQ_TAG=x/y:rabbit", "--like", "5.1.2"]].concat();
    let shown = run(folder.path(), &whole);
    assert_eq!(shown.status.code(), Some(0), "{}", text(&shown.stderr));
    let whole = [whole.as_slice(), &["-o", "new.toml", "--released", "2027-01-31"]].concat();
    let output = run(folder.path(), &whole);
    assert!(text(&output.stdout).starts_with("wrote new.toml: release 90.1.0 in the arrangement of 5.1.2, 1 CHECK"));
    let one = run(folder.path(), &["releases", "90.1.0", "--catalog", "new.toml", "--output", "json"]);
    let one: serde_json::Value = serde_json::from_slice(&one.stdout).expect("JSON");
    assert_eq!((&one["released"], &one["from"][0]), (&"2027-01-31".into(), &"5.1.2".into()));
    let again = run(folder.path(), &whole);
    assert_eq!(again.status.code(), Some(64), "nothing is overwritten");
    assert!(text(&again.stderr).contains("usage/exists"));
    std::fs::write(folder.path().join("bad.env"), "CORE_TAG=a\nno value\n").expect("written");
    let bad = run(folder.path(), &["releases", "import", "compose.yml", "--env-file", "bad.env"]);
    assert!(text(&bad.stderr).contains("bad.env:2"), "{}", text(&bad.stderr));
}

#[test]
fn the_format_of_release_files_is_printed() {
    let folder = TempDir::new().expect("a folder");
    let output = run(folder.path(), &["releases", "--format"]);
    assert!(text(&output.stdout).contains("predecessors = "));
    assert_eq!(run(folder.path(), &["releases", "5.0.0", "--format"]).status.code(), Some(64));
}

#[test]
fn a_missing_region_or_credentials_are_reported() {
    let folder = TempDir::new().expect("a folder");
    for command in [&["plan", EXAMPLE] as &[&str], &["discover", "vpc"]] {
        let output = run(folder.path(), command);
        assert_eq!(output.status.code(), Some(64));
        assert!(text(&output.stderr).contains("--region"), "{}", text(&output.stderr));
        let output = run(folder.path(), &[command, &["--region", "us-east-1"]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(text(&output.stderr).to_lowercase().contains("credentials"), "{}", text(&output.stderr));
    }
}

/// Nobody is logged in, in all the ways in which one can be not logged in; no call is made.
#[test]
fn missing_credentials_hint_at_a_login() {
    let folder = TempDir::new().expect("a folder");
    let config = folder.path().join("config");
    let profiles = "[profile console]\nlogin_session = arn:aws:iam::111122223333:user/jo\nregion = us-east-1\n\
                    [profile corp]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = ops\nregion = us-east-1\n\
                    [sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = us-east-1\n\
                    [profile helper]\ncredential_process = false\nregion = us-east-1\n\
                    [profile empty]\nregion = us-east-1\n";
    std::fs::write(&config, profiles).expect("a configuration");
    std::fs::write(folder.path().join("plan.toml"), "name = \"prod\"\nrelease = \"5.0.0\"\n").expect("a plan file");
    let cases = [
        ("corp", "profile \"corp\"", "log in with `aws sso login --profile corp`"),
        ("console", "profile \"console\"", "log in with `aws login --profile console`"),
        ("helper", "external process", "aws sts get-caller-identity --profile helper"),
        ("empty", "profile \"empty\" has no AWS credentials", "aws configure sso --profile empty"),
    ];
    for (profile, says, hint) in cases {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ce-aws"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("CE_")) {
            command.env_remove(name);
        }
        command.env("AWS_CONFIG_FILE", &config).env("HOME", folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("none"));
        let ran = command.current_dir(folder.path()).args(["plan", "plan.toml", "--profile", profile]).output();
        let ran = ran.expect("ce-aws runs");
        let said = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{profile}: {said}");
        for words in ["error[denied]", says, hint] {
            assert!(said.contains(words), "{profile}: {words:?} is not in\n{said}");
        }
    }
}

/// Neither a missing region nor an access key in the environment hides that the profile does not exist.
#[test]
fn a_profile_that_does_not_exist_is_named() {
    let folder = TempDir::new().expect("a folder");
    let config = folder.path().join("config");
    std::fs::write(&config, "[profile corp]\nregion = us-east-1\n").expect("a configuration");
    std::fs::write(folder.path().join("ce-aws.toml"), "name = \"prod\"\nrelease = \"5.0.0\"\n").expect("a plan file");
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ce-aws"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("CE_")) {
            command.env_remove(name);
        }
        command.env("AWS_CONFIG_FILE", &config).env("HOME", folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("none")).envs(environment.iter().copied());
        command.current_dir(folder.path()).args(arguments).output().expect("ce-aws runs")
    };
    let keys = [("AWS_ACCESS_KEY_ID", "AKIA0"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "us-east-1")];
    for (arguments, environment) in [
        (&["plan", "--profile", "nope"] as &[&str], &[] as &[_]),
        (&["plan", "--profile", "nope"], &keys),
        (&["status", "--name", "prod"], &[("AWS_PROFILE", "nope")]),
        (&["discover", "vpcs", "--region", "us-east-1"], &[("AWS_PROFILE", "nope")]),
    ] {
        let ran = run(arguments, environment);
        let said = text(&ran.stderr);
        assert_eq!(ran.status.code(), Some(64), "{arguments:?}: {said}");
        for words in ["error[usage/profile]: there is no AWS profile \"nope\"", "corp", "aws configure list-profiles"] {
            assert!(said.contains(words), "{arguments:?}: {words:?} is not in\n{said}");
        }
    }
}
