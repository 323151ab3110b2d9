//! The declarative profiles of a site, beside those that come with the hub: every `*.toml` of one folder.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::document::{Fault, Faults};
use crate::decode::Catalogue;

/// The folder of the profiles that go with a configuration: `profiles`, beside the file.
#[must_use]
pub fn folder(config: &Path) -> PathBuf {
    config.parent().unwrap_or(Path::new("")).join("profiles")
}

/// Loads the shipped profiles, then those of `folder` in the order of their names, so that a later one for the same
/// service takes the place of an earlier one. A folder that is not there is no fault: most sites have none.
///
/// Gives back what could be loaded, and the faults of each file that is refused.
#[must_use]
pub fn load(folder: &Path) -> (Catalogue, Vec<Faults>) {
    let (mut catalogue, mut refused) = Catalogue::shipped();
    let files = match list(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            refused.push(unreadable(folder, &error));
            Vec::new()
        }
    };
    for path in files {
        let added = std::fs::read_to_string(&path)
            .map_err(|error| unreadable(&path, &error))
            .and_then(|text| catalogue.add(&path.display().to_string(), &text));
        refused.extend(added.err());
    }
    (catalogue, refused)
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = entries.collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension() == Some(OsStr::new("toml")));
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, error: &io::Error) -> Faults {
    let fault = Fault {
        line: 1,
        column: 1,
        key: String::new(),
        problem: format!("cannot be read ({error})"),
        expected: "what the user of rehab-hub.service can read".into(),
    };
    Faults { path: path.display().to_string(), list: vec![fault] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::CharUuid;

    const BAND: &str = r#"name = "Band"
service = "0000abcd-0001-4b1d-8a5e-687562737465"
[[characteristic]]
uuid = "0000abcd-0002-4b1d-8a5e-687562737465"
name = "Pull"
class = "live"
[[characteristic.field]]
quantity = "force_n"
type = "u16"
"#;

    #[test]
    fn a_faulty_file_is_refused_with_its_place_and_the_others_load() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.toml", &BAND.replace("\"u16\"", "\"u17\"").replace("abcd", "abce"));
        write("b.toml", BAND);
        write("notes.txt", "no profile");
        let (catalogue, refused) = load(folder.path());
        let uuid = |text: &str| text.parse::<CharUuid>().unwrap();
        assert!(catalogue.is_known(uuid("0000abcd-0002-4b1d-8a5e-687562737465")));
        assert!(!catalogue.is_known(uuid("0000abce-0002-4b1d-8a5e-687562737465")));
        assert_eq!(refused.len(), 1);
        let text = refused[0].to_string();
        assert!(text.starts_with(&format!("{}:9:8: ", folder.path().join("a.toml").display())), "{text}");
    }

    #[test]
    fn a_site_without_profiles_has_the_shipped_ones() {
        let folder = tempfile::tempdir().unwrap();
        let (catalogue, refused) = load(&folder.path().join("profiles"));
        assert!(refused.is_empty());
        assert_eq!(catalogue.profiles(), Catalogue::shipped().0.profiles());
    }

    #[test]
    fn of_two_files_for_one_service_the_later_name_counts() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["20-new", "10-old"] {
            let text = BAND.replace("Band", name);
            std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        let (catalogue, refused) = load(folder.path());
        assert!(refused.is_empty());
        let names: Vec<&str> = catalogue.profiles().iter().map(|profile| profile.name.as_str()).collect();
        assert!(names.contains(&"20-new") && !names.contains(&"10-old"), "{names:?}");
    }

    #[test]
    fn what_cannot_be_read_is_a_fault_of_that_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.toml"), [0xFF, 0xFE]).unwrap();
        std::fs::create_dir(folder.path().join("b.toml")).unwrap();
        std::fs::write(folder.path().join("c.toml"), BAND).unwrap();
        let (catalogue, refused) = load(folder.path());
        let paths: Vec<_> = refused.iter().map(|faults| faults.path.rsplit('/').next().unwrap()).collect();
        assert_eq!(paths, ["a.toml", "b.toml"]);
        assert!(catalogue.profiles().iter().any(|profile| profile.name == "Band"));
    }
}
