//! Devices that push messages go to.

use coko_core::context::CommandContext;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::text;
use diesel_async::AsyncConnection as _;
use uuid::Uuid;

use super::{Dispatch, TOKEN, gone, owner};
use crate::error::{RegisterDeviceErrorCode, UnregisterDeviceErrorCode};
use crate::model::device::{MOST, is_token};
use crate::model::{Device, DevicePlatform};
use crate::store;

/// Most characters of a device's name.
const NAME: usize = 80;

/// A device to register.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) token: String,
    pub(crate) platform: DevicePlatform,
    pub(crate) name: Option<String>,
}

/// Has push messages of the viewer's go to a device; one that is known is only seen again.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn register(
    context: &CommandContext,
    dispatch: &Dispatch,
    wanted: Wanted,
) -> Outcome<Device, RegisterDeviceErrorCode> {
    use RegisterDeviceErrorCode as Code;
    let user = owner(&context.viewer)?;
    let mut refusals = Refusals::default();
    if !is_token(&wanted.token) {
        refusals.add(Code::TokenInvalid, "token");
    }
    let name = wanted.name.map(|name| text::line(&name, NAME)).transpose();
    let name = refusals.check(name, Code::NameInvalid, "name").flatten();
    let name = refusals.finish(name)?;
    let device = Device {
        id: context.id(),
        user_id: user,
        platform: wanted.platform,
        name,
        token_sealed: dispatch.cipher.seal(&context.entropy, TOKEN, &wanted.token),
        token_index: dispatch.cipher.blind_index(TOKEN, &wanted.token),
        created_at: context.now,
        seen_at: context.now,
    };
    let mut connection = dispatch.pool.get().await?;
    connection
        .transaction(async |connection| {
            let person = store::people::lock(connection, user).await?;
            if person.is_gone() {
                return Err(gone().into());
            }
            let kept = store::devices::keep(connection, &device).await?;
            let all = store::devices::of(connection, &[user]).await?;
            let beyond: Vec<Uuid> = all.iter().skip(MOST).map(|device| device.id).collect();
            if !beyond.is_empty() {
                store::devices::remove(connection, user, &beyond).await?;
            }
            Ok(kept)
        })
        .await
}

/// Has no push messages go to a device of the viewer's any more: signing out does so.
///
/// # Errors
/// Refusals with their codes; whatever stops the command.
pub(crate) async fn unregister(
    context: &CommandContext,
    dispatch: &Dispatch,
    id: Uuid,
) -> Outcome<Uuid, UnregisterDeviceErrorCode> {
    let user = owner(&context.viewer)?;
    let mut connection = dispatch.pool.get().await?;
    if store::devices::remove(&mut connection, user, &[id]).await? > 0 {
        Ok(id)
    } else {
        let code = UnregisterDeviceErrorCode::NotFound;
        Err(Failure::field(code, "deviceId"))
    }
}
