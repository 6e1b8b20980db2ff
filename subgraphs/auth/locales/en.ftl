# Refusals
auth-account-suspended = This account is suspended. Write to support to learn why.
auth-avatar-invalid = Give the https address of a picture, at most { $avatar-max } characters.
auth-client-not-found = There is no such client, or it is disabled.
auth-code-invalid = That is not the code, or it has expired. Ask for a new one.
auth-code-refused = The provider's answer could not be verified. Start again.
auth-consent-duplicate = A consent is given twice.
auth-consent-required = The service cannot work without this consent.
auth-country-unknown = Give a two-letter country code such as SN or CI.
auth-credentials-invalid = Wrong address or password, or the address is not confirmed yet. If you have just registered, open the link we sent you by e-mail.
auth-current-password-wrong = That is not your current password.
auth-display-name-invalid = Give a name of 1 to { $name-max } characters.
auth-email-invalid = Give a valid e-mail address.
auth-expiry-invalid = Give a lifetime of 1 to { $days-max } days.
auth-export-already-requested = You asked for a copy of your data less than an hour ago.
auth-export-link-ended = This link no longer works. Ask for a new one in the application.
auth-font-size-invalid = Choose a size from 10 to { $font-max }.
auth-impersonate-staff = This account looks after others: only ordinary accounts are impersonated.
auth-impersonation-not-found = This impersonation does not exist or has ended.
auth-language-invalid = Give a language such as fr, en or wo-SN.
auth-last-admin = The platform would have no administrator left. Appoint another one first.
auth-minutes-invalid = Give a duration of 1 to { $minutes-max } minutes.
auth-name-invalid = Give a name of 1 to { $name-max } characters.
auth-name-taken = You already have a token of this name.
auth-no-password = This account has no password. Ask for a reset to choose one.
auth-not-a-session = This token does not belong to a session.
auth-not-possible = The state of this account does not permit that.
auth-own-account = You cannot do that to your own account.
auth-partner-not-found = There is no such partner.
auth-password-too-long = The password is longer than { $password-max } characters.
auth-password-too-short = The password has fewer than { $password-min } characters. A sentence does very well.
auth-password-too-weak = This password is too easy to guess. Choose four unrelated words, for example.
auth-phone-invalid = Give an international number such as +221 77 123 45 67.
auth-phone-taken = This number belongs to another account.
auth-provider-unavailable = Signing in with this provider is not available at the moment.
auth-reason-invalid = Give a reason of 1 to { $reason-max } characters.
auth-redirect-uri-unknown = This redirect address is not registered.
auth-registration-needed = This number is new: give a name and your consents as well.
auth-role-fixed = This role can be neither granted nor revoked.
auth-role-unknown = There is no such role.
auth-scope-invalid = Give 1 to { $scopes-max } permissions such as books:read.
auth-scope-not-yours = You do not have this permission yourself.
auth-session-not-found = There is no such session, or it has ended already.
auth-slug-invalid = Give 3 to { $slug-max } lower-case letters, digits or inner hyphens.
auth-slug-taken = This name is taken.
auth-state-invalid = This sign-in is no longer under way. Start again.
auth-time-zone-unknown = Give a time zone such as Africa/Dakar.
auth-token-invalid = This link or token is no longer valid. Ask for a new one.
auth-token-not-found = There is no such token, or it is no longer valid.
auth-too-many-tokens = You already have { $tokens-max } tokens. Revoke one first.
auth-user-not-found = There is no such account.

# Names
auth-deleted-account = Deleted account

# Mail
auth-mail-greeting = Hello { $name },
auth-mail-footer = Coko, reading everywhere in Africa. If you did not cause this message, you may ignore it.
auth-mail-verify-subject = Confirm your address
auth-mail-verify-text = Confirm that this address is yours by opening the link below within { $hours } hours. Do not open it if you did not register yourself: the registration will then be forgotten.
auth-mail-known-subject = You already have an account
auth-mail-known-text = Someone, perhaps you, has just registered with this address, which already has an account. Sign in, or choose a new password with the link below if you forgot yours. Nothing was changed.
auth-mail-reset-subject = Choose a new password
auth-mail-reset-text = Open the link below within { $minutes } minutes to choose a new password. If you did not ask for it, do nothing: your password stays the same.
auth-mail-changed-subject = Your password was changed
auth-mail-changed-text = The password of your account has just been changed and your other sessions were ended. If it was not you, choose a new one at once with the link below.
auth-mail-export-subject = The copy of your data is ready
auth-mail-export-text = The copy of everything we hold about you is ready. Download it in the application, under "Privacy", within thirty days.
auth-mail-deletion-subject = Your account will be deleted
auth-mail-deletion-text = Your account and your data will be deleted on { $date }. Until then, signing in is enough to keep everything.

# Text messages (GSM 7 bit)
auth-text-code = Coko: your code is { $code }. It expires in { $minutes } minutes. Do not give it to anyone.
