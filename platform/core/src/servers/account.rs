//! As whom servers run, and where that user may write.
//!
//! PostgreSQL refuses to run as root. A process that is root therefore runs all servers as the user `postgres`, which must
//! be able to reach their directory; a checkout under `/root` is out of its reach.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User};
use sha2::{Digest as _, Sha256};

use super::error::ServerError;

/// The user that servers run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The user of this process.
    Own,
    /// Another one, because this process is root.
    Switched {
        /// User id.
        uid: u32,
        /// Its group id.
        gid: u32,
    },
}

impl Account {
    /// Ourselves, or `postgres` when this is root.
    ///
    /// # Errors
    /// [`ServerError::NoAccount`] when this is root and that user does not exist.
    pub fn for_servers() -> Result<Self, ServerError> {
        if !Uid::effective().is_root() {
            return Ok(Self::Own);
        }
        let user = User::from_name("postgres")
            .ok()
            .flatten()
            .ok_or(ServerError::NoAccount)?;
        Ok(Self::Switched {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
        })
    }

    /// Makes `command` run as this account.
    pub(super) fn apply(&self, command: &mut Command) {
        if let Self::Switched { uid, gid } = self {
            command.uid(*uid).gid(*gid);
        }
    }

    /// Creates `directory` for this account alone; folders above it, if new, may be passed through by others.
    pub(super) fn create_directory(&self, directory: &Path) -> Result<(), ServerError> {
        let prepare = || {
            if let Some(parent) = directory.parent() {
                std::fs::create_dir_all(parent)?;
            }
            match std::fs::create_dir(directory) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(error);
                }
                _ => {}
            }
            if let Self::Switched { uid, gid } = self
                && std::fs::metadata(directory)?.uid() != *uid
            {
                chown(directory, Some(*uid), Some(*gid))?;
            }
            std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
        };
        prepare().map_err(|error| ServerError::file(directory, error))
    }

    /// Gives `file` to this account.
    pub(super) fn own(&self, file: &Path) -> Result<(), ServerError> {
        if let Self::Switched { uid, gid } = self {
            chown(file, Some(*uid), Some(*gid)).map_err(|error| ServerError::file(file, error))?;
        }
        Ok(())
    }

    /// Whether this account can work in `directory`, which exists.
    fn reaches(&self, directory: &Path) -> bool {
        let mut command = Command::new("test");
        command
            .arg("-x")
            .arg(directory)
            .current_dir("/")
            .stdin(Stdio::null());
        self.apply(&mut command);
        command.status().is_ok_and(|status| status.success())
    }
}

/// Where the servers of a checkout keep their data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The directory, which exists.
    pub directory: PathBuf,
    /// Whether it is not the one that was preferred, because the servers' user cannot reach that.
    pub moved: bool,
}

impl Place {
    /// `preferred` where the servers' user can reach it, else a directory under `/var/tmp` that is named after it.
    ///
    /// # Errors
    /// When neither can be created, or the latter belongs to somebody else.
    pub fn near(preferred: &Path) -> Result<Self, ServerError> {
        let preferred = super::absolute(preferred)?;
        let account = Account::for_servers()?;
        create_passable(&preferred)?;
        if account.reaches(&preferred) {
            return Ok(Self {
                directory: preferred,
                moved: false,
            });
        }
        let directory = Self::substitute(&preferred);
        create_passable(&directory)?;
        // Everybody may write to /var/tmp, so the name could have been taken before.
        let metadata = std::fs::symlink_metadata(&directory)
            .map_err(|error| ServerError::file(&directory, error))?;
        if !metadata.is_dir() || metadata.uid() != Uid::effective().as_raw() {
            let foreign = std::io::Error::other("it belongs to another user; remove it");
            return Err(ServerError::file(&directory, foreign));
        }
        Ok(Self {
            directory,
            moved: true,
        })
    }

    /// The directory under `/var/tmp` that stands in for `preferred`, whether or not it is needed or there.
    pub fn substitute(preferred: &Path) -> PathBuf {
        let digest = Sha256::digest(preferred.as_os_str().as_encoded_bytes());
        PathBuf::from("/var/tmp").join(format!("coko-{}", &hex::encode(digest)[..12]))
    }
}

/// Creates `directory`; only its owner lists it, but servers may pass through to what is theirs.
fn create_passable(directory: &Path) -> Result<(), ServerError> {
    if directory.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(directory)
        .and_then(|()| std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o711)))
        .map_err(|error| ServerError::file(directory, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_nobody_else_enters_is_replaced_for_root() {
        let closed = tempfile::tempdir().unwrap();
        std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let preferred = closed.path().join("data");
        let place = Place::near(&preferred).unwrap();
        if Uid::effective().is_root() {
            assert!(place.moved);
            assert_eq!(place.directory, Place::substitute(&preferred));
            std::fs::remove_dir_all(&place.directory).unwrap();
        } else {
            assert_eq!(
                place,
                Place {
                    directory: preferred,
                    moved: false
                }
            );
        }
    }

    #[test]
    fn an_open_folder_is_used_as_it_is() {
        let open = tempfile::tempdir().unwrap();
        std::fs::set_permissions(open.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let place = Place::near(&open.path().join("data")).unwrap();
        assert!(!place.moved);
        assert_ne!(
            Place::substitute(Path::new("/a")),
            Place::substitute(Path::new("/b"))
        );
    }
}
