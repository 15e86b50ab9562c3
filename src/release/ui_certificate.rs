//! A release whose UI speaks HTTPS, with a certificate that is delivered to it.
//!
//! The UI's web server speaks HTTPS on its usual port if it finds two files of these names when it starts, and HTTP
//! otherwise. Source: `netskopeoss/ta_cloud_exchange`, README and docker-compose.yml (ports 443:3000, the volume
//! `./data/ssl_certs:/tmp/ssl_certs`). *Unverified* against the images.

use super::{Condition, Container, File, FileMode, FileSource, Mount, Owner, Release, SecretKey, TaskVolume, Value};
use super::{HealthCheck, StartTimeout};

/// Where the web server looks for the two files.
const FOLDER: &str = "/tmp/ssl_certs";
const CERTIFICATE: &str = "cte_cert.crt";
const KEY: &str = "cte_cert_key.key";

/// The volume with the files, on the task's ephemeral storage: nothing of them comes to the file system or a backup.
const VOLUME: &str = "ui-certificate";

/// The container that delivers them, in a release where none delivers files otherwise. It has the UI's image.
pub const DELIVERER: &str = "ui-certificate";

/// The variable, from 6.0 on, that tells other containers how the UI is reached.
const PROTOCOL: &str = "UI_PROTOCOL";

impl Release {
    /// The same release, with the certificate; `None` if nothing is known about how its UI takes one.
    pub fn with_ui_certificate(&self) -> Option<Self> {
        let mut release = self.clone();
        let port = self.web.port;
        let image = {
            let ui = release.containers.iter_mut().find(|container| container.name == self.web.container)?;
            let mount = ui.mounts.iter_mut().find(|mount| mount.path == FOLDER)?;
            *mount = Mount { volume: VOLUME.to_owned(), ..mount.clone() };
            ui.health_check = Some(over_tls(ui.health_check.as_ref()?, port)?);
            ui.image.clone()
        };
        release.task_volumes.push(TaskVolume { name: VOLUME.to_owned() });
        release.files.extend(files()?);
        if !release.containers.iter().any(|container| container.delivers_files) {
            let at = release.containers.iter().position(|container| container.name == self.web.container)?;
            release.containers.insert(at, deliverer(image));
        }
        let deliverer = release.containers.iter().find(|container| container.delivers_files)?.name.clone();
        for container in &mut release.containers {
            if container.name == self.web.container {
                container.depends_on.insert(deliverer.clone(), Condition::Success);
            }
            if let Some(protocol) = container.environment.get_mut(PROTOCOL) {
                *protocol = Value::Literal("https".to_owned());
            }
        }
        Some(release)
    }

    /// Whether its UI can speak HTTPS itself.
    pub fn takes_ui_certificate(&self) -> bool {
        self.with_ui_certificate().is_some()
    }
}

/// The files. Everybody in the two containers that mount the volume may read them: as which user the web server runs is
/// known to the image alone.
fn files() -> Option<[File; 2]> {
    let (owner, mode) = (Owner::try_from("1001:1001".to_owned()).ok()?, FileMode::readable());
    let file = |path: &str, key| File {
        volume: VOLUME.to_owned(),
        path: path.to_owned(),
        owner: Some(owner.clone()),
        mode: mode.clone(),
        source: FileSource::Secrets(vec![key]),
    };
    Some([file(CERTIFICATE, SecretKey::UiCertificate), file(KEY, SecretKey::UiKey)])
}

/// The check of an image that has curl, over TLS. Nobody verifies the certificate at localhost.
fn over_tls(check: &HealthCheck, port: u16) -> Option<HealthCheck> {
    let plain = format!("curl -f http://localhost:{port}");
    let command = check.command.replacen(&plain, &format!("curl -fk https://localhost:{port}"), 1);
    (command != check.command).then(|| HealthCheck { command, ..check.clone() })
}

fn deliverer(image: super::Image) -> Container<Value> {
    Container {
        name: DELIVERER.to_owned(),
        image,
        essential: false,
        user: None,
        proxy: false,
        ca_certificate: false,
        delivers_files: true,
        memory: None,
        entry_point: Vec::new(),
        command: Vec::new(),
        ports: Vec::new(),
        // Two small files: what takes longer is broken.
        start_timeout: Some(StartTimeout::Seconds(120)),
        stop_timeout: 120,
        depends_on: Default::default(),
        health_check: None,
        mounts: Vec::new(),
        environment: Default::default(),
        secrets: Default::default(),
    }
}
