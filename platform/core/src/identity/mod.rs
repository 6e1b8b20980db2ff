//! Who asks: biscuits minted by auth, verified offline by everyone else.
//!
//! This module owns reading, checking and revoking tokens and what a [`Viewer`] may do. Who has which role is auth's.

mod envelope;
mod keys;
pub mod link;
mod mint;
mod narrow;
mod revocation;
mod rights;
mod verifier;
mod viewer;

pub use envelope::{ENVELOPE_HEADER, Envelope, InternalKey};
pub use keys::{KeyError, KeySet, PublishedKey, RootKey};
pub use mint::{MintError, Minted, Minter, PartnerGrant, UserGrant};
pub use narrow::{narrow, read_only};
pub use revocation::{Revocations, client_key, session_key};
pub use rights::{Right, RightError, RightSet};
pub use verifier::{OperationKind, RequestFacts, Verifier};
pub use viewer::{Principal, Viewer};
