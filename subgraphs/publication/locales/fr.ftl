publication-name-taken = Une autre organisation porte déjà ce nom.
publication-invalid-country = Indiquez un pays par son code ISO à deux lettres, par exemple SN.
publication-version-conflict = Quelqu'un d'autre l'a modifié entre-temps. Rechargez-le, puis recommencez.
publication-too-many = Il y en a trop.
publication-unknown-user = Ce compte n'existe pas.
publication-last-owner = Une organisation garde au moins un propriétaire. Désignez-en un autre d'abord.
publication-not-editable = Ce manuscrit ne peut être modifié que comme brouillon, ou lorsque des changements sont demandés.
publication-invalid-language = Indiquez une langue par son code, par exemple fr ou wo.
publication-invalid-isbn = Cet ISBN n'est pas valable. Vérifiez ses chiffres.
publication-isbn-taken = Un autre manuscrit porte déjà cet ISBN.
publication-invalid-category = Une catégorie s'écrit en minuscules sans accent, chiffres et traits d'union.
publication-invalid-price = Un prix est supérieur à zéro, dans l'unité la plus petite de sa devise.
publication-duplicate = Cette valeur est donnée deux fois.
publication-file-unknown = Ce fichier n'a pas été envoyé pour ce manuscrit, ou il est encore en cours de vérification.
publication-file-rejected = Ce fichier ne peut pas être utilisé. Envoyez-en un autre.
publication-wrong-kind = Ce fichier n'est pas le texte d'un livre : il faut un EPUB ou un PDF.
publication-illegal-transition = Cette étape n'est pas possible dans l'état actuel du manuscrit.
publication-own-work = Une œuvre à laquelle vous avez part est à relire par d'autres.
publication-no-version = Ajoutez d'abord une version du texte.
publication-file-has-errors = La vérification a trouvé des erreurs dans le fichier de la dernière version. Corrigez-les, puis ajoutez une nouvelle version.
publication-incomplete = Complétez ce champ avant de soumettre le manuscrit.
publication-comment-required = Dites ce qui doit changer.
publication-invalid-date = Choisissez un moment à venir, dans les deux prochaines années.
publication-onix-too-large = Ce message dépasse { $max } Kio ou compte trop de produits. Divisez-le.
publication-onix-malformed = Ce n'est pas un message ONIX 3.0 bien formé.
publication-shares-not-whole = Les parts doivent totaliser 10 000 points de base.
publication-invalid-share = Une part compte de 1 à 10 000 points de base.
publication-unknown-party = Ce compte ou cette organisation n'existe pas.
publication-invalid-term = Cette période n'est pas possible.
publication-contract-overlap = Un autre contrat de ce manuscrit vaut pour le même lieu et la même période.
publication-below-threshold = Un versement compte au moins { $max } dans l'unité la plus petite de sa devise.
publication-not-enough = Ce montant dépasse ce qui vous est dû.
publication-already-requested = Un autre versement de ce compte est en cours.
publication-invalid-mobile = Indiquez un numéro avec l'indicatif de son pays, par exemple +221771234567.
publication-already-settled = Ce versement est déjà réglé.
publication-link-ended = Ce lien n'est plus valable. Demandez-en un nouveau.
publication-statement-title = Relevé de droits d'auteur { $number }
publication-statement-of = Mois : { $month }
publication-statement-issued = Date : { $date }
publication-statement-account = Compte : { $account }
publication-statement-movement = Mouvement
publication-statement-amount = Montant
publication-statement-opening = Solde précédent
publication-statement-accrued = Droits acquis
publication-statement-reversed = Droits annulés
publication-statement-paid = Versé
publication-statement-closing = Nouveau solde
publication-statement-details = Détail par œuvre
publication-statement-statement = Relevé
publication-statement-work = Œuvre
publication-statement-source = Origine
publication-statement-quantity = Quantité
publication-statement-gross = Montant partagé
publication-statement-share = Votre part
publication-statement-currency = Devise
publication-statement-sale = Ventes (exemplaires)
publication-statement-refund = Ventes remboursées (exemplaires)
publication-statement-reading = Lecture par abonnement (minutes)
publication-statement-reading-reversal = Lecture annulée (minutes)
publication-statement-more = Seules les { $count } premières lignes sont imprimées ; le fichier CSV les contient toutes.
publication-statement-escrow = Les droits d'une vente sont retenus quelque temps, car elle peut être remboursée ; le solde les comprend.
publication-statement-month = { $month ->
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
publication-statement-date = { $day ->
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
