DROP TABLE feedback, activity, reviews, interactions, readers, books;
