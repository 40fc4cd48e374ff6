"""Addresses that are no person's: desks by their local part, and mailboxes that last for minutes by their domain.

Both lists are short and the team's own knowledge, not a directory; a verifier of the team's own may know more.
"""

from __future__ import annotations

import re

_DESK_NAMES = """
    abuse accounting accounts admin administration administrator apply billing booking bookings careers contact
    contacts customerservice customersupport enquiries enquiry events feedback finance hello help helpdesk hi hostmaster
    hr info information inquiries investor investors invoice invoices it jobs legal mail mailer-daemon marketing media
    news newsletter no-reply noc noreply office operations ops orders order payroll postmaster pr press privacy
    procurement purchasing reception recruiting recruitment root sales security service services shop spam staff
    subscribe support team tech undisclosed-recipients unsubscribe usenet web webmaster welcome
    bilgi destek iletisim muhasebe satis siparis ik kariyer
    anfrage bewerbung buchhaltung buero kontakt kundenservice presse rechnung verkauf vertrieb zentrale
    accueil bonjour commande commercial compta comptabilite recrutement secretariat serviceclient
    administracion atencion contabilidad contacto facturacion pedidos ventas rrhh
"""
_MINUTES_LISTED = """
    10minutemail.com 10minutemail.net 20minutemail.com 33mail.com anonbox.net burnermail.io byom.de deadaddress.com
    discard.email discardmail.com dispostable.com dropmail.me emailondeck.com fakeinbox.com fakemail.net getairmail.com
    getnada.com grr.la guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net
    guerrillamail.org guerrillamailblock.com inboxbear.com inboxkitten.com jetable.org mail-temp.com mail.tm
    mailcatch.com maildrop.cc mailinator.com mailinator.net mailnesia.com mailnull.com mailsac.com mailtemp.net
    meltmail.com minuteinbox.com mintemail.com moakt.com mohmal.com mytemp.email nada.email nowmymail.com
    one-time.email pokemail.net sharklasers.com sofort-mail.de spam4.me spamavert.com spambox.us spamex.com
    spamgourmet.com spamherelots.com spamhole.com temp-mail.io temp-mail.org tempail.com tempinbox.com tempmail.com
    tempmail.net tempmailo.com tempr.email throwawaymail.com tmail.ws tmailor.com tmpmail.net tmpmail.org trash-mail.com
    trashmail.com trashmail.de trashmail.me trashmail.net trbvm.com wegwerfmail.de wegwerfmail.net wegwerfmail.org
    yopmail.com yopmail.fr yopmail.net zeroe.ml
"""
_DESKS = frozenset(_DESK_NAMES.split())
_MINUTES = frozenset(_MINUTES_LISTED.split())
_TAG = re.compile(r"[+].*|[0-9]+$")


def is_desk(local_part: str) -> bool:
    """Does this name a desk and not a person? `info`, `sales+eu`, `Support2`."""
    name = _TAG.sub("", local_part.lower())
    return name in _DESKS or name.replace(".", "").replace("-", "").replace("_", "") in _DESKS


def is_for_minutes(domain: str) -> bool:
    """Are mailboxes of this domain, or of one above it, thrown away after minutes?"""
    labels = domain.lower().split(".")
    return any(".".join(labels[start:]) in _MINUTES for start in range(len(labels) - 1))
