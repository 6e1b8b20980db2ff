//! Royalties: accounts, what was earned, statements, payouts.

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, ID, Object, SimpleObject};
use coko_core::Result;
use coko_core::graphql::{MoneyType, RequestExt as _};
use coko_core::money::{Currency, Money};
use time::{Date, OffsetDateTime};

use super::{PayeeType, StatementLanguage};
use crate::commands::payouts;
use crate::commands::statements::{self, Format};
use crate::config::{Terms, Thresholds};
use crate::graphql::loader::{Balances, Titles};
use crate::graphql::publishing;
use crate::model::{
    Accrual, AccrualStatus, Balance, Payout, PayoutStatus, RoyaltySource, Statement,
};

/// What somebody earns.
pub(crate) struct AccountType(pub(crate) PayeeType);

/// What a person or an organisation earns.
#[Object(name = "RoyaltyAccount")]
impl AccountType {
    /// Whose it is.
    async fn payee(&self) -> PayeeType {
        self.0
    }

    /// What is held and owed, in each currency in which anything was ever earned.
    async fn balances(&self, context: &Context<'_>) -> Result<Vec<BalanceType>> {
        let loader = context.data_unchecked::<DataLoader<Balances>>();
        let balances = loader.load_one(self.0.id).await?.unwrap_or_default();
        Ok(balances.into_iter().map(BalanceType).collect())
    }
}

/// What is held and owed in one currency.
pub(crate) struct BalanceType(Balance);

/// What is held and owed in one currency.
#[Object(name = "RoyaltyBalance")]
impl BalanceType {
    /// The currency.
    async fn currency(&self) -> Currency {
        self.0.currency.0
    }

    /// What is held for a while, as sales may be undone.
    async fn escrow(&self) -> MoneyType {
        Money::new(self.0.escrow, self.0.currency.0).into()
    }

    /// What can be paid out; below zero where more was paid than was earned in the end, which what is earned next makes up for.
    async fn payable(&self) -> MoneyType {
        Money::new(self.0.payable, self.0.currency.0).into()
    }
}

/// What a sale or a month's reading earned.
#[derive(Clone)]
pub(crate) struct AccrualType(pub(crate) Accrual);

/// What a sale or a month's reading earned.
#[Object(name = "RoyaltyAccrual")]
impl AccrualType {
    /// Identifies it.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// What earned it.
    async fn source(&self) -> RoyaltySource {
        self.0.source
    }

    /// What the work is called.
    async fn title(&self, context: &Context<'_>) -> Result<Option<String>> {
        let loader = context.data_unchecked::<DataLoader<Titles>>();
        loader.load_one(self.0.manuscript_id).await
    }

    /// The month of the reading, by its first day.
    async fn month(&self) -> Option<Date> {
        self.0.month
    }

    /// Copies sold, or seconds read.
    async fn units(&self) -> i64 {
        self.0.units
    }

    /// What was shared.
    async fn gross(&self) -> MoneyType {
        self.0.gross().into()
    }

    /// This payee's part of it.
    async fn amount(&self) -> MoneyType {
        self.0.money().into()
    }

    /// Where it stands.
    async fn status(&self) -> AccrualStatus {
        self.0.status
    }

    /// When it was earned.
    async fn accrued_at(&self) -> OffsetDateTime {
        self.0.accrued_at
    }

    /// From when on it can be paid out.
    async fn payable_at(&self) -> OffsetDateTime {
        self.0.payable_at
    }

    /// When it was taken back.
    async fn reversed_at(&self) -> Option<OffsetDateTime> {
        self.0.reversed_at
    }
}

/// What happened on an account in a month.
#[derive(Clone)]
pub(crate) struct StatementType(pub(crate) Statement);

/// What happened on an account in a month: `closing` is `opening` and `accrued` without `reversed` and `paid`.
#[Object(name = "RoyaltyStatement")]
impl StatementType {
    /// Identifies the statement.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its number as people write it.
    async fn number(&self) -> String {
        self.0.code()
    }

    /// The month, by its first day.
    async fn month(&self) -> Date {
        self.0.month
    }

