//! Commands of other tools that people try here: which command of ce-aws does that, or what does it instead.

use clap::error::{ContextKind, ContextValue, ErrorKind};

const POINTERS: &[(&[&str], &str)] = &[
    (&["deploy", "up", "create", "run", "converge"], "`ce-aws apply` deploys; `ce-aws init` writes a plan file first"),
    (&["rollback", "revert", "undo"], "`ce-aws upgrade --rollback` rolls an upgrade back that is not over"),
    (&["update", "release"], "`ce-aws upgrade --to RELEASE` changes the release, `ce-aws apply` everything else"),
    (
        &["down", "delete", "rm", "remove", "teardown"],
        "`ce-aws destroy` deletes it and keeps the data; `ce-aws stop` only stops it",
    ),
    (&["restart"], "`ce-aws stop`, then `ce-aws start`"),
    (&["ls", "deployments"], "`ce-aws list` shows the deployments of the account and region"),
    (
        &["ps", "show", "describe", "get", "watch", "health"],
        "`ce-aws status` shows what runs, `ce-aws status --watch` follows it",
    ),
    (&["log", "tail"], "`ce-aws logs` shows what the containers log, `ce-aws logs --follow` goes on"),
    (
        &["ssh", "shell", "enter"],
        "`ce-aws exec CONTAINER` opens a shell, `ce-aws exec CONTAINER -- COMMAND` runs one command",
    ),
    (
        &["tunnel", "connect"],
        "`ce-aws apply` ends with the ways to reach the UI, `ce-aws exec` opens a shell in the task",
    ),
    (&["diff", "preview"], "`ce-aws plan` shows what would change"),
    (
        &["check", "verify", "lint"],
        "`ce-aws validate` checks a plan file offline, `ce-aws doctor` checks everything else",
    ),
    (&["restore"], "`ce-aws backup restore` brings a recovery point into use"),
    (
        &["login", "auth", "configure"],
        "ce-aws uses AWS's own logins: `aws sso login` or `aws login`, then --profile NAME",
    ),
    (&["versions"], "`ce-aws releases` lists the releases of Cloud Exchange, `ce-aws --version` says what ce-aws is"),
];

/// The error with a pointer in the place of names that only look alike.
pub fn with_pointer(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return error;
    }
    let Some(ContextValue::String(tried)) = error.get(ContextKind::InvalidSubcommand) else { return error };
    let Some((_, pointer)) = POINTERS.iter().find(|(names, _)| names.contains(&tried.as_str())) else { return error };
    error.remove(ContextKind::SuggestedSubcommand);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![(*pointer).into()]));
    error
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::Cli;

    fn shown(word: &str) -> String {
        with_pointer(Cli::try_parse_from(["ce-aws", word]).unwrap_err()).to_string()
    }

    #[test]
    fn each_pointer_is_shown_and_names_commands_that_there_are() {
        let commands = Cli::command();
        let known: Vec<_> = commands.get_subcommands().map(clap::Command::get_name).collect();
        for (names, pointer) in POINTERS {
            for name in *names {
                assert!(!known.contains(name), "{name} is a command");
                let text = shown(name);
                assert!(text.contains(pointer) && !text.contains("similar"), "{text}");
            }
            for command in pointer.split('`').skip(1).step_by(2).filter_map(|words| words.strip_prefix("ce-aws ")) {
                let first = command.split(' ').next().unwrap();
                assert!(first.starts_with('-') || known.contains(&first), "{command}");
            }
        }
    }

    #[test]
    fn the_pointer_takes_the_place_of_names_that_look_alike() {
        insta::assert_snapshot!(shown("deploy"), @r"
        error: unrecognized subcommand 'deploy'

          tip: `ce-aws apply` deploys; `ce-aws init` writes a plan file first

        Usage: ce-aws [OPTIONS] <COMMAND>

        For more information, try '--help'.
        ");
    }

    #[test]
    fn other_errors_stay_what_they_are() {
        assert!(shown("aply").contains("'apply'"), "{}", shown("aply"));
        assert!(shown("--nope").contains("--nope"));
    }
}
