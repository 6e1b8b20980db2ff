//! Registration and the proof of an address.
//!
//! Neither reveals whether an address has an account: `register` answers the same and takes as long either way, and the
//! owner of a known address gets a letter that says so. A new account can do nothing before its address is proven, so
//! trying to sign in does not tell either. Registering an unproven address again replaces the earlier attempt and its
//! link, so whoever owns the address decides by opening the newest link.

use coko_core::context::CommandContext;
use coko_core::crypto::token_hash;
use coko_core::database::Connection;
use coko_core::events::auth::UserRegistered;
use coko_core::graphql::{Failure, Outcome, Refusals};
use coko_core::locale::Locale;
use coko_core::{mail, outbox, text};
use diesel_async::AsyncConnection as _;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::{Auth, audit};
use crate::error::{
    RegisterErrorCode, ResendVerificationErrorCode, VerifyEmailErrorCode, limits, password_code,
};
use crate::letters::{self, Content};
use crate::model::{
    Account, Change, ConsentKind, Email, Method, NewAccount, NewConsent, OneTimeToken, Preferences,
    Purpose, Status, Subject, check_password, is_country, is_time_zone, prepare_password,
};
use crate::store;

/// What a person says of themselves when they register.
#[derive(Debug)]
pub(crate) struct Introduction {
    pub display_name: String,
    pub country: Option<String>,
    pub language: Option<String>,
    pub time_zone: Option<String>,
    pub consents: Consents,
}

/// What a person agrees to when they register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Consents {
    pub tracking: bool,
    pub marketing: bool,
    pub analytics: bool,
}

impl Consents {
    fn of(self, kind: ConsentKind) -> bool {
        match kind {
            ConsentKind::Tracking => self.tracking,
            ConsentKind::Marketing => self.marketing,
            ConsentKind::Analytics => self.analytics,
        }
    }
}

/// A checked introduction.
#[derive(Debug)]
pub(crate) struct Introduced {
    pub display_name: String,
    pub country: Option<String>,
    pub language: String,
    pub time_zone: String,
    pub consents: Consents,
}

/// The codes of a mutation that takes an introduction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IntroductionCodes<C> {
    pub display_name: C,
    pub country: C,
    pub language: C,
    pub time_zone: C,
    pub consent: C,
}

/// Checks an introduction; what is not said follows the request's language and UTC.
pub(crate) fn introduce<C: Copy>(
    context: &CommandContext,
    input: Introduction,
    codes: IntroductionCodes<C>,
    refusals: &mut Refusals<C>,
) -> Option<Introduced> {
    let name = refusals.check(
        text::line(&input.display_name, limits::NAME),
        codes.display_name,
        "displayName",
    );
    let country = input.country.map(|country| country.to_uppercase());
    if country
        .as_deref()
        .is_some_and(|country| !is_country(country))
    {
        refusals.add(codes.country, "country");
    }
    let language = input.language.unwrap_or_else(|| context.locale.to_string());
    let language = refusals.check(language.parse::<Locale>(), codes.language, "language");
    let time_zone = input.time_zone.unwrap_or_else(|| "UTC".to_owned());
    if !is_time_zone(&time_zone) {
        refusals.add(codes.time_zone, "timeZone");
    }
    if !input.consents.tracking {
        refusals.add(codes.consent, "consents.tracking");
    }
    Some(Introduced {
        display_name: name?,
        country,
        language: language?.to_string(),
        time_zone,
        consents: input.consents,
    })
}

