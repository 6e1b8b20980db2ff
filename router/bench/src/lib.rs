//! The router under load, compared with a peer when there is one, and the platform under the load of readers.
//!
//! The router's workload has the shape of the public gateway benchmark: four subgraphs (accounts, products, reviews, inventory) with
//! static data, one deep operation answering about 87 KB, one small operation of a single fetch. This crate owns the
//! subgraphs, the load and the measuring; the routers are programs that it starts, and it knows them by their command
//! lines only. The readers' workload is that of the web application, on the whole platform ([`readers`]).

pub mod compare;
pub mod cores;
pub mod histogram;
pub mod load;
pub mod process;
pub mod readers;
pub mod reload;
pub mod report;
pub mod router;
pub mod scenario;
pub mod server;
pub mod subgraphs;
pub mod subscriptions;
mod ticks;
pub mod wire;
