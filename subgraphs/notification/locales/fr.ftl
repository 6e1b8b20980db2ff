# Refus
notification-quiet-hours-invalid = Indiquez deux heures différentes, comme 22:00 et 07:00.
notification-too-many-choices = Envoyez au plus 100 choix à la fois.
notification-token-invalid = Ce jeton n'est pas un jeton d'enregistrement Firebase.
notification-name-invalid = Indiquez un nom de 1 à 80 caractères.
notification-selection-invalid = Nommez de 1 à 100 notifications, ou le moment jusqu'auquel tout est lu.
notification-recipients-invalid = Nommez de 1 à 200 personnes.
notification-title-invalid = Indiquez un titre de 1 à 120 caractères.
notification-body-invalid = Indiquez un texte de 1 à 1 000 caractères.
notification-no-address = Ce compte n'a ni adresse ni numéro pour ce canal.
notification-link-invalid = Un lien est un chemin des applications, comme /books/….

# Désabonnement
notification-unsubscribe-title = Ne plus recevoir ces courriels
notification-unsubscribe-button = Ne plus les recevoir
notification-unsubscribe-done = C'est fait : vous ne recevrez plus ces courriels.
notification-unsubscribe-gone = Ce lien n'est plus valable. Vos préférences se règlent dans l'application.

# Noms et dates
notification-someone = Quelqu'un
notification-a-book = un livre
notification-month = { $month ->
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
}
notification-date = { $day } { notification-month } { $year }

# Courriels
notification-mail-greeting = Bonjour { $name },
notification-mail-footer = Coko, la lecture partout en Afrique.
notification-mail-unsubscribe = Ne plus recevoir ces courriels :

# Regroupements
notification-digest-title = { $count } nouvelles notifications
notification-digest-achievement-title = { $count } nouvelles récompenses
notification-digest-follower-title = { $count } nouvelles personnes vous suivent
notification-digest-reply-title = { $count } nouvelles réponses
notification-digest-more = … et { $count } de plus.

# Compte
notification-welcome-title = Bienvenue sur Coko
notification-welcome-text = Bienvenue, { $name } ! Votre bibliothèque vous attend : choisissez un premier livre.
notification-role-granted-title = Un nouveau rôle
notification-role-granted-text = Votre compte a maintenant le rôle « { $role } ».
notification-role-taken-title = Un rôle en moins
notification-role-taken-text = Votre compte n'a plus le rôle « { $role } ».
notification-account-suspended-title = Votre compte est suspendu
notification-account-suspended-text = Votre compte a été suspendu : { $reason } Écrivez à l'assistance si vous n'êtes pas d'accord.
notification-account-reopened-title = Votre compte est rouvert
notification-account-reopened-text = La suspension de votre compte est levée. Vous pouvez de nouveau vous connecter.
notification-new-sign-in-title = Nouvelle connexion
notification-new-sign-in-text = Quelqu'un s'est connecté à votre compte le { $day } ({ $method }). Si ce n'était pas vous, fermez cette session.
notification-session-stolen-title = Une session a été fermée par sécurité
notification-session-stolen-text = Quelqu'un d'autre a essayé d'utiliser une de vos sessions. Elle a été fermée. Changez votre mot de passe si vous n'en connaissez pas la raison.
notification-session-stolen-sms-text = une de vos sessions a été fermée car quelqu'un d'autre l'utilisait. Changez votre mot de passe.
notification-export-requested-title = Copie de vos données demandée
notification-export-requested-text = Une copie de vos données a été demandée le { $day }. Si ce n'était pas vous, changez votre mot de passe.

# Paiements
notification-payment-received-title = Paiement reçu
notification-payment-received-text = Nous avons reçu { $price } par { $provider } le { $day }. Merci !
notification-payment-failed-title = Paiement refusé
notification-payment-failed-text = Votre paiement par { $provider } n'a pas abouti : { $failure }. Vous pouvez réessayer.
notification-payment-failed-sms-text = votre paiement par { $provider } n'a pas abouti : { $failure }.
notification-order-refunded-title = Remboursement
notification-order-refunded-text = { $price } vous ont été remboursés : { $reason }.

# Bibliothèque
notification-book-available-title = Bonne lecture !
notification-book-available-text = « { $title } » est dans votre bibliothèque.
notification-book-revoked-title = Un livre a été retiré
notification-book-revoked-text = « { $title } » a été retiré par son éditeur et n'est plus dans votre bibliothèque.

