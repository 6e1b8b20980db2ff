//! An invoice on paper, in French or English.

use coko_core::graphql::FluentValue;
use coko_core::locale::Locale;
use coko_core::translation::Translations;
use coko_pdf::{About, Align, Column, Document, Table};
use time::OffsetDateTime;

use crate::model::invoice::Seller;
use crate::model::{Invoice, InvoiceKind, OrderKind, order};

/// The words of one document.
struct Words<'a> {
    translations: &'a Translations,
    locale: &'a Locale,
}

impl Words<'_> {
    fn say(&self, key: &str, args: &[(&str, FluentValue<'_>)]) -> String {
        let key = format!("payment-invoice-{key}");
        self.translations.text(self.locale, &key, args)
    }

    fn plain(&self, key: &str) -> String {
        self.say(key, &[])
    }

    fn date(&self, at: OffsetDateTime) -> String {
        let args = [
            ("day", FluentValue::from(at.day())),
            ("month", FluentValue::from(u8::from(at.month()))),
            // A year has no thousands.
            ("year", at.year().to_string().into()),
        ];
        self.say("date", &args)
    }

    /// `18 %`, `5,5 %`.
    fn percent(&self, rate: i32) -> String {
        let (whole, rest) = (rate / 100, rate % 100);
        let decimals = format!("{rest:02}");
        let decimals = decimals.trim_end_matches('0');
        match (decimals.is_empty(), self.locale.language()) {
            (true, "en") => format!("{whole}%"),
            (true, _) => format!("{whole}\u{a0}%"),
            (false, "en") => format!("{whole}.{decimals}%"),
            (false, _) => format!("{whole},{decimals}\u{a0}%"),
        }
    }
}

/// The PDF of `invoice` by `seller`; `undone` is the invoice that a credit note undoes.
///
/// # Errors
/// When the document cannot be written, which would be a fault of ours.
pub(crate) fn pdf(
    invoice: &Invoice,
    seller: &Seller,
    undone: Option<&Invoice>,
    translations: &Translations,
    locale: &Locale,
) -> Result<Vec<u8>, coko_pdf::Error> {
    let words = Words {
        translations,
        locale,
    };
    let kind = match invoice.kind {
        InvoiceKind::Invoice => "title",
        InvoiceKind::CreditNote => "credit-note-title",
    };
    let code = invoice.code();
    let title = words.say(kind, &[("number", code.as_str().into())]);
    let mut document = Document::new(About {
        title: title.clone(),
        author: seller.name.clone(),
        language: locale.language().to_owned(),
        created: invoice.issued_at,
        id: invoice.id.to_string(),
    });
    document.heading(1, title);
    document.table(parties(invoice, seller, undone, &words));
    document.table(sold(invoice, &words));
    document.paragraph(paid(invoice, &words));
    if invoice.tax_rate == 0 {
        document.remark(words.plain("no-tax"));
    }
    if let Some(notice) = &seller.notice {
        document.remark(notice);
    }
    document.finish()
}

/// Who sold it on the one side; for whom, when and under which numbers on the other.
fn parties(
    invoice: &Invoice,
    seller: &Seller,
    undone: Option<&Invoice>,
    words: &Words<'_>,
) -> Table {
    let mut theirs = vec![seller.name.clone()];
    theirs.extend_from_slice(&seller.address);
    theirs.extend_from_slice(&seller.registrations);
    let mut ours = vec![
        words.say("issued", &[("date", words.date(invoice.issued_at).into())]),
        words.say("order", &[("order", invoice.order_reference().into())]),
        words.say(
            "customer",
            &[("customer", order::reference(invoice.user_id).into())],
        ),
    ];
    if let Some(undone) = undone {
        let args: [(&str, FluentValue<'_>); 2] = [
            ("number", undone.code().into()),
            ("date", words.date(undone.issued_at).into()),
        ];
        ours.push(words.say("cancels", &args));
    }
    Table::new([Column::new("", 1), Column::new("", 1)]).row([theirs.join("\n"), ours.join("\n")])
}

/// What was sold and what it costs, with and without tax. A credit note's amounts are negative.
fn sold(invoice: &Invoice, words: &Words<'_>) -> Table {
    let money = |mut money: coko_core::money::Money| {
        if invoice.kind == InvoiceKind::CreditNote {
            money.amount = -money.amount;
        }
        money.format(words.locale)
    };
    let subject = match invoice.subject {
        OrderKind::Book => "book",
        OrderKind::Subscription | OrderKind::TopUp => "subscription",
    };
    let subject = words.say(subject, &[("title", invoice.title.as_str().into())]);
    let taxed = invoice.tax_rate > 0;
    let (net, total) = (money(invoice.net()), money(invoice.total()));
    let columns = [
        Column::new(words.plain("subject"), 5),
        Column::new(words.plain("quantity"), 1).align(Align::End),
        Column::new(words.plain(if taxed { "net" } else { "amount" }), 2).align(Align::End),
    ];
    let table = Table::new(columns).row([subject, "1".to_owned(), net.clone()]);
    if !taxed {
        return table.strong([words.plain("total"), String::new(), total]);
    }
    let rate = [("rate", FluentValue::from(words.percent(invoice.tax_rate)))];
    table
        .row([words.plain("net-total"), String::new(), net])
        .row([words.say("tax", &rate), String::new(), money(invoice.tax())])
        .strong([words.plain("total-with-tax"), String::new(), total])
}

/// How it was paid or paid back, and what the provider took where that is another currency.
fn paid(invoice: &Invoice, words: &Words<'_>) -> String {
    let key = match invoice.kind {
        InvoiceKind::Invoice => "paid",
        InvoiceKind::CreditNote => "paid-back",
    };
    let provider = words.plain(&format!("by-{}", invoice.provider.slug()));
    let args: [(&str, FluentValue<'_>); 2] = [
        ("date", words.date(invoice.issued_at).into()),
        ("provider", provider.into()),
    ];
    let paid = words.say(key, &args);
    if invoice.charged().currency == invoice.total().currency {
        return paid;
    }
    let charged = invoice.charged().format(words.locale);
    let charged = words.say("charged", &[("amount", charged.into())]);
    format!("{paid}\n{charged}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::invoice::tests::invoice;

    fn printed(invoice: &Invoice, undone: Option<&Invoice>, locale: &Locale) -> String {
        let translations = crate::translations().unwrap();
        let seller = invoice.seller().unwrap();
        let pdf = pdf(invoice, &seller, undone, &translations, locale).unwrap();
        let pdf = lopdf::Document::load_mem(&pdf).unwrap();
        let pages: Vec<u32> = pdf.get_pages().into_keys().collect();
        let text = pdf.extract_text(&pages).unwrap();
        // Lines end, and spaces do not break, where the layout likes.
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_invoice_says_what_the_law_wants_in_both_languages() {
        let invoice = invoice(1500, 1800);
        let french = printed(&invoice, None, &Locale::FR);
        let english = printed(&invoice, None, &Locale::EN);
        for phrase in [
            "Facture F2026-000042",
            "Coko SARL",
            "12 avenue Bourguiba",
            "NINEA 000000000",
            "1er février 2026",
            "Livre numérique : L'Enfant noir",
            "1 271 F CFA",
            "TVA 18 %",
            "229 F CFA",
            "1 500 F CFA",
            "PayPal",
            "2,29 €",
            "655,957",
        ] {
            assert!(french.contains(phrase), "{phrase} is not in {french}");
        }
        for phrase in [
            "Invoice F2026-000042",
            "1 February 2026",
            "E-book: L'Enfant noir",
            "VAT 18%",
            "F CFA 1,271",
            "F CFA 1,500",
            "€2.29",
        ] {
            assert!(english.contains(phrase), "{phrase} is not in {english}");
        }
    }

    #[test]
    fn a_credit_note_names_what_it_undoes() {
        let invoice = invoice(1500, 0);
        let note = invoice.undone(uuid::Uuid::from_u128(6));
        let french = printed(&note, Some(&invoice), &Locale::FR);
        for phrase in [
            "Avoir A2026-000042",
            "facture F2026-000042 du 1er février 2026",
            "-1 500 F CFA",
            "TVA non applicable",
        ] {
            assert!(french.contains(phrase), "{phrase} is not in {french}");
        }
    }
}
