//! Keeps secrets that somebody wrote into a plan file off the screen.

use std::ops::Range;

/// Parts of the names of keys under which people keep secrets.
const SUSPECT: &[&str] = &["password", "passwd", "passphrase", "secret", "token", "jwt", "private_key", "proxy"];

/// The text, with the rest of a line after `some_password =` and the like, and users and passwords in addresses,
/// replaced by asterisks. Its length in bytes and its lines stay as they are, so that every span still fits.
pub(super) fn conceal(text: &str) -> String {
    text.split_inclusive('\n').map(conceal_line).collect()
}

fn conceal_line(line: &str) -> String {
    let shown = userinfo(line).map_or_else(|| line.to_owned(), |span| hide(line, &span));
    secret_start(line).map_or(shown.clone(), |start| hide(&shown, &(start..line.len())))
}

/// The text, with asterisks for every byte of a span but spaces and line ends.
pub(super) fn hide(text: &str, span: &Range<usize>) -> String {
    let star = |c: char| if c.is_control() || c == ' ' { c.to_string() } else { "*".repeat(c.len_utf8()) };
    text.char_indices().map(|(index, c)| if span.contains(&index) { star(c) } else { c.to_string() }).collect()
}

/// The user and password of `http://user:password@host`, also without the scheme. Of several addresses on a line,
/// everything from the first to the last.
pub(super) fn userinfo(line: &str) -> Option<Range<usize>> {
    let mut signs = line.rmatch_indices('@').map(|(index, _)| index);
    // In the name of an image, a digest follows the sign.
    let end = signs.find(|index| !line[index + 1..].starts_with("sha256:"))?;
    let before = &line[..end];
    if let Some(scheme) = before.find("://") {
        return Some(scheme + 3..end);
    }
    let start = before.find(['"', '\'']).map_or(0, |quote| quote + 1);
    let part = &before[start..];
    (part.contains(':') && !part.starts_with("arn:")).then_some(start..end)
}

/// Where the value of the first key that looks like a secret's begins.
fn secret_start(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    let starts = SUSPECT.iter().flat_map(|word| lower.match_indices(word)).filter_map(|(index, word)| {
        let rest = &lower[index + word.len()..];
        let key_rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_-".contains(c));
        // The table `secrets` only says where secrets are.
        let is_table = word == "secret" && rest.strip_prefix('s').is_some_and(|rest| rest.len() == key_rest.len());
        let after_key = key_rest.trim_start_matches(['"', '\'', ' ', '\t']);
        let value = after_key.strip_prefix(['=', ':'])?;
        // Neither `no_proxy` nor the ARN of a secret is secret.
        let in_arn = lower[..index].rsplit(['"', '\'', ' ']).next().is_some_and(|token| token.starts_with("arn:"));
        let is_public =
            in_arn || lower[..index].ends_with("no_") || value.trim_start_matches([' ', '"', '\'']).starts_with("arn:");
        (!is_table && !is_public).then(|| line.len() - value.len())
    });
    starts.min()
}
