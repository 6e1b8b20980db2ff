//! Invoices, and the credit notes that undo them.

use coko_core::money::Money;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Attempt, CurrencyCode, Order, OrderKind, Provider, order};
use crate::tables::invoices;

coko_core::text_enum! {
    /// What a document of the books is.
    pub(crate) InvoiceKind {
        /// It says what was bought.
        Invoice = "INVOICE",
        /// It undoes an invoice, because the money went back.
        CreditNote = "CREDIT_NOTE",
    }
}

impl InvoiceKind {
    /// The letter of its series: *facture*, *avoir*.
    fn letter(self) -> char {
        match self {
            Self::Invoice => 'F',
            Self::CreditNote => 'A',
        }
    }
}

/// Who sells, as the law wants it named on an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seller {
    /// The company. Default `Coko`.
    pub name: String,
    /// Its address, a line each. Default none.
    pub address: Vec<String>,
    /// Its numbers in the trade and tax registers, a line each. Default none.
    pub registrations: Vec<String>,
    /// The value-added tax that prices include, in hundredths of a percent: 1800 is 18 %. Default 0.
    pub tax_rate: u16,
    /// What the law wants said besides, such as why no tax is due. Default nothing.
    pub notice: Option<String>,
}

impl Default for Seller {
    fn default() -> Self {
        Self {
            name: "Coko".to_owned(),
            address: Vec::new(),
            registrations: Vec::new(),
            tax_rate: 0,
            notice: None,
        }
    }
}

impl Seller {
    /// The highest rate of tax.
    pub(crate) const MAX_TAX_RATE: u16 = 10_000;
}

/// An invoice or credit note; once issued, it never changes.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = invoices)]
pub(crate) struct Invoice {
    pub(crate) id: Uuid,
    pub(crate) kind: InvoiceKind,
    pub(crate) year: i32,
    pub(crate) number: i64,
    pub(crate) order_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) cancels_id: Option<Uuid>,
    pub(crate) subject: OrderKind,
    pub(crate) title: String,
    pub(crate) amount: i64,
    pub(crate) currency: CurrencyCode,
    pub(crate) charged_amount: i64,
    pub(crate) charged_currency: CurrencyCode,
    pub(crate) provider: Provider,
    pub(crate) tax_rate: i32,
    pub(crate) seller: serde_json::Value,
    pub(crate) issued_at: OffsetDateTime,
}

/// A number of a series that nobody else has, and the moment that belongs to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeriesNumber {
    pub(crate) year: i32,
    pub(crate) number: i64,
    pub(crate) issued_at: OffsetDateTime,
}

impl Invoice {
    /// The invoice of a paid order. Money that was put into a wallet buys nothing yet, so it has none.
    pub(crate) fn of(id: Uuid, order: &Order, attempt: &Attempt, seller: &Seller) -> Option<Self> {
        (order.kind != OrderKind::TopUp).then(|| Self {
            id,
            kind: InvoiceKind::Invoice,
            year: 0,
            number: 0,
            order_id: order.id,
            user_id: order.user_id,
            cancels_id: None,
            subject: order.kind,
            title: order.title.clone(),
            amount: order.amount,
            currency: order.currency,
            charged_amount: attempt.charged_amount,
            charged_currency: attempt.charged_currency,
            provider: attempt.provider,
            tax_rate: seller.tax_rate.min(Seller::MAX_TAX_RATE).into(),
            seller: serde_json::to_value(seller).unwrap_or_default(),
            issued_at: order.updated_at,
        })
    }

    /// The credit note that undoes an invoice, under the terms of that invoice.
    pub(crate) fn undone(&self, id: Uuid) -> Self {
        Self {
            id,
            kind: InvoiceKind::CreditNote,
            cancels_id: Some(self.id),
            ..self.clone()
        }
    }

    /// The document with its number.
    pub(crate) fn numbered(self, number: SeriesNumber) -> Self {
        Self {
            year: number.year,
            number: number.number,
            issued_at: number.issued_at,
            ..self
        }
    }

