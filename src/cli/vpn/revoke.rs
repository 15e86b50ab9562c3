//! `ce-aws vpn revoke`.

use std::path::{Path, PathBuf};

use serde_json::json;
use time::OffsetDateTime;

use crate::kinds::client_vpn::pki::Authority;
use crate::kinds::client_vpn::revoked::{Revoked, Serial};
use crate::live::client_vpn::{self, Endpoint};
use crate::session::lease::{Manner, of_deployment};
use crate::session::{CommandError, Exit, Found, Output, Session, confirm, moment};

use super::super::global::Global;
use super::super::interrupt::unless_ctrl_c;
use super::super::options::Which;
use super::{none, not_ours};

/// Shut out whoever has a configuration
///
/// Adds its certificate to those that the VPN turns away, for good. AWS cuts every connection when that list changes:
/// everybody else has to connect again. Takes the file that `vpn config` has written, or the serial number that it has
/// printed: neither is kept in AWS.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("certificate").required(true).args(["serial", "config"]))]
pub struct Args {
    #[command(flatten)]
    which: Which,

    /// Serial number of the certificate
    #[arg(long, value_name = "SERIAL")]
    serial: Option<Serial>,

    /// The configuration with the certificate
    #[arg(long, value_name = "FILE.ovpn")]
    config: Option<PathBuf>,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Work without the lease, where its bucket is not allowed
    #[arg(long)]
    no_lease: bool,
}

pub async fn run(args: &Args, global: &Global, output: &Output) -> Result<Exit, CommandError> {
    let configuration = args.config.as_deref().map(read).transpose()?;
    let work = async |session: &Session, Found { scope, .. }: Found| {
        let context = session.context(&scope);
        let Endpoint { id, .. } = client_vpn::endpoint(&context).await?.ok_or_else(|| none(&scope.name))?;
        let authority = client_vpn::authority(&context).await?.ok_or_else(|| not_ours(&id))?;
        let serial = serial(args, configuration.as_deref(), &authority)?;
        let clock = moment::clock()?;
        let revoked = async |wanted: Option<&Revoked>| {
            let read = async { Ok(client_vpn::revoked(&context, &clock, &id, &authority, wanted).await?) };
            let read = unless_ctrl_c(read).await?;
            if read.is_none() {
                output.always("interrupted: run the same command again\n");
            }
            Ok::<_, CommandError>(read)
        };
        let Some(mut wanted) = revoked(None).await? else { return Ok(Exit::PartWay) };
        let already = wanted.contains(&serial);
        if !already {
            let others = "everybody who is connected is cut off once, and connects again";
            output.always(&format!("certificate {serial} will never be let in again; {others}\n"));
            if !args.yes {
                confirm::ask("Revoke it?", confirm::YES, output)?;
            }
            wanted.add(serial.clone(), OffsetDateTime::now_utc());
            client_vpn::turn_away(&context, &id, &wanted, &authority).await?;
            if revoked(Some(&wanted)).await?.is_none() {
                return Ok(Exit::PartWay);
            }
        }
        let answer =
            json!({ "serial": serial.to_string(), "endpoint": id, "already": already, "revoked": wanted.count() });
        output.answer(&answer, || {
            let (how, all) = (if already { "is shut out already" } else { "is shut out" }, wanted.count());
            format!("certificate {serial} {how}; {all} in all\n")
        })?;
        Ok(Exit::Done)
    };
    let how = Manner { no_lease: args.no_lease, notify: false };
    of_deployment(args.which.selected(), how, &global.access(), output, work).await
}

/// The text of a configuration.
fn read(path: &Path) -> Result<String, CommandError> {
    std::fs::read_to_string(path).map_err(|error| CommandError::unreadable(path, &error))
}

fn serial(args: &Args, configuration: Option<&str>, authority: &Authority) -> Result<Serial, CommandError> {
    let Some(text) = configuration else {
        let missing = || CommandError::usage("usage/vpn-configuration", "a serial number or a configuration is needed");
        return args.serial.clone().ok_or_else(missing);
    };
    let shown = args.config.as_deref().unwrap_or(Path::new("")).display().to_string();
    let serial = client_vpn::serial_in(text, authority)
        .map_err(|failure| CommandError::usage("usage/vpn-configuration", format!("{shown}: {failure}")))?;
    serial.ok_or_else(|| {
        CommandError::refused("vpn/other-authority", format!("this VPN did not issue the certificate in {shown}")).hint(
            "name the deployment that issued it; a VPN that was removed and added again lets nobody in with old files",
        )
    })
}
