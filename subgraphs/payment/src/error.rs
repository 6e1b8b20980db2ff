//! The codes of refusals, and why the subgraph cannot be built.

use coko_core::crypto::CryptoError;
use coko_core::refusal;
use coko_core::translation::TranslationError;

/// Why the subgraph cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A translation file does not parse.
    #[error(transparent)]
    Translations(#[from] TranslationError),
    /// `column_keys` or `lookup_key` is not usable.
    #[error("payment.column_keys or payment.lookup_key cannot be used: {0}")]
    Keys(#[from] CryptoError),
    /// `seller.tax_rate` is more than everything.
    #[error("payment.seller.tax_rate is {0}; expected hundredths of a percent, at most 10000")]
    TaxRate(u16),
    /// No HTTP client can be made.
    #[error("no HTTP client for payment providers can be made: {0}")]
    Http(#[from] reqwest::Error),
}

refusal! {
    /// Why something could not be bought.
    PurchaseError, PurchaseErrorCode {
        /// It does not exist, or is not sold.
        NotForSale => "payment-not-for-sale",
        /// It is free: nothing is to be paid.
        Free => "payment-free",
        /// You have it already.
        AlreadyOwned => "payment-already-owned",
        /// You are buying it with another order: pay that one with `retryPayment`, or call it off.
        AlreadyOrdered => "payment-already-ordered",
        /// It has no price in this currency, or the provider does not take it.
        CurrencyNotTaken => "payment-currency-not-taken",
        /// This provider is not offered here.
        ProviderNotOffered => "payment-provider-not-offered",
        /// The wallet does not hold enough.
        WalletEmpty => "payment-wallet-empty",
        /// The amount is too small or too large.
        AmountOutOfRange => "payment-amount-out-of-range",
    }
}

refusal! {
    /// Why an order cannot be paid again.
    RetryPaymentError, RetryPaymentErrorCode {
        /// No such order of yours.
        NotFound => "core-not-found",
        /// The order is paid, or over.
        NotOpen => "payment-not-open",
        /// The provider does not take the order's currency.
        CurrencyNotTaken => "payment-currency-not-taken",
        /// This provider is not offered here.
        ProviderNotOffered => "payment-provider-not-offered",
        /// The wallet does not hold enough.
        WalletEmpty => "payment-wallet-empty",
    }
}

refusal! {
    /// Why an order cannot be called off.
    CancelOrderError, CancelOrderErrorCode {
        /// No such order of yours.
        NotFound => "core-not-found",
        /// The order is paid, or over.
        NotOpen => "payment-not-open",
    }
}

refusal! {
    /// Why a subscription cannot be called off.
    CancelSubscriptionError, CancelSubscriptionErrorCode {
        /// You have none.
        NoSubscription => "payment-no-subscription",
    }
}

refusal! {
    /// Why an order cannot be paid back.
    RefundOrderError, RefundOrderErrorCode {
        /// No such order.
        NotFound => "core-not-found",
        /// The order is not paid, or is paid back already.
        NotPaid => "payment-not-paid",
        /// The money was spent from the wallet.
        Spent => "payment-spent",
    }
}

refusal! {
    /// Why a refund cannot be confirmed.
    ConfirmRefundError, ConfirmRefundErrorCode {
        /// No such refund.
        NotFound => "core-not-found",
        /// The provider does this refund by itself.
        NotManual => "payment-not-manual",
    }
}