/// Registers an address with a password; returns the address as it was understood.
pub(crate) async fn register(
    context: &CommandContext,
    auth: &Auth,
    email: &str,
    password: &str,
    introduction: Introduction,
) -> Outcome<String, RegisterErrorCode> {
    let mut refusals = Refusals::default();
    let email = refusals.check(
        Email::parse(email),
        RegisterErrorCode::EmailInvalid,
        "email",
    );
    let password = prepare_password(password);
    let personal = [
        email.as_ref().map_or("", Email::as_str),
        &introduction.display_name,
    ];
    if let Err(fault) = check_password(&password, &personal) {
        refusals.add(password_code(fault), "password");
    }
    let codes = IntroductionCodes {
        display_name: RegisterErrorCode::DisplayNameInvalid,
        country: RegisterErrorCode::CountryUnknown,
        language: RegisterErrorCode::LanguageInvalid,
        time_zone: RegisterErrorCode::TimeZoneUnknown,
        consent: RegisterErrorCode::ConsentRequired,
    };
    let introduced = introduce(context, introduction, codes, &mut refusals);
    refusals.finish(())?;
    let (Some(email), Some(introduced)) = (email, introduced) else {
        return Err(Failure::Refused(Vec::new()));
    };
    auth.throttle(
        context,
        "register",
        email.as_str(),
        auth.config.limits.register,
    )
    .await?;
    let work = async {
        let hash = auth.hasher.hash(password, &context.entropy).await?;
        let mut connection = auth.pool.get().await?;
        connection
            .transaction(async |connection| {
                register_in(context, auth, connection, &email, &hash, &introduced).await
            })
            .await
    };
    auth.evenly(work).await?;
    Ok(email.to_string())
}

async fn register_in(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    email: &Email,
    hash: &str,
    introduced: &Introduced,
) -> Outcome<(), RegisterErrorCode> {
    let account = NewAccount {
        email: Some(email.as_str()),
        password_hash: Some(hash),
        ..new_account(context, introduced, Status::Pending)
    };
    let inserted = store::accounts::insert(connection, &account).await?;
    let Some(known) = store::accounts::lock_by_email(connection, email.as_str()).await? else {
        // The account that held the address was erased between the two statements; the person may simply try again.
        return Err(coko_core::Error::new(coko_core::Code::Conflict, "core-conflict").into());
    };
    if known.status == Status::Pending {
        if !inserted {
            store::accounts::replace_pending(connection, known.id, &account).await?;
            store::privacy::remove_consents(connection, known.id).await?;
        }
        record_consents(context, connection, known.id, introduced.consents).await?;
        audit(
            connection,
            context,
            "account.registered",
            Subject::User(known.id),
            (None, Some(json!({ "method": "password" }))),
        )
        .await?;
        let known = Account {
            display_name: introduced.display_name.clone(),
            language: introduced.language.clone(),
            ..known
        };
        send_verification(context, auth, connection, &known).await?;
    } else {
        audit(
            connection,
            context,
            "account.registered_again",
            Subject::User(known.id),
            (None, None),
        )
        .await?;
        let link = format!("{}/reset-password", auth.site_url);
        let content = Content {
            kind: "known",
            arguments: Vec::new(),
            link: Some(link),
        };
        if let Some(letter) = letters::write(&auth.translations, &known, &content) {
            mail::enqueue(connection, context, &letter).await?;
        }
    }
    Ok(())
}

/// A row for a new account with nothing but an introduction.
pub(crate) fn new_account<'a>(
    context: &CommandContext,
    introduced: &'a Introduced,
    status: Status,
) -> NewAccount<'a> {
    NewAccount {
        id: context.id(),
        email: None,
        email_verified_at: None,
        phone_sealed: None,
        phone_index: None,
        password_hash: None,
        display_name: &introduced.display_name,
        country: introduced.country.as_deref(),
        language: &introduced.language,
        time_zone: &introduced.time_zone,
        preferences: serde_json::to_value(Preferences::default()).unwrap_or_default(),
        status: status.as_str(),
        created_at: context.now,
        updated_at: context.now,
    }
}

/// Records what was agreed to at registration.
pub(crate) async fn record_consents(
    context: &CommandContext,
    connection: &mut Connection,
    user: Uuid,
    consents: Consents,
) -> diesel::QueryResult<()> {
    let decisions: Vec<_> = ConsentKind::ALL
        .into_iter()
        .map(|kind| NewConsent {
            id: context.id(),
            user_id: user,
            kind: kind.as_str(),
            granted: consents.of(kind),
            recorded_at: context.now,
            address: context.address.map(|address| address.to_string()),
            agent: context.agent.as_deref(),
        })
        .collect();
    store::privacy::insert_consents(connection, &decisions).await
}

