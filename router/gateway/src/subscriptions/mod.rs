//! Subscriptions that are open: equal ones share one source and one execution per event.
//!
//! A [`Topic`](topic::Topic) is one source with everyone who follows it: same operation, same variables, same token. Its
//! task takes events from the source, executes the rest of the plan once, and puts the answer into a bounded queue per
//! subscriber. It also notices what ends or changes a stream: a token that counts no more, a supergraph that was
//! replaced, a source that ends. How answers are written is the business of [`crate::streams`] and [`crate::websocket`].

mod catch_up;
mod delivery;
mod feed;
mod hub;
mod mapping;
mod replay;
mod source;
mod topic;

pub(crate) use delivery::{End, Item, Subscription};
pub(crate) use hub::Hub;
pub(crate) use source::LAST_EVENT_ID;
pub(crate) use topic::Origin;
