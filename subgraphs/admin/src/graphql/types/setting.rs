//! Settings and feature flags.

use async_graphql::{Json, Object, SimpleObject};
use serde_json::Value;
use time::OffsetDateTime;

use super::UserType;
use crate::model::Setting;

/// Something that operators set while the platform runs.
pub(crate) struct SettingType(pub(crate) Setting);

/// Something that operators set while the platform runs.
#[Object(name = "PlatformSetting")]
impl SettingType {
    /// Its name: `search.typo-tolerance`.
    async fn key(&self) -> &str {
        &self.0.key
    }

    /// What it does.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// What it is set to: true or false for a feature flag; null once it is removed.
    async fn value(&self) -> Option<Json<Value>> {
        self.0.value.clone().map(Json)
    }

    /// For how many of a hundred people it holds.
    async fn share(&self) -> i32 {
        self.0.share.into()
    }

    /// Whether applications see it in `features`.
    async fn for_clients(&self) -> bool {
        self.0.for_clients
    }

    /// Counts its changes.
    async fn version(&self) -> i64 {
        self.0.version
    }

    /// Whether every process was told; false for the moment of a change, or while the broker is down.
    async fn told(&self) -> bool {
        self.0.told >= self.0.version
    }

    /// When it was changed last.
    async fn updated_at(&self) -> OffsetDateTime {
        self.0.updated_at
    }

    /// Who changed it last.
    async fn updated_by(&self) -> Option<UserType> {
        self.0.updated_by.map(UserType::reference)
    }
}

/// A setting as it holds for the viewer.
#[derive(SimpleObject)]
#[graphql(name = "PlatformFeature")]
pub(crate) struct FeatureType {
    /// Its name.
    pub(crate) key: String,
    /// Whether it is on for the viewer: false for what is not true or false.
    pub(crate) on: bool,
    /// What it is set to; null where it does not hold for the viewer.
    pub(crate) value: Option<Json<Value>>,
}
