//! The credentials of one Cloud Exchange: generated or checked, and written as one JSON document.
//!
//! Values are [`SecretString`]s, which are never printed and are wiped when dropped. (The AWS SDK keeps a copy of its
//! own while it sends one.) Failures name keys, never values.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::zeroize::Zeroize;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serializer};

use crate::engine::failure::{Cause, Failure};

/// Keys of the document.
const PASSWORD: &str = "maintenance_password";
const JWT: &str = "jwt_secret";

/// The defaults of the vendor's template. They are public, so they protect nothing. Source: vendor
/// template, CE 5.0.0, parameters MAINTENANCEPASSWORD and JWTSECRET.
const VENDOR_DEFAULTS: [&str; 2] = ["cteadmin", "verysercterdyuri18"];

/// Letters and digits: Cloud Exchange before 6.1 does not support some others; it names `#`, `$` and `/` (vendor
/// release notes, CE 6.1.0).
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// All but what is not escaped in the user information of a URL (RFC 3986, unreserved characters).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The two values from which all others follow.
#[derive(Debug)]
pub struct Credentials {
    password: SecretString,
    jwt: SecretString,
}

/// A user's own secret. Unknown keys are theirs.
#[derive(Deserialize)]
struct Source {
    maintenance_password: Option<String>,
    jwt_secret: Option<String>,
}

impl Credentials {
    /// New ones: 190 bits and 285 bits from the operating system.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn generate() -> Result<Self, Failure> {
        Ok(Self { password: random(32)?, jwt: random(48)? })
    }

    /// Those of a user's own JSON secret, checked; `jwt_secret` is generated where it is missing.
    ///
    /// # Errors
    ///
    /// [`Cause::Refused`] with the key at fault: not a JSON object of strings, no password, a vendor's default, too
    /// short, or characters that Cloud Exchange does not support.
    pub fn from_document(document: &SecretString) -> Result<Self, Failure> {
        let hint = format!("store {{\"{PASSWORD}\": \"...\"}}, and optionally \"{JWT}\"");
        let source: Source = parsed(document, &hint)?;
        let password = source
            .maintenance_password
            .map(SecretString::from)
            .ok_or_else(|| refused(format!("your secret has no key {PASSWORD}")))?;
        let jwt = source.jwt_secret.map(SecretString::from);
        check(PASSWORD, &password, 8, 128, |text| {
            let is_safe = |c: u8| c.is_ascii_alphanumeric() || b"-._~".contains(&c);
            // Programs that get the password would take a leading hyphen for an option.
            text.bytes().all(is_safe) && !text.starts_with('-')
        })?;
        if let Some(jwt) = &jwt {
            check(JWT, jwt, 16, 512, |text| text.bytes().all(|c| c.is_ascii_graphic()))?;
        }
        Ok(Self { password, jwt: jwt.map_or_else(|| random(48), Ok)? })
    }

    /// The JSON document: both values, and the strings of `derived` with `{password}` filled in, percent-encoded.
    pub fn document(&self, derived: &BTreeMap<String, String>) -> SecretString {
        let encoded = SecretString::from(utf8_percent_encode(self.password.expose_secret(), ESCAPED).to_string());
        let filled = derived
            .iter()
            .map(|(key, text)| (key.as_str(), SecretString::from(text.replace("{password}", encoded.expose_secret()))));
        let own = [(PASSWORD, self.password.clone()), (JWT, self.jwt.clone())];
        document(&own.into_iter().chain(filled).collect::<Vec<_>>())
    }
}

/// Strings by key, as one JSON document.
pub(in crate::kinds) fn document(entries: &[(&str, SecretString)]) -> SecretString {
    // Large enough not to move, which would leave a copy behind.
    let mut bytes = Vec::with_capacity(16_384);
    let pairs = entries.iter().map(|(key, value)| (key, value.expose_secret()));
    // Strings, written into memory: neither can fail.
    let _ = serde_json::Serializer::new(&mut bytes).collect_map(pairs);
    let document = SecretString::from(String::from_utf8_lossy(&bytes).into_owned());
    bytes.zeroize();
    document
}