    /// The number as people write it: `F2026-000042`.
    pub(crate) fn code(&self) -> String {
        format!("{}{}-{:06}", self.kind.letter(), self.year, self.number)
    }

    /// The order as people write it.
    pub(crate) fn order_reference(&self) -> String {
        order::reference(self.order_id)
    }

    /// What was paid, with the tax.
    pub(crate) fn total(&self) -> Money {
        Money::new(self.amount, self.currency.0)
    }

    /// The tax in it, rounded half up to the minor unit.
    pub(crate) fn tax(&self) -> Money {
        let (amount, rate) = (i128::from(self.amount), i128::from(self.tax_rate));
        let with_tax = 10_000 + rate;
        let tax = (2 * amount * rate + with_tax).div_euclid(2 * with_tax);
        // It is less than the amount.
        Money::new(i64::try_from(tax).unwrap_or_default(), self.currency.0)
    }

    /// What was paid, without the tax.
    pub(crate) fn net(&self) -> Money {
        Money::new(self.amount - self.tax().amount, self.currency.0)
    }

    /// What the provider took, in the currency that it takes.
    pub(crate) fn charged(&self) -> Money {
        Money::new(self.charged_amount, self.charged_currency.0)
    }

    /// Who sold it.
    ///
    /// # Errors
    /// When a later version of the program wrote what this one does not know: it must not print half of it.
    pub(crate) fn seller(&self) -> serde_json::Result<Seller> {
        Seller::deserialize(&self.seller)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use coko_core::money::Currency;
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn invoice(amount: i64, tax_rate: u16) -> Invoice {
        let order = Order {
            id: Uuid::from_u128(1),
            user_id: Uuid::from_u128(2),
            kind: OrderKind::Book,
            book_id: Some(Uuid::from_u128(3)),
            plan_code: None,
            title: "L'Enfant noir".to_owned(),
            amount,
            currency: CurrencyCode(Currency::Xof),
            status: super::super::OrderStatus::Paid,
            paid_attempt_id: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            updated_at: OffsetDateTime::UNIX_EPOCH,
            due_at: None,
        };
        let attempt = Attempt::new(
            Uuid::from_u128(4),
            order.id,
            Provider::Paypal,
            Money::new(229, Currency::Eur),
            OffsetDateTime::UNIX_EPOCH,
        );
        let seller = Seller {
            name: "Coko SARL".to_owned(),
            address: vec!["12 avenue Bourguiba".to_owned(), "Dakar".to_owned()],
            registrations: vec!["NINEA 000000000".to_owned()],
            tax_rate,
            notice: None,
        };
        let number = SeriesNumber {
            year: 2026,
            number: 42,
            issued_at: OffsetDateTime::from_unix_timestamp(1_769_904_000).unwrap(),
        };
        let invoice = Invoice::of(Uuid::from_u128(5), &order, &attempt, &seller).unwrap();
        invoice.numbered(number)
    }

    #[test]
    fn the_tax_is_in_the_amount() {
        for (amount, rate, tax) in [
            (1180, 1800, 180),
            (1500, 1800, 229),
            (1500, 0, 0),
            (1, 10_000, 1),
        ] {
            let invoice = invoice(amount, rate);
            assert_eq!(invoice.tax().amount, tax, "{amount} at {rate}");
            assert_eq!(invoice.net().amount + tax, amount);
        }
    }

    #[test]
    fn a_credit_note_has_the_terms_of_its_invoice() {
        let invoice = invoice(1500, 1800);
        assert_eq!(invoice.code(), "F2026-000042");
        let note = invoice.undone(Uuid::from_u128(6));
        assert_eq!(note.code(), "A2026-000042");
        assert_eq!(note.cancels_id, Some(invoice.id));
        assert_eq!((note.total(), note.tax()), (invoice.total(), invoice.tax()));
        assert_eq!(note.seller().unwrap(), invoice.seller().unwrap());
    }

    proptest! {
        #[test]
        fn tax_is_never_more_than_the_amount(amount in 1_i64.., rate in 0_u16..=10_000) {
            let invoice = invoice(amount, rate);
            prop_assert!((0..=amount).contains(&invoice.tax().amount));
        }
    }
}
