//! Who may read a file.

use std::collections::HashSet;

use coko_core::identity::Viewer;
use uuid::Uuid;

use super::{File, Status};

/// The books whose files a reader may have.
pub type Grants = HashSet<Uuid>;

/// Whether someone may edit every book, and so see every file of one.
pub fn is_staff(viewer: &Viewer) -> bool {
    viewer.can("books", "update")
}

/// Whether `user` may read `file`: what is public, their own, what staff looks after, what they hold a grant for.
///
/// A file that is not ready, or is held back, is its owner's and staff's alone.
pub fn may_read(file: &File, user: Option<Uuid>, staff: bool, grants: &Grants) -> bool {
    let own = user.is_some() && file.owner_id == user;
    if own || staff {
        return true;
    }
    file.status == Status::Ready
        && !file.held
        && (file.kind.is_public()
            || user.is_some() && file.book_id.is_some_and(|book| grants.contains(&book)))
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::Kind;
    use super::*;

    fn file(kind: Kind, status: Status) -> File {
        File {
            id: Uuid::from_u128(1),
            owner_id: Some(Uuid::from_u128(10)),
            by_staff: false,
            kind,
            book_id: Some(Uuid::from_u128(20)),
            name: "x.epub".to_owned(),
            declared_type: "application/epub+zip".to_owned(),
            media_type: None,
            byte_size: 1,
            sha256: vec![0; 32],
            status,
            reason: None,
            details: serde_json::json!({}),
            received: 0,
            parts: 0,
            expires_at: OffsetDateTime::UNIX_EPOCH,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
            held: false,
        }
    }

    #[test]
    fn a_book_is_for_its_owner_staff_and_those_entitled() {
        let none = Grants::new();
        let granted = Grants::from([Uuid::from_u128(20)]);
        let other = Grants::from([Uuid::from_u128(21)]);
        let (owner, reader) = (Some(Uuid::from_u128(10)), Some(Uuid::from_u128(11)));
        let book = file(Kind::Epub, Status::Ready);
        assert!(may_read(&book, owner, false, &none));
        assert!(may_read(&book, reader, true, &none));
        assert!(may_read(&book, reader, false, &granted));
        assert!(!may_read(&book, reader, false, &other));
        assert!(!may_read(&book, None, false, &granted));
        let draft = File {
            held: true,
            ..file(Kind::Epub, Status::Ready)
        };
        assert!(!may_read(&draft, reader, false, &granted));
        assert!(may_read(&draft, owner, false, &none));
        let unfinished = file(Kind::Epub, Status::Processing);
        assert!(!may_read(&unfinished, reader, false, &granted));
        assert!(may_read(&unfinished, owner, false, &none));
    }

    #[test]
    fn covers_and_samples_are_public_once_they_are_ready() {
        for kind in [Kind::Cover, Kind::Sample, Kind::Avatar] {
            assert!(may_read(
                &file(kind, Status::Ready),
                None,
                false,
                &Grants::new()
            ));
            for status in [Status::Pending, Status::Processing, Status::Rejected] {
                assert!(!may_read(&file(kind, status), None, false, &Grants::new()));
            }
        }
        // An owner that is gone is nobody, and nobody owns what has no owner.
        let mut orphan = file(Kind::Epub, Status::Ready);
        orphan.owner_id = None;
        assert!(!may_read(&orphan, None, false, &Grants::new()));
    }
}