/// Checks that the user's own JSON secret has the addresses of a proxy: ECS starts no task without both keys.
///
/// # Errors
///
/// [`Cause::Refused`] with the key at fault.
pub fn proxy(document: &SecretString) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Source {
        http_proxy: Option<String>,
        https_proxy: Option<String>,
    }
    const HINT: &str = r#"store {"http_proxy": "http://host:port", "https_proxy": "http://host:port"}"#;
    let source: Source = parsed(document, HINT)?;
    for (key, value) in [("http_proxy", source.http_proxy), ("https_proxy", source.https_proxy)] {
        let value = value.map(SecretString::from);
        let value = value.ok_or_else(|| refused(format!("your secret has no key {key}")).hint(HINT))?;
        let is_address = |url: url::Url| ["http", "https"].contains(&url.scheme()) && url.has_host();
        if !url::Url::parse(value.expose_secret()).is_ok_and(is_address) {
            return Err(refused(format!("{key} in your secret is not the URL of a proxy")).hint(HINT));
        }
    }
    Ok(())
}

/// Gives access to a value that is public, such as a certificate.
pub fn shown<T>(value: &SecretString, look: impl FnOnce(&str) -> T) -> T {
    look(value.expose_secret())
}

fn random(length: usize) -> Result<SecretString, Failure> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    while text.len() < length {
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| Failure::of(Cause::Internal, format!("the system gives no random bytes: {error}")))?;
        // 248 = 4 · 62; larger bytes would make the first letters likelier.
        let letters = bytes.iter().filter(|byte| **byte < 248);
        let letters = letters.map(|byte| char::from(ALPHABET[usize::from(byte % 62)]));
        text.extend(letters.take(length - text.len()));
    }
    bytes.zeroize();
    Ok(SecretString::from(text))
}

fn check(
    key: &str,
    value: &SecretString,
    shortest: usize,
    longest: usize,
    is_safe: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let text = value.expose_secret();
    if VENDOR_DEFAULTS.contains(&text) {
        return Err(refused(format!("{key} in your secret is the vendor's public default"))
            .hint("generate your own before the first start: it cannot be changed afterwards"));
    }
    if !(shortest..=longest).contains(&text.len()) {
        return Err(refused(format!("{key} in your secret must have {shortest} to {longest} characters")));
    }
    if !is_safe(text) {
        let allowed = if key == PASSWORD {
            "letters, digits and - . _ ~, not beginning with -"
        } else {
            "ASCII characters without spaces"
        };
        return Err(refused(format!("{key} in your secret has characters that Cloud Exchange does not support"))
            .hint(format!("use {allowed}")));
    }
    Ok(())
}

/// What the user's own secret holds. The parser's message would quote the value.
fn parsed<T: DeserializeOwned>(document: &SecretString, hint: &str) -> Result<T, Failure> {
    let refusal = || refused("your secret is not a JSON object whose values are strings".to_owned()).hint(hint);
    serde_json::from_str(document.expose_secret()).map_err(|_| refusal())
}

