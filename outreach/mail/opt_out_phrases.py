"""What people write who want no more messages and write nothing else, in the languages they say it in."""

from __future__ import annotations

from outreach.mail.words import folded


def _words(text: str) -> frozenset[str]:
    return frozenset(
        " ".join(phrase.split()) for phrase in folded(text).replace("\n", "|").split("|") if phrase.strip()
    )


CLEAR = _words(
    """
    unsubscribe|unsubscribe me|unsubscribed|unsuscribe|unsubcribe|unsubscibe|unsubsribe|un subscribe|un-subscribe|
    unsub|optout|opt out|opt-out|opt me out|remove me|take me off|take me off your list|take me off the list|
    remove me from your list|remove me from the list|remove from list|remove from your list|remove from mailing list|
    remove my email|remove my address|remove my name|remove email|delete me|delete my data|delete my email|
    delete my details|delete my information|erase my data|do not contact|do not contact me|don't contact me|
    dont contact me|do not email|do not email me|don't email me|dont email me|do not mail me|stop emailing|
    stop emailing me|stop email|stop emails|stop mailing|stop mailing me|stop sending|stop sending emails|
    stop sending me emails|stop contacting me|stop messaging me|stop spamming|stop spamming me|stop spam|
    no more emails|no more email|no more mails|no more messages|no emails|no further emails|no further contact|
    no mails|cease and desist|leave me alone|stopall|stop all|desubscribe|please stop this|i want to unsubscribe|
    i wish to unsubscribe|i would like to unsubscribe|i'd like to unsubscribe|how do i unsubscribe|
    how can i unsubscribe|unsubscribe now|unsubscribe immediately|unsubscribe from list|unsubscribe from this list|
    unsubscribe from all|remove me now|remove me immediately|request removal|removal request|gdpr request|
    gdpr delete|right to be forgotten|go away|get lost|not interested remove|not interested unsubscribe|
    not interested stop|never contact me again|never email me again|lose my email|lose my number|stop writing me|
    stop writing to me|cancel subscription|cancel my subscription|end subscription|abmelden|abbestellen|austragen|
    abmeldung|newsletter abmelden|newsletter abbestellen|bitte abmelden|keine mails mehr|keine e-mails mehr|
    keine weiteren mails|keine weiteren e-mails|keine weiteren nachrichten|kein kontakt|keine werbung|mich abmelden|
    mich austragen|aus verteiler löschen|aus dem verteiler löschen|daten löschen|meine daten löschen|adresse löschen|
    kontakt löschen|bitte löschen|bitte entfernen|nicht mehr kontaktieren|nicht mehr anschreiben|nicht mehr schreiben|
    ich möchte mich abmelden|widerspruch|ich widerspreche|stoppen sie das|hören sie auf|lassen sie mich in ruhe|
    dsgvo löschung|nehmen sie mich aus dem verteiler|streichen sie mich|désinscrire|désinscription|me désinscrire|
    désinscrivez-moi|désabonner|désabonnement|me désabonner|désabonnez-moi|desinscription|desabonnement|desinscrire|
    desabonner|retirez-moi|retirez moi|retirez-moi de votre liste|supprimez-moi|supprimez moi|supprimez mes données|
    supprimer mes données|ne plus recevoir|ne me contactez plus|ne plus me contacter|ne m'écrivez plus|plus de mails|
    plus d'emails|arrêtez|arretez|arrêtez de m'écrire|je me désinscris|je me désabonne|je souhaite me désinscrire|
    je souhaite me désabonner|je veux me désabonner|laissez-moi tranquille|stop pub|rayez-moi|
    rayez-moi de votre liste|darme de baja|darse de baja|dar de baja|dame de baja|denme de baja|deme de baja|
    quiero darme de baja|solicito la baja|solicito baja|cancelar suscripción|cancelar suscripcion|
    cancelar mi suscripción|desuscribir|desuscribirme|desuscribirse|desuscribirte|anular suscripción|bórrame|borrame|
    bórreme|borreme|bórrenme|elimíname|eliminame|elimíneme|elimíneme de su lista|eliminar de la lista|
    eliminar mis datos|borrar mis datos|quítame|quítenme|quiteme|quíteme|quíteme de su lista|no me contacte|
    no me contacten|no contactar|no me escriba|no me escriban|no me escriban más|no me escriba más|no más correos|
    no mas correos|no más emails|no quiero recibir más correos|dejen de escribirme|deje de escribirme|no enviar más|
    no envíen más|descadastrar|descadastre|descadastrar-me|me descadastre|descadastro|cancelar inscrição|
    cancelar inscricao|cancelar subscrição|cancelar subscricao|cancelar assinatura|remova-me|me remova|
    remover da lista|remover email|remova meu email|me tire da lista|retire meu email|retire-me da lista|
    excluir meu email|exclua meus dados|apagar meus dados|não quero receber|nao quero receber|não me contacte|
    não me contate|não enviar mais|pare de enviar|parem de enviar|pare de me enviar emails|não quero mais receber|
    não quero mais|sair da lista|quero sair da lista|cancellami|cancellatemi|mi cancelli|cancellarmi|cancellazione|
    disiscrivimi|disiscrivetemi|disiscrivere|disiscrizione|disiscriversi|voglio disiscrivermi|annulla iscrizione|
    annullare iscrizione|rimuovimi|rimuovetemi|mi rimuova|rimuovetemi dalla lista|cancellatemi dalla lista|
    toglietemi dalla lista|non contattatemi|non contattatemi più|non mi contatti più|non voglio più ricevere|
    non scrivetemi più|basta email|basta mail|cancellare i miei dati|eliminate i miei dati|niente più email|afmelden|
    uitschrijven|mij uitschrijven|mij afmelden|schrijf mij uit|schrijf me uit|meld mij af|meld me af|
    graag uitschrijven|graag afmelden|verwijder mij|verwijder me|verwijder mijn gegevens|verwijder mijn adres|
    haal mij van de lijst|haal me van de lijst|haal mij van uw lijst|geen mails meer|geen e-mails meer|geen mail meer|
    stop met mailen|niet meer mailen|niet meer benaderen|niet meer contacteren|geen contact meer|uitschrijving|wypisz|
    wypisz mnie|wypiszcie mnie|wypisać|wypisanie|proszę wypisać|proszę mnie wypisać|proszę o wypisanie|
    proszę o usunięcie|proszę usunąć|usuń mnie|usuńcie mnie|usuń mój adres|usuń moje dane|proszę usunąć moje dane|
    rezygnuję|rezygnacja|rezygnuje|nie pisz|nie piszcie|proszę nie pisać|proszę nie kontaktować|
    proszę się nie kontaktować|nie kontaktować|nie chcę otrzymywać|anuluj subskrypcję|zrezygnuj|
    proszę więcej nie pisać|nie życzę sobie|listeden çık|listeden çıkar|listeden çıkarın|listeden çıkart|
    beni listeden çıkar|beni listeden çıkarın|beni listenizden çıkarın|listenizden çıkarın|üyelikten çık|
    üyelikten çıkmak istiyorum|üyelik iptal|üyeliğimi iptal edin|abonelikten çık|abonelikten çıkmak istiyorum|
    abonelik iptal|aboneliği iptal|aboneliğimi iptal edin|beni çıkarın|beni çıkar|çıkarın beni|mail atmayın|mail atma|
    bir daha mail atmayın|bir daha yazmayın|yazmayın|bir daha yazma|bana yazmayın|mail göndermeyin|
    e-posta göndermeyin|mesaj atmayın|rahatsız etmeyin|beni rahatsız etmeyin|iletişime geçmeyin|
    bir daha iletişime geçmeyin|verilerimi silin|bilgilerimi silin|kaydımı silin|mail almak istemiyorum|
    e-posta almak istemiyorum|mesaj almak istemiyorum|almak istemiyorum|iptal edin|beni silin|listeden sil|
    listenizden silin|aramayın|avregistrera|avregistrera mig|avsluta prenumeration|ta bort mig|stoppa|sluta maila|
    sluta mejla|avprenumerera|avmeld|avmeld meg|meld meg av|frameld|afmeld|afmeld mig|frameld mig|fjern meg|fjern mig|
    stopp|slet mig|slet meg|peru tilaus|peruuta tilaus|poista minut|poista listalta|lopeta|älkää lähettäkö|odhlásit|
    odhlásit odběr|odhlaste mě|vyřaďte mě|vymažte mě|nepište mi|leiratkozás|leiratkozom|leiratkozni|töröljenek|
    iratkozzon le|dezabonare|dezabonați-mă|dezabonati-ma|mă dezabonez|ștergeți-mă|stergeti-ma|nu mă mai contactați|
    отписаться|отпишите|отпишите меня|отписка|удалите меня|удалите|не пишите|не пишите мне|не беспокоить|стоп|
    больше не пишите|исключите меня|прекратите|прекратите рассылку|уберите меня|уберите меня из рассылки|відписатися|
    відпишіть мене|διαγραφή|απεγγραφή|κατάργηση εγγραφής|berhenti|berhenti berlangganan|hủy đăng ký|إلغاء الاشتراك|
    الغاء الاشتراك|إلغاء|الغاء|إلغاء اشتراكي|الغاء اشتراكي|توقف|توقفوا|أوقف|اوقف|أوقفوا|ايقاف|إيقاف|ازالة|إزالة|
    احذفني|احذفوني|أزلني|ازلني|أزيلوني|لا ترسل|لا ترسلوا|لا تراسلني|لا تراسلوني|احذف بريدي|ارجو الحذف|
    أرجو إلغاء الاشتراك|قف|退订|退訂|取消订阅|取消訂閱|不要再发|不要再发邮件|请不要再发|请勿再发|请勿打扰|
    别再发了|td|配信停止|配信解除|配信停止してください|解除|購読解除|停止|
    送らないでください|連絡しないでください|수신거부|수신 거부|구독취소|구독 취소|구독해지|보내지 마세요|הסר|
    הסירו אותי|הסר אותי|להסיר|תפסיקו|בקשה להסרה|סדא
    """
)
"""Whole replies that mean it whatever follows them."""

BARE = _words(
    """
    stop|stop it|stop this|stop please|remove|end|quit|cancel|delete|no more|enough|off|revoke|please stop|erase|
    stopp|stoppen|löschen|entfernen|streichen|schluss|raus|arrêt|arret|supprimer|retirer|baja|eliminar|borrar|parar|
    alto|basta|quitar|cancelar|remover|sair|pare|parem|excluir|fim|rimuovere|rimuovi|cancella|stop grazie|stoppen aub|
    verwijderen|verwijder|usuń|usunąć|koniec|dur|durdur|durdurun|ret|iptal|çıkar|çıkart|çık|sil|silin|istemiyorum|
    yeter|avsluta|sluta|slutt|lopeta|konec|stoppa|stop.|spam
    """
)
"""Whole replies that mean it when nothing else is said."""
