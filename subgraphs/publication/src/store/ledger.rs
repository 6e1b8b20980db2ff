//! The ledger.

use crate::tables::{journals, ledger_entries};

coko_core::ledger_store!(journals, ledger_entries, subject_id);
