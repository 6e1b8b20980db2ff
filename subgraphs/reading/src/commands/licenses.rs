//! Licences to read offline: issued, renewed, released.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusal};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Reading, gone, reader};
use crate::error::{OfflineLicenseErrorCode, ReleaseDeviceErrorCode};
use crate::model::License;
use crate::model::entitlement::strongest;
use crate::model::license::{MAX_DEVICES, MAX_NAME, MAX_RELEASES, RELEASE_WINDOW, expiry};
use crate::store;

/// Issues a licence for one book to one of the viewer's devices, or renews it. A refusal takes nothing: a licence that was
/// issued lasts until it ends.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED` for a guest.
pub(crate) async fn issue(
    context: &CommandContext,
    reading: &Reading,
    book: Uuid,
    (device, name): (Uuid, &str),
) -> Outcome<License, OfflineLicenseErrorCode> {
    use OfflineLicenseErrorCode as C;
    let user = reader(&context.viewer, "write")?;
    let name =
        text::line(name, MAX_NAME).map_err(|_| Failure::field(C::DeviceInvalid, "deviceName"))?;
    if device.is_nil() {
        return Err(Failure::field(C::DeviceInvalid, "deviceId"));
    }
    let mut connection = reading.pool.get().await?;
    connection
        .transaction(async |connection| {
            let now = context.now;
            // The lock keeps two devices from taking the last place at once.
            let reader = store::readers::lock(connection, user).await?;
            if reader.is_gone() {
                return Err(gone().into());
            }
            let rights = store::entitlements::of(connection, user, &[book]).await?;
            let right =
                strongest(&rights).ok_or_else(|| Failure::field(C::NotEntitled, "bookId"))?;
            let devices = store::licenses::devices(connection, user, now).await?;
            if !devices.contains(&device) && devices.len() >= MAX_DEVICES {
                let refusal = Refusal::beyond(C::TooManyDevices, "deviceId", MAX_DEVICES);
                return Err(vec![refusal].into());
            }
            let period_end = store::subscriptions::running(connection, user).await?;
            let expires_at = expiry(right, period_end, now);
            let known = store::licenses::find(connection, user, book, device).await?;
            let outcome = if known.is_some() { "RENEWED" } else { "ISSUED" };
            let license = match known {
                Some(known) => {
                    let license = License {
                        device_name: name,
                        renewed_at: now,
                        expires_at,
                        ..known
                    };
                    store::licenses::update(connection, &license).await?;
                    license
                }
                None => {
                    let license = License {
                        id: context.id(),
                        user_id: user,
                        book_id: book,
                        device_id: device,
                        device_name: name,
                        issued_at: now,
                        renewed_at: now,
                        expires_at,
                        released_at: None,
                    };
                    store::licenses::insert(connection, &license).await?;
                    license
                }
            };
            metrics::counter!("reading_offline_licenses_total", "outcome" => outcome).increment(1);
            Ok(license)
        })
        .await
}

/// Takes a device of the viewer's off the list, which promises to forget its books; returns how many licences ran on it.
///
/// # Errors
/// Refusals; `UNAUTHENTICATED` for a guest.
pub(crate) async fn release(
    context: &CommandContext,
    reading: &Reading,
    device: Uuid,
) -> Outcome<usize, ReleaseDeviceErrorCode> {
    use ReleaseDeviceErrorCode as C;
    let user = reader(&context.viewer, "write")?;
    let mut connection = reading.pool.get().await?;
    connection
        .transaction(async |connection| {
            store::readers::lock(connection, user).await?;
            let since = context.now - RELEASE_WINDOW;
            if store::licenses::releases(connection, user, since).await? >= MAX_RELEASES {
                return Err(Failure::whole(C::TooManyReleases));
            }
            let released = store::licenses::release(connection, user, device, context.now).await?;
            if released == 0 {
                return Err(Failure::field(C::NotFound, "deviceId"));
            }
            Ok(released)
        })
        .await
}