# Abonnement
notification-subscription-activated-title = Votre abonnement commence
notification-subscription-activated-text = Votre abonnement { $plan } est actif jusqu'au { $day }.
notification-subscription-renewed-title = Votre abonnement continue
notification-subscription-renewed-text = Votre abonnement { $plan } est prolongé jusqu'au { $day }.
notification-subscription-cancelled-title = Votre abonnement prendra fin
notification-subscription-cancelled-text = Votre abonnement { $plan } prendra fin le { $day }. Vous pouvez lire jusque-là.
notification-subscription-expired-title = Votre abonnement est terminé
notification-subscription-expired-text = Votre abonnement { $plan } a pris fin le { $day }. Ce que vous avez acheté reste à vous.

# Lecture
notification-streak-reached-title = { $days } jours de lecture !
notification-streak-reached-text = Vous lisez depuis { $days } jours d'affilée. Continuez !
notification-badge-awarded-title = Nouveau badge
notification-badge-awarded-text = Vous avez gagné le badge « { $badge } ».
notification-level-reached-title = Niveau { $number }
notification-level-reached-text = Vous avez atteint le niveau { $number } : { $level }.
notification-challenge-completed-title = Défi réussi
notification-challenge-completed-text = Vous avez réussi le défi « { $title } ».

# Communauté
notification-new-follower-title = Une nouvelle personne vous suit
notification-new-follower-text = { $name } vous suit.
notification-post-reply-title = Une réponse
notification-post-reply-text = { $name } a répondu à votre message.
notification-content-hidden-title = Un contenu est masqué
notification-content-hidden-text = { $what } a été signalé et reste masqué jusqu'à l'avis d'un modérateur.
notification-content-removed-title = Un contenu a été retiré
notification-content-removed-text = { $what } a été retiré par la modération : { $reason }. Vous pouvez faire appel.
notification-content-restored-title = Un contenu est rétabli
notification-content-restored-text = { $what } est de nouveau visible : votre appel a été entendu.
notification-appeal-refused-title = Votre appel a été examiné
notification-appeal-refused-text = { $what } reste retiré : { $reason }.

# Édition
notification-file-ready-title = Votre fichier est prêt
notification-file-ready-text = { $what } est prêt à être utilisé.
notification-file-rejected-title = Votre fichier a été refusé
notification-file-rejected-text = { $what } n'a pas passé les vérifications ({ $reason }). Corrigez-le et envoyez-le de nouveau.
notification-work-published-title = Votre livre est publié
notification-work-published-text = « { $title } » est en vente. Félicitations !

# Annonces
notification-announcement-title = { $heading }
notification-announcement-text = { $body }
notification-urgent-announcement-title = { $heading }
notification-urgent-announcement-text = { $body }

# Mots
notification-term-password = mot de passe
notification-term-phone = téléphone
notification-term-google = Google
notification-term-facebook = Facebook
notification-term-wave = Wave
notification-term-orange-money = Orange Money
notification-term-stripe = carte
notification-term-paypal = PayPal
notification-term-wallet = portefeuille
notification-term-insufficient-funds = solde insuffisant
notification-term-limit-exceeded = plafond dépassé
notification-term-operator-down = opérateur indisponible
notification-term-payer-cancelled = annulé
notification-term-expired = délai dépassé
notification-term-declined = refusé
notification-term-fraud-suspected = refusé par sécurité
notification-term-unknown = raison inconnue
notification-term-refund-requested = à votre demande
notification-term-refund-grant-impossible = le livre n'a pas pu être livré
notification-term-role-user = lecteur
notification-term-role-premium = premium
notification-term-role-author = auteur
notification-term-role-publisher = éditeur
notification-term-role-moderator = modérateur
notification-term-role-admin = administrateur
notification-term-plan-premium = Premium
notification-term-post = Votre message
notification-term-review = Votre avis
notification-term-epub = Votre livre EPUB
notification-term-pdf = Votre livre PDF
notification-term-audio = Votre livre audio
notification-term-cover = Votre couverture
notification-term-sample = Votre extrait
notification-term-spam = publicité indésirable
notification-term-harassment = harcèlement
notification-term-hate = propos haineux
notification-term-violence = violence
notification-term-sexual = contenu sexuel
notification-term-spoiler = révélation de l'intrigue
notification-term-copyright = droit d'auteur
notification-term-other = règles de la communauté
