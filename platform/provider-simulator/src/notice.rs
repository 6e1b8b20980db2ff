//! The notices of each provider, and how they prove where they come from.

use coko_core::clock::Clock;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::state::{Outcome, Paying};
use crate::{Config, orange_money, paypal, stripe, wave};

/// The notice that `paying` ended with `outcome`; the same number makes the same event.
pub(crate) fn of(paying: &Paying, outcome: Outcome, number: u32) -> Option<Value> {
    let event = format!("EV_{}_{number}", paying.id);
    let mut shown = paying.clone();
    shown.outcome = Some(outcome);
    shown.paid = outcome == Outcome::Paid;
    Some(match paying.provider {
        "wave" => json!({
            "id": event,
            "type": match outcome {
                Outcome::Paid => "checkout.session.completed",
                _ => "checkout.session.payment_failed",
            },
            "data": wave::session(&shown, ""),
        }),
        "stripe" => json!({
            "id": event,
            "type": match outcome {
                Outcome::Paid => "checkout.session.completed",
                Outcome::Failed(_) => "checkout.session.async_payment_failed",
                Outcome::Expired => "checkout.session.expired",
            },
            "data": { "object": stripe::session(&shown, "") },
        }),
        "paypal" => {
            if outcome != Outcome::Paid {
                return None;
            }
            json!({
                "id": event,
                "event_type": "CHECKOUT.ORDER.APPROVED",
                "resource": paypal::order(paying, ""),
            })
        }
        _ => json!({
            "status": if outcome == Outcome::Paid { "SUCCESS" } else { "FAILED" },
            "notif_token": orange_money::notice_token(paying),
            "txnid": paying.transaction(),
        }),
    })
}

/// The headers that prove a notice; wrong ones when it is not to be `genuine`.
pub(crate) fn signature(
    provider: &str,
    body: &str,
    config: &Config,
    clock: &Clock,
    genuine: bool,
) -> Vec<(&'static str, String)> {
    let stamp = clock.now().unix_timestamp().to_string();
    let secret = if genuine {
        config.webhook_secret.expose()
    } else {
        "another secret"
    };
    let sign = |text: &str| {
        let mut mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret.as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    };
    let stamped = |separator: &str| {
        format!(
            "t={stamp},v1={}",
            sign(&format!("{stamp}{separator}{body}"))
        )
    };
    match provider {
        "wave" => vec![("wave-signature", stamped(""))],
        "stripe" => vec![("stripe-signature", stamped("."))],
        "paypal" => vec![
            ("paypal-auth-algo", "SHA256withRSA".to_owned()),
            ("paypal-cert-url", "https://api.paypal.com/cert".to_owned()),
            ("paypal-transmission-sig", sign(&format!("paypal-{stamp}"))),
            ("paypal-transmission-id", format!("paypal-{stamp}")),
            ("paypal-transmission-time", stamp),
        ],
        _ => Vec::new(),
    }
}

/// Whether PayPal would say that it sent a notice.
pub(crate) fn is_paypals(config: &Config, id: &str, signature: &str) -> bool {
    let mut mac =
        <Hmac<Sha256> as hmac::Mac>::new_from_slice(config.webhook_secret.expose().as_bytes())
            .expect("HMAC takes keys of any length");
    mac.update(id.as_bytes());
    hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_ok())
}
