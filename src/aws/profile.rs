//! Where credentials come from, read from the environment and AWS's configuration files, so that an error about
//! credentials names the profile, and the command that helps.

use std::borrow::Cow;

use aws_config::profile::{Profile, load};
use aws_types::os_shim_internal::{Env, Fs};

use crate::engine::failure::{Cause, Failure};

/// Where credentials come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `AWS_ACCESS_KEY_ID`, which the SDK prefers to every profile.
    Environment,
    Profile {
        name: String,
        login: Login,
    },
    /// A profile was named that no file has.
    Missing {
        name: String,
        known: Vec<String>,
    },
    /// No profile was named, and there is no default one.
    Unnamed {
        known: Vec<String>,
    },
    /// The files cannot be read, or somebody else than a profile has the credentials.
    Unknown,
}

/// How a profile gets its credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// IAM Identity Center.
    Sso,
    /// `aws login`.
    Console,
    /// A role that asks for an MFA code.
    Mfa,
    Process,
    Keys,
    /// A role, with credentials from elsewhere.
    Role,
    /// The profile has none.
    Nothing,
}

/// No chain of `source_profile` is longer.
const LONGEST: usize = 10;

impl Origin {
    /// Of a profile of this name, or of what the environment says.
    pub async fn read(named: Option<&str>, env: &Env, fs: &Fs) -> Self {
        let has_keys = env.get("AWS_ACCESS_KEY_ID").is_ok_and(|key| !key.is_empty());
        let of_env = env.get("AWS_PROFILE").ok().filter(|name| !name.is_empty());
        let is_named = named.is_some() || of_env.is_some();
        let over = named.map(|name| Cow::Owned(name.to_owned()));
        let Ok(files) = load(fs, env, &Default::default(), over).await else {
            return if has_keys { Self::Environment } else { Self::Unknown };
        };
        let selected = files.selected_profile();
        let mut known: Vec<_> = files.profiles().map(str::to_owned).collect();
        known.sort();
        match files.get_profile(selected) {
            // The SDK would pass over an option that names nothing.
            None if named.is_some() || is_named && !has_keys => Self::Missing { name: selected.to_owned(), known },
            _ if has_keys => Self::Environment,
            None => Self::Unnamed { known },
            Some(profile) => {
                let (name, login) = login(profile, |name| files.get_profile(name));
                Self::Profile { name: name.to_owned(), login }
            }
        }
    }

    /// What is wrong with the profile itself, before AWS is asked.
    pub fn missing(&self) -> Option<Failure> {
        let Self::Missing { name, known } = self else { return None };
        let failure = Failure::of(Cause::Denied, format!("there is no AWS profile {name:?}"));
        Some(match known.as_slice() {
            [] => failure.hint("there are no profiles yet: `aws configure sso` or `aws configure` makes one"),
            known => failure
                .hint(format!("there are: {}; name one with --profile or AWS_PROFILE", listed(known)))
                .hint("`aws configure list-profiles` lists them all"),
        })
    }

    /// A failure of the first call, with the profile that it is about and what helps. `failure.code` is empty where no
    /// credentials could be loaded, and AWS's own code where it does not accept them.
    pub fn explain(&self, failure: Failure) -> Failure {
        if failure.cause != Cause::Denied {
            return failure;
        }
        if let Some(missing) = self.missing() {
            return missing;
        }
        let has_expired = failure.code.contains("Expired");
        let is_loaded = !failure.code.is_empty();
        let explained = |message: String, hint: String| Failure { message, hints: vec![hint], ..failure.clone() };
        match self {
            Self::Environment if has_expired => explained(
                format!("{} (the access key in the environment, AWS_ACCESS_KEY_ID)", failure.message),
                "they have expired: log in again and export them, or unset AWS_ACCESS_KEY_ID to use a profile"
                    .to_owned(),
            ),
            Self::Environment => failure.hint("the access key comes from AWS_ACCESS_KEY_ID in the environment"),
            Self::Unnamed { known } if known.is_empty() && !is_loaded && failure.message.contains("IMDS") => explained(
                "there are no AWS credentials: none in the environment, and no profile".to_owned(),
                "`aws configure sso`, `aws login` or `aws configure` sets them up".to_owned(),
            ),
            Self::Unnamed { known } if !known.is_empty() && !is_loaded => explained(
                format!("{}, and no profile is named `default`", failure.message),
                format!("name a profile with --profile or AWS_PROFILE; there are: {}", listed(known)),
            ),
            Self::Profile { name, login } => {
                // Names that a shell would take apart are quoted in commands.
                let word = if name.contains(char::is_whitespace) { format!("'{name}'") } else { name.clone() };
                let message = format!("{} (profile {name:?})", failure.message);
                match login {
                    Login::Sso => explained(message, format!("log in with `aws sso login --profile {word}`")),
                    Login::Console => explained(message, format!("log in with `aws login --profile {word}`")),
                    Login::Mfa if !is_loaded => explained(
                        format!("profile {name:?} asks for an MFA code, and ce-aws cannot ask you for one"),
                        format!(
                            "`eval \"$(aws configure export-credentials --profile {word} --format env)\"` asks for it; \
                             then run ce-aws without --profile"
                        ),
                    ),
                    Login::Nothing => explained(
                        format!("profile {name:?} has no AWS credentials"),
                        format!(
                            "give it some: `aws configure sso --profile {word}` or `aws configure --profile {word}`"
                        ),
                    ),
                    Login::Keys if has_expired => explained(
                        message,
                        format!("the keys of profile {word} have expired: get new ones where you got these"),
                    ),
                    Login::Keys | Login::Mfa if is_loaded => {
                        Failure { message, ..failure.clone() }.hint(format!("the keys are those of profile {word}"))
                    }
                    _ => {
                        explained(message, format!("once `aws sts get-caller-identity --profile {word}` works, retry"))
                    }
                }
            }
            _ => failure,
        }
    }
}

