gamification-text-invalid = This text is empty, too long, or has control characters.
gamification-target-invalid = Choose a goal from 1 to 10,000.
gamification-window-invalid = Choose an end that is to come and after the start, at most a year later.
gamification-privacy-invalid = Choose your followers, or those whom you invite.
gamification-challenge-over = This challenge is over, or was cancelled.
gamification-too-many-challenges = You have too many challenges under way. Leave one, or wait until one is over.
gamification-board-invalid = Choose a country or your friends, not both; a country is two capital letters such as SN.