    /// What was held and owed before.
    async fn opening(&self) -> MoneyType {
        self.0.money(self.0.opening).into()
    }

    /// What was earned.
    async fn accrued(&self) -> MoneyType {
        self.0.money(self.0.accrued).into()
    }

    /// What was taken back.
    async fn reversed(&self) -> MoneyType {
        self.0.money(self.0.reversed).into()
    }

    /// What was paid out.
    async fn paid(&self) -> MoneyType {
        self.0.money(self.0.paid).into()
    }

    /// What is held and owed after that.
    async fn closing(&self) -> MoneyType {
        self.0.money(self.0.closing).into()
    }

    /// When it was issued.
    async fn issued_at(&self) -> OffsetDateTime {
        self.0.issued_at
    }

    /// Where it is a PDF, for ten minutes, for whoever has this address; in the viewer's language unless told otherwise.
    async fn pdf_url(&self, context: &Context<'_>, language: Option<StatementLanguage>) -> String {
        let locale = StatementLanguage::locale(language, context.locale());
        let service = publishing(context);
        statements::address(context.command(), service, &self.0, Format::Pdf, &locale)
    }

    /// Where it is CSV with amounts in minor units, as `pdfUrl`.
    async fn csv_url(&self, context: &Context<'_>, language: Option<StatementLanguage>) -> String {
        let locale = StatementLanguage::locale(language, context.locale());
        let service = publishing(context);
        statements::address(context.command(), service, &self.0, Format::Csv, &locale)
    }
}

/// What somebody asked to be paid.
#[derive(Clone)]
pub(crate) struct PayoutType(pub(crate) Payout);

/// What somebody asked to be paid.
#[Object(name = "RoyaltyPayout")]
impl PayoutType {
    /// Identifies the payout.
    async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// How much.
    async fn amount(&self) -> MoneyType {
        self.0.money().into()
    }

    /// Where it stands.
    async fn status(&self) -> PayoutStatus {
        self.0.status
    }

    /// The end of the number that it goes to.
    async fn destination_hint(&self) -> &str {
        &self.0.destination_hint
    }

    /// Where it goes to, for operators; null for everyone else, and a while after it is settled. Needs `royalties:pay`.
    #[expect(
        clippy::unused_async,
        reason = "opened when it is asked for, not before"
    )]
    async fn destination(&self, context: &Context<'_>) -> Result<Option<PayoutDestination>> {
        if !context.viewer().can("royalties", "pay") {
            return Ok(None);
        }
        let found = payouts::destination(publishing(context), &self.0)?;
        Ok(found.map(|found| PayoutDestination {
            mobile: found.mobile,
            name: found.name,
        }))
    }

    /// The transfer's own id, or why it was rejected.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }

    /// When it was asked for.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// When it was settled.
    async fn settled_at(&self) -> Option<OffsetDateTime> {
        self.0.settled_at
    }
}

/// Whose mobile money account gets a payout.
#[derive(SimpleObject)]
pub(crate) struct PayoutDestination {
    /// E.164.
    mobile: String,
    /// The holder's name.
    name: String,
}

/// The platform's terms.
pub(crate) struct TermsType(pub(crate) Terms, pub(crate) Thresholds);

/// The platform's terms for new contracts and for payouts.
#[Object(name = "PublishingTerms")]
impl TermsType {
    /// What the platform keeps of a sale, in basis points.
    async fn platform_share(&self) -> u32 {
        self.0.platform_share
    }

    /// How long a royalty is held before it can be paid out, in days.
    async fn escrow_days(&self) -> i64 {
        self.0.escrow_days
    }

    /// What an hour of reading by subscription is worth.
    async fn reading_hour(&self) -> MoneyType {
        Money::new(self.0.reading_francs_per_hour, Currency::Xof).into()
    }

    /// The least that is paid out, in each currency.
    async fn least_payouts(&self) -> Vec<MoneyType> {
        let least = |currency| MoneyType(Money::new(self.1.of(currency), currency));
        Currency::ALL.into_iter().map(least).collect()
    }
}
