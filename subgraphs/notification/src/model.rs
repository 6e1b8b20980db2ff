//! Types and rules; no async, no I/O.

pub(crate) mod callback;
pub(crate) mod channel;
pub(crate) mod delivery;
pub(crate) mod device;
pub(crate) mod digest;
pub(crate) mod fact;
pub(crate) mod gsm;
pub(crate) mod kind;
pub(crate) mod message;
pub(crate) mod notification;
pub(crate) mod person;
pub(crate) mod plan;
pub(crate) mod preference;
pub(crate) mod quiet;
pub(crate) mod zone;

pub(crate) use channel::Channel;
pub(crate) use delivery::{Attempt, Delivery, Outcome, Status};
pub(crate) use device::{Device, DevicePlatform};
pub(crate) use digest::DigestInterval;
pub(crate) use fact::{Fact, Facts};
pub(crate) use kind::{Kind, Workflow};
pub(crate) use message::Message;
pub(crate) use notification::Notification;
pub(crate) use person::Person;
pub(crate) use plan::Planned;
pub(crate) use preference::{Choice, Preferences};
pub(crate) use quiet::QuietHours;
