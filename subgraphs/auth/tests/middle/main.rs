//! Auth over a real PostgreSQL: every mutation and query through the schema, as clients see them.

#[cfg(test)]
mod account;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod authorisation;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod impersonation;
#[cfg(test)]
mod operators;
#[cfg(test)]
mod partners;
#[cfg(test)]
mod phone;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod social;
