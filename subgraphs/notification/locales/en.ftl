# Refusals
notification-quiet-hours-invalid = Give two different times of day, such as 22:00 and 07:00.
notification-too-many-choices = Send at most 100 choices at once.
notification-token-invalid = This is not a Firebase registration token.
notification-name-invalid = Give a name of 1 to 80 characters.
notification-selection-invalid = Name 1 to 100 notifications, or the moment up to which all were read.
notification-recipients-invalid = Name 1 to 200 people.
notification-title-invalid = Give a title of 1 to 120 characters.
notification-body-invalid = Give a text of 1 to 1,000 characters.
notification-no-address = This account has no address or number for this channel.
notification-link-invalid = A link is a path of the applications, such as /books/….

# Unsubscribing
notification-unsubscribe-title = No more of these letters
notification-unsubscribe-button = No more of them
notification-unsubscribe-done = Done: you will get no more of these letters.
notification-unsubscribe-gone = This link is no longer valid. You can choose what you get in the application.

# Names and dates
notification-someone = Someone
notification-a-book = a book
notification-month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
notification-date = { $day } { notification-month } { $year }

# Letters
notification-mail-greeting = Hello { $name },
notification-mail-footer = Coko, reading everywhere in Africa.
notification-mail-unsubscribe = No more of these letters:

# Digests
notification-digest-title = { $count } new notifications
notification-digest-achievement-title = { $count } new achievements
notification-digest-follower-title = { $count } new followers
notification-digest-reply-title = { $count } new replies
notification-digest-more = … and { $count } more.

# Account
notification-welcome-title = Welcome to Coko
notification-welcome-text = Welcome, { $name }! Your library is waiting: choose a first book.
notification-role-granted-title = A new role
notification-role-granted-text = Your account now has the role “{ $role }”.
notification-role-taken-title = One role less
notification-role-taken-text = Your account no longer has the role “{ $role }”.
notification-account-suspended-title = Your account is suspended
notification-account-suspended-text = Your account was suspended: { $reason } Write to support if you disagree.
notification-account-reopened-title = Your account is open again
notification-account-reopened-text = The suspension of your account was lifted. You can sign in again.
notification-new-sign-in-title = New sign-in
notification-new-sign-in-text = Somebody signed in to your account on { $day } ({ $method }). If it was not you, close that session.
notification-session-stolen-title = A session was closed for your safety
notification-session-stolen-text = Somebody else tried to use one of your sessions. It was closed. Change your password if you do not know why.
notification-session-stolen-sms-text = one of your sessions was closed because somebody else was using it. Change your password.
notification-export-requested-title = A copy of your data was requested
notification-export-requested-text = A copy of your data was requested on { $day }. If it was not you, change your password.

# Payments
notification-payment-received-title = Payment received
notification-payment-received-text = We received { $price } by { $provider } on { $day }. Thank you!
notification-payment-failed-title = Payment failed
notification-payment-failed-text = Your payment by { $provider } did not succeed: { $failure }. You can try again.
notification-payment-failed-sms-text = your payment by { $provider } did not succeed: { $failure }.
notification-order-refunded-title = Refund
notification-order-refunded-text = { $price } were paid back to you: { $reason }.

# Library
notification-book-available-title = Enjoy your book!
notification-book-available-text = “{ $title }” is in your library.
notification-book-revoked-title = A book was withdrawn
notification-book-revoked-text = “{ $title }” was withdrawn by its publisher and is no longer in your library.

# Subscription
notification-subscription-activated-title = Your subscription begins
notification-subscription-activated-text = Your { $plan } subscription is active until { $day }.
notification-subscription-renewed-title = Your subscription goes on
notification-subscription-renewed-text = Your { $plan } subscription is renewed until { $day }.
notification-subscription-cancelled-title = Your subscription will end
notification-subscription-cancelled-text = Your { $plan } subscription will end on { $day }. You can read until then.
notification-subscription-expired-title = Your subscription has ended
notification-subscription-expired-text = Your { $plan } subscription ended on { $day }. What you bought stays yours.

# Reading
notification-streak-reached-title = { $days } days of reading!
notification-streak-reached-text = You have read for { $days } days in a row. Keep going!
notification-badge-awarded-title = New badge
notification-badge-awarded-text = You earned the badge “{ $badge }”.
notification-level-reached-title = Level { $number }
notification-level-reached-text = You reached level { $number }: { $level }.
notification-challenge-completed-title = Challenge completed
notification-challenge-completed-text = You completed the challenge “{ $title }”.

# Community
notification-new-follower-title = A new follower
notification-new-follower-text = { $name } follows you.
notification-post-reply-title = An answer
notification-post-reply-text = { $name } answered your post.
notification-content-hidden-title = A content is hidden
notification-content-hidden-text = { $what } was reported and stays hidden until a moderator has looked.
notification-content-removed-title = A content was removed
notification-content-removed-text = { $what } was removed by the moderators: { $reason }. You can appeal.
notification-content-restored-title = A content is back
notification-content-restored-text = { $what } can be seen again: your appeal was heard.
notification-appeal-refused-title = Your appeal was considered
notification-appeal-refused-text = { $what } stays removed: { $reason }.

# Publishing
notification-file-ready-title = Your file is ready
notification-file-ready-text = { $what } is ready to be used.
notification-file-rejected-title = Your file was rejected
notification-file-rejected-text = { $what } did not pass the checks ({ $reason }). Correct it and send it again.
notification-work-published-title = Your book is published
notification-work-published-text = “{ $title }” is on sale. Congratulations!

# Announcements
notification-announcement-title = { $heading }
notification-announcement-text = { $body }
notification-urgent-announcement-title = { $heading }
notification-urgent-announcement-text = { $body }

# Words
notification-term-password = password
notification-term-phone = phone
notification-term-google = Google
notification-term-facebook = Facebook
notification-term-wave = Wave
notification-term-orange-money = Orange Money
notification-term-stripe = card
notification-term-paypal = PayPal
notification-term-wallet = wallet
notification-term-insufficient-funds = not enough money
notification-term-limit-exceeded = limit exceeded
notification-term-operator-down = operator unavailable
notification-term-payer-cancelled = cancelled
notification-term-expired = it took too long
notification-term-declined = declined
notification-term-fraud-suspected = declined for safety
notification-term-unknown = reason unknown
notification-term-refund-requested = as you asked
notification-term-refund-grant-impossible = the book could not be delivered
notification-term-role-user = reader
notification-term-role-premium = premium
notification-term-role-author = author
notification-term-role-publisher = publisher
notification-term-role-moderator = moderator
notification-term-role-admin = administrator
notification-term-plan-premium = Premium
notification-term-post = Your post
notification-term-review = Your review
notification-term-epub = Your EPUB book
notification-term-pdf = Your PDF book
notification-term-audio = Your audio book
notification-term-cover = Your cover
notification-term-sample = Your sample
notification-term-spam = spam
notification-term-harassment = harassment
notification-term-hate = hate speech
notification-term-violence = violence
notification-term-sexual = sexual content
notification-term-spoiler = spoilers
notification-term-copyright = copyright
notification-term-other = the community's rules
