//! The texts: written for this project, in French and English, with a page in Wolof and Arabic.

/// The language of a demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl Language {
    /// The BCP 47 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    pub(super) fn contents(self) -> &'static str {
        match self {
            Self::French => "Table des matières",
            Self::English => "Contents",
        }
    }
}

/// A chapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    /// What it is called.
    pub title: &'static str,
    /// Its paragraphs.
    pub paragraphs: &'static [Paragraph],
}

/// A paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paragraph {
    /// The text.
    pub text: &'static str,
    /// A footnote: its id and its text.
    pub note: Option<(&'static str, &'static str)>,
    /// Another language than the book's: its code and its name.
    pub language: Option<(&'static str, &'static str)>,
}

const fn plain(text: &'static str) -> Paragraph {
    Paragraph {
        text,
        note: None,
        language: None,
    }
}

const fn noted(text: &'static str, id: &'static str, note: &'static str) -> Paragraph {
    Paragraph {
        text,
        note: Some((id, note)),
        language: None,
    }
}

const fn in_language(text: &'static str, code: &'static str, name: &'static str) -> Paragraph {
    Paragraph {
        text,
        note: None,
        language: Some((code, name)),
    }
}

const SCRIPTS: [Paragraph; 4] = [
    in_language(
        "Benn bés, guy gi nee taw bi: « Ñëwal, maa ngi lay xaar. » Taw bi tontu ko: « Duma ñëw su ma kenn woowul ci jàmm. »",
        "wo",
        "Wolof",
    ),
    in_language(
        "Ku am xarit am alal. Ku dégg xibaar, jottali ko, waaye bul ci yokk dara.",
        "wo",
        "Wolof",
    ),
    in_language(
        "في يومٍ من الأيام قالت شجرةُ الباوباب للمطر: تعال، فأنا أنتظرك. فأجاب المطر: لن آتي حتى يناديني أحدٌ بسلام.",
        "ar",
        "العربية",
    ),
    in_language(
        "من قرأ كتابًا على ضوء القمر وجد في الصباح أن الليل كان أقصر.",
        "ar",
        "العربية",
    ),
];

pub(super) fn sections(language: Language) -> Vec<Section> {
    match language {
        Language::French => FRENCH.to_vec(),
        Language::English => ENGLISH.to_vec(),
    }
}

const FRENCH: [Section; 5] = [
    Section {
        title: "À propos de ce fichier",
        paragraphs: &[
            plain(
                "Ce livre est une démonstration. Il porte le titre et le nom d'un auteur du catalogue d'essai, mais le texte n'est pas l'œuvre elle-même : il a été écrit pour Coko, afin qu'une plateforme toute neuve ait quelque chose à lire.",
            ),
            plain(
                "Vous y trouverez des chapitres, des notes de bas de page, et une page dans d'autres écritures. Vous pouvez le copier, le modifier et le partager.",
            ),
        ],
    },
    Section {
        title: "1. Le baobab",
        paragraphs: &[
            plain(
                "Au bord de la piste qui descend vers le fleuve, il y avait un baobab si vieux que personne ne savait plus qui l'avait planté. Les uns disaient que c'était un oiseau, les autres que c'était un roi, et les enfants disaient que c'était l'un déguisé en l'autre.",
            ),
            noted(
                "Chaque matin, Coumba s'asseyait entre deux racines avec sa calebasse et comptait les camions. Quand elle en avait compté douze, elle rentrait ; quand elle n'en avait compté que onze, elle attendait, parce qu'un compte qui n'est pas rond est un compte qui se plaint.",
                "n1",
                "La calebasse est la gourde séchée d'une courge. On y boit, on y mesure le mil, et l'on y garde les secrets.",
            ),
            plain(
                "Cette année-là, la pluie ne vint pas. Le fleuve se retira de ses rives comme quelqu'un qui recule devant une question. Les camions passèrent moins souvent, puis seulement le jeudi, et Coumba apprit à compter jusqu'à un.",
            ),
            plain(
                "« Tu devrais l'appeler », dit un jour le baobab. Sa voix n'était pas plus forte que le bruit d'une gousse qui tombe. Coumba regarda autour d'elle, puis en haut, puis dans la calebasse.",
            ),
            plain(
                "« Appeler qui ? » demanda-t-elle, car lorsqu'un arbre parle, il est plus poli de répondre que de s'étonner.",
            ),
        ],
    },
    Section {
        title: "2. Celle qui ne venait pas",
        paragraphs: &[
            plain(
                "La pluie habitait derrière la troisième colline, dans une maison sans toit, puisqu'elle n'en avait pas besoin. Coumba s'y rendit à pied. Elle emporta la calebasse, trois dattes et la patience de sa grand-mère, qu'on lui avait prêtée jusqu'au soir.",
            ),
            plain(
                "À la première colline, un berger lui demanda une datte, et elle la lui donna. À la deuxième, un soldat qui avait oublié sa guerre lui en demanda une autre, et elle la lui donna aussi. À la troisième, elle mangea la dernière, car on ne se présente pas chez la pluie le ventre vide.",
            ),
            noted(
                "La pluie était en train de repriser un nuage. Elle ne leva pas la tête. « On ne m'appelle plus, dit-elle. On m'attend, on me maudit, on me mesure au millimètre. Mais appeler, non. Il y a dans un appel quelque chose que je ne trouve pas dans un bulletin. »",
                "n2",
                "La météorologie nationale publie chaque décade la hauteur des pluies. La pluie, dit-on, ne la lit pas.",
            ),
            plain(
                "« Alors je t'appelle », dit Coumba. Et elle le fit, avec le nom que lui donnait sa grand-mère, qu'aucun livre ne connaît, pas même celui-ci.",
            ),
        ],
    },
    Section {
        title: "3. Le compte rond",
        paragraphs: &[
            plain(
                "Il plut onze jours. Le douzième, le ciel hésita, et tout le village leva les yeux, parce que tout le village avait appris de Coumba ce qu'est un compte rond.",
            ),
            plain("Puis il plut aussi le douzième jour."),
            plain(
                "Le fleuve revint prendre place entre ses rives, s'excusa auprès des pirogues, et se remit à porter ce qu'on lui confiait. Les camions passèrent de nouveau. Quant au baobab, il ne parla plus jamais ; mais lorsque le vent du soir remue ses gousses, les enfants prétendent qu'il compte.",
            ),
            noted(
                "Coumba devint institutrice. Dans sa classe, on commence chaque matin par appeler : les présents d'abord, les absents ensuite, et, quand la saison tarde, la pluie.",
                "n3",
                "Les absents répondent rarement, mais ils sont contents qu'on les nomme.",
            ),
        ],
    },
    Section {
        title: "D'autres écritures",
        paragraphs: &SCRIPTS,
    },
];

