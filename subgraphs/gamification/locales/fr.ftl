gamification-text-invalid = Ce texte est vide, trop long, ou contient des caractères de contrôle.
gamification-target-invalid = Choisissez un objectif de 1 à 10 000.
gamification-window-invalid = Choisissez une fin à venir et postérieure au début, d'au plus un an plus tard.
gamification-privacy-invalid = Choisissez vos abonnés, ou les personnes que vous invitez.
gamification-challenge-over = Ce défi est terminé, ou a été annulé.
gamification-too-many-challenges = Vous avez trop de défis en cours. Quittez-en un, ou attendez qu'un se termine.
gamification-board-invalid = Choisissez un pays ou vos amis, pas les deux ; un pays s'écrit en deux majuscules, comme SN.
