//! The one binary of Coko: a table of roles ([`roles`]) and a table of commands ([`commands`]).
//!
//! This crate owns putting the members together: configuration, the platform that services are built with, private servers
//! for a laptop, and the command line. What a service or the router does is theirs.

pub mod cli;
pub mod commands;
pub mod config;
mod health;
pub mod home;
mod invalidation;
pub mod live;
mod output;
pub mod platform;
mod progress;
mod proxy;
pub mod registry;
pub mod roles;
pub mod stack;

pub use config::Settings;
