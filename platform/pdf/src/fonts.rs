//! The fonts in the program. `fonts/README.md` says where they come from.

use std::sync::{Arc, LazyLock};

use parley::FontContext;
use parley::fontique::{Blob, Collection, CollectionOptions};
use parley::style::FontFamilyName;

/// The files, in the order in which they are asked for a character.
const FILES: [&[u8]; 33] = [
    include_bytes!("../fonts/NotoSans-Regular.ttf"),
    include_bytes!("../fonts/NotoSans-Bold.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Regular.ttf"),
    include_bytes!("../fonts/NotoNaskhArabic-Bold.ttf"),
    include_bytes!("../fonts/NotoSansEthiopic-Regular.ttf"),
    include_bytes!("../fonts/NotoSansNKo-Regular.ttf"),
    include_bytes!("../fonts/NotoSansAdlam-Regular.ttf"),
    include_bytes!("../fonts/NotoSansTifinagh-Regular.ttf"),
    include_bytes!("../fonts/NotoSansVai-Regular.ttf"),
    include_bytes!("../fonts/NotoSansBamum-Regular.ttf"),
    include_bytes!("../fonts/NotoSansOsmanya-Regular.ttf"),
    include_bytes!("../fonts/NotoSansMendeKikakui-Regular.ttf"),
    include_bytes!("../fonts/NotoSansBassaVah-Regular.ttf"),
    include_bytes!("../fonts/NotoSansCoptic-Regular.ttf"),
    include_bytes!("../fonts/NotoSansHebrew-Regular.ttf"),
    include_bytes!("../fonts/NotoSansDevanagari-Regular.ttf"),
    include_bytes!("../fonts/NotoSansBengali-Regular.ttf"),
    include_bytes!("../fonts/NotoSansGujarati-Regular.ttf"),
    include_bytes!("../fonts/NotoSansGurmukhi-Regular.ttf"),
    include_bytes!("../fonts/NotoSansTamil-Regular.ttf"),
    include_bytes!("../fonts/NotoSansTelugu-Regular.ttf"),
    include_bytes!("../fonts/NotoSansKannada-Regular.ttf"),
    include_bytes!("../fonts/NotoSansMalayalam-Regular.ttf"),
    include_bytes!("../fonts/NotoSansSinhala-Regular.ttf"),
    include_bytes!("../fonts/NotoSansThai-Regular.ttf"),
    include_bytes!("../fonts/NotoSansLao-Regular.ttf"),
    include_bytes!("../fonts/NotoSansKhmer-Regular.ttf"),
    include_bytes!("../fonts/NotoSansMyanmar-Regular.ttf"),
    include_bytes!("../fonts/NotoSansGeorgian-Regular.ttf"),
    include_bytes!("../fonts/NotoSansArmenian-Regular.ttf"),
    include_bytes!("../fonts/NotoSansMath-Regular.ttf"),
    include_bytes!("../fonts/NotoSansSymbols2-Regular.ttf"),
    include_bytes!("../fonts/DroidSansFallback.ttf"),
];

struct Fonts {
    collection: Collection,
    families: Vec<FontFamilyName<'static>>,
}

static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    let mut collection = Collection::new(CollectionOptions {
        shared: false,
        system_fonts: false,
    });
    let mut families: Vec<FontFamilyName<'static>> = Vec::new();
    for file in FILES {
        for (family, _fonts) in collection.register_fonts(Blob::new(Arc::new(file)), None) {
            if let Some(name) = collection.family_name(family) {
                let name = FontFamilyName::Named(name.to_owned().into());
                if !families.contains(&name) {
                    families.push(name);
                }
            }
        }
    }
    Fonts {
        collection,
        families,
    }
});

/// The fonts as the layout takes them.
pub(crate) fn context() -> FontContext {
    FontContext {
        collection: FONTS.collection.clone(),
        source_cache: parley::fontique::SourceCache::default(),
    }
}

/// The families, in the order in which they are asked for a character.
pub(crate) fn families() -> &'static [FontFamilyName<'static>] {
    &FONTS.families
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_is_a_font() {
        // Two of the files are the bold of a family.
        assert_eq!(super::families().len(), super::FILES.len() - 2);
    }
}