const ENGLISH: [Section; 5] = [
    Section {
        title: "About this file",
        paragraphs: &[
            plain(
                "This book is a demonstration. It bears a title and an author's name from the sample catalogue, but its text is not the work itself: it was written for Coko, so that a brand-new platform has something to read.",
            ),
            plain(
                "It has chapters, footnotes, and a page in other scripts. You may copy it, change it and share it.",
            ),
        ],
    },
    Section {
        title: "1. The Ferry",
        paragraphs: &[
            plain(
                "The ferry crossed the river eleven times a day, and the ferryman, whose name was Samba, crossed it twelve times, because every evening he rowed himself home in a boat that nobody else had ever seen on the water by daylight.",
            ),
            noted(
                "He charged by the story. A short one paid for a person, a long one for a person and a goat. For a bicycle you had to tell him something true.",
                "n1",
                "Motorcycles were refused. There is, Samba held, no story loud enough.",
            ),
            plain(
                "In this way he had come to know a great deal about both banks: who had married whom, who regretted it, where the good clay was, and what the old postmistress had written in the letter that she never sent. He told none of it to anyone. A ferry that keeps nothing on the other side is only a raft.",
            ),
            plain(
                "One afternoon, in the hour when even the kingfishers stop working, a girl came down the bank with a suitcase tied up in string, and sat in the bow, and said nothing at all.",
            ),
        ],
    },
    Section {
        title: "2. The Suitcase",
        paragraphs: &[
            plain(
                "They were a third of the way over before Samba asked. \"What do you pay with?\" he said, for he was not a man to wait until the middle, where the water is deep and everyone becomes generous.",
            ),
            plain(
                "\"I have a story,\" said the girl, \"but it is not finished, and I don't want to spoil it by stopping where it stops.\"",
            ),
            noted(
                "Samba shipped the oars. This had never happened to him. He considered the suitcase, which was humming quietly, as a refrigerator hums, or a choir before it begins.",
                "n2",
                "The nearest refrigerator at that time was at the customs house, where it kept the stamps dry.",
            ),
            plain(
                "\"Then owe it to me,\" he said at last. \"Cross, and go on with it, and when it ends come back and tell me the end. I will put you in the book.\" There was no book. But from that day on there had to be one, and he bought it at the market, with blue lines, and wrote on the first of them: one girl, one suitcase, one story, unfinished.",
            ),
        ],
    },
    Section {
        title: "3. The Book with Blue Lines",
        paragraphs: &[
            plain(
                "Years went by in the ordinary way, that is, unevenly. A bridge was promised, measured, blessed and forgotten. The book filled up. It turned out that most people, when they were asked, had a story that was not finished, and were glad to owe it.",
            ),
            plain(
                "When Samba was very old a woman came down the bank with a suitcase. The string was new. \"I have the end,\" she said.",
            ),
            plain(
                "He helped her into the bow, and rowed, and did not ask until the middle. It took her exactly as long as the crossing. I shall not repeat it here, since it was hers to pay with; but I can tell you that the suitcase, which she left with him, has been quiet ever since.",
            ),
            noted(
                "The bridge was built in the end. The ferry still crosses, twelve times a day now, and the fare has not gone up.",
                "n3",
                "Bicycles still need something true.",
            ),
        ],
    },
    Section {
        title: "Other scripts",
        paragraphs: &SCRIPTS,
    },
];