/// What a profile has that says how it gets its credentials, the first that it has counts.
const SIGNS: [(&str, Login); 6] = [
    ("sso_session", Login::Sso),
    ("sso_start_url", Login::Sso),
    ("login_session", Login::Console),
    ("credential_process", Login::Process),
    ("aws_access_key_id", Login::Keys),
    ("role_arn", Login::Role),
];

/// The profile at the end of a chain of roles, and how it gets its credentials.
fn login<'a>(profile: &'a Profile, find: impl Fn(&str) -> Option<&'a Profile>) -> (&'a str, Login) {
    let mut at = profile;
    for _ in 0..LONGEST {
        let has = |key: &str| at.get(key).is_some();
        let source = at.get("source_profile").filter(|source| has("role_arn") && *source != at.name());
        let login = match source.map(&find) {
            _ if has("role_arn") && has("mfa_serial") => Login::Mfa,
            Some(Some(source)) => {
                at = source;
                continue;
            }
            Some(None) => Login::Role,
            None => SIGNS.iter().find(|(key, _)| has(key)).map_or(Login::Nothing, |(_, login)| *login),
        };
        return (at.name(), login);
    }
    (profile.name(), Login::Role)
}

/// How many profiles an error names.
const SHOWN: usize = 8;

fn listed(names: &[String]) -> String {
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[profile corp]\nsso_session = corp\n[sso-session corp]\nsso_region = us-east-1\n\
                          [profile old]\nsso_start_url = https://corp.example/start\n\
                          [profile console]\nlogin_session = arn:aws:iam::111122223333:user/jo\n\
                          [profile deploy]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = corp\n\
                          [profile guarded]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = keys\n\
                          mfa_serial = arn:aws:iam::111122223333:mfa/jo\n\
                          [profile helper]\ncredential_process = secret-tool --password hunter2\n\
                          [profile loop]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = loop\n\
                          [profile empty]\nregion = us-east-1\n\
                          [profile \"two words\"]\nsso_session = corp\n";

    async fn origin(named: Option<&str>, env: &[(&str, &str)]) -> Origin {
        let folder = tempfile::TempDir::new().unwrap();
        let (config, credentials) = (folder.path().join("config"), folder.path().join("credentials"));
        std::fs::write(&config, CONFIG).unwrap();
        std::fs::write(&credentials, "[keys]\naws_access_key_id = AKIA1\naws_secret_access_key = hunter2\n").unwrap();
        let files = [
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ];
        Origin::read(named, &Env::from_slice(&[&files, env].concat()), &Fs::real()).await
    }

    fn nobody() -> Failure {
        Failure::of(Cause::Denied, "there are no AWS credentials").hint("log in")
    }

    fn refused(code: &str) -> Failure {
        Failure { code: code.to_owned(), ..Failure::of(Cause::Denied, "the security token is not accepted") }
    }

    fn text(failure: &Failure) -> String {
        format!("{}\n  {}", failure.message, failure.hints.join("\n  "))
    }

    #[tokio::test]
    async fn each_profile_is_named_with_the_command_that_helps() {
        let mut all = String::new();
        for name in ["corp", "old", "console", "deploy", "guarded", "helper", "loop", "empty", "two words", "keys"] {
            let explained = origin(Some(name), &[]).await.explain(nobody());
            all.push_str(&format!("{name}: {}\n", text(&explained)));
        }
        all.push_str(&format!("no default: {}\n", text(&origin(None, &[]).await.explain(nobody()))));
        for name in ["corp", "keys"] {
            let explained = origin(Some(name), &[]).await.explain(refused("ExpiredTokenException"));
            all.push_str(&format!("{name}, expired: {}\n", text(&explained)));
        }
        let keys = [("AWS_ACCESS_KEY_ID", "AKIA2")];
        for code in ["ExpiredToken", "InvalidClientTokenId"] {
            all.push_str(&format!("environment: {}\n", text(&origin(None, &keys).await.explain(refused(code)))));
        }
        assert!(!all.contains("hunter2"), "{all}");
        insta::assert_snapshot!(all);
    }

    #[tokio::test]
    async fn a_profile_that_does_not_exist_is_named_wherever_it_was_named() {
        let keys = ("AWS_ACCESS_KEY_ID", "AKIA2");
        let by_env = [("AWS_PROFILE", "nope")];
        for origin in [origin(Some("nope"), &[keys]).await, origin(None, &by_env).await] {
            let missing = origin.missing().unwrap();
            assert_eq!(missing.message, "there is no AWS profile \"nope\"");
            assert!(missing.hints[0].starts_with("there are: console, corp, deploy, empty"), "{missing:?}");
        }
        // The SDK does not look at the profile then.
        assert_eq!(origin(None, &[by_env[0], keys]).await, Origin::Environment);
    }

    #[tokio::test]
    async fn other_failures_stay_what_they_are() {
        let unreachable = Failure::of(Cause::Unavailable, "AWS cannot be reached");
        assert_eq!(origin(Some("corp"), &[]).await.explain(unreachable.clone()), unreachable);
    }
}
