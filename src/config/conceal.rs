//! Keeps secrets that someone wrote into a plan file, where none belong, off the screen.

/// Parts of key names under which people keep secrets.
const TELLING: &[&str] = &["password", "passwd", "passphrase", "secret", "token", "jwt", "private_key", "proxy"];

/// The text, with the rest of a line after `some_password =` and the like replaced by asterisks. Its
/// length in bytes and its lines stay as they are, so that every span still fits.
pub(super) fn conceal(text: &str) -> String {
    text.split_inclusive('\n').map(conceal_line).collect()
}

fn conceal_line(line: &str) -> String {
    let Some(start) = secret_start(line) else { return line.to_owned() };
    let (shown, hidden) = line.split_at(start);
    let hide = |c: char| if c.is_control() || c == ' ' { c.to_string() } else { "*".repeat(c.len_utf8()) };
    shown.chars().map(String::from).chain(hidden.chars().map(hide)).collect()
}

/// Where the value of the first telling key on the line begins.
fn secret_start(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    let starts = TELLING.iter().flat_map(|word| lower.match_indices(word)).filter_map(|(index, word)| {
        let rest = &lower[index + word.len()..];
        let key_rest = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_-".contains(c));
        // `secrets` is the table that says where secrets are; it holds none.
        let is_table = word == "secret" && rest.strip_prefix('s').is_some_and(|rest| rest.len() == key_rest.len());
        let after_key = key_rest.trim_start_matches(['"', '\'', ' ', '\t']);
        let value = after_key.strip_prefix(['=', ':'])?;
        (!is_table).then(|| line.len() - value.len())
    });
    starts.min()
}
