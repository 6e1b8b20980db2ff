//! `PushDevice`, which only its owner sees.

use async_graphql::{ID, Object};
use time::OffsetDateTime;

use crate::model::{Device, DevicePlatform};

/// A device that push messages go to.
pub(crate) struct DeviceType(pub(crate) Device);

/// A device that push messages go to. Its token is told to nobody.
#[Object(name = "PushDevice")]
impl DeviceType {
    /// Identifies it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What runs on it.
    async fn platform(&self) -> DevicePlatform {
        self.0.platform
    }

    /// What its owner calls it.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    /// When it was registered first.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it was registered last.
    async fn seen_at(&self) -> OffsetDateTime {
        self.0.seen_at
    }
}
