//! Licences to read offline.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{RequestExt as _, settle};

use crate::commands::licenses;
use crate::error::{OfflineLicenseError, ReleaseDeviceError};
use crate::graphql::types::LicenseType;
use crate::graphql::{key, reading};

/// A device and a book.
#[derive(InputObject)]
struct IssueOfflineLicenseInput {
    /// The book.
    book_id: ID,
    /// A UUID that the device made for itself once.
    device_id: ID,
    /// What the reader calls the device, at most 80 characters.
    device_name: String,
}

/// A device to release.
#[derive(InputObject)]
struct ReleaseOfflineDeviceInput {
    /// The device.
    device_id: ID,
}

/// What `issueOfflineLicense` did.
#[derive(SimpleObject)]
struct IssueOfflineLicensePayload {
    /// The licence; null when refused. One that was issued before lasts until it ends.
    license: Option<LicenseType>,
    /// Why it was refused; empty when it was not.
    errors: Vec<OfflineLicenseError>,
}

/// What `releaseOfflineDevice` did.
#[derive(SimpleObject)]
struct ReleaseOfflineDevicePayload {
    /// How many licences ran on the device; null when refused.
    released: Option<i32>,
    /// Why it was refused; empty when it was not.
    errors: Vec<ReleaseDeviceError>,
}

#[derive(Default)]
pub(super) struct LicenseMutation;

#[Object]
impl LicenseMutation {
    /// Issues a licence to read a book offline for two weeks on one of at most five devices, or renews it.
    async fn issue_offline_license(
        &self,
        context: &Context<'_>,
        input: IssueOfflineLicenseInput,
    ) -> Result<IssueOfflineLicensePayload> {
        let device = (key(&input.device_id), input.device_name.as_str());
        let (command, reading) = (context.command(), reading(context));
        let outcome = licenses::issue(command, reading, key(&input.book_id), device).await;
        let (license, errors) = settle(context, outcome, OfflineLicenseError::new)?;
        Ok(IssueOfflineLicensePayload {
            license: license.map(LicenseType),
            errors,
        })
    }

    /// Takes a device off the list of those that read offline; it is to forget its books. At most three in thirty days.
    async fn release_offline_device(
        &self,
        context: &Context<'_>,
        input: ReleaseOfflineDeviceInput,
    ) -> Result<ReleaseOfflineDevicePayload> {
        let device = key(&input.device_id);
        let outcome = licenses::release(context.command(), reading(context), device).await;
        let (released, errors) = settle(context, outcome, ReleaseDeviceError::new)?;
        Ok(ReleaseOfflineDevicePayload {
            released: released.map(|count| i32::try_from(count).unwrap_or(i32::MAX)),
            errors,
        })
    }
}
