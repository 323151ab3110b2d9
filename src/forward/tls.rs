//! The files of the TLS connection.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rumqttc::TlsConfiguration;

use super::fault::Fault;
use crate::config::TlsConfig;

/// Reads CA, certificate and key; again for every connection, so that renewed files are taken up.
///
/// # Errors
/// When one cannot be read, or others may read the key.
pub(super) fn load(config: &TlsConfig) -> Result<TlsConfiguration, Fault> {
    // An error means that a provider is installed already: the same one, as the program has no other.
    let _ = rustls::crypto::ring::default_provider().install_default();
    private(&config.key)?;
    let client_auth = Some((read(&config.cert)?, read(&config.key)?));
    Ok(TlsConfiguration::Simple { ca: read(&config.ca)?, alpn: None, client_auth })
}

/// Refuses a key that others than its owner may use.
fn private(key: &Path) -> Result<(), Fault> {
    let file = std::fs::metadata(key).map_err(|source| Fault::File { path: key.into(), source })?;
    let mode = file.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(Fault::OpenKey { path: key.into(), mode }) }
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    std::fs::read(path).map_err(|source| Fault::File { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_command_that_mends_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, mode| {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let (ca, cert) = (file("ca.pem", 0o644), file("hub.pem", 0o644));
        let config = |key| TlsConfig { ca: ca.clone(), cert: cert.clone(), key };
        for (name, mode) in [("a", 0o644), ("b", 0o640), ("c", 0o604)] {
            let error = load(&config(file(name, mode))).err().unwrap().to_string();
            let end = format!("(mode {mode:04o}); run: chmod 0600 {}", folder.path().join(name).display());
            assert!(error.ends_with(&end), "{error}");
        }
        assert!(load(&config(file("d", 0o600))).is_ok());
        assert!(load(&config(file("e", 0o400))).is_ok());
        let error = load(&config(folder.path().join("none"))).err().unwrap().to_string();
        assert!(error.starts_with("cannot read ") && error.contains("put the file there"), "{error}");
    }
}
