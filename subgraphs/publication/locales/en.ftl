publication-name-taken = Another organisation has this name.
publication-invalid-country = Give a country by its two-letter ISO code, such as SN.
publication-version-conflict = Someone else changed it meanwhile. Reload it and try again.
publication-too-many = There are too many.
publication-unknown-user = There is no such account.
publication-last-owner = An organisation keeps at least one owner. Name another one first.
publication-not-editable = This manuscript can be changed only as a draft, or when changes were asked for.
publication-invalid-language = Give a language by its code, such as fr or wo.
publication-invalid-isbn = This ISBN is not valid. Check its digits.
publication-isbn-taken = Another manuscript has this ISBN.
publication-invalid-category = A category is written with a-z, 0-9 and single hyphens.
publication-invalid-price = A price is above zero, in the smallest unit of its currency.
publication-duplicate = This value is given twice.
publication-file-unknown = This file was not uploaded for this manuscript, or it is still being checked.
publication-file-rejected = This file cannot be used. Upload another one.
publication-wrong-kind = This file is not the text of a book: an EPUB or a PDF is wanted.
publication-illegal-transition = This step is not possible in the manuscript's present state.
publication-own-work = A work that you have a part in is for others to review.
publication-no-version = Add a version of the text first.
publication-file-has-errors = The validation found errors in the file of the newest version. Mend them and add a new version.
publication-incomplete = Fill this in before you submit the manuscript.
publication-comment-required = Say what has to change.
publication-invalid-date = Choose a moment to come, within the next two years.
publication-onix-too-large = This message is larger than { $max } KiB or has too many products. Split it.
publication-onix-malformed = This is not a well-formed ONIX 3.0 message.
publication-shares-not-whole = The shares have to sum to 10,000 basis points.
publication-invalid-share = A share is 1 to 10,000 basis points.
publication-unknown-party = There is no such account or organisation.
publication-invalid-term = This term is not possible.
publication-contract-overlap = Another contract of this manuscript is for the same place and time.
publication-below-threshold = A payout is at least { $max } in the smallest unit of its currency.
publication-not-enough = This is more than is owed to you.
publication-already-requested = Another payout of this account is under way.
publication-invalid-mobile = Give a number with its country, such as +221771234567.
publication-already-settled = This payout is settled already.
publication-link-ended = This link is no longer valid. Ask for a new one.
publication-statement-title = Royalty statement { $number }
publication-statement-of = Month: { $month }
publication-statement-issued = Date: { $date }
publication-statement-account = Account: { $account }
publication-statement-movement = Movement
publication-statement-amount = Amount
publication-statement-opening = Previous balance
publication-statement-accrued = Royalties earned
publication-statement-reversed = Royalties taken back
publication-statement-paid = Paid out
publication-statement-closing = New balance
publication-statement-details = Details by work
publication-statement-statement = Statement
publication-statement-work = Work
publication-statement-source = Source
publication-statement-quantity = Quantity
publication-statement-gross = Amount shared
publication-statement-share = Your share
publication-statement-currency = Currency
publication-statement-sale = Sales (copies)
publication-statement-refund = Refunded sales (copies)
publication-statement-reading = Reading by subscription (minutes)
publication-statement-reading-reversal = Reading taken back (minutes)
publication-statement-more = Only the first { $count } lines are printed; the CSV file has all of them.
publication-statement-escrow = What a sale earns is held for a while, as it may be refunded; the balance includes it.
publication-statement-month = { $month ->
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
} { $year }
publication-statement-date = { $day } { $month ->
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
} { $year }
