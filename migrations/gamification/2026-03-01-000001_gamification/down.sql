DROP TABLE board_changes, follows, participants, challenges, challenge_templates, achievements, badges, scores, ledger, point_rules,
    reading_times, facts, players, levels;
