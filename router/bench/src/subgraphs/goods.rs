//! The static data. Quantities and the lengths of texts are the public benchmark's, the words are ours.

/// A person.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) username: &'static str,
    pub(super) birthday: i64,
}

/// A product, as products and inventory know it together.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) upc: &'static str,
    pub(super) name: &'static str,
    pub(super) price: i64,
    pub(super) weight: i64,
    pub(super) in_stock: bool,
}

/// A review; its author is always the first user.
#[derive(Debug)]
pub(super) struct Review {
    pub(super) id: &'static str,
    pub(super) body: &'static str,
    /// The product's `upc`.
    pub(super) product: &'static str,
}

const fn user(id: &'static str, name: &'static str, username: &'static str) -> User {
    User {
        id,
        name,
        username,
        birthday: 631_152_000,
    }
}

const fn product(
    upc: &'static str,
    name: &'static str,
    price: i64,
    weight: i64,
    in_stock: bool,
) -> Product {
    Product {
        upc,
        name,
        price,
        weight,
        in_stock,
    }
}

const fn review(id: &'static str, product: &'static str, body: &'static str) -> Review {
    Review { id, body, product }
}

pub(super) static USERS: [User; 6] = [
    user("1", "Awa Diallo Ndiaye", "awadn"),
    user("2", "Kofi Mensah", "kofimensah"),
    user("3", "Mariama Ba Sow", "mariamabasow"),
    user("4", "Ibrahim Toure", "itoure"),
    user("5", "Zola Nkosi", "zolankosi"),
    user("6", "Yara Haddad", "yarah"),
];

pub(super) static PRODUCTS: [Product; 9] = [
    product("1", "Table", 899, 100, true),
    product("2", "Bench", 1299, 1000, false),
    product("3", "Bowl", 15, 20, false),
    product("4", "Stool", 499, 100, false),
    product("5", "Cupboard", 1299, 1000, true),
    product("6", "Lantern", 6999, 300, true),
    product("7", "Stove", 3999, 2000, true),
    product("8", "Boat", 100_000, 6000, false),
    product("9", "Carpet", 9999, 800, true),
];

const LONG: &str = "The wood was planed by hand and it shows in the best of ways: no two boards have the same grain, the joints close \
    without glue and the top has stayed level through two rainy seasons on an open veranda. Delivery took nine days to \
    Thies, which is two less than announced, and the carrier called ahead. One drawer came with the wrong handle; the \
    right one followed by post within the week and was free of charge. I would buy it again tomorrow.";

const MEDIUM: &str = "Bought as a present for my parents and they have not stopped talking about it since. It is heavier than the \
    description says, so plan for two people on the stairs, but it stands firm on an uneven floor and it cleans with \
    nothing more than a damp cloth. The colour is a shade darker than in the pictures";

const PLAIN: &str = "good value for the price that was asked, and honest about what it is. After three months of daily use by a family of \
    seven there is one scratch, which was us and not the product. The manual is in four languages and none of them is \
    the one we speak at home, but the pictures suffice.";

const SHORT: &str = "It does what it should and it looks well in the room. What more can one ask of furniture that costs less than the \
    taxi that brought it to us?";

const ESSAY: &str = "We run a small hotel of eleven rooms near the river and order in quantity, so this is about all of them and not about \
    one. The first dozen arrived well packed, in good order and on the promised day. Of the second dozen, two had a leg \
    a finger's breadth too short; they were exchanged without discussion, though it took a month because the road was \
    closed. Guests like them, the staff can lift them with one hand, and they stack, which nobody told us before. They \
    have been sat on, stood on, rained on and once set on fire by a candle, and except for the candle nothing has left \
    a mark. The varnish wants renewing every other year where the sun reaches it. Were there a version with arms we \
    would order twenty more this afternoon, and we have written so to the workshop twice without an answer yet to our \
    letters.";

pub(super) static REVIEWS: [Review; 11] = [
    review("1", "1", LONG),
    review("2", "1", MEDIUM),
    review("3", "1", PLAIN),
    review("4", "1", SHORT),
    review("5", "2", LONG),
    review("6", "2", MEDIUM),
    review("7", "2", PLAIN),
    review("8", "2", SHORT),
    review("9", "3", SHORT),
    review("10", "4", SHORT),
    review("11", "4", ESSAY),
];

/// What a user has written: the same two reviews for each, as in the public benchmark.
pub(super) fn reviews_of_user() -> &'static [Review] {
    &REVIEWS[..2]
}
