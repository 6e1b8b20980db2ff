//! A port of its own for each server, the same at every start as long as nobody else takes it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::error::ServerError;

/// The port that `directory` remembers if it is free, else a free one, remembered from now on.
pub(super) fn claim(directory: &Path) -> Result<u16, ServerError> {
    if let Some(port) = remembered(directory)
        && is_free(port)
    {
        return Ok(port);
    }
    let path = directory.join("port");
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| ServerError::file(&path, error))?
        .port();
    std::fs::write(&path, port.to_string()).map_err(|error| ServerError::file(&path, error))?;
    Ok(port)
}

/// The port of the last start.
pub(super) fn remembered(directory: &Path) -> Option<u16> {
    std::fs::read_to_string(directory.join("port"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Forgets the port, so that the next start looks for another.
pub(super) fn forget(directory: &Path) {
    // Without the file there is nothing to forget.
    let _ = std::fs::remove_file(directory.join("port"));
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_kept_while_it_is_free() {
        let directory = tempfile::tempdir().unwrap();
        let first = claim(directory.path()).unwrap();
        assert_eq!(claim(directory.path()).unwrap(), first);
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).unwrap();
        let second = claim(directory.path()).unwrap();
        assert_ne!(second, first);
        drop(taken);
        assert_eq!(claim(directory.path()).unwrap(), second);
        std::fs::write(directory.path().join("port"), "not a port").unwrap();
        assert_ne!(claim(directory.path()).unwrap(), 0);
    }
}
