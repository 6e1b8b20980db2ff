payment-not-for-sale = Cet article n'est pas en vente.
payment-free = Ce livre est gratuit : ouvrez-le sans payer.
payment-already-owned = Vous possédez déjà ce livre.
payment-already-ordered = Vous êtes déjà en train d'acheter ce livre. Payez cette commande, ou annulez-la d'abord.
payment-currency-not-taken = Ce moyen de paiement n'accepte pas cette devise. Choisissez-en un autre.
payment-provider-not-offered = Ce moyen de paiement n'est pas disponible. Choisissez-en un autre.
payment-wallet-empty = Votre portefeuille n'est pas assez garni. Rechargez-le, ou payez autrement.
payment-amount-out-of-range = Ce montant est trop petit ou trop grand.
payment-not-open = Cette commande est payée ou close.
payment-no-subscription = Vous n'avez pas d'abonnement.
payment-not-paid = Cette commande n'est pas payée, ou a déjà été remboursée.
payment-spent = Cet argent du portefeuille a déjà été dépensé.
payment-not-manual = L'opérateur effectue ce remboursement lui-même.
payment-link-ended = Ce lien n'est plus valable. Demandez-en un nouveau.
payment-invoice-title = Facture { $number }
payment-invoice-credit-note-title = Avoir { $number }
payment-invoice-issued = Date : { $date }
payment-invoice-order = Commande : { $order }
payment-invoice-customer = Client : { $customer }
payment-invoice-cancels = Annule la facture { $number } du { $date }
payment-invoice-subject = Désignation
payment-invoice-quantity = Quantité
payment-invoice-net = Montant HT
payment-invoice-amount = Montant
payment-invoice-book = Livre numérique : { $title }
payment-invoice-subscription = Abonnement : { $title }
payment-invoice-net-total = Total HT
payment-invoice-tax = TVA { $rate }
payment-invoice-total = Total
payment-invoice-total-with-tax = Total TTC
payment-invoice-paid = Payé le { $date } { $provider }.
payment-invoice-paid-back = Remboursé le { $date } { $provider }.
payment-invoice-by-wave = par Wave
payment-invoice-by-orange-money = par Orange Money
payment-invoice-by-stripe = par carte bancaire
payment-invoice-by-paypal = par PayPal
payment-invoice-by-wallet = par le portefeuille Coko
payment-invoice-charged = Montant débité : { $amount }, à la parité fixe de 655,957 F CFA pour 1 €.
payment-invoice-no-tax = TVA non applicable.
payment-invoice-date = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year }