/// Says that an account has come into being: its first role, its event, its metric.
pub(crate) async fn welcome(
    context: &CommandContext,
    connection: &mut Connection,
    account: &Account,
    method: Method,
) -> diesel::QueryResult<()> {
    store::roles::grant(connection, account.id, "user", None, context.now).await?;
    let event = UserRegistered {
        user_id: account.id,
        display_name: account.display_name.clone(),
        country: account.country.clone(),
        language: account.language.clone(),
        time_zone: account.time_zone.clone(),
        method: method.as_str().to_owned(),
        registered_at: context.now,
    };
    outbox::enqueue(connection, context, &event).await?;
    metrics::counter!("user_registrations_total", "method" => method.as_str()).increment(1);
    Ok(())
}

/// Sends the link that proves the address of an account; earlier links stop working.
async fn send_verification(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    account: &Account,
) -> diesel::QueryResult<()> {
    let hours = auth.config.lifetimes.verification_hours;
    let token = context.entropy.token();
    let stored = OneTimeToken {
        token_hash: token_hash(&token),
        user_id: account.id,
        purpose: Purpose::VerifyEmail,
        issued_at: context.now,
        expires_at: context.now + Duration::hours(hours),
    };
    store::sessions::replace_one_time(connection, stored).await?;
    let link = format!("{}/verify-email?token={token}", auth.site_url);
    let content = Content {
        kind: "verify",
        arguments: vec![("hours", hours.to_string())],
        link: Some(link),
    };
    match letters::write(&auth.translations, account, &content) {
        Some(letter) => mail::enqueue(connection, context, &letter).await,
        None => Ok(()),
    }
}

/// Proves an address by the secret of the link that was sent to it.
pub(crate) async fn verify_email(
    context: &CommandContext,
    auth: &Auth,
    token: &str,
) -> Outcome<(), VerifyEmailErrorCode> {
    let invalid = || Failure::field(VerifyEmailErrorCode::TokenInvalid, "token");
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            let user = store::sessions::take_one_time(
                connection,
                &token_hash(token),
                Purpose::VerifyEmail,
                context.now,
            )
            .await?
            .ok_or_else(invalid)?;
            let account = store::accounts::lock(connection, user)
                .await?
                .ok_or_else(invalid)?;
            let status = account
                .status
                .after(Change::Verify)
                .map_err(|_| invalid())?;
            store::accounts::set_email_verified(connection, user, context.now).await?;
            store::accounts::set_status(connection, user, status, None, None, context.now).await?;
            audit(
                connection,
                context,
                "account.verified",
                Subject::User(user),
                (None, None),
            )
            .await?;
            welcome(context, connection, &account, Method::Password).await?;
            Ok(())
        })
        .await
}

/// Sends the link again where a registration waits for it; says nothing of whether one does.
pub(crate) async fn resend_verification(
    context: &CommandContext,
    auth: &Auth,
    email: &str,
) -> Outcome<(), ResendVerificationErrorCode> {
    let email = Email::parse(email)
        .map_err(|_| Failure::field(ResendVerificationErrorCode::EmailInvalid, "email"))?;
    auth.throttle(
        context,
        "register",
        email.as_str(),
        auth.config.limits.register,
    )
    .await?;
    let work = async {
        let mut connection = auth.pool.get().await?;
        connection
            .transaction(async |connection| {
                let account = store::accounts::lock_by_email(connection, email.as_str()).await?;
                if let Some(account) = account.filter(|account| account.status == Status::Pending) {
                    send_verification(context, auth, connection, &account).await?;
                }
                Ok(())
            })
            .await
    };
    auth.evenly(work).await
}