fn refused(message: String) -> Failure {
    Failure::of(Cause::Refused, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn derived() -> BTreeMap<String, String> {
        BTreeMap::from([("mongo".to_owned(), "mongodb://cteadmin:{password}@localhost:27017/cte".to_owned())])
    }

    fn parsed(credentials: &Credentials) -> Value {
        serde_json::from_str(credentials.document(&derived()).expose_secret()).unwrap()
    }

    fn source(document: &Value) -> Result<Credentials, Failure> {
        Credentials::from_document(&SecretString::from(document.to_string()))
    }

    #[test]
    fn all_values_of_one_document_agree() {
        let document = parsed(&Credentials::generate().unwrap());
        let password = document[PASSWORD].as_str().unwrap();
        assert_eq!(document["mongo"], format!("mongodb://cteadmin:{password}@localhost:27017/cte"));
        assert_eq!((password.len(), document[JWT].as_str().unwrap().len()), (32, 48));
        assert!(password.bytes().all(|c| c.is_ascii_alphanumeric()));
        assert_eq!(document.as_object().unwrap().len(), 3);
    }

    #[test]
    fn every_letter_occurs_and_no_result_is_repeated() {
        let drawn = random(62 * 100).unwrap();
        let mut counts = BTreeMap::new();
        drawn.expose_secret().bytes().for_each(|byte| *counts.entry(byte).or_insert(0) += 1);
        assert_eq!(counts.len(), 62);
        // 100 each on average, standard deviation 10: eight of those away is no accident.
        assert!(counts.values().all(|count| (20..=180).contains(count)), "{counts:?}");
        assert_ne!(random(32).unwrap().expose_secret(), random(32).unwrap().expose_secret());
    }

    #[test]
    fn a_users_own_credentials_are_kept() {
        let both =
            parsed(&source(&json!({ PASSWORD: "a.b_c~d-9", JWT: "x/y+z=#$%&'1234567", "more": "theirs" })).unwrap());
        assert_eq!(
            both,
            json!({
                PASSWORD: "a.b_c~d-9",
                JWT: "x/y+z=#$%&'1234567",
                "mongo": "mongodb://cteadmin:a.b_c~d-9@localhost:27017/cte"
            })
        );
        let one = parsed(&source(&json!({ PASSWORD: "longenough" })).unwrap());
        assert_eq!((one[PASSWORD].as_str(), one[JWT].as_str().unwrap().len()), (Some("longenough"), 48));
    }

    #[test]
    fn unusable_credentials_are_refused_and_never_quoted() {
        let password = |text: &str| json!({ PASSWORD: text }).to_string();
        let jwt = |text: &str| json!({ PASSWORD: "longenough", JWT: text }).to_string();
        let cases = [
            (password("cteadmin"), "default"),
            (jwt("verysercterdyuri18"), "default"),
            (password("Zx9shrt"), "8 to 128"),
            (jwt("Zx9tooshort"), "16 to 512"),
            (password("Zx9with$dollar"), "characters"),
            (password("Zx9with#hash"), "characters"),
            (password("Zx9with/slash"), "characters"),
            (password("Zx9with space"), "characters"),
            (password("-Zx9likeanoption"), "characters"),
            (jwt("Zx9 with spaces in it"), "characters"),
            (json!({ JWT: "Zx9aaaaaaaaaaaaaaa" }).to_string(), "no key maintenance_password"),
            (json!({ PASSWORD: 99_887_766 }).to_string(), "not a JSON object"),
            ("Zx9 plain text".to_owned(), "not a JSON object"),
        ];
        for (document, expected) in cases {
            let failure = Credentials::from_document(&SecretString::from(document.clone())).unwrap_err();
            assert_eq!(failure.cause, Cause::Refused);
            assert!(failure.message.contains(expected), "{document}: {failure}");
            let shown = format!("{failure} {failure:?}");
            for value in ["Zx9", "cteadmin", "verysercterdyuri18", "99887766"] {
                assert!(!shown.contains(value), "{shown}");
            }
        }
    }

    #[test]
    fn a_proxy_needs_two_urls_which_are_never_quoted() {
        let of = |document: Value| proxy(&SecretString::from(document.to_string()));
        let good = "http://Zx9:Zx9@proxy.example.com:3128";
        of(json!({ "http_proxy": good, "https_proxy": good, "more": "theirs" })).unwrap();
        let cases = [
            (json!({ "http_proxy": good }), "no key https_proxy"),
            (json!({ "https_proxy": good }), "no key http_proxy"),
            (json!({ "http_proxy": "Zx9.example.com:3128", "https_proxy": good }), "http_proxy in your secret is not"),
            (
                json!({ "http_proxy": good, "https_proxy": "socks5://Zx9.example.com" }),
                "https_proxy in your secret is not",
            ),
            (json!({ "http_proxy": good, "https_proxy": "" }), "https_proxy in your secret is not"),
            (json!({ "http_proxy": 1, "https_proxy": good }), "not a JSON object"),
            (json!("Zx9"), "not a JSON object"),
        ];
        for (document, expected) in cases {
            let failure = of(document).unwrap_err();
            assert!(failure.message.contains(expected), "{failure}");
            assert!(!format!("{failure} {failure:?}").contains("Zx9"), "{failure:?}");
        }
    }

    #[test]
    fn the_password_is_percent_encoded() {
        let odd = Credentials { password: "p@ss/w:rd%".to_owned().into(), jwt: "j".to_owned().into() };
        assert_eq!(parsed(&odd)["mongo"], "mongodb://cteadmin:p%40ss%2Fw%3Ard%25@localhost:27017/cte");
    }
}
