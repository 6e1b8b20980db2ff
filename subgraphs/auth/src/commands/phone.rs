//! Phone numbers: codes sent to them, signing in with one, giving one to an account.

use coko_core::context::CommandContext;
use coko_core::crypto::token_hash;
use coko_core::database::Connection;
use coko_core::graphql::{Failure, FluentValue, Outcome, Refusals};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::AsyncConnection as _;
use time::{Duration, OffsetDateTime};

use super::registration::{
    Introduced, Introduction, IntroductionCodes, introduce, new_account, record_consents, welcome,
};
use super::session::{SignedIn, start};
use super::{Auth, audit, require_session};
use crate::error::{ConfirmPhoneErrorCode, RequestPhoneCodeErrorCode, SignInWithPhoneErrorCode};
use crate::model::{
    Account, Method, NewAccount, Phone, PhoneVerdict, Status, Subject, TextMessage,
};
use crate::store;
use crate::texter;

/// The column of sealed numbers, and of their keyed hashes.
pub(crate) const PHONE: &str = "users.phone";
const DIGITS: u32 = 6;

/// Sends a code to a number, known or not; an earlier code stops working. Returns until when it can be used.
pub(crate) async fn request_code(
    context: &CommandContext,
    auth: &Auth,
    phone: &str,
) -> Outcome<OffsetDateTime, RequestPhoneCodeErrorCode> {
    let phone = Phone::parse(phone)
        .map_err(|_| Failure::field(RequestPhoneCodeErrorCode::PhoneInvalid, "phone"))?;
    auth.throttle(
        context,
        "phone-code",
        phone.as_str(),
        auth.config.limits.phone_code,
    )
    .await?;
    let minutes = auth.config.lifetimes.phone_code_minutes;
    let expires_at = context.now + Duration::minutes(minutes);
    let code = context.entropy.digits(DIGITS);
    let index = auth.cipher.blind_index(PHONE, phone.as_str());
    let text = {
        let arguments = [
            ("code", FluentValue::from(code.as_str())),
            ("minutes", FluentValue::from(minutes)),
        ];
        auth.translations
            .text(&context.locale, "auth-text-code", &arguments)
    };
    let message = TextMessage {
        id: context.id(),
        recipient: auth
            .cipher
            .seal(&context.entropy, texter::RECIPIENT, phone.as_str()),
        body: auth.cipher.seal(&context.entropy, texter::BODY, &text),
        created_at: context.now,
        expires_at,
        attempts: 0,
        next_attempt: context.now,
    };
    let hash = code_hash(auth, &index, &code);
    let mut connection = auth.pool.get().await?;
    connection
        .transaction(async |connection| {
            store::phones::replace_code(connection, &index, &hash, context.now, expires_at).await?;
            store::phones::insert_text(connection, &message).await?;
            Ok::<_, Failure<RequestPhoneCodeErrorCode>>(())
        })
        .await?;
    Ok(expires_at)
}

/// A code's hash is keyed and bound to its number: six digits alone could be tried out against a stolen table.
fn code_hash(auth: &Auth, index: &[u8], code: &str) -> Vec<u8> {
    let bound = format!("{}:{code}", hex::encode(index));
    token_hash(&hex::encode(
        auth.cipher.blind_index("phone_codes.code", &bound),
    ))
}

/// Signs in with a number and its code; a number without an account needs an introduction to get one.
pub(crate) async fn sign_in(
    context: &CommandContext,
    auth: &Auth,
    phone: &str,
    code: &str,
    introduction: Option<Introduction>,
    device: Option<&str>,
) -> Outcome<SignedIn, SignInWithPhoneErrorCode> {
    let mut refusals = Refusals::default();
    let codes = IntroductionCodes {
        display_name: SignInWithPhoneErrorCode::DisplayNameInvalid,
        country: SignInWithPhoneErrorCode::CountryUnknown,
        language: SignInWithPhoneErrorCode::LanguageInvalid,
        time_zone: SignInWithPhoneErrorCode::TimeZoneUnknown,
        consent: SignInWithPhoneErrorCode::ConsentRequired,
    };
    let introduced = introduction
        .and_then(|introduction| introduce(context, introduction, codes, &mut refusals));
    let phone = refusals.check(
        Phone::parse(phone),
        SignInWithPhoneErrorCode::PhoneInvalid,
        "phone",
    );
    refusals.finish(())?;
    let Some(phone) = phone else {
        return Err(Failure::Refused(Vec::new()));
    };
    auth.throttle(context, "login", phone.as_str(), auth.config.limits.login)
        .await?;
    let index = auth.cipher.blind_index(PHONE, phone.as_str());
    let mut connection = auth.pool.get().await?;
    // The count of wrong guesses must be committed, so a refusal is a value here and not an error.
    connection
        .transaction(async |connection| {
            if guess(context, auth, connection, &index, code).await? != PhoneVerdict::Right {
                return Ok(Err(Failure::field(
                    SignInWithPhoneErrorCode::CodeInvalid,
                    "code",
                )));
            }
            let known = store::accounts::lock_by_phone(connection, &index).await?;
            let account = match (known, &introduced) {
                (Some(account), _) if account.may_sign_in() => account,
                (Some(_), _) => {
                    return Ok(Err(Failure::whole(
                        SignInWithPhoneErrorCode::AccountSuspended,
                    )));
                }
                (None, None) => {
                    return Ok(Err(Failure::field(
                        SignInWithPhoneErrorCode::RegistrationNeeded,
                        "registration",
                    )));
                }
                (None, Some(introduced)) => {
                    register(context, auth, connection, &phone, &index, introduced).await?
                }
            };
            store::phones::remove_code(connection, &index).await?;
            Ok(Ok(start(
                context,
                auth,
                connection,
                account,
                Method::Phone,
                device,
            )
            .await?))
        })
        .await
        .map_err(|error: coko_core::Error| Failure::from(error))?
}

