"""What programs write that confirm receipt: in subjects, and in sentences."""

from __future__ import annotations

from outreach.mail.words import pattern

RECEIPT_SUBJECT = pattern(
    r"^\W{0,3}(?:ticket|case|request|incident|support) ?(?:id|no|number|nr)?\W{0,3}[a-z]{0,6}-?\d{3,}",
    r"\b(?:we(?:'ve| have)?|has been|was) received(?: your)? (?:request|message|e-?mail|inquiry|enquiry|ticket)",
    r"\b(?:your )?(?:request|message|e-?mail|inquiry|enquiry|ticket|case)\b.{0,30}\b(?:has been|was) (?:received"
    r"|created|opened|registered|logged)|(?:request|message|ticket) received\b|thank you for contacting",
    r"(?:ihre? (?:anfrage|nachricht|e-?mail|ticket)\b.{0,30}(?:eingegangen|erhalten|erstellt)|empfangsbestätigung"
    r"|eingangsbestätigung|accusé de réception|(?:votre|la) demande .{0,30}(?:reçue|enregistrée|créée)"
    r"|(?:hemos recibido|recibimos) (?:su|tu)|su solicitud .{0,30}(?:recibid|creada)|acuse de recibo"
    r"|recebemos (?:a )?(?:sua|seu)|abbiamo ricevuto|conferma di ricezione|ontvangstbevestiging|wij hebben uw"
    r"|potwierdzenie (?:otrzymania|przyjęcia|zgłoszenia)|talebiniz (?:alındı|alınmıştır|oluşturul))",
)
"""A subject that confirms receipt."""

TICKET = pattern(
    (
        r"(?:we have |i have |we've |has been |have been |was )?(?:successfully )?received your (?:message|e?-?mail"
        r"|request|inquiry|enquiry|application|ticket|order|submission|mail|query|note|letter)|your (?:message"
        r"|e?-?mail|request|inquiry|enquiry|ticket|application|query|submission|mail) (?:has been|was"
        r"|is) (?:successfully )?(?:received|logged|registered|created|submitted|assigned|opened|forwarded to)"
        r"|thank(?:s| you) (?:very much |so much )?for (?:contacting|reaching out to|getting in touch with"
        r"|writing to|your (?:interest in|inquiry|enquiry|request|application|submission))|(?:ticket|case|reference"
        r"|request|incident) ?(?:number|id|no\.?|#|ref)|one of our (?:team|representatives|agents|staff|customer"
        r"|colleagues|experts)"
    ),
    (
        r"(?:ihre|deine) (?:nachricht|anfrage|e-?mail|mail|mitteilung) .{0,40}(?:erhalten|eingegangen|bearbeite"
        r"|angekommen)|vielen dank für ihre (?:anfrage|interesse|kontaktaufnahme)|wir (?:werden"
        r"|haben) .{0,60}(?:schnellstmöglich|so schnell wie möglich|umgehend|in kürze|bearbeit)|ticket-?nummer"
        r"|vorgangsnummer"
    ),
    (
        r"nous avons bien reçu votre|votre (?:message|demande|mail|courriel|e-mail) (?:a (?:bien )?été"
        r"|est bien) (?:reçue?|enregistrée?|transmis)|nous (?:vous répondrons|reviendrons vers vous|traiterons)"
        r"|numéro de (?:ticket|dossier|demande)"
    ),
    (
        r"hemos recibido (?:su|tu)|su (?:mensaje|solicitud|consulta|correo) ha sido (?:recibid|registrad)"
        r"|gracias por (?:contactar|comunicarse|ponerse en contacto|escribirnos)|nos pondremos en contacto"
        r"|número de (?:ticket|caso|solicitud)"
    ),
    (
        r"recebemos (?:o |a )?(?:seu|sua)|(?:sua|seu) (?:mensagem|solicitação|pedido|e-?mail|contato"
        r"|contacto) foi (?:recebid|registrad)|obrigad[oa] (?:por entrar em|pelo seu) (?:contato|contacto)"
        r"|entraremos em contato|número do (?:chamado|ticket"
        r"|pedido)"
    ),
    (
        r"abbiamo ricevuto (?:la|il) (?:sua|suo|tua|tuo|vostra)|la (?:sua|tua|vostra) (?:richiesta|e-?mail|mail"
        r"|messaggio) è stat[ao] (?:ricevut|registrat|presa)|grazie per (?:averci contattat|aver contattato"
        r"|il tuo messaggio|la sua)|numero (?:di )?(?:ticket|richiesta|pratica)"
    ),
    (
        r"(?:wij|we) hebben (?:uw|je) (?:bericht|e-?mail|mail|aanvraag|vraag|verzoek) .{0,20}ontvangen"
        r"|uw (?:bericht|e-?mail|mail|aanvraag|verzoek) is (?:ontvangen|geregistreerd)|bedankt voor (?:uw|je"
        r"|het) (?:bericht|e-?mail|mail|contact|aanvraag)|(?:ticket|referentie"
        r"|zaak)nummer"
    ),
    (
        r"otrzymaliśmy (?:pańsk|państwa|twoj|pani|pana)|(?:twoja|państwa|pana|pani) (?:wiadomość|zgłoszenie"
        r"|prośba) (?:został[ao]?|dotarł)|dziękujemy za (?:kontakt|wiadomość|zgłoszenie|zainteresowanie)"
        r"|numer (?:zgłoszenia|sprawy)"
        r"|zgłoszenie .{0,20}(?:zarejestrowan|przyjęt)"
    ),
    (
        r"(?:mesajınız|e-?postanız|talebiniz|başvurunuz|mailiniz|iletiniz) .{0,30}(?:alınmıştır|ulaşmıştır|alındı"
        r"|ulaştı|kaydedil|oluşturul|iletil)|(?:bizimle )?iletişime geçtiğiniz için|(?:mesajınız|ilginiz"
        r"|e-?postanız|mailiniz|başvurunuz) için teşekkür|(?:talep|kayıt|takip"
        r"|destek) (?:numaranız|no|numarası)"
    ),
)
"""A sentence that confirms receipt."""
