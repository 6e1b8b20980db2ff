//! The types that clients see.

mod delivery;
mod device;
mod notification;
mod preferences;

pub(super) use delivery::DeliveryType;
pub(super) use device::DeviceType;
pub(super) use notification::NotificationType;
pub(super) use preferences::PreferencesType;
