DROP TABLE moderation_log, reports, cases, attendances, gatherings, posts, topic_tags, tags, topics, club_schedule, club_members,
    clubs, forums, book_ratings, reviews, barriers, follows, positions, members;
DROP FUNCTION moderation_log_refuse(), community_furthest(uuid, uuid), community_hears(uuid, uuid);
