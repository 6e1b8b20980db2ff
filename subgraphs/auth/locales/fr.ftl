# Refus
auth-account-suspended = Ce compte est suspendu. Écrivez à l'assistance pour en connaître la raison.
auth-avatar-invalid = Indiquez l'adresse https d'une image, de { $avatar-max } caractères au plus.
auth-client-not-found = Ce client n'existe pas, ou il est désactivé.
auth-code-invalid = Ce code n'est pas le bon, ou il a expiré. Demandez-en un nouveau.
auth-code-refused = La réponse du fournisseur n'a pas pu être vérifiée. Recommencez.
auth-consent-duplicate = Un même consentement figure deux fois.
auth-consent-required = Ce consentement est indispensable au fonctionnement du service.
auth-country-unknown = Indiquez un code de pays à deux lettres, comme SN ou CI.
auth-credentials-invalid = Adresse ou mot de passe incorrect, ou adresse pas encore confirmée. Si vous venez de vous inscrire, ouvrez le lien reçu par courriel.
auth-current-password-wrong = Ce n'est pas votre mot de passe actuel.
auth-display-name-invalid = Indiquez un nom de 1 à { $name-max } caractères.
auth-email-invalid = Indiquez une adresse électronique valable.
auth-expiry-invalid = Indiquez une durée de 1 à { $days-max } jours.
auth-export-already-requested = Vous avez déjà demandé une copie de vos données il y a moins d'une heure.
auth-export-link-ended = Ce lien n'est plus valable. Demandez-en un nouveau dans l'application.
auth-font-size-invalid = Choisissez une taille de 10 à { $font-max }.
auth-impersonate-staff = Ce compte s'occupe des autres : on ne voit la plateforme qu'à la place de comptes ordinaires.
auth-impersonation-not-found = Cette observation n'existe pas ou est déjà finie.
auth-language-invalid = Indiquez une langue, comme fr, en ou wo-SN.
auth-last-admin = La plateforme n'aurait plus d'administrateur. Nommez-en un autre d'abord.
auth-minutes-invalid = Indiquez une durée de 1 à { $minutes-max } minutes.
auth-name-invalid = Indiquez un nom de 1 à { $name-max } caractères.
auth-name-taken = Vous avez déjà un jeton de ce nom.
auth-no-password = Ce compte n'a pas de mot de passe. Demandez une réinitialisation pour en choisir un.
auth-not-a-session = Ce jeton n'est pas celui d'une session.
auth-not-possible = L'état de ce compte ne le permet pas.
auth-own-account = Vous ne pouvez pas faire cela à votre propre compte.
auth-partner-not-found = Ce partenaire n'existe pas.
auth-password-too-long = Le mot de passe dépasse { $password-max } caractères.
auth-password-too-short = Le mot de passe compte moins de { $password-min } caractères. Une phrase convient très bien.
auth-password-too-weak = Ce mot de passe est trop facile à deviner. Choisissez par exemple quatre mots sans rapport.
auth-phone-invalid = Indiquez un numéro international, comme +221 77 123 45 67.
auth-phone-taken = Ce numéro appartient à un autre compte.
auth-provider-unavailable = La connexion par ce fournisseur n'est pas disponible pour le moment.
auth-reason-invalid = Indiquez une raison de 1 à { $reason-max } caractères.
auth-redirect-uri-unknown = Cette adresse de retour n'est pas enregistrée.
auth-registration-needed = Ce numéro est nouveau : indiquez aussi un nom et vos consentements.
auth-role-fixed = Ce rôle ne peut être ni donné ni retiré.
auth-role-unknown = Ce rôle n'existe pas.
auth-scope-invalid = Indiquez de 1 à { $scopes-max } permissions, comme books:read.
auth-scope-not-yours = Vous n'avez pas vous-même cette permission.
auth-session-not-found = Cette session n'existe pas ou est déjà fermée.
auth-slug-invalid = Indiquez de 3 à { $slug-max } lettres minuscules, chiffres ou tirets intérieurs.
auth-slug-taken = Ce nom est déjà pris.
auth-state-invalid = Cette connexion n'est plus en cours. Recommencez.
auth-time-zone-unknown = Indiquez un fuseau horaire, comme Africa/Dakar.
auth-token-invalid = Ce lien ou ce jeton n'est plus valable. Demandez-en un nouveau.
auth-token-not-found = Ce jeton n'existe pas ou n'est plus valable.
auth-too-many-tokens = Vous avez déjà { $tokens-max } jetons. Supprimez-en un d'abord.
auth-user-not-found = Ce compte n'existe pas.

# Noms
auth-deleted-account = Compte supprimé

# Courriels
auth-mail-greeting = Bonjour { $name },
auth-mail-footer = Coko, la lecture partout en Afrique. Si vous n'êtes pas à l'origine de ce message, vous pouvez l'ignorer.
auth-mail-verify-subject = Confirmez votre adresse
auth-mail-verify-text = Confirmez que cette adresse est bien la vôtre en ouvrant le lien ci-dessous dans les { $hours } heures. Ne l'ouvrez pas si vous ne vous êtes pas inscrit vous-même : l'inscription sera alors oubliée.
auth-mail-known-subject = Vous avez déjà un compte
auth-mail-known-text = Quelqu'un, peut-être vous, vient de s'inscrire avec cette adresse, qui a déjà un compte. Connectez-vous, ou choisissez un nouveau mot de passe avec le lien ci-dessous si vous avez oublié le vôtre. Rien n'a été changé.
auth-mail-reset-subject = Choisissez un nouveau mot de passe
auth-mail-reset-text = Ouvrez le lien ci-dessous dans les { $minutes } minutes pour choisir un nouveau mot de passe. Si vous n'avez rien demandé, ne faites rien : votre mot de passe reste le même.
auth-mail-changed-subject = Votre mot de passe a été changé
auth-mail-changed-text = Le mot de passe de votre compte vient d'être changé et vos autres sessions ont été fermées. Si ce n'était pas vous, choisissez-en un nouveau tout de suite avec le lien ci-dessous.
auth-mail-export-subject = La copie de vos données est prête
auth-mail-export-text = La copie de tout ce que nous savons de vous est prête. Téléchargez-la dans l'application, sous « Vie privée », dans les trente jours.
auth-mail-deletion-subject = Votre compte va être supprimé
auth-mail-deletion-text = Votre compte et vos données seront supprimés le { $date }. Jusque-là, il suffit de vous connecter pour tout garder.

# Messages texte (GSM 7 bits)
auth-text-code = Coko: votre code est { $code }. Il expire dans { $minutes } minutes. Ne le donnez a personne.
