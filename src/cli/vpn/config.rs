//! `ce-aws vpn config`.

use std::io::Write;
use std::path::PathBuf;

use secrecy::ExposeSecret;
use serde_json::json;

use crate::live::client_vpn::{self, Endpoint};
use crate::session::{CommandError, Exit, Output, Session};

use super::super::global::Global;
use super::super::interrupt::unless_ctrl_c;
use super::super::options::Which;
use super::super::whole_file::WholeFile;
use super::{none, not_ours};

/// Write the configuration with which one person connects to the VPN
///
/// Signs a certificate for that person with the VPN's own authority and puts it, with its new private key, into the
/// OpenVPN configuration that AWS exports. Nothing changes in AWS, and the key is nowhere else: only you can read the
/// file. Give it to the person over a safe channel; whoever has it is let in until the certificate ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Who connects: the certificate's common name, which the connection log shows
    #[arg(long, value_name = "NAME", value_parser = client)]
    client: String,

    /// Where to write it; a file of that name is not overwritten
    #[arg(short, long, value_name = "FILE.ovpn")]
    out: PathBuf,

    /// Days for which the certificate is valid, 1 to 3650
    #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    if unless_ctrl_c(write(args, global, output)).await?.is_none() {
        output.always("interrupted: no file was written\n");
        return Ok(Exit::PartWay);
    }
    Ok(Exit::Done)
}

async fn write(args: &Args, global: &Global, output: &Output) -> Result<(), CommandError> {
    let mut file = WholeFile::of_user(&args.out)?;
    let (session, scope, _) = Session::of(args.which.selected(), &global.access(), output).await?;
    let context = session.context(&scope);
    let endpoint = client_vpn::endpoint(&context).await?.ok_or_else(|| none(&scope.name))?;
    let Endpoint { id, is_available: true } = &endpoint else { return Err(not_ready(&endpoint.id)) };
    let (exported, issued) = tokio::try_join!(
        client_vpn::configuration(&context, id),
        client_vpn::issue(&context, &args.client, args.days.into())
    )?;
    let issued = issued.ok_or_else(|| not_ours(id))?;
    let label = format!("{:08x}", rand::random::<u32>());
    let whole = client_vpn::complete(&exported, &label, &issued);
    let written = file.write_all(whole.expose_secret().as_bytes());
    written.map_err(|error| CommandError::unwritable(&args.out, &error))?;
    file.finish()?;
    let path = args.out.display().to_string();
    let end = issued.valid_until.to_string();
    let answer = json!({
        "file": path,
        "client": args.client,
        "endpoint": id,
        "serial": issued.serial,
        "valid_until": end,
    });
    output.answer(&answer, || {
        let (client, serial) = (&args.client, &issued.serial);
        format!("{path}\n  lets {client} in until {end}, certificate {serial}\n  holds a private key: keep it secret\n")
    })
}

/// A common name that every program shows as it is.
fn client(text: &str) -> Result<String, String> {
    let is_safe = |c: u8| c.is_ascii_alphanumeric() || b"-._@".contains(&c);
    if (1..=64).contains(&text.len()) && text.bytes().all(is_safe) {
        return Ok(text.to_owned());
    }
    Err("use 1 to 64 letters, digits, hyphens, dots, underscores and @".to_owned())
}

fn not_ready(id: &str) -> CommandError {
    CommandError::refused("vpn/not-ready", format!("{id} has no subnet yet, so that nobody can connect"))
        .hint("`ce-aws apply` associates one, which takes 5 to 10 minutes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_a_plain_name() {
        for good in ["alice", "a.b-c_d@example.com"] {
            assert_eq!(client(good).as_deref(), Ok(good));
        }
        for bad in ["", "a b", "a/b", "ä", "a\n", &"a".repeat(65)] {
            assert!(client(bad).is_err(), "{bad}");
        }
    }
}
