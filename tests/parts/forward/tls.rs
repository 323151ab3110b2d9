//! TLS with a certificate on both sides; the certificates are made with openssl.

use std::path::{Path, PathBuf};
use std::process::Command;

use rehab_hub::config::{ForwardConfig, TlsConfig};
use rehab_hub::forward::LinkState;
use tempfile::TempDir;

use super::receiver::Receiver;
use super::rig::{Hub, config, difference, identity, therapy};
use crate::mosquitto::{Mosquitto, free_port};

/// Two CAs, and certificates that they signed.
struct Authority {
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Self { folder };
        for ca in ["clinic", "stranger"] {
            let subject = format!("/CN={ca} CA");
            authority.openssl(&[
                "-keyout",
                &format!("{ca}.key"),
                "-out",
                &format!("{ca}.pem"),
                "-subj",
                &subject,
            ]);
        }
        authority
    }

    /// A certificate for a name; the key file is 0600.
    fn sign(&self, ca: &str, file: &str, name: &str) {
        let (key, pem) = (format!("{file}.key"), format!("{file}.pem"));
        let (ca_pem, ca_key) = (format!("{ca}.pem"), format!("{ca}.key"));
        let (subject, names) = (format!("/CN={file}"), format!("subjectAltName=DNS:{name}"));
        let leaf = "basicConstraints=critical,CA:FALSE";
        self.openssl(&[
            "-CA", &ca_pem, "-CAkey", &ca_key, "-keyout", &key, "-out", &pem, "-subj", &subject, "-addext",
            &names, "-addext", leaf,
        ]);
    }

    fn openssl(&self, arguments: &[&str]) {
        let made = Command::new("openssl")
            .current_dir(self.folder.path())
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "30",
            ])
            .args(arguments)
            .output()
            .expect("openssl is not there; apt-get install openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// A broker that shows this certificate and takes hubs that the clinic's CA signed.
    async fn broker(&self, certificate: &str) -> (Mosquitto, u16) {
        let (plain, secure) = (free_port(), free_port());
        let show = |path: &Path| path.display().to_string();
        let extra = format!(
            "tls:listener {secure} 127.0.0.1\ntls:cafile {}\ntls:certfile {}\ntls:keyfile {}\ntls:require_certificate true",
            show(&self.path("clinic.pem")),
            show(&self.path(&format!("{certificate}.pem"))),
            show(&self.path(&format!("{certificate}.key"))),
        );
        (Mosquitto::start_on(plain, &extra).await, secure)
    }

    fn config(&self, port: u16, ca: &str, hub: &str) -> ForwardConfig {
        let tls = TlsConfig {
            ca: self.path(&format!("{ca}.pem")),
            cert: self.path(&format!("{hub}.pem")),
            key: self.path(&format!("{hub}.key")),
        };
        ForwardConfig { host: "localhost".into(), tls: Some(tls), ..config(port) }
    }
}

/// Why there is no connection.
async fn error(config: ForwardConfig) -> String {
    let mut hub = Hub::start(config);
    hub.until("the pause", |status| matches!(status.link, LinkState::Backoff { .. })).await;
    let error = hub.status.borrow().last_error.clone().unwrap();
    println!("{error}");
    error
}

#[tokio::test]
async fn readings_travel_over_tls_with_a_certificate_on_both_sides() {
    let authority = Authority::new();
    authority.sign("clinic", "broker", "localhost");
    authority.sign("clinic", "hub", "hub-0042");
    let (broker, secure) = authority.broker("broker").await;
    let mut receiver = Receiver::start(broker.port(), &identity()).await;
    let mut hub = Hub::start(authority.config(secure, "clinic", "hub"));
    let source = therapy(0..2_000);
    hub.keep(source.clone()).await;
    hub.all_acknowledged().await;
    receiver.until("everything", |ledger| ledger.readings.len() >= source.len()).await;
    assert_eq!(difference(&source, &receiver.ledger()), (0, 0));
}

#[tokio::test]
async fn each_certificate_fault_has_its_own_remedy() {
    let authority = Authority::new();
    authority.sign("clinic", "broker", "localhost");
    authority.sign("clinic", "renamed", "broker.example");
    authority.sign("clinic", "hub", "hub-0042");
    authority.sign("stranger", "foreign", "hub-0042");
    let (broker, secure) = authority.broker("broker").await;
    let (_renamed, other) = authority.broker("renamed").await;
    for (config, remedy) in [
        (authority.config(secure, "stranger", "hub"), "was signed by another CA than forward.tls.ca"),
        (authority.config(other, "clinic", "hub"), "is for another name: correct forward.host"),
        (authority.config(secure, "clinic", "foreign"), "does not accept this hub's certificate"),
        (authority.config(broker.port(), "clinic", "hub"), "does not speak TLS on this port"),
    ] {
        let error = error(config).await;
        assert!(error.contains(remedy), "{error:?} instead of {remedy:?}");
    }
}
