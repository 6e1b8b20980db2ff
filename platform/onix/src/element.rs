//! Elements of ONIX by their reference names.

/// An element with what is in it; names are the reference names.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        Some(self.find(name)?.text.trim()).filter(|text| !text.is_empty())
    }

    /// The child called `name` whose `code` element is `value`.
    pub(crate) fn coded<'a>(
        &'a self,
        name: &'a str,
        code: &'a str,
        value: &'a str,
    ) -> Option<&'a Self> {
        self.all(name)
            .find(|child| child.value(code) == Some(value))
    }
}

/// The reference name of an element, given either of its names.
pub(crate) fn reference(name: &str) -> &str {
    match name {
        "product" => "Product",
        "a001" => "RecordReference",
        "a002" => "NotificationType",
        "productidentifier" => "ProductIdentifier",
        "b221" => "ProductIDType",
        "b244" => "IDValue",
        "descriptivedetail" => "DescriptiveDetail",
        "b012" => "ProductForm",
        "b333" => "ProductFormDetail",
        "collection" => "Collection",
        "titledetail" => "TitleDetail",
        "b202" => "TitleType",
        "titleelement" => "TitleElement",
        "x409" => "TitleElementLevel",
        "b203" => "TitleText",
        "b030" => "TitlePrefix",
        "b031" => "TitleWithoutPrefix",
        "b029" => "Subtitle",
        "x410" => "PartNumber",
        "contributor" => "Contributor",
        "b034" => "SequenceNumber",
        "b035" => "ContributorRole",
        "b036" => "PersonName",
        "b047" => "CorporateName",
        "language" => "Language",
        "b253" => "LanguageRole",
        "b252" => "LanguageCode",
        "extent" => "Extent",
        "b218" => "ExtentType",
        "b219" => "ExtentValue",
        "b220" => "ExtentUnit",
        "subject" => "Subject",
        "b067" => "SubjectSchemeIdentifier",
        "b069" => "SubjectCode",
        "collateraldetail" => "CollateralDetail",
        "textcontent" => "TextContent",
        "x426" => "TextType",
        "d104" => "Text",
        "publishingdetail" => "PublishingDetail",
        "publisher" => "Publisher",
        "b291" => "PublishingRole",
        "b081" => "PublisherName",
        "publishingdate" => "PublishingDate",
        "x448" => "PublishingDateRole",
        "b306" => "Date",
        "productsupply" => "ProductSupply",
        "supplydetail" => "SupplyDetail",
        "price" => "Price",
        "x462" => "PriceType",
        "j151" => "PriceAmount",
        "j152" => "CurrencyCode",
        other => other,
    }
}
