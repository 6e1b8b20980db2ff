//! What the simulated providers remember.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::{Order, Scenario};

/// How a payer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Paid,
    Failed(&'static str),
    Expired,
}

/// One payment.
#[derive(Clone, Debug)]
pub(crate) struct Paying {
    pub(crate) id: String,
    pub(crate) provider: &'static str,
    pub(crate) reference: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) notice_url: Option<String>,
    pub(crate) success_url: String,
    pub(crate) cancel_url: String,
    /// Unguessable: Orange Money's tokens derive from it.
    pub(crate) token: String,
    pub(crate) outcome: Option<Outcome>,
    /// Money was taken; PayPal takes it only at the capture.
    pub(crate) paid: bool,
    pub(crate) refunds: u32,
    pub(crate) refund_keys: Vec<String>,
}

impl Paying {
    /// The name of the transaction, intent or capture.
    pub(crate) fn transaction(&self) -> String {
        format!("T{}", self.id)
    }

    pub(crate) fn summary(&self) -> Value {
        json!({
            "id": self.id, "provider": self.provider, "reference": self.reference, "amount": self.amount,
            "currency": self.currency, "paid": self.paid, "refunds": self.refunds,
            "outcome": format!("{:?}", self.outcome),
        })
    }
}

/// Everything.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) payments: BTreeMap<String, Paying>,
    pub(crate) scenario: Scenario,
    pub(crate) by_amount: HashMap<i64, Scenario>,
    pub(crate) mix: Vec<(Scenario, u32)>,
    /// Payments by idempotency key.
    pub(crate) keys: HashMap<String, String>,
    pub(crate) webhook_url: Option<String>,
    opened: u32,
}

impl State {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            payments: BTreeMap::new(),
            scenario,
            by_amount: HashMap::new(),
            mix: Vec::new(),
            keys: HashMap::new(),
            webhook_url: None,
            opened: 0,
        }
    }

    /// By amount, else by share: of every hundred payments the first few of each kind, else the general one.
    pub(crate) fn scenario_for(&self, amount: i64) -> Scenario {
        if let Some(scenario) = self.by_amount.get(&amount) {
            return *scenario;
        }
        let mut place = self.opened * 37 % 100;
        for (scenario, share) in &self.mix {
            if place < *share {
                return *scenario;
            }
            place -= share;
        }
        self.scenario
    }

    pub(crate) fn open(&mut self, order: Order, token: String) -> Paying {
        self.opened += 1;
        let id = format!(
            "{:08}{}",
            self.opened,
            token
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(12)
                .collect::<String>()
        );
        let paying = Paying {
            id: id.clone(),
            provider: order.provider,
            reference: order.reference,
            amount: order.amount,
            currency: order.currency,
            notice_url: order.notice_url,
            success_url: order.success_url,
            cancel_url: order.cancel_url,
            token,
            outcome: None,
            paid: false,
            refunds: 0,
            refund_keys: Vec::new(),
        };
        self.payments.insert(id, paying.clone());
        paying
    }

    /// Ends a payment, unless it ended before.
    pub(crate) fn finish(&mut self, id: &str, outcome: Outcome) -> Option<Paying> {
        let paying = self.payments.get_mut(id)?;
        if paying.outcome.is_none() {
            paying.outcome = Some(outcome);
            paying.paid = outcome == Outcome::Paid && paying.provider != "paypal";
            return Some(paying.clone());
        }
        None
    }

    pub(crate) fn by_reference(&self, reference: &str) -> Option<String> {
        let mut all = self.payments.values();
        all.find(|paying| paying.reference == reference)
            .map(|paying| paying.id.clone())
    }

    /// Pays one back, once per key; false when it was not paid.
    pub(crate) fn refund(&mut self, id: &str, key: &str) -> bool {
        let Some(paying) = self.payments.get_mut(id).filter(|paying| paying.paid) else {
            return false;
        };
        if !paying.refund_keys.iter().any(|known| known == key) {
            paying.refund_keys.push(key.to_owned());
            paying.refunds += 1;
        }
        true
    }
}
