payment-not-for-sale = This is not for sale.
payment-free = This book is free: open it without paying.
payment-already-owned = You have this book already.
payment-already-ordered = You are already buying this book. Pay that order, or cancel it first.
payment-currency-not-taken = It cannot be paid in this currency with this provider. Choose another one.
payment-provider-not-offered = This way of paying is not available. Choose another one.
payment-wallet-empty = Your wallet does not hold enough. Top it up, or pay in another way.
payment-amount-out-of-range = This amount is too small or too large.
payment-not-open = This order is paid or over.
payment-no-subscription = You have no subscription.
payment-not-paid = This order is not paid, or was paid back already.
payment-spent = The money was spent from the wallet already.
payment-not-manual = The provider does this refund by itself.
payment-link-ended = This link is no longer valid. Ask for a new one.
payment-invoice-title = Invoice { $number }
payment-invoice-credit-note-title = Credit note { $number }
payment-invoice-issued = Date: { $date }
payment-invoice-order = Order: { $order }
payment-invoice-customer = Customer: { $customer }
payment-invoice-cancels = Cancels the invoice { $number } of { $date }
payment-invoice-subject = Description
payment-invoice-quantity = Quantity
payment-invoice-net = Net amount
payment-invoice-amount = Amount
payment-invoice-book = E-book: { $title }
payment-invoice-subscription = Subscription: { $title }
payment-invoice-net-total = Net total
payment-invoice-tax = VAT { $rate }
payment-invoice-total = Total
payment-invoice-total-with-tax = Total with VAT
payment-invoice-paid = Paid on { $date } { $provider }.
payment-invoice-paid-back = Paid back on { $date } { $provider }.
payment-invoice-by-wave = with Wave
payment-invoice-by-orange-money = with Orange Money
payment-invoice-by-stripe = by card
payment-invoice-by-paypal = with PayPal
payment-invoice-by-wallet = from the Coko wallet
payment-invoice-charged = Amount charged: { $amount }, at the fixed parity of 655.957 F CFA for €1.
payment-invoice-no-tax = VAT not applicable.
payment-invoice-date = { $day } { $month ->
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
