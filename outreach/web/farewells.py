"""The words of the opt-out page in the languages we write in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """One language. `{organisation}` stands where its name goes."""

    language: str
    title: str
    question: str
    button: str
    done: str
    nothing_more: str
    later: str
    missing: str
    missing_help: str


FAREWELLS = {
    farewell.language: farewell
    for farewell in (
        Farewell(
            language="en",
            title="No more messages",
            question="Do you want to stop receiving messages from {organisation}?",
            button="Yes, stop all messages",
            done="Done. You will not receive any more messages from {organisation}.",
            nothing_more="There is nothing more you need to do. You can close this page.",
            later="That did not work just now. Please try again in a few minutes.",
            missing="This link does not work",
            missing_help="Perhaps part of it was lost on the way. Answer the message with “stop”, and we will stop.",
        ),
        Farewell(
            language="tr",
            title="Mesajları durdur",
            question="{organisation} tarafından gönderilen mesajları artık almak istemiyor musunuz?",
            button="Evet, tüm mesajları durdur",
            done="Tamamdır. {organisation} size artık mesaj göndermeyecek.",
            nothing_more="Başka bir şey yapmanız gerekmiyor. Bu sayfayı kapatabilirsiniz.",
            later="Şu anda olmadı. Lütfen birkaç dakika sonra yeniden deneyin.",
            missing="Bu bağlantı çalışmıyor",
            missing_help="Bağlantının bir kısmı kaybolmuş olabilir. "
            "Mesaja “dur” diye yanıt verin, göndermeyi bırakalım.",
        ),
        Farewell(
            language="de",
            title="Keine Nachrichten mehr",
            question="Möchten Sie keine Nachrichten von {organisation} mehr erhalten?",
            button="Ja, keine Nachrichten mehr",
            done="Erledigt. Sie erhalten keine Nachrichten von {organisation} mehr.",
            nothing_more="Sie müssen nichts weiter tun und können diese Seite schließen.",
            later="Das hat gerade nicht geklappt. Bitte versuchen Sie es in ein paar Minuten noch einmal.",
            missing="Dieser Link funktioniert nicht",
            missing_help="Vielleicht ging unterwegs ein Teil verloren. "
            "Antworten Sie auf die Nachricht mit „Stopp“, dann hören wir auf.",
        ),
        Farewell(
            language="fr",
            title="Plus de messages",
            question="Souhaitez-vous ne plus recevoir de messages de {organisation} ?",
            button="Oui, arrêter tous les messages",
            done="C’est fait. Vous ne recevrez plus de messages de {organisation}.",
            nothing_more="Vous n’avez rien d’autre à faire. Vous pouvez fermer cette page.",
            later="Cela n’a pas fonctionné. Veuillez réessayer dans quelques minutes.",
            missing="Ce lien ne fonctionne pas",
            missing_help="Une partie s’est peut-être perdue en route. Répondez « stop » au message et nous arrêterons.",
        ),
        Farewell(
            language="es",
            title="No recibir más mensajes",
            question="¿Quiere dejar de recibir mensajes de {organisation}?",
            button="Sí, no enviar más mensajes",
            done="Listo. No recibirá más mensajes de {organisation}.",
            nothing_more="No tiene que hacer nada más. Puede cerrar esta página.",
            later="No ha funcionado. Inténtelo de nuevo dentro de unos minutos.",
            missing="Este enlace no funciona",
            missing_help="Quizá se perdió una parte por el camino. "
            "Responda al mensaje con «basta» y no le escribiremos más.",
        ),
        Farewell(
            language="pt",
            title="Não receber mais mensagens",
            question="Quer deixar de receber mensagens de {organisation}?",
            button="Sim, não enviar mais mensagens",
            done="Está feito. Não receberá mais mensagens de {organisation}.",
            nothing_more="Não precisa de fazer mais nada. Pode fechar esta página.",
            later="Não funcionou. Tente novamente dentro de alguns minutos.",
            missing="Este link não funciona",
            missing_help="Talvez uma parte se tenha perdido no caminho. Responda à mensagem com «parar» e nós paramos.",
        ),
        Farewell(
            language="it",
            title="Non ricevere più messaggi",
            question="Vuole smettere di ricevere messaggi da {organisation}?",
            button="Sì, non inviare più messaggi",
            done="Fatto. Non riceverà più messaggi da {organisation}.",
            nothing_more="Non deve fare altro. Può chiudere questa pagina.",
            later="Non ha funzionato. Riprovi tra qualche minuto.",
            missing="Questo link non funziona",
            missing_help="Forse una parte è andata persa. Risponda al messaggio con «stop» e smetteremo di scrivere.",
        ),
        Farewell(
            language="nl",
            title="Geen berichten meer",
            question="Wilt u geen berichten meer ontvangen van {organisation}?",
            button="Ja, stop alle berichten",
            done="Gelukt. U ontvangt geen berichten meer van {organisation}.",
            nothing_more="U hoeft verder niets te doen. U kunt deze pagina sluiten.",
            later="Dat is nu niet gelukt. Probeer het over een paar minuten opnieuw.",
            missing="Deze link werkt niet",
            missing_help="Misschien is er onderweg een deel verloren gegaan. "
            "Beantwoord het bericht met ‘stop’, dan stoppen wij.",
        ),
        Farewell(
            language="pl",
            title="Koniec wiadomości",
            question="Czy chcesz przestać otrzymywać wiadomości od {organisation}?",
            button="Tak, nie wysyłajcie więcej wiadomości",
            done="Gotowe. Nie otrzymasz już wiadomości od {organisation}.",
            nothing_more="Nie musisz robić nic więcej. Możesz zamknąć tę stronę.",
            later="Teraz się nie udało. Spróbuj ponownie za kilka minut.",
            missing="Ten link nie działa",
            missing_help="Być może jego część zaginęła po drodze. "
            "Odpowiedz na wiadomość słowem „stop”, a przestaniemy pisać.",
        ),
    )
}


def farewell(lead_language: str | None, accept_language: str) -> Farewell:
    """The lead's language, else the first the browser asks for that we speak, else English."""
    wanted = [lead_language or "", *(part.partition(";")[0] for part in accept_language.split(",")[:20])]
    primary = (tag.strip().lower().replace("_", "-").partition("-")[0] for tag in wanted)
    return next((FAREWELLS[tag] for tag in primary if tag in FAREWELLS), FAREWELLS["en"])
