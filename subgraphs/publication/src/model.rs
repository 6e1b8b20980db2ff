//! Types and rules; no async, no I/O.

pub(crate) mod accrual;
pub(crate) mod columns;
pub(crate) mod contract;
pub(crate) mod details;
pub(crate) mod file;
pub(crate) mod manuscript;
pub(crate) mod note;
pub(crate) mod organization;
pub(crate) mod payout;
pub(crate) mod reading;
pub(crate) mod royalty;
pub(crate) mod statement;
pub(crate) mod workflow;

pub(crate) use accrual::{Accrual, AccrualStatus, Balance, RoyaltySource, Sale, SaleStatus};
pub(crate) use columns::{Findings, Images, Prices, Texts};
pub(crate) use contract::{Agreement, Contract, Party, PayeeKind};
pub(crate) use details::Details;
pub(crate) use file::{FileStatus, ManuscriptFile};
pub(crate) use manuscript::{Manuscript, Version};
pub(crate) use note::Note;
pub(crate) use organization::{Member, MemberRole, Organization, OrganizationKind};
pub(crate) use payout::{Destination, Payout, PayoutStatus};
pub(crate) use statement::{Statement, StatementLine};
pub(crate) use workflow::{ManuscriptStatus, Step};