/// Judges a code and counts a wrong guess; a right one is left for the caller to remove when it is used.
async fn guess(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    index: &[u8],
    code: &str,
) -> coko_core::Result<PhoneVerdict> {
    let Some(current) = store::phones::lock_code(connection, index).await? else {
        return Ok(PhoneVerdict::Spent);
    };
    let verdict = current.judge(&code_hash(auth, index, code.trim()), context.now);
    if verdict == PhoneVerdict::Wrong {
        store::phones::count_attempt(connection, index).await?;
    }
    Ok(verdict)
}

async fn register(
    context: &CommandContext,
    auth: &Auth,
    connection: &mut Connection,
    phone: &Phone,
    index: &[u8],
    introduced: &Introduced,
) -> coko_core::Result<Account> {
    let row = NewAccount {
        phone_sealed: Some(auth.cipher.seal(&context.entropy, PHONE, phone.as_str())),
        phone_index: Some(index.to_vec()),
        ..new_account(context, introduced, Status::Active)
    };
    store::accounts::insert(connection, &row).await?;
    let account = store::accounts::lock_by_phone(connection, index)
        .await?
        .ok_or_else(|| coko_core::Error::new(coko_core::Code::Conflict, "core-conflict"))?;
    record_consents(context, connection, account.id, introduced.consents).await?;
    audit(
        connection,
        context,
        "account.registered",
        Subject::User(account.id),
        (None, Some(serde_json::json!({ "method": "phone" }))),
    )
    .await?;
    welcome(context, connection, &account, Method::Phone).await?;
    Ok(account)
}

/// Gives the account that asks a number, proven by its code.
pub(crate) async fn confirm(
    context: &CommandContext,
    auth: &Auth,
    phone: &str,
    code: &str,
) -> Outcome<Account, ConfirmPhoneErrorCode> {
    context.viewer.require_user()?;
    let phone = Phone::parse(phone)
        .map_err(|_| Failure::field(ConfirmPhoneErrorCode::PhoneInvalid, "phone"))?;
    auth.throttle(context, "login", phone.as_str(), auth.config.limits.login)
        .await?;
    let index = auth.cipher.blind_index(PHONE, phone.as_str());
    let sealed = auth.cipher.seal(&context.entropy, PHONE, phone.as_str());
    let mut connection = auth.pool.get().await?;
    let confirmed = connection
        .transaction(async |connection| {
            let session = require_session(context, connection).await?;
            if guess(context, auth, connection, &index, code).await? != PhoneVerdict::Right {
                return Ok(Err(Failure::field(
                    ConfirmPhoneErrorCode::CodeInvalid,
                    "code",
                )));
            }
            store::phones::remove_code(connection, &index).await?;
            store::accounts::set_phone(connection, session.user_id, &sealed, &index, context.now)
                .await?;
            audit(
                connection,
                context,
                "phone.confirmed",
                Subject::User(session.user_id),
                (None, None),
            )
            .await?;
            let account = store::accounts::by_id(connection, session.user_id).await?;
            Ok(Ok(account.ok_or_else(coko_core::Error::unauthenticated)?))
        })
        .await;
    match confirmed {
        Err(PhoneFault::Taken) => Err(Failure::field(ConfirmPhoneErrorCode::PhoneTaken, "phone")),
        Err(PhoneFault::Other(fault)) => Err(fault.into()),
        Ok(outcome) => outcome,
    }
}

/// What stops a transaction that gives a number to an account.
enum PhoneFault {
    /// The unique index says that another account has it.
    Taken,
    Other(coko_core::Error),
}

impl From<DieselError> for PhoneFault {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Taken,
            error => Self::Other(error.into()),
        }
    }
}

impl From<coko_core::Error> for PhoneFault {
    fn from(error: coko_core::Error) -> Self {
        Self::Other(error)
    }
}

/// Takes one due text message by moving its next attempt, so that it is sent outside the transaction and by one process.
pub(crate) async fn claim_text(
    connection: &mut Connection,
    now: OffsetDateTime,
) -> diesel::QueryResult<Option<TextMessage>> {
    connection
        .transaction(async |connection| {
            let Some(message) = store::phones::due_text(connection, now).await? else {
                return Ok(None);
            };
            let wait = Duration::seconds(5 << message.attempts.clamp(0, 6));
            store::phones::postpone_text(connection, message.id, now + wait).await?;
            Ok(Some(message))
        })
        .await
}
